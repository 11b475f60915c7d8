// What the page knows: the server's latest statistics, the newest events, the connection. No DOM, no clock.
import type { ConnectionState } from './connection';
import type { EventsPage, MonitoringEvent, Overview, ServerMessage } from './protocol';

/** One line of the log: an event, or a remark of the page's own. */
export type LogEntry =
  | { kind: 'event'; event: MonitoringEvent }
  | { kind: 'skipped'; skipped: number }
  | { kind: 'restarted' };

/** What the views show: how things are, or how they were when the page was paused. */
export interface Shown {
  overview: Overview | undefined;
  /** Oldest first. */
  entries: readonly LogEntry[];
  /** How many entries there ever were; tells a view what is new. */
  logged: number;
}

export const kLogCapacity = 500;

/** The number in "evt_123"; -1 when it is none. */
export function eventNumber(id: string): number {
  const match = /^evt_(\d{1,15})$/.exec(id);
  return match ? Number(match[1]) : -1;
}

export class State {
  connection: ConnectionState = { kind: 'connecting' };
  overview: Overview | undefined;
  /** When `overview` arrived, by this machine's clock. */
  overviewAt = 0;
  epoch: string | undefined;
  version = '';
  /** Oldest first, at most kLogCapacity. */
  log: LogEntry[] = [];
  /** How many entries the log ever had; tells a view what is new. */
  logged = 0;
  /** Grows when another system answers than before, so that what was read of the old one can be dropped. */
  restarts = 0;
  /** The last time events were lost on the way here, and how many. */
  lagged: { skipped: number; at: number } | undefined;
  private lastEvent = -1;
  private held: { shown: Shown; at: number } | undefined;

  /** When the page was paused, by this machine's clock; undefined while it is not. */
  get pausedAt(): number | undefined {
    return this.held?.at;
  }

  /** Keeps what is shown as it is; everything that arrives is still taken in. */
  pause(now: number): void {
    this.held ??= { shown: this.shown, at: now };
  }

  resume(): void {
    this.held = undefined;
  }

  get shown(): Shown {
    return this.held?.shown ?? { overview: this.overview, entries: this.newestLog, logged: this.logged };
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
    this.version = overview.version;
  }

  /** The newest events as the HTTP side tells them; the stream goes on from there. */
  applyEvents(page: EventsPage): void {
    this.enterEpoch(page.epoch);
    for (const event of page.events) this.addEvent(event);
    this.lastEvent = Math.max(this.lastEvent, eventNumber(page.last_event_id));
  }

  applyMessages(messages: readonly ServerMessage[], now: number): void {
    for (const message of messages) {
      switch (message.type) {
        case 'Connected':
          this.enterEpoch(message.data.epoch);
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
    this.lagged = { skipped, at: now };
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
