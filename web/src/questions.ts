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

/** A question with everything decided. With `to` it is about the past: asked once. */
export interface Question extends SeriesQuery {
  step: number;
  settled: number;
}

/** `pausedAt` is the server's time (milliseconds) at which the page stands still. */
export function questionFor(
  name: SourceName,
  selection: Selection,
  uptimeSeconds: number,
  pausedAt: number | undefined,
): Question {
  const { metrics, by, coarser, settled }: Source = kSources[name];
  const { filter, zoom } = selection;
  const window = zoom ? Math.max(1, Math.ceil((zoom.to - zoom.from) / 1000)) : windowSeconds(selection.window, uptimeSeconds);
  const end = zoom?.to ?? pausedAt;
  return {
    metrics,
    window,
    step: stepFor(window * coarser, selection.points),
    settled: zoom ? 0 : settled,
    ...(by && { by }),
    ...(filter && { provider: filter.provider }),
    ...(filter?.model !== undefined && { model: filter.model }),
    ...(end !== undefined && { from: end / 1000 - window, to: end / 1000 }),
  };
}

export const sameQuestion = (a: Question | undefined, b: Question): boolean => JSON.stringify(a) === JSON.stringify(b);

const kShortestZoomMs = 5000;

/** The part of a chart between two times that somebody drew over; undefined when it is a click rather than a stretch. */
export function zoomBetween(a: number, b: number): TimeRange | undefined {
  const from = Math.floor(Math.min(a, b) / 1000) * 1000;
  const to = Math.ceil(Math.max(a, b) / 1000) * 1000;
  return to - from < kShortestZoomMs ? undefined : { from, to };
}
