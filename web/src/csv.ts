// Tables as CSV: RFC 4180, safe to open in a spreadsheet; the same columns and rules as the server's own CSV.
import type { CallTotals, Overview, Percentiles, SeriesReply } from './protocol';

type Cell = string | number | null | undefined;

/** Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV injection"). */
function cell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csv = (rows: readonly Cell[][]): string => rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');

const kTotals = [
  'total_requests', 'successful_requests', 'failed_requests', 'cancelled_requests', 'total_input_tokens', 'total_output_tokens',
  'total_cost', 'requests_per_second', 'input_tokens_per_second', 'output_tokens_per_second', 'cost_per_hour', 'error_rate',
  'avg_latency',
] as const satisfies readonly (keyof CallTotals)[];
const kPercentiles = ['latency', 'time_to_first_token', 'inter_token_latency'] as const;
const kParts = ['p50', 'p95', 'p99', 'count'] as const satisfies readonly (keyof Percentiles)[];

export function tableCsv({ providers, models }: Overview): string {
  const status = new Map(providers.map((row) => [row.provider, row.status]));
  const head = ['provider', 'model', 'status', ...kTotals, ...kPercentiles.flatMap((name) => kParts.map((part) => `${name}_${part}`))];
  const rows = models.map((row) => [
    row.provider, row.model, status.get(row.provider),
    ...kTotals.map((name) => row[name]),
    ...kPercentiles.flatMap((name) => kParts.map((part) => row[name][part])),
  ]);
  return csv([head, ...rows]);
}

export function seriesCsv(replies: readonly SeriesReply[]): string {
  const rows = replies.flatMap(({ series }) =>
    series.flatMap(({ metric, provider, model, points }) =>
      points.map(([time, value]): Cell[] => [metric, provider, model, new Date(time).toISOString(), value])));
  return csv([['metric', 'provider', 'model', 'timestamp', 'value'], ...rows]);
}
