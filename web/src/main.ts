// Puts the page together: the state in the middle, the connection and the feeds that fill it, the views that show it.
import * as api from './api';
import { Cursor } from './charts/cursor';
import { chooseColors, kCharts, type ChartData } from './charts/definitions';
import { steady } from './clock';
import { Connection, type Socket } from './connection';
import { byId, setText } from './dom';
import { exportAs, PartsCache, type ExportKind } from './exports';
import { SeriesFeed } from './feed';
import { FrameQueue } from './frame_queue';
import * as format from './format';
import { listenToKeys } from './keys';
import { HttpNumbers } from './numbers';
import { kSources, questionFor, zoomBetween, type SourceName } from './questions';
import { readReport, type Report } from './report';
import { Selection, selectTotals, windowSeconds, windowTitle } from './selection';
import { SeriesStore, visibleRange, type TimeRange } from './series';
import { State } from './state';
import { ColorBook, Theme } from './theme';
import { Benchmarks } from './views/benchmarks';
import { ChartPanel } from './views/chart_panel';
import { Controls } from './views/controls';
import { EventDetail } from './views/event_detail';
import { EventLog } from './views/event_log';
import { ExportMenu } from './views/export_menu';
import { Header } from './views/header';
import { ModelTable } from './views/model_table';
import { Tiles } from './views/tiles';

/** One redraw at most in this time, however much arrives. */
const kRedrawMs = 250;
const kSourceNames = Object.keys(kSources) as SourceName[];

class Page {
  private readonly state = new State();
  private readonly selection = new Selection();
  private readonly theme = new Theme();
  private readonly providerColors = new ColorBook();
  private readonly errorColors = new ColorBook();
  private readonly cursor = new Cursor(
    (from, to) => this.zoom(zoomBetween(from, to, this.selection.points, this.seriesEnd())),
    () => this.zoom(undefined),
  );
  private readonly header = new Header();
  private readonly controls: Controls;
  private readonly exportMenu = new ExportMenu((kind) => void this.export(kind));
  private readonly tiles = new Tiles(byId('tiles'));
  private readonly benchmarks = new Benchmarks(
    byId('benchmarks'), byId('benchmark-list'), byId('benchmark-rest'), byId('finished'));
  private readonly table = new ModelTable(byId('models'), byId('model-box'), this.providerColors);
  private readonly detail = new EventDetail();
  private readonly log = new EventLog(
    {
      box: byId('log'),
      newest: byId('log-newest') as HTMLButtonElement,
      empty: byId('log-empty'),
      type: byId('log-filter') as HTMLSelectElement,
      search: byId('log-search') as HTMLInputElement,
      count: byId('log-count'),
    },
    (entry) => this.detail.open(entry),
  );
  private readonly charts = kCharts.map(
    (definition, index) => new ChartPanel(definition, this.cursor, index + 1, () => this.maximise(index)));
  private chartView: { data: ChartData; range: TimeRange } | undefined;
  /** All charts in one frame would be a long task. */
  private readonly chartQueue = new FrameQueue<ChartPanel>((chart) => {
    if (this.chartView) chart.update(this.chartView.data, this.chartView.range);
  });
  private readonly feeds = Object.fromEntries(kSourceNames.map((name) => [name, new SeriesFeed(() => {
    this.chartsChanged = true;
    this.changed();
  })])) as Record<SourceName, SeriesFeed>;
  private readonly parts = new PartsCache();
  private readonly numbers = new HttpNumbers(this.state, () => this.changed());
  private readonly connection: Connection;
  private report: Report | undefined;
  private maximised: number | undefined;
  /** The server's time at which the page was paused, and what was looked at then and ever since. */
  private paused: { to: number; view?: string } | undefined;
  private restartsSeen = 0;
  private redrawTimer: number | undefined;
  private chartsChanged = true;

  constructor() {
    byId('chart-grid').append(...this.charts.map(({ element }) => element));
    this.controls = new Controls({
      onFilter: (filter) => this.select(() => (this.selection.filter = filter)),
      onWindow: (choice) => this.select(() => {
        this.selection.window = choice;
        this.selection.zoom = undefined;
      }),
      onPause: () => this.togglePause(),
      onTheme: () => this.theme.toggle(),
    });
    this.connection = new Connection(
      {
        now: () => steady.now(),
        random: () => Math.random(),
        setTimer: (action, milliseconds) => window.setTimeout(action, milliseconds),
        clearTimer: (timer) => window.clearTimeout(timer),
        open: (url) => new WebSocket(url, api.socketProtocols()) as Socket,
      },
      {
        prepare: () => this.numbers.prepare(),
        onMessages: (messages) => {
          this.state.applyMessages(messages, steady.now());
          this.changed();
        },
        onState: (connection) => {
          this.state.connection = connection;
          this.changed();
        },
      },
    );
  }

