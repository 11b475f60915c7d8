// A chart's values as a table, newest first: for those who read better than they see curves.
import type { Line } from '../charts/time_chart';
import { el, setChildren, setText } from '../dom';
import * as format from '../format';

type Show = (value: number | null | undefined) => string;

/** One row per time at which any line has a point, newest first; a dash where a line has none. */
export function tableOf(lines: readonly Line[], show: Show): string[][] {
  const rows = new Map<number, (number | null)[]>();
  lines.forEach(({ points }, index) => {
    for (const { x, y } of points) {
      let row = rows.get(x);
      if (!row) rows.set(x, (row = lines.map(() => null)));
      row[index] = y;
    }
  });
  const sorted = [...rows].sort(([a], [b]) => b - a);
  const to = sorted[0]?.[0] ?? 0;
  const from = sorted[sorted.length - 1]?.[0] ?? 0;
  return sorted.map(([time, values]) => [format.timeWithin(time, from, to), ...values.map(show)]);
}

export class ChartTable {
  readonly element: HTMLElement;
  private readonly head = el('tr');
  private readonly body = el('tbody');
  private readonly rows: HTMLTableRowElement[] = [];

  constructor(title: string) {
    this.element = el('div', 'chart-table', el('table', '', el('thead', '', this.head), this.body));
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'region');
    this.element.setAttribute('aria-label', `${title} as a table`);
  }

  update(lines: readonly Line[], show: Show): void {
    fill(this.head, ['Time', ...lines.map(({ label }) => label)], 'th');
    const values = tableOf(lines, show);
    while (this.rows.length < values.length) this.rows.push(el('tr'));
    this.rows.length = values.length;
    values.forEach((row, index) => fill(this.rows[index]!, row, 'td'));
    setChildren(this.body, this.rows);
  }
}

function fill(row: HTMLTableRowElement, texts: readonly string[], tag: 'td' | 'th'): void {
  while (row.cells.length > texts.length) row.lastElementChild!.remove();
  while (row.cells.length < texts.length) {
    const cell = el(tag, row.cells.length > 0 ? 'number' : '');
    if (tag === 'th') cell.setAttribute('scope', 'col');
    row.append(cell);
  }
  texts.forEach((text, index) => setText(row.cells[index]!, text));
}
