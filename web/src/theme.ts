// The colours of styles/theme.css, for the canvases that style sheets do not reach.

export type ColorName =
  | 'series-1' | 'series-2' | 'series-3' | 'series-4' | 'series-5' | 'series-6' | 'series-other'
  | 'grid' | 'text-muted';

/** How many series have a colour of their own. */
export const kSeriesColors = 6;

export function readColor(name: ColorName): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** `color` is #rrggbb; `share` 0..1. */
export function translucent(color: string, share: number): string {
  return color + Math.round(share * 255).toString(16).padStart(2, '0');
}

/** Calls back when the colours change: the system went from light to dark or back. */
export function onThemeChange(action: () => void): void {
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', action);
}

/** Gives each name a colour that it keeps: the first six seen get one of their own, later ones share "other". */
export class ColorBook {
  private readonly names = new Map<string, ColorName>();

  of(name: string): ColorName {
    let color = this.names.get(name);
    if (color === undefined) {
      const next = this.names.size + 1;
      color = next <= kSeriesColors ? (`series-${next}` as ColorName) : 'series-other';
      this.names.set(name, color);
    }
    return color;
  }
}
