// Which charts the page has, and how each is made of the server's series. A new chart is a new entry here.
import * as format from '../format';
import { largest, type Point, type SeriesStore } from '../series';
import { kSeriesColors, type ColorBook, type ColorName } from '../theme';
import type { Line } from './time_chart';

/** What the charts are drawn from, one store per question to the server. */
export interface ChartData {
  rates: SeriesStore;
  latencies: SeriesStore;
  costs: SeriesStore;
  colors: ColorBook;
}

/** A question to the server: about `points` steps over the window, each shown when this share of it is over. */
export interface ChartQuery {
  metrics: readonly string[];
  by?: 'provider';
  points: number;
  settled: number;
}

/** Percentiles take wider steps than rates: over a handful of calls they would only tell noise. */
export const kQueries: Record<Exclude<keyof ChartData, 'colors'>, ChartQuery> = {
  rates: {
    metrics: [
      'success_per_second', 'errors_per_second', 'cancelled_per_second',
      'input_tokens_per_second', 'output_tokens_per_second',
    ],
    points: 150,
    settled: 1,
  },
  latencies: { metrics: ['latency_p50', 'latency_p95', 'latency_p99'], points: 60, settled: 0.5 },
  costs: { metrics: ['cost_total'], by: 'provider', points: 150, settled: 0 },
};

export interface ChartDefinition {
  id: string;
  title: string;
  /** Beside the title: what is measured, in which unit. */
  subtitle: string;
  stacked: boolean;
  format: (value: number | null | undefined) => string;
  lines(data: ChartData): Line[];
}

const linesOf =
  (source: 'rates' | 'latencies', ...lines: [metric: string, label: string, color: ColorName, dash?: 'dashed' | 'dotted'][]) =>
  (data: ChartData): Line[] =>
    lines.map(([metric, label, color, dash]) => ({ label, color, points: data[source].get(metric), ...(dash && { dash }) }));

const anything = (points: readonly Point[]) => points.some(({ y }) => y !== null && y !== 0);

function costLines({ costs, colors }: ChartData): Line[] {
  const series = costs.all('cost_total');
  for (const { provider } of series) colors.of(provider ?? '');
  const { top, rest, restCount } = largest(series, kSeriesColors);
  const lines = top.map<Line>(({ provider = '', points }) => ({ label: provider, color: colors.of(provider), points }));
  if (restCount > 0) lines.push({ label: `other (${restCount})`, color: 'series-other', points: rest });
  return lines;
}

export const kCharts: readonly ChartDefinition[] = [
  {
    id: 'requests',
    title: 'Requests',
    subtitle: 'finished per second, by outcome',
    stacked: true,
    format: (value) => format.decimal(value),
    lines: (data) => {
      const lines = linesOf(
        'rates',
        ['success_per_second', 'Success', 'series-3'],
        ['errors_per_second', 'Error', 'series-2'],
        ['cancelled_per_second', 'Cancelled', 'series-other'],
      )(data);
      // Cancelling is rare; without it the chart need not name it.
      return lines.filter((line) => line.label !== 'Cancelled' || anything(line.points));
    },
  },
  {
    id: 'latency',
    title: 'Latency',
    subtitle: 'successful calls',
    stacked: false,
    format: format.seconds,
    lines: linesOf(
      'latencies',
      ['latency_p50', 'P50', 'series-1'],
      ['latency_p95', 'P95', 'series-1', 'dashed'],
      ['latency_p99', 'P99', 'series-1', 'dotted'],
    ),
  },
  {
    id: 'tokens',
    title: 'Tokens',
    subtitle: 'per second',
    stacked: false,
    format: format.decimal,
    lines: linesOf(
      'rates',
      ['input_tokens_per_second', 'Input', 'series-1'],
      ['output_tokens_per_second', 'Output', 'series-4'],
    ),
  },
  {
    id: 'cost',
    title: 'Cost',
    subtitle: 'US dollars so far, by provider',
    stacked: true,
    format: format.dollars,
    lines: costLines,
  },
];
