// Which charts the page has, and how each is made of the server's series. A new chart is a new entry here.
import * as format from '../format';
import type { CallTotals, Slo } from '../protocol';
import { kErrorTypes, type SourceName } from '../questions';
import type { Filter } from '../selection';
import { latest, split, type Point, type Series, type SeriesStore } from '../series';
import type { ColorBook, ColorName } from '../theme';
import type { Bound, Line } from './time_chart';

/** What the charts are drawn from: one store per question to the server, and the colours names have. */
export interface ChartData extends Record<SourceName, SeriesStore> {
  providerColors: ColorBook;
  errorColors: ColorBook;
  levels: readonly Slo[];
  filter: Filter | undefined;
  /** The numbers of what the filter names. */
  totals: CallTotals | undefined;
}

export interface ChartDefinition {
  id: string;
  title: string;
  /** Beside the title: what is measured, in which unit. */
  subtitle: string;
  stacked: boolean;
  /** Two columns wide where there is room. */
  wide?: boolean;
  /** Things are counted: no marks between whole numbers. */
  whole?: boolean;
  format: (value: number | null | undefined) => string;
  lines(data: ChartData): Line[];
  /** SLOs that are lines in this chart. */
  bound?: (level: Slo) => number | undefined;
}

type LineSpec = [metric: string, label: string, color: ColorName, dash?: 'dashed' | 'dotted'];

const linesOf =
  (source: SourceName, ...lines: LineSpec[]) =>
  (data: ChartData): Line[] =>
    lines.map(([metric, label, color, dash]) => ({ label, color, points: data[source].get(metric), ...(dash && { dash }) }));

const anything = (points: readonly Point[]) => points.some(({ y }) => y !== null && y !== 0);
const total = ({ points }: Series) => points.reduce((sum, { y }) => sum + (y ?? 0), 0);

/** The chosen names with colours of their own, the rest as one. */
function topLines(series: readonly Series[], colors: ColorBook, nameOf: (series: Series) => string): Line[] {
  const { top, rest, restCount } = split(series, nameOf, colors.chosen);
  const lines = top.map<Line>((one) => ({ label: nameOf(one), color: colors.of(nameOf(one)), points: one.points }));
  if (restCount > 0) lines.push({ label: `other (${restCount})`, color: 'series-other', points: rest });
  return lines;
}

/** The name of all providers together, where they are too many to be told apart. */
const kAllProviders = 'all providers';

const byProvider = (metric: string) => (data: ChartData) =>
  topLines(data.providers.all(metric), data.providerColors, ({ provider = kAllProviders }) => provider);

const errorSeries = (data: ChartData) =>
  kErrorTypes
    .map<Series>((type) => ({ metric: format.words(type), points: data.rates.get(`errors.${type}`) }))
    .filter(({ points }) => anything(points));

/** Chooses which providers and error categories have colours of their own, in all charts the same. */
export function chooseColors(data: ChartData): void {
  data.providerColors.rank(new Map(data.providers.all('cost_total').map(({ provider = kAllProviders, points }) => [provider, latest(points) ?? 0])));
  data.errorColors.rank(new Map(errorSeries(data).map((series) => [series.metric, total(series)])));
}

/** The SLOs that concern what the filter lets through. */
export function boundsOf(definition: ChartDefinition, { levels, filter }: ChartData): Bound[] {
  const { bound } = definition;
  if (!bound) return [];
  return levels.flatMap((level) => {
    const value = bound(level);
    if (value === undefined) return [];
    if (filter && level.provider !== undefined && level.provider !== filter.provider) return [];
    if (filter?.model !== undefined && level.model !== undefined && level.model !== filter.model) return [];
    const whose = filter ? '' : [level.provider, level.model].filter(Boolean).join(' / ');
    return [{ label: `SLO ${level.name}${whose && ` (${whose})`}`, value }];
  });
}

export const kCharts: readonly ChartDefinition[] = [
  {
    id: 'requests',
    title: 'Requests',
    subtitle: 'finished per second, by status',
    stacked: true,
    wide: true,
    format: format.decimal,
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
    subtitle: 'of successful calls',
    stacked: false,
    format: format.seconds,
    bound: (level) => level.latency,
    lines: linesOf(
      'percentiles',
      ['latency_p50', 'P50', 'series-1'],
      ['latency_p95', 'P95', 'series-1', 'dashed'],
      ['latency_p99', 'P99', 'series-1', 'dotted'],
    ),
  },
  {
    id: 'first_token',
    title: 'Token latency',
    subtitle: 'first (TTFT), inter-token (ITL)',
    stacked: false,
    format: format.seconds,
    bound: (level) => level.time_to_first_token,
    lines: linesOf(
      'percentiles',
      ['ttft_p50', 'TTFT P50', 'series-4'],
      ['ttft_p95', 'TTFT P95', 'series-4', 'dashed'],
      ['itl_p50', 'ITL P50', 'series-3'],
      ['itl_p95', 'ITL P95', 'series-3', 'dashed'],
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
    lines: byProvider('cost_total'),
  },
  {
    id: 'errors',
    title: 'Errors',
    subtitle: 'per second, by category',
    stacked: true,
    wide: true,
    format: format.decimal,
    lines: (data) => topLines(errorSeries(data), data.errorColors, ({ metric }) => metric),
  },
  {
    id: 'in_flight',
    title: 'In flight',
    subtitle: 'most at once, by provider',
    stacked: true,
    format: format.count,
    whole: true,
    lines: byProvider('active_requests'),
  },
];
