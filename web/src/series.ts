// Time series as the charts need them: what the server sent, merged by time, cut to the window. Pure functions and one
// small store; nothing here counts anything itself.
import type { SeriesPoint, SeriesReply } from './protocol';

/** `y` is null where there was nothing to measure: a gap. */
export interface Point {
  x: number;
  y: number | null;
}

export interface Series {
  metric: string;
  provider?: string;
  model?: string;
  points: Point[];
}

export interface TimeRange {
  from: number;
  to: number;
}

const keyOf = (series: { metric: string; provider?: string; model?: string }) =>
  JSON.stringify([series.metric, series.provider ?? null, series.model ?? null]);

/** `fresh` replaces everything of `old` from its first point on; what lies before `from` is dropped. Both ascend. */
export function mergePoints(old: readonly Point[], fresh: readonly Point[], from: number): Point[] {
  const first = fresh[0];
  const kept = first === undefined ? old : old.filter((point) => point.x < first.x);
  return [...kept, ...fresh].filter((point) => point.x >= from);
}

/** The series of one query, filled by replies that overlap. */
export class SeriesStore {
  /** Seconds between points; undefined before the first reply. */
  step: number | undefined;
  /** The server's clock at the newest reply, in milliseconds. */
  to = 0;
  /** By the start of each step, as the server tells them. */
  private readonly series = new Map<string, Series>();

  /** `settled` is how many seconds of a step have to be over before its value is shown. With `range`, only steps that lie
   * in it from their beginning to their end are shown: the answer may have more, and the last one may not be over. */
  constructor(
    private readonly windowSeconds: number,
    private readonly settled = 0,
    private readonly range?: TimeRange,
  ) {}

  clear(): void {
    this.series.clear();
    this.step = undefined;
    this.to = 0;
  }

  apply(reply: SeriesReply): void {
    const replyTo = reply.to * 1000;
    // A reply that was overtaken, or another step than what is here: the newest request decides.
    if (replyTo < this.to) return;
    if (this.step !== undefined && this.step !== reply.step) this.series.clear();
    this.step = reply.step;
    this.to = replyTo;
    const from = replyTo - (this.windowSeconds + reply.step) * 1000;
    const lastShown = this.range ? this.range.to - reply.step * 1000 : replyTo - Math.min(this.settled, reply.step) * 1000;
    const firstShown = this.range?.from ?? 0;
    for (const { metric, provider, model, points } of reply.series) {
      const fresh = points.filter(([x]) => x >= firstShown && x <= lastShown).map(([x, y]) => ({ x, y }));
      const identity = { metric, ...(provider !== undefined && { provider }), ...(model !== undefined && { model }) };
      const key = keyOf(identity);
      const old = this.series.get(key)?.points ?? [];
      this.series.set(key, { ...identity, points: mergePoints(old, fresh, from) });
    }
  }

  /** From where to ask on, in Unix seconds: a few steps back, as the newest ones may have been incomplete. */
  get nextFrom(): number | undefined {
    if (this.step === undefined) return undefined;
    const aligned = Math.floor(this.to / 1000 / this.step) * this.step;
    return Math.max(aligned - 3 * this.step, Math.floor(this.to / 1000) - this.windowSeconds);
  }

  /** Points for a chart: each stands at the end of its step, where its value is known, the newest one at "now". */
  private placed({ points }: Series): Point[] {
    const step = (this.step ?? 0) * 1000;
    return points.map(({ x, y }) => ({ x: Math.min(x + step, this.to), y }));
  }

  /** The series of a metric that was asked for as a whole. A provider that was the filter is part of its name. */
  get(metric: string): Point[] {
    for (const series of this.series.values()) if (series.metric === metric) return this.placed(series);
    return [];
  }

  /** All series of a metric that was asked for by provider (or by model), in the order of first sight. */
  all(metric: string): Series[] {
    return [...this.series.values()]
      .filter((series) => series.metric === metric)
      .map((series) => ({ ...series, points: this.placed(series) }));
  }

  /** What is here in the shape of a reply: as it came, for export and reports. */
  toReply(): SeriesReply {
    const to = this.to / 1000;
    return {
      from: to - this.windowSeconds,
      to,
      step: this.step ?? 1,
      series: [...this.series.values()].map(({ points, ...identity }) => ({
        ...identity,
        points: points.map(({ x, y }): SeriesPoint => [x, y]),
      })),
    };
  }
}

/** The points whose step ends in the range. */
export const within = (points: readonly Point[], { from, to }: TimeRange): Point[] =>
  points.filter(({ x }) => x > from && x <= to);

/** The newest value; null when there is none or a gap has begun. One point without a value is none yet: its step may
 * not have been measured when the server answered. */
export function latest(points: readonly Point[]): number | null {
  return points[points.length - 1]?.y ?? points[points.length - 2]?.y ?? null;
}

function sum(series: readonly Series[]): Point[] {
  const byTime = new Map<number, number | null>();
  for (const { points } of series) {
    for (const { x, y } of points) {
      const before = byTime.get(x) ?? null;
      byTime.set(x, y === null ? before : (before ?? 0) + y);
    }
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([x, y]) => ({ x, y }));
}

/** The chosen series in the order of choice, and the rest summed: a chart with twenty colours says nothing. */
export function split(
  series: readonly Series[],
  nameOf: (series: Series) => string,
  chosen: readonly string[],
): { top: Series[]; rest: Point[]; restCount: number } {
  const byName = new Map(series.map((one) => [nameOf(one), one]));
  const top = chosen.flatMap((name) => byName.get(name) ?? []);
  const others = series.filter((one) => !chosen.includes(nameOf(one)));
  return { top, rest: sum(others), restCount: others.length };
}

/** The steps that the server's history has without rounding, in seconds. */
const kSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

/** Whole seconds between points, so that at most `points` of them fill the window. */
export const stepFor = (windowSeconds: number, points: number) =>
  kSteps.find((step) => windowSeconds / step <= points) ?? kSteps[kSteps.length - 1]!;

const kShortestRangeSeconds = 30;

/** The time a chart shows: the window, or since the start while the system is younger, but never less than half a minute. */
export function visibleRange(to: number, windowSeconds: number, uptimeSeconds: number): TimeRange {
  const shown = Math.min(windowSeconds, Math.max(kShortestRangeSeconds, uptimeSeconds));
  return { from: to - shown * 1000, to };
}

/** The index of the point nearest to `time`, or -1 without points. */
export function nearest(points: readonly Point[], time: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x < time) low = middle + 1;
    else high = middle;
  }
  const after = points[low];
  const before = points[low - 1];
  if (!before) return after ? low : -1;
  return after && after.x - time < time - before.x ? low : low - 1;
}
