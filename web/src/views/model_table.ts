// The table of providers and models: one row per model, sorted as people like, a last row for all of them together.
import { el, setAttribute, setChildren, setClass, setText } from '../dom';
import * as format from '../format';
import type { Overview } from '../protocol';
import type { ColorBook } from '../theme';
import { ComparePanel, kMostCompared } from './compare_panel';
import { kColumns, kStatusWords, missingText, sortRows, tableRows, type Order, type Row } from './model_columns';

class RowView {
  readonly element = el('tr');
  private readonly check = el('input');
  private readonly dot = el('span', 'dot');
  private readonly name = el('span', 'name');
  private readonly model = el('td', 'model');
  private readonly shape = el('span', 'shape');
  private readonly word = el('span');
  private readonly cells = kColumns.map(() => el('td', 'number'));

  constructor(onCompare: (wanted: boolean) => void) {
    const head = el('th', '', this.dot, this.name);
    head.scope = 'row';
    this.check.type = 'checkbox';
    this.check.addEventListener('change', () => onCompare(this.check.checked));
    this.element.append(
      el('td', 'pick', this.check), head, this.model, el('td', 'status', this.shape, this.word), ...this.cells);
  }

  update(row: Row, colors: ColorBook, compared: boolean, full: boolean): void {
    setClass(this.dot, `dot ${colors.of(row.provider)}`);
    setText(this.name, row.provider);
    setText(this.model, row.model);
    setAttribute(this.name, 'title', row.provider);
    setAttribute(this.model, 'title', row.model);
    setAttribute(this.check, 'aria-label', `Compare ${row.provider} ${row.model}`);
    if (this.check.checked !== compared) this.check.checked = compared;
    this.check.disabled = full && !compared;
    this.element.classList.toggle('compared', compared);
    setClass(this.shape, `shape ${row.status ?? ''}`);
    setText(this.word, row.status ? (kStatusWords[row.status] ?? row.status) : format.kNoData);
    fillCells(this.cells, row.totals);
  }
}

function fillCells(cells: readonly HTMLElement[], totals: Row['totals']): void {
  kColumns.forEach((column, index) => {
    const cell = cells[index]!;
    const value = column.value(totals);
    const shown = column.format(value);
    const missing = missingText(column, totals);
    if (cell.textContent !== shown + missing) {
      cell.textContent = shown;
      if (missing) cell.append(el('span', 'missing', missing));
    }
    setClass(cell, `number ${column.className?.(totals) ?? ''}`.trimEnd());
    setAttribute(cell, 'data-value', value === undefined ? '' : String(value));
    if (column.titleOf) setAttribute(cell, 'title', column.titleOf(totals));
  });
}

export class ModelTable {
  private readonly body = el('tbody');
  private readonly foot = el('tfoot');
  private readonly totalCells = kColumns.map(() => el('td', 'number'));
  private readonly heads = new Map<string, HTMLElement>();
  private readonly rows = new Map<string, RowView>();
  private readonly compare: ComparePanel;
  private readonly compared: string[] = [];
  private order: Order = { by: 'provider', descending: false };
  private ranks = new Map<string, number>();
  private overview: Overview | undefined;

  constructor(
    private readonly section: HTMLElement,
    private readonly box: HTMLElement,
    private readonly colors: ColorBook,
  ) {
    const pick = el('th', 'pick', el('span', 'unseen', 'Compare'));
    pick.scope = 'col';
    const heads = [
      pick,
      ...['Provider', 'Model', 'Status'].map((title) => this.head(title.toLowerCase(), title, '')),
      ...kColumns.map(({ id, title, help }) => this.head(id, title, help, 'number')),
    ];
    const all = el('th', '', 'All');
    all.scope = 'row';
    this.foot.append(el('tr', '', el('td'), all, el('td'), el('td'), ...this.totalCells));
    box.append(el('table', 'models', el('thead', '', el('tr', '', ...heads)), this.body, this.foot));
    this.compare = new ComparePanel((key) => this.pick(key, false));
    section.append(this.compare.element);
    this.showOrder();
  }

  update(overview: Overview | undefined): void {
    this.overview = overview;
    const rows = overview ? this.ordered(tableRows(overview)) : [];
    this.section.hidden = rows.length === 0;
    const present = new Set(rows.map(({ key }) => key));
    for (const key of this.rows.keys()) if (!present.has(key)) this.rows.delete(key);
    for (const key of this.compared.filter((one) => !present.has(one))) this.compared.splice(this.compared.indexOf(key), 1);
    const full = this.compared.length >= kMostCompared;
    const elements = rows.map((row) => {
      let view = this.rows.get(row.key);
      if (!view) this.rows.set(row.key, (view = new RowView((wanted) => this.pick(row.key, wanted))));
      view.update(row, this.colors, this.compared.includes(row.key), full);
      return view.element;
    });
    setChildren(this.body, elements);
    this.foot.hidden = rows.length < 2;
    if (overview) fillCells(this.totalCells, overview.totals);
    this.compare.update(this.compared.flatMap((key) => rows.find((row) => row.key === key) ?? []), this.colors);
  }

  private head(id: string, title: string, help: string, className = ''): HTMLElement {
    const button = el('button', 'sort', title);
    button.type = 'button';
    if (help) button.title = help;
    button.addEventListener('click', () => this.sortBy(id));
    const head = el('th', className, button);
    head.scope = 'col';
    this.heads.set(id, head);
    return head;
  }

  /** Names begin with the first, numbers with the largest; a second click turns it round. */
  private sortBy(id: string): void {
    const isNumber = kColumns.some((column) => column.id === id);
    this.order = { by: id, descending: this.order.by === id ? !this.order.descending : isNumber };
    this.ranks.clear();
    this.showOrder();
    this.update(this.overview);
  }

  private showOrder(): void {
    for (const [id, head] of this.heads) {
      if (id === this.order.by) setAttribute(head, 'aria-sort', this.order.descending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
  }

  /** While somebody points at the rows they keep their places: nobody clicks well at what moves. */
  private ordered(rows: Row[]): Row[] {
    if (this.ranks.size === rows.length && this.box.matches(':hover') && rows.every(({ key }) => this.ranks.has(key))) {
      return rows.sort((a, b) => this.ranks.get(a.key)! - this.ranks.get(b.key)!);
    }
    const sorted = sortRows(rows, this.order);
    this.ranks = new Map(sorted.map(({ key }, index) => [key, index]));
    return sorted;
  }

  private pick(key: string, wanted: boolean): void {
    const at = this.compared.indexOf(key);
    if (wanted && at < 0 && this.compared.length < kMostCompared) this.compared.push(key);
    if (!wanted && at >= 0) this.compared.splice(at, 1);
    this.update(this.overview);
  }
}
