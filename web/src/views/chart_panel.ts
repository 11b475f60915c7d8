// One chart with its title, legend, cursor line and read-out. Cursor and read-out are plain elements above the canvas,
// so that pointing at a chart draws nothing anew.
import type { ChartData, ChartDefinition } from '../charts/definitions';
import type { Cursor } from '../charts/cursor';
import { TimeChart, type Line } from '../charts/time_chart';
import { el, setAttribute, setChildren, setClass, setText } from '../dom';
import * as format from '../format';
import { latest, nearest, type TimeRange } from '../series';

/** 1.50 -> 1.5: marks of an axis need no more digits than they have. */
const shortened = (text: string) => text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');

/** A line of the legend or of the read-out: swatch, label, value. */
class Entry {
  readonly element = el('li', 'entry');
  private readonly swatch = el('span', 'swatch');
  private readonly label = el('span', 'entry-label');
  private readonly value = el('span', 'entry-value');

  constructor() {
    this.element.append(this.swatch, this.label, this.value);
  }

  set(line: Line, value: string): void {
    setClass(this.swatch, `swatch ${line.dash ?? 'solid'} ${line.color}`);
    setText(this.label, line.label);
    setText(this.value, value);
  }
}

class EntryList {
  readonly element: HTMLUListElement;
  private entries: Entry[] = [];

  constructor(className: string) {
    this.element = el('ul', className);
  }

  set(lines: readonly Line[], value: (line: Line) => string): void {
    while (this.entries.length < lines.length) this.entries.push(new Entry());
    this.entries.length = lines.length;
    lines.forEach((line, index) => this.entries[index]!.set(line, value(line)));
    setChildren(this.element, this.entries.map(({ element }) => element));
  }
}

export class ChartPanel {
  readonly element = el('figure', 'panel chart');
  private readonly canvas = el('canvas');
  private readonly plot = el('div', 'plot', this.canvas);
  private readonly nothing = el('p', 'plot-empty', 'No data yet');
  private readonly line = el('div', 'cursor-line');
  private readonly readoutTime = el('div', 'readout-time');
  private readonly readoutList = new EntryList('entries');
  private readonly readout = el('div', 'readout', this.readoutTime, this.readoutList.element);
  private readonly legend = new EntryList('entries legend');
  private readonly chart: TimeChart;
  private lines: Line[] = [];
  private pointed = false;

  constructor(
    private readonly definition: ChartDefinition,
    private readonly cursor: Cursor,
  ) {
    const { id, title, subtitle, stacked } = definition;
    this.element.dataset['chart'] = id;
    this.canvas.setAttribute('role', 'img');
    this.line.hidden = this.readout.hidden = true;
    this.readout.setAttribute('aria-hidden', 'true');
    this.plot.append(this.nothing, this.line, this.readout);
    const heading = el('figcaption', 'panel-head', el('h3', '', title), el('span', 'muted', subtitle));
    this.element.append(heading, this.plot, this.legend.element);
    this.chart = new TimeChart(this.canvas, { stacked, axis: (value) => shortened(definition.format(value)) });
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
    this.lines = this.definition.lines(data);
    this.chart.show(this.lines, range);
    this.legend.set(this.lines, (line) => this.definition.format(latest(line.points)));
    this.nothing.hidden = this.lines.some(({ points }) => points.some(({ y }) => y !== null));
    const values = this.lines.map((line) => `${line.label} ${this.definition.format(latest(line.points))}`);
    const { title, subtitle } = this.definition;
    setAttribute(this.canvas, 'aria-label', `${title}, ${subtitle}: ${values.join(', ') || 'no data yet'}`);
    this.placeCursor();
  }

  applyTheme(): void {
    this.chart.applyTheme();
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
    setText(this.readoutTime, format.clock(time));
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
