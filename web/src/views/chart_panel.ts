// One chart with its title, buttons, legend, cursor line and read-out. Cursor and read-out are plain elements above the
// canvas, so that pointing at a chart draws nothing anew.
import type { Cursor } from '../charts/cursor';
import { boundsOf, type ChartData, type ChartDefinition } from '../charts/definitions';
import { TimeChart, type Line } from '../charts/time_chart';
import { el, iconButton, setAttribute, setOthersInert, setText } from '../dom';
import * as format from '../format';
import { latest, nearest, within, type TimeRange } from '../series';
import { ChartTable } from './chart_table';
import { EntryList } from './legend';
import { ZoomBrush } from './zoom_brush';

/** 1.50 -> 1.5: marks of an axis need no more digits than they have. */
const shortened = (text: string) => text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');

export class ChartPanel {
  readonly element = el('figure', 'panel chart');
  private readonly canvas = el('canvas');
  private readonly plot = el('div', 'plot', this.canvas);
  private readonly nothing = el('p', 'plot-empty', 'No data yet');
  private readonly line = el('div', 'cursor-line');
  private readonly readoutTime = el('div', 'readout-time');
  private readonly readoutList = new EntryList('entries');
  private readonly readout = el('div', 'readout', this.readoutTime, this.readoutList.element);
  private readonly legend: EntryList;
  private readonly bounds = el('span', 'bounds');
  private readonly table: ChartTable;
  private readonly tableButton = iconButton('table', 'View as table');
  private readonly sizeButton: HTMLButtonElement;
  private readonly chart: TimeChart;
  private readonly hidden = new Set<string>();
  private lines: Line[] = [];
  private shown: { data: ChartData; range: TimeRange } | undefined;
  private pointed = false;
  /** What had the focus before this chart was maximised. */
  private focusBefore: Element | null = null;

  /** `number` is the key that maximises it; `onMaximise` is asked to do so, or to undo it. */
  constructor(
    private readonly definition: ChartDefinition,
    private readonly cursor: Cursor,
    number: number,
    onMaximise: () => void,
  ) {
    const { id, title, subtitle, stacked, wide } = definition;
    this.element.dataset['chart'] = id;
    this.element.classList.toggle('wide', wide ?? false);
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', this.label('no data yet'));
    this.line.hidden = this.readout.hidden = true;
    this.readout.setAttribute('aria-hidden', 'true');
    this.table = new ChartTable(title);
    this.table.element.hidden = true;
    this.legend = new EntryList('entries legend', (label) => this.toggle(label));
    this.tableButton.addEventListener('click', () => this.showTable(this.table.element.hidden));
    this.tableButton.setAttribute('aria-pressed', 'false');
    this.sizeButton = iconButton('expand', `Maximise (${number})`);
    this.sizeButton.setAttribute('aria-pressed', 'false');
    this.sizeButton.addEventListener('click', onMaximise);
    const buttons = el('span', 'panel-buttons', this.tableButton, this.sizeButton);
    const heading = el('figcaption', 'panel-head', el('h3', '', title), el('span', 'muted', subtitle), this.bounds, buttons);
    this.element.append(heading, this.plot, this.table.element, this.legend.element);
    this.chart = new TimeChart(this.canvas, { stacked, whole: definition.whole ?? false, axis: (value) => shortened(definition.format(value)) });
    const brush = new ZoomBrush(this.plot, this.chart, cursor);
    this.plot.append(this.nothing, brush.element, this.line, this.readout);
    this.plot.addEventListener('pointermove', (event) => {
      this.pointed = true;
      this.cursor.set(this.chart.timeAt(event.clientX - this.canvas.getBoundingClientRect().left) ?? null);
    });
    this.plot.addEventListener('pointerleave', () => {
      this.pointed = false;
      this.cursor.set(null);
    });
    this.cursor.listen(() => this.placeCursor());
  }

