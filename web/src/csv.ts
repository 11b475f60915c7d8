// Tables as CSV: RFC 4180, safe to open in a spreadsheet; the same columns and rules as the server's own CSV.
import type { CallTotals, Overview, Percentiles, SeriesReply } from './protocol';

type Cell = string | number | null | undefined;

/** Where a spreadsheet may begin a cell and take it for a formula. It may part cells at ; or at a tab instead of at a comma,
 * and does not know then that the cell is quoted (OWASP, "CSV injection"). */
const kFormulaStart = /(?<=(?:^|[;,\t\r\n])[ "]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])/g;

/** Formulas get an apostrophe in front, separators of any kind quotes around them. */
function cell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = value.replace(kFormulaStart, "'");
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csv = (rows: readonly Cell[][]): string => rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');

const kTotals = [
  'total_requests', 'successful_requests', 'failed_requests', 'cancelled_requests', 'total_input_tokens', 'total_output_tokens',
  'total_cost', 'usage_missing_requests', 'unpriced_requests', 'latency_missing_requests', 'requests_per_second', 'input_tokens_per_second', 'output_tokens_per_second', 'cost_per_hour', 'error_rate',
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
    ...kPercentiles.flatMap((name) => kParts.map((part) => row[name]?.[part])),
  ]);
  return csv([head, ...rows]);
}

export function seriesCsv(replies: readonly SeriesReply[]): string {
  const rows = replies.flatMap(({ series }) =>
    series.flatMap(({ metric, provider, model, points }) =>
      points.map(([time, value]): Cell[] => [metric, provider, model, new Date(time).toISOString(), value])));
  return csv([['metric', 'provider', 'model', 'timestamp', 'value'], ...rows]);
}
