// What people chose to look at: window, provider and model, zoom. Kept in the address, so that a reload or a link shows
// the same. No DOM but the address' text.
import { isolated } from './format';
import type { CallTotals, Overview } from './protocol';
import type { TimeRange } from './series';

export const kWindows = { '1m': 60, '5m': 300, '15m': 900, '1h': 3600, all: 604_800 } as const;
export type WindowChoice = keyof typeof kWindows;

export interface Filter {
  provider: string;
  /** Absent: all models of the provider. */
  model?: string;
}

const kUsualWindow: WindowChoice = '5m';
/** How many points a series has at most, and how many are usual: about one for every three pixels of a chart. */
export const kMostPoints = 600;
const kUsualPoints = 150;

export class Selection {
  window: WindowChoice = kUsualWindow;
  filter: Filter | undefined;
  zoom: TimeRange | undefined;
  points = kUsualPoints;

  /** Reads "#window=15m&provider=openai&model=gpt-4"; what makes no sense is passed over. */
  readAddress(hash: string): void {
    const given = new URLSearchParams(hash.replace(/^#/, ''));
    const wanted = given.get('window');
    this.window = wanted !== null && Object.hasOwn(kWindows, wanted) ? (wanted as WindowChoice) : kUsualWindow;
    const provider = given.get('provider');
    const model = given.get('model');
    this.filter = provider ? { provider, ...(model && { model }) } : undefined;
    const points = Number(given.get('points'));
    this.points = Number.isInteger(points) && points >= 10 && points <= kMostPoints ? points : kUsualPoints;
  }

  get address(): string {
    const out = new URLSearchParams();
    if (this.window !== kUsualWindow) out.set('window', this.window);
    if (this.filter) {
      out.set('provider', this.filter.provider);
      if (this.filter.model !== undefined) out.set('model', this.filter.model);
    }
    if (this.points !== kUsualPoints) out.set('points', String(this.points));
    const text = out.toString();
    return text && `#${text}`;
  }
}

const kSpans = [60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800];

/** The window in seconds. "all" grows with the system's age, in steps, so that the same question serves for a while. */
export function windowSeconds(choice: WindowChoice, uptimeSeconds: number): number {
  if (choice !== 'all') return kWindows[choice];
  return kSpans.find((span) => span >= uptimeSeconds) ?? kWindows.all;
}

const kTitles: Record<WindowChoice, string> = {
  '1m': 'Last minute',
  '5m': 'Last 5 minutes',
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  all: 'Since the start',
};

/** The window in words. The server's history ends after the longest one. */
export const windowTitle = (choice: WindowChoice, uptimeSeconds = 0): string =>
  choice === 'all' && uptimeSeconds > kWindows.all ? 'Last 7 days' : kTitles[choice];

/** The numbers of what the filter names; undefined when it names something unknown. */
export function selectTotals(overview: Overview | undefined, filter: Filter | undefined): CallTotals | undefined {
  if (!overview || !filter) return overview?.totals;
  const { provider, model } = filter;
  if (model === undefined) return overview.providers.find((row) => row.provider === provider);
  return overview.models.find((row) => row.provider === provider && row.model === model);
}

export interface FilterChoice extends Filter {
  label: string;
}

/** Every provider, each followed by its models. */
export function filterChoices(overview: Overview): FilterChoice[] {
  const providers = [...new Set([...overview.providers, ...overview.models].map(({ provider }) => provider))].sort();
  return providers.flatMap((provider) => {
    const models = overview.models.filter((row) => row.provider === provider).map(({ model }) => model);
    return [
      { provider, label: provider },
      ...models.sort().map((model) => ({ provider, model, label: `${isolated(provider)} / ${isolated(model)}` })),
    ];
  });
}
