// The columns of the table of models: what each shows, how it sorts, which direction is better. Pure.
import * as format from '../format';
import type { CallTotals, ModelTotals, Overview, ProviderHealth, RateLimits } from '../protocol';
import { kUnknown, notPriced, noUsage, pricePerThousand } from './missing';
import { kFewSamples } from './tiles';

export interface Row {
  key: string;
  provider: string;
  model: string;
  status?: ProviderHealth;
  totals: CallTotals & Pick<ModelTotals, 'rate_limits'>;
}

export interface Column {
  id: string;
  title: string;
  /** For the mouse: what exactly is counted. */
  help: string;
  value: (totals: Row['totals']) => number | undefined;
  format: (value: number | undefined) => string;
  /** What the value leaves out; empty for a value that is whole. */
  missing?: (totals: Row['totals']) => string;
  /** For comparisons; absent where neither more nor less is better. */
  better?: 'more' | 'less';
  className?: (totals: Row['totals']) => string;
  titleOf?: (totals: Row['totals']) => string;
}

const few = (totals: CallTotals) => ((totals.latency?.count ?? 0) < kFewSamples ? 'few' : '');

/** The limits as they are at `now`: what was left of them before they were reset is not what is left. */
function limitsAt(now: string, limits: RateLimits | undefined): RateLimits | undefined {
  if (limits?.reset_at === undefined || !(Date.parse(limits.reset_at) <= Date.parse(now))) return limits;
  const { requests_remaining: _requests, tokens_remaining: _tokens, ...rest } = limits;
  return rest;
}

/** What is left of the tighter limit, 0..1. */
export function headroom(limits: RateLimits | undefined): number | undefined {
  const shares = [
    [limits?.requests_remaining, limits?.requests_limit],
    [limits?.tokens_remaining, limits?.tokens_limit],
  ].flatMap(([left, limit]) => (left !== undefined && limit ? [left / limit] : []));
  return shares.length > 0 ? Math.min(...shares) : undefined;
}

export function headroomDetail(limits: RateLimits | undefined): string {
  const part = (left: number | undefined, limit: number | undefined, what: string) =>
    left === undefined ? [] : [`${format.count(left)}${limit === undefined ? '' : ` of ${format.count(limit)}`} ${what} left`];
  const left = [
    ...part(limits?.requests_remaining, limits?.requests_limit, 'requests'),
    ...part(limits?.tokens_remaining, limits?.tokens_limit, 'tokens'),
  ].join(', ');
  return left || (limits?.reset_at === undefined ? '' : 'reset since the provider last reported it');
}

const kLowHeadroom = 0.1;

/** A sum that is absent is unknown: its calls happened. */
const sum = (show: (value: number | undefined) => string) => (value: number | undefined) =>
  value === undefined ? kUnknown : show(value);

export const kColumns: readonly Column[] = [
  { id: 'requests', title: 'Requests', help: 'finished calls since the start', value: (t) => t.total_requests, format: format.count },
  {
    id: 'errors',
    title: 'Errors',
    help: 'failed calls since the start, as a share of those that succeeded or failed',
    value: (t) => {
      const judged = t.successful_requests + t.failed_requests;
      return judged > 0 ? t.failed_requests / judged : undefined;
    },
    format: format.percent,
    better: 'less',
    className: (t) => (t.failed_requests > 0 ? 'bad' : ''),
  },
  { id: 'p50', title: 'P50', help: 'median latency of the last 5 minutes', value: (t) => t.latency?.p50, format: format.seconds, better: 'less' },
  { id: 'p95', title: 'P95', help: '95th percentile of the last 5 minutes', value: (t) => t.latency?.p95, format: format.seconds, better: 'less' },
  {
    id: 'p99',
    title: 'P99',
    help: '99th percentile of the last 5 minutes; grey below 100 samples',
    value: (t) => t.latency?.p99,
    format: format.seconds,
    better: 'less',
    className: few,
  },
  {
    id: 'ttft',
    title: 'TTFT',
    help: 'time to first token, P95 of the last 5 minutes',
    value: (t) => t.time_to_first_token?.p95,
    format: format.seconds,
    better: 'less',
  },
  {
    id: 'rate',
    title: 'Tok/s',
    help: 'output tokens per second over the last 10 seconds',
    value: (t) => t.output_tokens_per_second,
    format: format.decimal,
    better: 'more',
  },
  { id: 'in', title: 'Tokens in', help: 'input tokens since the start', value: (t) => t.total_input_tokens, format: sum(format.count), missing: noUsage },
  { id: 'out', title: 'Tokens out', help: 'output tokens since the start', value: (t) => t.total_output_tokens, format: sum(format.count), missing: noUsage },
  {
    id: 'cost',
    title: 'Cost',
    help: 'US dollars since the start',
    value: (t) => t.total_cost,
    format: sum(format.dollars),
    missing: notPriced,
    better: 'less',
  },
  {
    id: 'price',
    title: '$/1k out',
    help: 'US dollars for each thousand output tokens, everything counted; unknown where cost or tokens are not complete',
    value: pricePerThousand,
    format: format.dollars,
    better: 'less',
  },
  {
    id: 'headroom',
    title: 'Headroom',
    help: 'what is left of the rate limits the provider told, the tighter of requests and tokens',
    value: (t) => headroom(t.rate_limits),
    format: format.percent,
    better: 'more',
    className: (t) => ((headroom(t.rate_limits) ?? 1) < kLowHeadroom ? 'bad' : ''),
    titleOf: (t) => headroomDetail(t.rate_limits),
  },
];

