// What the charts ask of the server's history, for the window, filter and zoom in force.
import type { SeriesQuery } from './api';
import { windowSeconds, type Selection } from './selection';
import { stepFor, type TimeRange } from './series';

/** Error types of docs/metrics.md that can fail a call. */
export const kErrorTypes = [
  'rate_limit', 'quota', 'overloaded', 'timeout', 'auth', 'permission', 'not_found', 'context_length', 'content_filter',
  'invalid_request', 'server_error', 'network', 'parse', 'other',
] as const;

interface Source {
  metrics: readonly string[];
  by?: 'provider';
  /** Steps may be this much wider than those of rates: percentiles of a handful of calls would only tell noise. */
  coarser: number;
  /** Seconds of the newest step that have to be over before it is shown: a rate over its first tenth looks like a fall. */
  settled: number;
}

export const kSources = {
  rates: {
    metrics: [
      'success_per_second', 'errors_per_second', 'cancelled_per_second', 'input_tokens_per_second',
      'output_tokens_per_second', ...kErrorTypes.map((type) => `errors.${type}`),
    ],
    coarser: 1,
    settled: 1,
  },
  percentiles: {
    metrics: ['latency_p50', 'latency_p95', 'latency_p99', 'ttft_p50', 'ttft_p95', 'itl_p50', 'itl_p95'],
    coarser: 2,
    settled: 2,
  },
  providers: { metrics: ['cost_total', 'active_requests'], by: 'provider', coarser: 1, settled: 1 },
} satisfies Record<string, Source>;
export type SourceName = keyof typeof kSources;

/** A question with everything decided. With `to` it is about the past. */
export interface Question extends SeriesQuery {
  step: number;
  settled: number;
}

/** What one answer of the server has at most (docs/protocol.md). */
const kMostSeries = 1000;
const kMostAnswerPoints = 200_000;

/** How a question by provider has to be asked to be answered: with fewer points, one request for each metric, or without
 * telling providers apart. */
function fitted(providers: number, metrics: number, points: number) {
  if (providers > kMostSeries) return { points, split: {} };
  const separately = providers * metrics > kMostSeries;
  const most = Math.floor(kMostAnswerPoints / (Math.max(1, providers) * (separately ? 1 : metrics)));
  const split: Pick<SeriesQuery, 'by' | 'separately'> = { by: 'provider', ...(separately && { separately }) };
  return { points: Math.min(points, most), split };
}

/** `pausedAt` is the server's time (milliseconds) at which the page stands still; `providers` is how many the server has. */
export function questionFor(
  name: SourceName,
  selection: Selection,
  uptimeSeconds: number,
  pausedAt: number | undefined,
  providers = 0,
): Question {
  const { metrics, by, coarser, settled }: Source = kSources[name];
  const { filter, zoom } = selection;
  const window = zoom ? Math.max(1, Math.ceil((zoom.to - zoom.from) / 1000)) : windowSeconds(selection.window, uptimeSeconds);
  const end = zoom?.to ?? pausedAt;
  const { points } = selection;
  const fit = by ? fitted(filter ? 1 : providers, metrics.length, points) : { points, split: {} };
  return {
    metrics,
    window,
    step: stepFor(window * coarser, fit.points),
    settled: zoom ? 0 : settled,
    ...fit.split,
    ...(filter && { provider: filter.provider }),
    ...(filter?.model !== undefined && { model: filter.model }),
    ...(end !== undefined && { from: end / 1000 - window, to: end / 1000 }),
  };
}

export const sameQuestion = (a: Question | undefined, b: Question): boolean => JSON.stringify(a) === JSON.stringify(b);

const kShortestZoom = 5;

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Seconds whose multiples are step boundaries of every source in a window. */
function commonStep(window: number, points: number): number {
  return Object.values(kSources)
    .map(({ coarser }) => stepFor(window * coarser, points))
    .reduce((a, b) => (a * b) / divisor(a, b));
}

/** The part of a chart between two times that somebody drew over; undefined when it is a click rather than a stretch. It
 * begins and ends where steps do, and not after `end`: a step that is not over has no value yet. All in milliseconds. */
export function zoomBetween(a: number, b: number, points: number, end: number): TimeRange | undefined {
  let from = Math.floor(Math.min(a, b) / 1000);
  let to = Math.ceil(Math.max(a, b) / 1000);
  if (to - from < kShortestZoom) return undefined;
  let step = 0;
  for (let wanted = 1; wanted > step; wanted = commonStep(to - from, points)) {
    step = wanted;
    from = Math.floor(from / step) * step;
    to = Math.ceil(to / step) * step;
  }
  to = Math.min(to, Math.floor(end / 1000 / step) * step);
  from = Math.min(from, to - Math.max(step, kShortestZoom));
  return { from: from * 1000, to: to * 1000 };
}
