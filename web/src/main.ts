// Puts the page together: the state in the middle, the connection and the feeds that fill it, the views that show it.
import * as api from './api';
import { Cursor } from './charts/cursor';
import { kCharts, kQueries, type ChartData, type ChartQuery } from './charts/definitions';
import { Connection, type Socket } from './connection';
import { byId } from './dom';
import { SeriesFeed } from './feed';
import type { PageConfig } from './protocol';
import { stepFor, visibleRange } from './series';
import { State } from './state';
import { ColorBook, onThemeChange } from './theme';
import { Benchmarks } from './views/benchmarks';
import { ChartPanel } from './views/chart_panel';
import { EventLog } from './views/event_log';
import { Header } from './views/header';
import { ModelTable } from './views/model_table';
import { Tiles } from './views/tiles';

const kWindowSeconds = 300;
const kFirstEvents = 200;
/** One redraw at most in this time, however much arrives. */
const kRedrawMs = 250;

class Page {
  private readonly state = new State();
  private readonly colors = new ColorBook();
  private readonly cursor = new Cursor();
  private readonly header = new Header();
  private readonly tiles = new Tiles(byId('tiles'));
  private readonly benchmarks = new Benchmarks(byId('benchmarks'), byId('benchmark-list'), byId('benchmark-rest'));
  private readonly table = new ModelTable(byId('models'), byId('model-box'), this.colors);
  private readonly log = new EventLog(byId('log'), byId('log-newest') as HTMLButtonElement, byId('log-empty'));
  private readonly charts = kCharts.map((definition) => new ChartPanel(definition, this.cursor));
  private readonly rates = this.feed(kQueries.rates);
  private readonly latencies = this.feed(kQueries.latencies);
  private readonly costs = this.feed(kQueries.costs);
  private readonly feeds = [this.rates, this.latencies, this.costs];
  private readonly connection: Connection;
  private config: PageConfig | undefined;
  private restartsSeen = 0;
  private redrawTimer: number | undefined;
  private chartsChanged = true;

  constructor() {
    byId('chart-grid').append(...this.charts.map(({ element }) => element));
    this.connection = new Connection(
      {
        now: () => Date.now(),
        random: () => Math.random(),
        setTimer: (action, milliseconds) => window.setTimeout(action, milliseconds),
        clearTimer: (timer) => window.clearTimeout(timer),
        open: (url) => new WebSocket(url) as Socket,
      },
      {
        prepare: () => this.prepare(),
        onMessages: (messages) => {
          this.state.applyMessages(messages, Date.now());
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
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.connection.retryNow();
      this.changed();
    });
    window.addEventListener('online', () => this.connection.retryNow());
    onThemeChange(() => {
      for (const chart of this.charts) chart.applyTheme();
    });
    // Times run on ("lost 12 s ago") even when nothing arrives.
    window.setInterval(() => this.changed(), 1000);
    this.connection.start();
  }

  private feed({ points, settled, ...query }: ChartQuery): SeriesFeed {
    return new SeriesFeed({ ...query, window: kWindowSeconds, step: stepFor(kWindowSeconds, points) }, settled, () => {
      this.chartsChanged = true;
      this.changed();
    });
  }

  /** Before each attempt: what the page needs to know first, and where to go on. */
  private async prepare(): Promise<string> {
    this.config ??= await api.fetchConfig();
    if (!this.state.resumeFrom) {
      const [overview, events] = await Promise.all([api.fetchOverview(), api.fetchEvents(kFirstEvents)]);
      this.state.applyOverview(overview, Date.now());
      this.state.applyEvents(events);
      this.changed();
    }
    const { since, epoch } = this.state.resumeFrom ?? {};
    return api.socketUrl(this.config.websocket_url, document.baseURI, since, epoch);
  }

  private changed(): void {
    if (document.hidden) {
      this.setFeedsActive(false);
      return;
    }
    this.redrawTimer ??= window.setTimeout(() => {
      this.redrawTimer = undefined;
      window.requestAnimationFrame(() => this.redraw());
    }, kRedrawMs);
  }

  private setFeedsActive(active: boolean): void {
    for (const feed of this.feeds) feed.setActive(active);
  }

  private redraw(): void {
    const { state } = this;
    if (this.restartsSeen !== state.restarts) {
      this.restartsSeen = state.restarts;
      for (const feed of this.feeds) feed.restart();
    }
    this.setFeedsActive(state.connection.kind === 'live');
    const { overview } = state;
    this.header.update(state, Date.now());
    this.tiles.update(overview?.totals);
    this.benchmarks.update(overview?.benchmarks ?? []);
    this.table.update(overview);
    this.log.update(state);
    const totals = overview?.totals;
    const idle = totals && totals.total_requests === 0 && (totals.active_requests ?? 0) === 0 && state.logged === 0;
    byId('empty').hidden = !idle;
    if (this.chartsChanged) this.redrawCharts();
  }

  private redrawCharts(): void {
    this.chartsChanged = false;
    const data: ChartData = {
      rates: this.rates.store,
      latencies: this.latencies.store,
      costs: this.costs.store,
      colors: this.colors,
    };
    const to = Math.max(...this.feeds.map(({ store }) => store.to));
    if (to > 0) {
      const range = visibleRange(to, kWindowSeconds, this.state.overview?.uptime_seconds ?? 0);
      for (const chart of this.charts) chart.update(data, range);
    }
    const error = this.feeds.find((feed) => feed.error !== undefined)?.error;
    const note = byId('chart-error');
    note.hidden = error === undefined || this.state.connection.kind !== 'live';
    note.textContent = error ?? '';
  }
}

new Page().start();
