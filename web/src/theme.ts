// Light and dark, and the colours of styles/theme.css for the canvases that style sheets do not reach.
import { recall, remember } from './storage';

export type ColorName =
  | 'series-1' | 'series-2' | 'series-3' | 'series-4' | 'series-5' | 'series-6' | 'series-other'
  | 'grid' | 'text-muted' | 'slo';

const kSeriesNames = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'] as const satisfies readonly ColorName[];

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
    const stored = recall(kStored);
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
    remember(kStored, this.chosen);
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

/** How much more than the least of the chosen an outsider must have to take its place: near equals would trade places
 * all the time. */
const kClearlyMore = 1.2;

/** Chooses up to six names to have a colour of their own in every chart; they keep it as long as they are chosen. */
export class ColorBook {
  private readonly colors = new Map<string, ColorName>();

  /** In the order of the colours. */
  get chosen(): string[] {
    return [...this.colors].sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([name]) => name);
  }

  /** Goes on from a choice that was made elsewhere: `names` as `chosen` gave them. */
  restore(names: readonly string[]): void {
    this.colors.clear();
    kSeriesNames.forEach((color, i) => {
      if (names[i] !== undefined) this.colors.set(names[i], color);
    });
  }

  /** "other" for a name that has none of its own. */
  of(name: string): ColorName {
    return this.colors.get(name) ?? 'series-other';
  }

  /** Takes in how much there is of each name, and chooses those with the most. */
  rank(amounts: ReadonlyMap<string, number>): void {
    // Who is not there has less than anybody, also than who costs nothing.
    const amount = (name: string) => amounts.get(name) ?? -1;
    const outside = [...amounts.keys()].filter((name) => !this.colors.has(name)).sort((a, b) => amount(b) - amount(a));
    for (const name of outside) {
      const free = kSeriesNames.find((color) => ![...this.colors.values()].includes(color));
      if (free) {
        this.colors.set(name, free);
        continue;
      }
      const least = [...this.colors.keys()].reduce((a, b) => (amount(b) < amount(a) ? b : a));
      if (amount(name) <= amount(least) * kClearlyMore) return;
      this.colors.set(name, this.of(least));
      this.colors.delete(least);
    }
  }
}
