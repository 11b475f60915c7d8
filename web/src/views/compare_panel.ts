// Models side by side: the first one picked is what the others are measured against.
import { el, iconButton, setChildren, setClass, setText } from '../dom';
import * as format from '../format';
import type { ColorBook } from '../theme';
import { delta, kColumns, missingText, type Row } from './model_columns';

export const kMostCompared = 4;

class Side {
  readonly head = el('th');
  readonly cells = kColumns.map(() => el('td', 'number'));
  private readonly dot = el('span', 'dot');
  private readonly name = el('span', 'name');
  private readonly role = el('span', 'muted');
  private readonly remove = iconButton('close', 'Remove from the comparison');
  private readonly values = kColumns.map(() => el('span', 'compare-value'));
  private readonly deltas = kColumns.map(() => el('span', 'delta'));

  constructor(onRemove: () => void) {
    this.head.scope = 'col';
    this.head.append(el('div', 'compare-head', this.dot, this.name, this.role, this.remove));
    this.remove.addEventListener('click', onRemove);
    this.cells.forEach((cell, index) => cell.append(this.values[index]!, this.deltas[index]!));
  }

  update(row: Row, base: Row, colors: ColorBook): void {
    const isBase = row === base;
    setClass(this.dot, `dot ${colors.of(row.provider)}`);
    setText(this.name, `${format.isolated(row.provider)} / ${format.isolated(row.model)}`);
    setText(this.role, isBase ? 'baseline' : '');
    kColumns.forEach((column, index) => {
      const value = column.value(row.totals);
      const missing = missingText(column, row.totals);
      // Sums that leave something out cannot be compared.
      const isWhole = missing === '' && missingText(column, base.totals) === '';
      const difference = isBase || !isWhole ? undefined : delta(column.value(base.totals), value, column.better);
      setText(this.values[index]!, column.format(value) + missing);
      setText(this.deltas[index]!, difference?.text ?? '');
      setClass(this.deltas[index]!, `delta ${difference?.tone ?? ''}`.trimEnd());
    });
  }
}

export class ComparePanel {
  readonly element = el('div', 'panel table-box compare');
  private readonly hint = el('p', 'muted compare-hint', 'Pick another model to compare with.');
  private readonly headRow = el('tr');
  private readonly rows = kColumns.map(({ title, help }) => {
    const label = el('th', '', title);
    label.scope = 'row';
    label.title = help;
    return { label, row: el('tr', '', label) };
  });
  private readonly sides = new Map<string, Side>();

  constructor(private readonly onRemove: (key: string) => void) {
    this.element.hidden = true;
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'region');
    this.element.setAttribute('aria-label', 'Comparison of models');
    const body = el('tbody', '', ...this.rows.map(({ row }) => row));
    this.element.append(el('table', '', el('thead', '', this.headRow), body), this.hint);
  }

  update(rows: readonly Row[], colors: ColorBook): void {
    this.element.hidden = rows.length === 0;
    this.hint.hidden = rows.length !== 1;
    const [base] = rows;
    for (const key of this.sides.keys()) if (!rows.some((row) => row.key === key)) this.sides.delete(key);
    if (!base) return;
    const sides = rows.map((row) => {
      let side = this.sides.get(row.key);
      if (!side) this.sides.set(row.key, (side = new Side(() => this.onRemove(row.key))));
      side.update(row, base, colors);
      return side;
    });
    const corner = this.headRow.querySelector('td') ?? el('td');
    setChildren(this.headRow, [corner, ...sides.map(({ head }) => head)]);
    this.rows.forEach(({ label, row }, index) => setChildren(row, [label, ...sides.map(({ cells }) => cells[index]!)]));
  }
}
