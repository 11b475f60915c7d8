// Chart.js behind one small door: a line or stacked-area chart over time. No other file knows the library.
import { Chart, Filler, LinearScale, LineController, LineElement, PointElement } from 'chart.js';
import type { ChartDataset, Plugin } from 'chart.js';
import type { Point, TimeRange } from '../series';
import { readColor, translucent, type ColorName } from '../theme';
import { tickLabel, tickStep, timeTicks } from '../ticks';

Chart.register(Filler, LinearScale, LineController, LineElement, PointElement);

export interface Line {
  label: string;
  color: ColorName;
  points: Point[];
  dash?: 'solid' | 'dashed' | 'dotted';
}

/** A level that values should keep below; drawn across the whole chart. */
export interface Bound {
  label: string;
  value: number;
}

export interface TimeChartOptions {
  stacked: boolean;
  whole: boolean;
  /** Writes the marks of the value axis. */
  axis: (value: number) => string;
}

type Dataset = ChartDataset<'line', Point[]>;

// The same on every chart, so that their time axes stand below each other and one cursor fits all.
const kAxisWidth = 62;
const kDashes = { solid: [], dashed: [6, 4], dotted: [1.5, 3.5] };

/** A point between two gaps has no line to be seen by; it gets a dot. */
const lonePoints: Plugin<'line'> = {
  id: 'lonePoints',
  afterDatasetDraw(chart, { index, meta }) {
    const dataset = chart.data.datasets[index] as unknown as Dataset;
    const { data } = dataset;
    const { ctx } = chart;
    ctx.fillStyle = dataset.borderColor as string;
    data.forEach((point, at) => {
      if (point.y === null || (data[at - 1]?.y ?? null) !== null || (data[at + 1]?.y ?? null) !== null) return;
      const { x, y } = meta.data[at]!;
      ctx.beginPath();
      ctx.arc(x, y, 2, 0, 2 * Math.PI);
      ctx.fill();
    });
  },
};

/** A bound far above everything would press the lines flat: it is drawn when it comes within this factor of them. */
const kBoundInSight = 3;

function highestInSight(lines: readonly Line[], bounds: readonly Bound[]): number {
  if (bounds.length === 0) return 0;
  let highest = 0;
  for (const { points } of lines) for (const { y } of points) highest = Math.max(highest, y ?? 0);
  return Math.max(0, ...bounds.map(({ value }) => value).filter((value) => value <= highest * kBoundInSight));
}

export class TimeChart {
  private readonly chart: Chart<'line', Point[]>;
  private bounds: readonly Bound[] = [];
  private range: TimeRange = { from: 0, to: 1 };
  private lines: readonly Line[] = [];

  constructor(
    canvas: HTMLCanvasElement,
    private readonly options: TimeChartOptions,
  ) {
    this.chart = new Chart<'line', Point[]>(canvas, {
      type: 'line',
      data: { datasets: [] },
      plugins: [
        lonePoints as unknown as Plugin<'line'>,
        { id: 'bounds', afterDatasetsDraw: () => this.drawBounds() },
      ],
      options: {
        // Each of these keeps an update cheap: no tweening, no copying, no hit-testing, no dots.
        animation: false,
        parsing: false,
        normalized: true,
        events: [],
        responsive: true,
        maintainAspectRatio: false,
        elements: { point: { radius: 0 }, line: { borderWidth: 1.75, tension: 0, borderJoinStyle: 'round' } },
        layout: { padding: { top: 6, right: 8 } },
        scales: {
          x: {
            type: 'linear',
            bounds: 'ticks',
            border: { display: false },
            grid: { drawTicks: false },
            ticks: { maxRotation: 0, autoSkip: false, padding: 8, font: { size: 11 }, callback: (value) => this.timeLabel(Number(value)) },
            afterBuildTicks: (axis) => {
              axis.ticks = timeTicks(this.range, this.mostTicks(axis.chart.width)).map((value) => ({ value }));
            },
          },
          y: {
            type: 'linear',
            stacked: options.stacked,
            beginAtZero: true,
            grace: '6%',
            border: { display: false },
            grid: { drawTicks: false },
            ticks: {
              maxTicksLimit: 5,
              autoSkip: false,
              padding: 8,
              font: { size: 11 },
              // Of what is counted, half a one has no mark: its text would be that of its neighbour.
              callback: (value) => (options.whole && !Number.isInteger(value) ? null : options.axis(Number(value))),
              ...(options.whole && { precision: 0 }),
            },
            afterFit: (axis) => {
              axis.width = kAxisWidth;
            },
          },
        },
      },
    });
    this.applyTheme();
  }