  update(data: ChartData, range: TimeRange): void {
    this.shown = { data, range };
    const { definition } = this;
    const lines = definition.lines(data).map((line) => ({ ...line, points: within(line.points, range) }));
    const bounds = boundsOf(definition, data);
    this.lines = lines.filter(({ label }) => !this.hidden.has(label));
    this.chart.show(this.lines, range, bounds);
    this.legend.set(lines, (line) => definition.format(latest(line.points)), this.hidden);
    // One bound has its name at its line already.
    const named = bounds.map(({ label, value }) => `${bounds.length > 1 ? label : 'SLO'} \u2264 ${definition.format(value)}`);
    setText(this.bounds, named.join(', '));
    this.nothing.hidden = this.lines.some(({ points }) => points.some(({ y }) => y !== null));
    setText(this.nothing, lines.length > 0 && this.lines.length === 0 ? 'All lines are switched off' : emptyText(definition.id, data));
    const values = this.lines.map((line) => `${line.label} ${definition.format(latest(line.points))}`);
    setAttribute(this.canvas, 'aria-label', this.label(values.join(', ') || 'no data yet'));
    if (!this.table.element.hidden) this.table.update(this.lines, definition.format);
    this.placeCursor();
  }

  private label(values: string): string {
    const { title, subtitle } = this.definition;
    return `${title}, ${subtitle}: ${values}`;
  }

  applyTheme(): void {
    this.chart.applyTheme();
  }

  /** Large, above everything else, and the only part of the page that can be used: a modal dialog. */
  setMaximised(maximised: boolean): void {
    const { element } = this;
    if (maximised === element.classList.contains('maximised')) return;
    element.classList.toggle('maximised', maximised);
    setAttribute(this.sizeButton, 'aria-pressed', String(maximised));
    if (maximised) {
      this.focusBefore = document.activeElement;
      const dialog = { role: 'dialog', 'aria-modal': 'true', 'aria-label': `${this.definition.title}, maximised` };
      for (const [name, value] of Object.entries(dialog)) element.setAttribute(name, value);
    } else {
      for (const name of ['role', 'aria-modal', 'aria-label']) element.removeAttribute(name);
    }
    setOthersInert(element, maximised);
    if (maximised) this.sizeButton.focus();
    else if (this.focusBefore instanceof HTMLElement && this.focusBefore !== document.body) this.focusBefore.focus();
    else this.sizeButton.blur();
  }

  private redraw(): void {
    if (this.shown) this.update(this.shown.data, this.shown.range);
  }

  private toggle(label: string): void {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.redraw();
  }

  private showTable(visible: boolean): void {
    this.table.element.hidden = !visible;
    this.plot.hidden = visible;
    setAttribute(this.tableButton, 'aria-pressed', String(visible));
    this.redraw();
  }

  private placeCursor(): void {
    const pointed = this.cursor.get();
    const points = this.lines.reduce<Line['points']>((most, line) => (line.points.length > most.length ? line.points : most), []);
    const time = pointed === null ? undefined : points[nearest(points, pointed)]?.x;
    this.line.hidden = time === undefined;
    this.readout.hidden = time === undefined || !this.pointed;
    if (time === undefined) return;
    const { x, top, bottom } = this.chart.placeOf(time);
    this.line.style.transform = `translate(${Math.round(x)}px, ${top}px)`;
    this.line.style.height = `${bottom - top}px`;
    if (!this.pointed) return;
    const { from, to } = this.shown!.range;
    setText(this.readoutTime, format.timeWithin(time, from, to));
    this.readoutList.set(this.lines, (line) => {
      const point = line.points[nearest(line.points, time)];
      return this.definition.format(point?.x === time ? point.y : null);
    });
    // On the side of the cursor where there is room.
    const { width } = this.plot.getBoundingClientRect();
    const left = x > width / 2 ? x - 12 - this.readout.offsetWidth : x + 12;
    this.readout.style.transform = `translate(${Math.round(Math.max(0, left))}px, ${top + 4}px)`;
  }
}

/** Why a chart is empty. No errors is good news, not missing data; what nobody reported will not come. */
function emptyText(id: string, { rates, totals }: ChartData): string {
  if (id === 'errors' && rates.get('errors_per_second').some(({ y }) => y !== null)) return 'No errors';
  if (id === 'tokens' && totals && totals.total_output_tokens === undefined) return 'No call reported its tokens';
  if (id === 'cost' && totals && totals.total_cost === undefined) return 'No call has a known cost';
  return 'No data yet';
}
