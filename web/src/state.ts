// What the page knows: the server's latest statistics, the newest events, the connection. No DOM, no clock.
import type { ConnectionState } from './connection';
import { kProtocol, type EventsPage, type MonitoringEvent, type Overview, type PageConfig, type ServerMessage } from './protocol';

/** One line of the log: an event, or a remark of the page's own. */
export type LogEntry =
  | { kind: 'event'; event: MonitoringEvent }
  | { kind: 'skipped'; skipped: number }
  | { kind: 'restarted' };

/** What the views show: how things are, or how they were when the page was paused. */
export interface Shown {
  overview: Overview | undefined;
  config: PageConfig | undefined;
  /** Oldest first. */
  entries: readonly LogEntry[];
  /** How many entries there ever were; tells a view what is new. */
  logged: number;
}

export const kLogCapacity = 500;
/** How long the page reports lost events. */
export const kLaggedShownMs = 20_000;
/** This long after statistics were read over HTTP they are old. */
const kPolledMs = 10_000;

/** The number in "evt_123"; -1 when it is none. */
export function eventNumber(id: string): number {
  const match = /^evt_(\d{1,15})$/.exec(id);
  return match ? Number(match[1]) : -1;
}

export class State {
  connection: ConnectionState = { kind: 'connecting' };
  overview: Overview | undefined;
  /** When `overview` arrived, by the steady clock. */
  overviewAt = 0;
  config: PageConfig | undefined;
  epoch: string | undefined;
  /** The version of the program that answers now, and that of the one this page came from. */
  version = '';
  pageVersion = '';
  /** Oldest first, at most kLogCapacity. */
  log: LogEntry[] = [];
  /** How many entries the log ever had; tells a view what is new. */
  logged = 0;
  /** Grows when another system answers than before, so that what was read of the old one can be dropped. */
  restarts = 0;
  /** When statistics were last read over HTTP because the stream could not be opened, by the steady clock. */
  polledAt: number | undefined;
  /** The last time events were lost on the way here, and how many since that was last worth telling. */
  lagged: { skipped: number; at: number } | undefined;
  private lastEvent = -1;
  private held: { shown: Shown; at: number; restarts: number } | undefined;

  /** When the page was paused, by the steady clock; undefined while it is not. */
  get pausedAt(): number | undefined {
    return this.held?.at;
  }

  /** Whether the program answers but does not open the stream. */
  get isRefused(): boolean {
    return this.connection.kind === 'lost' && this.connection.refused === true;
  }

  /** Whether what is here is fresh although the stream is not open. */
  isPolled(now: number): boolean {
    return this.isRefused && this.polledAt !== undefined && now - this.polledAt < kPolledMs;
  }

  /** Keeps what is shown as it is; everything that arrives is still taken in. */
  pause(now: number): void {
    this.held ??= { shown: this.shown, at: now, restarts: this.restarts };
  }

  resume(): void {
    this.held = undefined;
  }

  get shown(): Shown {
    const { overview, config, newestLog, logged } = this;
    return this.held?.shown ?? { overview, config, entries: newestLog, logged };
  }

  /** Whether what is shown is of a system that another one has replaced since the page was paused. */
  get restartedWhilePaused(): boolean {
    return this.held !== undefined && this.held.restarts !== this.restarts;
  }

  /** Whether the program is of another version than this page: it may say things this page does not understand. */
  get isOutdated(): boolean {
    return this.version !== this.pageVersion || (this.config?.protocol ?? kProtocol) !== kProtocol;
  }

  get newWhilePaused(): number {
    return this.held ? this.logged - this.held.shown.logged : 0;
  }

  /** What to ask the stream to go on from; undefined before anything is known. */
  get resumeFrom(): { since: string; epoch: string } | undefined {
    if (this.epoch === undefined || this.lastEvent < 0) return undefined;
    return { since: `evt_${this.lastEvent}`, epoch: this.epoch };
  }

  applyOverview(overview: Overview, now: number): void {
    this.enterEpoch(overview.epoch);
    this.overview = overview;
    this.overviewAt = now;
    this.setVersion(overview.version);
  }

  applyConfig(config: PageConfig): void {
    this.config = config;
    this.setVersion(config.version);
  }

  /** Events as the HTTP side tells them; the stream goes on from there. */
  applyEvents(page: EventsPage, now: number): void {
    this.enterEpoch(page.epoch);
    // The first page has the newest events: those before them were never asked for.
    if (page.skipped > 0 && this.lastEvent >= 0) this.lag(page.skipped, now);
    for (const event of page.events) this.addEvent(event);
    // After the last one here there may be more than a page holds.
    if (page.events.length === 0) this.lastEvent = Math.max(this.lastEvent, eventNumber(page.last_event_id));
  }

  /** A log as it was, in a report. */
  restoreLog(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.append(entry);
  }

  applyMessages(messages: readonly ServerMessage[], now: number): void {
    for (const message of messages) {
      switch (message.type) {
        case 'Connected':
          this.enterEpoch(message.data.epoch);
          if (message.data.protocol !== undefined) this.config = { ...this.config, protocol: message.data.protocol };
          break;
        case 'Event':
          this.addEvent(message.data);
          break;
        case 'Stats':
          this.applyOverview(message.data, now);
          break;
        case 'Lagged':
          if (message.data.skipped > 0) this.lag(message.data.skipped, now);
          break;
      }
    }
  }

  private setVersion(version: string | undefined): void {
    if (!version) return;
    this.version = version;
    this.pageVersion ||= version;
  }

  private enterEpoch(epoch: string): void {
    if (this.epoch === epoch) return;
    const restarted = this.epoch !== undefined;
    this.epoch = epoch;
    if (!restarted) return;
    // Another system: its numbers and event ids start anew and have nothing to do with the old ones.
    this.lastEvent = 0;
    this.overview = undefined;
    ++this.restarts;
    this.append({ kind: 'restarted' });
  }

  private lag(skipped: number, now: number): void {
    const told = this.lagged && now - this.lagged.at < kLaggedShownMs ? this.lagged.skipped : 0;
    this.lagged = { skipped: told + skipped, at: now };
    this.append({ kind: 'skipped', skipped });
  }

  private addEvent(event: MonitoringEvent): void {
    const number = eventNumber(event.id);
    // A replay may overlap what is here already: each event once.
    if (number >= 0 && number <= this.lastEvent) return;
    this.lastEvent = Math.max(this.lastEvent, number);
    this.append({ kind: 'event', event });
  }

  private append(entry: LogEntry): void {
    this.log.push(entry);
    ++this.logged;
    // In blocks: shifting by one for every event would copy the log each time.
    if (this.log.length >= 2 * kLogCapacity) this.log.splice(0, this.log.length - kLogCapacity);
  }

  /** The newest kLogCapacity entries, in an array of their own that does not change later. */
  get newestLog(): LogEntry[] {
    return this.log.slice(-kLogCapacity);
  }
}