  show(lines: readonly Line[], range: TimeRange, bounds: readonly Bound[] = []): void {
    this.lines = lines;
    this.range = range;
    this.bounds = bounds;
    const { datasets } = this.chart.data;
    datasets.length = lines.length;
    lines.forEach((line, index) => {
      datasets[index] = Object.assign(datasets[index] ?? {}, this.dataset(line, index));
    });
    const x = this.chart.options.scales!['x']!;
    x.min = range.from;
    x.max = range.to;
    (this.chart.options.scales!['y'] as { suggestedMax?: number }).suggestedMax = highestInSight(lines, bounds);
    this.chart.update('none');
  }

  /** Takes the page's colours anew. */
  applyTheme(): void {
    const { x, y } = this.chart.options.scales as Record<'x' | 'y', { grid: object; ticks: object }>;
    const text = readColor('text-muted');
    const { fontFamily } = getComputedStyle(document.body);
    Chart.defaults.font.family = fontFamily;
    Object.assign(x.grid, { color: 'transparent' });
    Object.assign(y.grid, { color: readColor('grid') });
    for (const axis of [x, y]) Object.assign(axis.ticks, { color: text });
    if (this.lines.length > 0) this.show(this.lines, this.range, this.bounds);
  }

  /** The time under a place `x` pixels from the canvas' left edge; undefined outside the plot. */
  timeAt(x: number): number | undefined {
    const { left, right } = this.chart.chartArea;
    if (x < left || x > right) return undefined;
    return this.chart.scales['x']!.getValueForPixel(x);
  }

  /** The plot within the canvas, in pixels. */
  get area(): { left: number; right: number; top: number; bottom: number } {
    return this.chart.chartArea;
  }

  /** Where a time is: pixels from the canvas' left edge, and the plot's top and bottom. */
  placeOf(time: number): { x: number; top: number; bottom: number } {
    const { top, bottom } = this.chart.chartArea;
    return { x: this.chart.scales['x']!.getPixelForValue(time), top, bottom };
  }

  private drawBounds(): void {
    const { ctx, chartArea, scales } = this.chart;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = readColor('slo');
    ctx.lineWidth = 1.5;
    ctx.setLineDash([8, 4]);
    ctx.font = `600 11px ${Chart.defaults.font.family}`;
    for (const { label, value } of this.bounds) {
      const y = scales['y']!.getPixelForValue(value);
      if (y < chartArea.top || y > chartArea.bottom) continue;
      ctx.beginPath();
      ctx.moveTo(chartArea.left, y);
      ctx.lineTo(chartArea.right, y);
      ctx.stroke();
      ctx.fillText(label, chartArea.left + 6, y - 5, chartArea.width - 12);
    }
    ctx.restore();
  }

  private dataset(line: Line, index: number): Dataset {
    const color = readColor(line.color);
    return {
      label: line.label,
      data: line.points,
      borderColor: color,
      borderDash: kDashes[line.dash ?? 'solid'],
      backgroundColor: translucent(color, 0.22),
      fill: this.options.stacked ? (index === 0 ? 'origin' : '-1') : false,
    };
  }

  private mostTicks(width: number): number {
    return Math.max(2, Math.floor((width - kAxisWidth) / 72));
  }

  private timeLabel(time: number): string[] {
    return tickLabel(time, tickStep(this.range, this.mostTicks(this.chart.width)), this.range);
  }
}