/** What stands after a column's value: " + 12 not priced"; empty where nothing is missing. */
export function missingText(column: Column, totals: Row['totals']): string {
  const missing = column.missing?.(totals);
  if (!missing) return '';
  return column.value(totals) === undefined ? ` (${missing})` : ` + ${missing}`;
}

export const kStatusWords: Record<ProviderHealth, string> = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  unavailable: 'Unavailable',
  rate_limited: 'Rate limited',
};

/** One row per model; a provider without any model yet has a row of its own. By name. */
export function tableRows(overview: Overview): Row[] {
  const status = new Map(overview.providers.map((provider) => [provider.provider, provider.status]));
  const seen = new Set<string>();
  const rows = overview.models.map<Row>((model) => {
    const { rate_limits, ...rest } = model;
    const limits = limitsAt(overview.timestamp, rate_limits);
    const totals = { ...rest, ...(limits && { rate_limits: limits }) };
    seen.add(totals.provider);
    const health = status.get(totals.provider);
    return {
      key: JSON.stringify([totals.provider, totals.model]),
      provider: totals.provider,
      model: totals.model,
      totals,
      ...(health && { status: health }),
    };
  });
  for (const totals of overview.providers) {
    if (seen.has(totals.provider)) continue;
    rows.push({ key: JSON.stringify([totals.provider]), provider: totals.provider, model: format.kNoData, status: totals.status, totals });
  }
  return rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

export interface Order {
  /** 'provider', 'model', 'status' or the id of a column. */
  by: string;
  descending: boolean;
}

/** Sorted anew; what has no value comes last either way, ties stay in the order of names. */
export function sortRows(rows: readonly Row[], { by, descending }: Order): Row[] {
  const column = kColumns.find(({ id }) => id === by);
  const key = (row: Row): number | string | undefined =>
    column ? column.value(row.totals) : by === 'model' ? row.model : by === 'status' ? (row.status ?? '') : row.provider;
  const known = rows.filter((row) => key(row) !== undefined);
  const unknown = rows.filter((row) => key(row) === undefined);
  const compare = (a: Row, b: Row) => {
    const [left, right] = [key(a)!, key(b)!];
    return left < right ? -1 : left > right ? 1 : 0;
  };
  return [...known.sort((a, b) => (descending ? compare(b, a) : compare(a, b))), ...unknown];
}

export interface Delta {
  text: string;
  tone: 'good' | 'bad' | 'same';
}

/** How `value` differs from `base`: "+12 %", and whether that is good. Undefined when there is nothing to compare. */
export function delta(base: number | undefined, value: number | undefined, better: Column['better']): Delta | undefined {
  if (base === undefined || value === undefined || base === 0) return undefined;
  const share = (value - base) / Math.abs(base);
  if (Math.abs(share) < 0.005) return { text: '\u00b1\u00a00\u00a0%', tone: 'same' };
  // Less by all of it is 0, and only that.
  const whole = share < 0 && value > 0 ? Math.min(99, Math.round(-share * 100)) : Math.round(Math.abs(share) * 100);
  const size = Math.abs(share) >= 10 ? `\u00d7\u00a0${format.decimal(value / base)}` : format.percent(whole / 100);
  const sign = share > 0 ? '+' : '\u2212';
  const text = Math.abs(share) >= 10 ? size : `${sign}${size}`;
  if (!better) return { text, tone: 'same' };
  return { text, tone: share > 0 === (better === 'more') ? 'good' : 'bad' };
}