  start(): void {
    this.listen();
    const report = readReport();
    if (report) {
      this.showReport(report);
      return;
    }
    this.selection.readAddress(location.hash);
    // Times run on ("lost 12 s ago") even when nothing arrives.
    window.setInterval(() => {
      this.changed();
      if (!document.hidden) void this.numbers.poll();
    }, 1000);
    this.connection.start();
  }

  private listen(): void {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.connection.retryNow();
      this.changed();
    });
    window.addEventListener('online', () => this.connection.retryNow());
    window.addEventListener('hashchange', () => this.select(() => this.selection.readAddress(location.hash)));
    const showTheme = () => this.controls.showTheme(this.theme.isDark);
    showTheme();
    this.theme.onChange(() => {
      showTheme();
      for (const chart of this.charts) chart.applyTheme();
    });
    byId('zoom-reset').addEventListener('click', () => this.zoom(undefined));
    byId('finished-report').addEventListener('click', () => void this.export('report'));
    byId('reload').addEventListener('click', () => location.reload());
    const help = byId('help-dialog') as HTMLDialogElement;
    byId('help').addEventListener('click', () => help.showModal());
    listenToKeys(
      {
        pause: () => this.togglePause(),
        maximise: (chart) => this.maximise(chart),
        filter: () => this.controls.focusFilter(),
        theme: () => this.theme.toggle(),
        help: () => help.showModal(),
        escape: () => this.escape(),
      },
      this.charts.length,
    );
  }

  private showReport(report: Report): void {
    this.report = report;
    document.body.classList.add('report');
    const { state, selection } = this;
    state.applyConfig(report.config);
    selection.window = report.window;
    selection.filter = report.filter;
    selection.zoom = report.zoom;
    this.providerColors.restore(report.colors.providers);
    this.errorColors.restore(report.colors.errors);
    state.applyOverview(report.overview, 0);
    state.restoreLog(report.log);
    state.connection = { kind: 'report', madeAt: report.made_at };
    for (const name of kSourceNames) {
      const reply = report.series[name];
      this.feeds[name].store = new SeriesStore(reply.to - reply.from);
      this.feeds[name].store.apply(reply);
    }
    this.redraw();
  }

  private select(change: () => void): void {
    change();
    if (!this.report) history.replaceState(null, '', this.selection.address || location.pathname + location.search);
    this.chartsChanged = true;
    this.redrawSoon();
  }

  private zoom(range: TimeRange | undefined): void {
    if (range === undefined && this.selection.zoom === undefined) return;
    this.select(() => (this.selection.zoom = this.report && range === undefined ? this.report.zoom : range));
  }

  private togglePause(): void {
    const { state } = this;
    if (this.report) return;
    if (state.pausedAt === undefined) {
      this.paused = { to: Date.parse(state.overview?.timestamp ?? '') || this.seriesEnd(), view: this.view };
      state.pause(steady.now());
    } else {
      this.paused = undefined;
      state.resume();
    }
    this.chartsChanged = true;
    this.redrawSoon();
  }

  /** What is looked at: window, filter and zoom, as a text to compare. */
  private get view(): string {
    return this.selection.address + JSON.stringify(this.selection.zoom ?? null);
  }

  private maximise(index: number): void {
    this.maximised = this.maximised === index ? undefined : index;
    document.body.classList.toggle('has-maximised', this.maximised !== undefined);
    this.charts.forEach((chart, at) => chart.setMaximised(at === this.maximised));
  }

  private escape(): void {
    if (this.exportMenu.close()) return;
    if (this.maximised !== undefined) this.maximise(this.maximised);
    else this.zoom(undefined);
  }

  private async export(kind: ExportKind): Promise<void> {
    const { overview, config, entries } = this.state.shown;
    const problem = byId('export-error');
    problem.hidden = true;
    if (!overview || !config) {
      problem.hidden = false;
      setText(problem, 'Export failed: the program has not sent any numbers yet. Try again when the page is live.');
      return;
    }
    const { window, filter, zoom } = this.selection;
    const report: Report = {
      made_at: Date.now(),
      config,
      overview,
      log: entries,
      series: Object.fromEntries(kSourceNames.map((name) => [name, this.feeds[name].store.toReply()])) as Report['series'],
      window,
      ...(filter && { filter }),
      ...(zoom && { zoom }),
      colors: { providers: this.providerColors.chosen, errors: this.errorColors.chosen },
    };
    try {
      await exportAs(kind, report, this.parts);
    } catch (error) {
      problem.hidden = false;
      setText(problem, `Export failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private changed(): void {
    if (document.hidden) {
      // A redraw that was asked for before would wake the feeds again.
      window.clearTimeout(this.redrawTimer);
      this.redrawTimer = undefined;
      this.setFeedsActive(false);
      // The tab's title is what is seen of a page in the background.
      this.header.updateTitle(this.state, steady.now());
      return;
    }
    this.redrawTimer ??= window.setTimeout(() => {
      this.redrawTimer = undefined;
      this.redrawSoon();
    }, kRedrawMs);
  }

  /** Somebody did something and waits for it. */
  private redrawSoon(): void {
    window.requestAnimationFrame(() => {
      if (!document.hidden) this.redraw();
    });
  }

  private setFeedsActive(active: boolean): void {
    for (const name of kSourceNames) this.feeds[name].setActive(active);
  }

  /** The server's time at the newest answer; 0 before the first. The newest, not the latest: its clock may have been set. */
  private seriesEnd(): number {
    const newest = Object.values(this.feeds).reduce((a, b) => (b.repliedAt > a.repliedAt ? b : a));
    return newest.store.to;
  }

  /** Whether numbers come: over the stream, or by asking where that is refused. */
  private get isFresh(): boolean {
    return this.state.connection.kind === 'live' || this.state.isPolled(steady.now());
  }

  private redraw(): void {
    const { state, selection } = this;
    const { overview } = state.shown;
    this.header.update(state, steady.now());
    this.controls.update(selection, overview, state.pausedAt !== undefined);
    this.tiles.update(selectTotals(overview, selection.filter));
    this.benchmarks.update(overview?.benchmarks ?? []);
    this.updateFeeds();
    // Before the table, because the charts decide which providers have a colour of their own.
    if (this.chartsChanged) this.redrawCharts();
    this.table.update(overview);
    this.log.update(state.shown, selection.filter);
    const totals = overview?.totals;
    const idle = totals && totals.total_requests === 0 && (totals.active_requests ?? 0) === 0 && state.logged === 0;
    byId('empty').hidden = !idle || this.report !== undefined;
    if (this.isFresh) void this.parts.get().catch(() => undefined);
  }

  private updateFeeds(): void {
    const { state, paused } = this;
    if (this.report) return;
    if (paused && paused.view !== this.view) delete paused.view;
    // A paused page holds what it has. The past of a system that is gone cannot be asked for.
    if (paused && (paused.view !== undefined || state.restartedWhilePaused)) return this.setFeedsActive(false);
    if (this.restartsSeen !== state.restarts) {
      this.restartsSeen = state.restarts;
      this.selection.zoom = undefined;
      for (const name of kSourceNames) this.feeds[name].restart();
      void api.fetchConfig().then((config) => state.applyConfig(config)).catch(() => undefined);
    }
    const { uptime_seconds: uptime = 0, providers } = state.shown.overview ?? {};
    for (const name of kSourceNames) {
      this.feeds[name].ask(questionFor(name, this.selection, uptime, paused?.to, providers?.length));
    }
    this.setFeedsActive(this.isFresh);
  }

  private redrawCharts(): void {
    this.chartsChanged = false;
    const { selection, state } = this;
    const { zoom } = selection;
    const { overview, config } = state.shown;
    const data: ChartData = {
      ...(Object.fromEntries(kSourceNames.map((name) => [name, this.feeds[name].store])) as Record<SourceName, SeriesStore>),
      providerColors: this.providerColors,
      errorColors: this.errorColors,
      levels: config?.slos ?? [],
      filter: selection.filter,
      totals: selectTotals(overview, selection.filter),
    };
    const to = this.seriesEnd();
    if (to > 0) {
      chooseColors(data);
      const uptime = overview?.uptime_seconds ?? 0;
      const range = zoom ?? visibleRange(to, windowSeconds(selection.window, uptime), uptime);
      this.chartView = { data, range };
      // A report is drawn once, and whole.
      if (this.report) for (const chart of this.charts) chart.update(data, range);
      else this.chartQueue.add(this.charts);
    }
    setText(byId('charts-title'), zoom ? zoomTitle(zoom) : windowTitle(selection.window, overview?.uptime_seconds));
    byId('zoom-reset').hidden = zoom === undefined;
    const error = kSourceNames.map((name) => this.feeds[name].error).find((text) => text !== undefined);
    const note = byId('chart-error');
    note.hidden = error === undefined || !this.isFresh;
    setText(note, error === undefined ? '' : `The charts could not be updated: ${error}. Trying again.`);
  }
}

const zoomTitle = ({ from, to }: TimeRange) =>
  [from, to].map((time) => format.timeWithin(time, from, to)).join(' \u2013 ');

new Page().start();
