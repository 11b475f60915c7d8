// Light and dark, and the colours of styles/theme.css for the canvases that style sheets do not reach.

export type ColorName =
  | 'series-1' | 'series-2' | 'series-3' | 'series-4' | 'series-5' | 'series-6' | 'series-other'
  | 'grid' | 'text-muted' | 'slo';

/** How many series have a colour of their own. */
export const kSeriesColors = 6;

const kStored = 'ltb-theme';
const kDarkQuery = '(prefers-color-scheme: dark)';

/** Follows the system until somebody chooses; a choice is kept, unless it is what the system has anyway. */
export class Theme {
  private readonly system = window.matchMedia(kDarkQuery);
  /** The rules that make the page dark: written once in the style sheet, for the system's wish; the choice rewrites the
   * condition. */
  private readonly rules: CSSMediaRule[] = [];
  private chosen: 'light' | 'dark' | undefined;
  private readonly listeners: (() => void)[] = [];

  constructor() {
    for (const sheet of document.styleSheets) {
      for (const rule of sheet.cssRules) {
        if (rule instanceof CSSMediaRule && rule.media.mediaText === kDarkQuery) this.rules.push(rule);
      }
    }
    const stored = remembered();
    if (stored === 'light' || stored === 'dark') this.chosen = stored;
    this.apply();
    this.system.addEventListener('change', () => this.apply());
  }

  get isDark(): boolean {
    return this.chosen ? this.chosen === 'dark' : this.system.matches;
  }

  toggle(): void {
    const wanted = this.isDark ? 'light' : 'dark';
    this.chosen = (wanted === 'dark') === this.system.matches ? undefined : wanted;
    remember(this.chosen);
    this.apply();
  }

  onChange(action: () => void): void {
    this.listeners.push(action);
  }

  private apply(): void {
    for (const { media } of this.rules) media.mediaText = this.isDark ? 'all' : 'not all';
    document.documentElement.style.colorScheme = this.isDark ? 'dark' : 'light';
    colors.clear();
    for (const listener of this.listeners) listener();
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(kStored);
  } catch {
    return null;  // a browser that keeps nothing
  }
}

function remember(choice: string | undefined): void {
  try {
    if (choice === undefined) localStorage.removeItem(kStored);
    else localStorage.setItem(kStored, choice);
  } catch {
    // A browser that keeps nothing: the choice holds until the page is closed.
  }
}

const colors = new Map<ColorName, string>();

export function readColor(name: ColorName): string {
  let color = colors.get(name);
  if (color === undefined) {
    color = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    colors.set(name, color);
  }
  return color;
}

/** `color` is #rrggbb; `share` 0..1. */
export function translucent(color: string, share: number): string {
  return color + Math.round(share * 255).toString(16).padStart(2, '0');
}

/** Gives names colours that they keep. Six have one of their own; a name that needs one when all are taken gets that of
 * a name that is no longer drawn. */
export class ColorBook {
  private readonly names = new Map<string, ColorName>();

  /** "other" for a name that has none of its own. */
  of(name: string): ColorName {
    return this.names.get(name) ?? 'series-other';
  }

  /** Sees to it that each of these (at most six) has a colour of its own. */
  claim(names: readonly string[]): void {
    for (const name of names.slice(0, kSeriesColors)) {
      if (this.names.has(name)) continue;
      if (this.names.size < kSeriesColors) {
        this.names.set(name, `series-${this.names.size + 1}` as ColorName);
        continue;
      }
      const freed = [...this.names].find(([other]) => !names.includes(other));
      if (!freed) return;
      this.names.delete(freed[0]);
      this.names.set(name, freed[1]);
    }
  }
}
