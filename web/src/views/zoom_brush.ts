// Drawing over a stretch of a chart with the mouse: the stretch is shown while it grows and told when the button is let go.
import type { Cursor } from '../charts/cursor';
import type { TimeChart } from '../charts/time_chart';
import { el } from '../dom';

export class ZoomBrush {
  readonly element = el('div', 'zoom-brush');
  /** Pixels from the plot's left edge; undefined while nothing is drawn. */
  private start: number | undefined;

  constructor(
    private readonly plot: HTMLElement,
    private readonly chart: TimeChart,
    private readonly cursor: Cursor,
  ) {
    this.element.hidden = true;
    plot.addEventListener('pointerdown', (event) => this.begin(event));
    plot.addEventListener('pointermove', (event) => this.grow(event));
    plot.addEventListener('pointerup', (event) => this.end(event));
    plot.addEventListener('pointercancel', () => this.drop());
    plot.addEventListener('dblclick', () => cursor.onReset());
  }

  private begin(event: PointerEvent): void {
    // A finger scrolls the page.
    if (event.button !== 0 || event.pointerType === 'touch') return;
    const at = this.placeOf(event);
    if (this.chart.timeAt(at) === undefined) return;
    this.start = at;
    this.plot.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  private grow(event: PointerEvent): void {
    if (this.start === undefined) return;
    const { left, right, top, bottom } = this.chart.area;
    const now = Math.min(right, Math.max(left, this.placeOf(event)));
    const from = Math.min(this.start, now);
    this.element.hidden = false;
    this.element.style.transform = `translate(${from}px, ${top}px)`;
    this.element.style.width = `${Math.abs(now - this.start)}px`;
    this.element.style.height = `${bottom - top}px`;
  }

  private end(event: PointerEvent): void {
    if (this.start === undefined) return;
    const { left, right } = this.chart.area;
    const from = this.chart.timeAt(this.start);
    const to = this.chart.timeAt(Math.min(right, Math.max(left, this.placeOf(event))));
    const drawn = !this.element.hidden;
    this.drop();
    if (drawn && from !== undefined && to !== undefined) this.cursor.onZoom(from, to);
  }

  private drop(): void {
    this.start = undefined;
    this.element.hidden = true;
  }

  private placeOf(event: PointerEvent): number {
    return event.clientX - this.plot.getBoundingClientRect().left;
  }
}
