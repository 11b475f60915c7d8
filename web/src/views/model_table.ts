// The table of providers and models: one row per model, a last row for all of them together.
import { el, setAttribute, setChildren, setClass, setText } from '../dom';
import * as format from '../format';
import type { CallTotals, Overview, ProviderHealth } from '../protocol';
import type { ColorBook } from '../theme';
import { kFewSamples } from './tiles';

export interface Row {
  key: string;
  provider: string;
  model: string;
  status?: ProviderHealth;
  totals: CallTotals;
}

interface Column {
  title: string;
  /** For the mouse: what exactly is counted. */
  help: string;
  value: (totals: CallTotals) => number | undefined;
  format: (value: number | undefined) => string;
  className?: (totals: CallTotals) => string;
}

const few = (totals: CallTotals) => (totals.latency.count < kFewSamples ? 'few' : '');

const kColumns: readonly Column[] = [
  { title: 'Requests', help: 'finished calls since the start', value: (t) => t.total_requests, format: format.count },
  {
    title: 'Errors',
    help: 'failed calls since the start, as a share of those that succeeded or failed',
    value: (t) => {
      const judged = t.successful_requests + t.failed_requests;
      return judged > 0 ? t.failed_requests / judged : undefined;
    },
    format: format.percent,
    className: (t) => (t.failed_requests > 0 ? 'bad' : ''),
  },
  { title: 'P50', help: 'median latency of the last 5 minutes', value: (t) => t.latency.p50, format: format.seconds },
  { title: 'P95', help: '95th percentile of the last 5 minutes', value: (t) => t.latency.p95, format: format.seconds },
  {
    title: 'P99',
    help: '99th percentile of the last 5 minutes; grey below 100 samples',
    value: (t) => t.latency.p99,
    format: format.seconds,
    className: few,
  },
  { title: 'TTFT', help: 'time to first token, P95 of the last 5 minutes', value: (t) => t.time_to_first_token.p95, format: format.seconds },
  { title: 'Tok/s', help: 'output tokens per second over the last 10 seconds', value: (t) => t.output_tokens_per_second, format: format.decimal },
  { title: 'Tokens in', help: 'input tokens since the start', value: (t) => t.total_input_tokens, format: format.count },
  { title: 'Tokens out', help: 'output tokens since the start', value: (t) => t.total_output_tokens, format: format.count },
  { title: 'Cost', help: 'US dollars since the start', value: (t) => t.total_cost, format: format.dollars },
];

const kStatusWords: Record<ProviderHealth, string> = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  unavailable: 'Unavailable',
  rate_limited: 'Rate limited',
};

/** One row per model; a provider without any model yet has a row of its own. */
export function tableRows(overview: Overview): Row[] {
  const status = new Map(overview.providers.map((provider) => [provider.provider, provider.status]));
  const seen = new Set<string>();
  const rows = overview.models.map<Row>((totals) => {
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

class RowView {
  readonly element = el('tr');
  private readonly dot = el('span', 'dot');
  private readonly name = el('span');
  private readonly model = el('td');
  private readonly shape = el('span', 'shape');
  private readonly word = el('span');
  private readonly cells = kColumns.map(() => el('td', 'number'));

  constructor() {
    const head = el('th', '', this.dot, this.name);
    head.scope = 'row';
    this.element.append(head, this.model, el('td', 'status', this.shape, this.word), ...this.cells);
  }

  update(row: Row, colors: ColorBook): void {
    setClass(this.dot, `dot ${colors.of(row.provider)}`);
    setText(this.name, row.provider);
    setText(this.model, row.model);
    setClass(this.shape, `shape ${row.status ?? ''}`);
    setText(this.word, row.status ? (kStatusWords[row.status] ?? row.status) : format.kNoData);
    fillCells(this.cells, row.totals);
  }
}

function fillCells(cells: readonly HTMLElement[], totals: CallTotals): void {
  kColumns.forEach((column, index) => {
    const cell = cells[index]!;
    const value = column.value(totals);
    setText(cell, column.format(value));
    setClass(cell, `number ${column.className?.(totals) ?? ''}`.trimEnd());
    setAttribute(cell, 'data-value', value === undefined ? '' : String(value));
  });
}

export class ModelTable {
  private readonly body = el('tbody');
  private readonly foot = el('tfoot');
  private readonly totalCells = kColumns.map(() => el('td', 'number'));
  private readonly rows = new Map<string, RowView>();

  constructor(
    private readonly section: HTMLElement,
    box: HTMLElement,
    private readonly colors: ColorBook,
  ) {
    const titles = ['Provider', 'Model', 'Status'].map((title) => el('th', '', title));
    const numbers = kColumns.map(({ title, help }) => {
      const head = el('th', 'number', title);
      head.title = help;
      return head;
    });
    for (const head of [...titles, ...numbers]) head.scope = 'col';
    const all = el('th', '', 'All');
    all.scope = 'row';
    this.foot.append(el('tr', '', all, el('td'), el('td'), ...this.totalCells));
    box.append(el('table', '', el('thead', '', el('tr', '', ...titles, ...numbers)), this.body, this.foot));
  }

  update(overview: Overview | undefined): void {
    const rows = overview ? tableRows(overview) : [];
    this.section.hidden = rows.length === 0;
    const present = new Set(rows.map(({ key }) => key));
    for (const key of this.rows.keys()) if (!present.has(key)) this.rows.delete(key);
    const elements = rows.map((row) => {
      let view = this.rows.get(row.key);
      if (!view) this.rows.set(row.key, (view = new RowView()));
      view.update(row, this.colors);
      return view.element;
    });
    setChildren(this.body, elements);
    this.foot.hidden = rows.length < 2;
    if (overview) fillCells(this.totalCells, overview.totals);
  }
}
