// The top of the page: is it live, since when not, what is being watched; and the tab's title.
import type { ConnectionState } from '../connection';
import { byId, setClass, setText } from '../dom';
import * as format from '../format';
import type { State } from '../state';
import { kTokenWanted } from '../token';

/** How long the pill tells of events that were lost. */
const kLaggedShownMs = 20_000;

/** "Connection lost 12 s ago, retrying in 4 s". */
export function lossText(connection: ConnectionState, now: number): string {
  if (connection.kind !== 'lost') return '';
  if (connection.reason === kTokenWanted) return kTokenWanted;  // trying again alone will not help
  const ago = format.span((now - connection.lostAt) / 1000);
  if (connection.retryAt === undefined) return `Connection lost ${ago} ago, retrying now`;
  const wait = Math.max(1, Math.ceil((connection.retryAt - now) / 1000));
  return `Connection lost ${ago} ago, retrying in ${format.span(wait)}`;
}

/** "12.4 req/s . MMLU 45 %": what a tab in the background should tell. */
export function pageTitle(state: State): string {
  if (state.connection.kind === 'report') return `Report ${format.dateTime(state.connection.madeAt)} \u00b7 LLM monitoring`;
  if (state.connection.kind === 'lost') return 'Disconnected \u00b7 LLM monitoring';
  const { overview } = state;
  if (!overview || overview.totals.total_requests === 0) return 'LLM monitoring';
  const parts = [`${format.decimal(overview.totals.requests_per_second)} req/s`];
  const running = overview.benchmarks.find(({ state: now }) => now !== 'completed');
  if (running) parts.push(`${running.name} ${format.percent(Math.round(running.progress_percent) / 100)}`);
  return parts.join(' \u00b7 ');
}

export interface Pill {
  kind: 'connecting' | 'live' | 'lost' | 'paused' | 'lagged' | 'report';
  text: string;
}

/** The most important thing to say of how the page stands to the program. */
export function pillOf(state: State, now: number): Pill {
  const { connection, lagged } = state;
  if (connection.kind === 'report') return { kind: 'report', text: `Report of ${format.dateTime(connection.madeAt)}` };
  if (connection.kind === 'connecting') return { kind: 'connecting', text: 'Connecting' };
  if (connection.kind === 'lost') return { kind: 'lost', text: 'Disconnected' };
  if (state.pausedAt !== undefined) {
    const fresh = state.newWhilePaused;
    return { kind: 'paused', text: fresh > 0 ? `Paused \u00b7 ${format.count(fresh)} new` : 'Paused' };
  }
  if (lagged && now - lagged.at < kLaggedShownMs) {
    return { kind: 'lagged', text: `Live \u00b7 ${format.count(lagged.skipped)} ${lagged.skipped === 1 ? 'event' : 'events'} skipped` };
  }
  return { kind: 'live', text: 'Live' };
}

export class Header {
  private readonly pill = byId('connection');
  private readonly pillText = byId('connection-text');
  private readonly announced = byId('connection-announced');
  private readonly banner = byId('banner');
  private readonly uptime = byId('uptime');
  private readonly version = byId('version');

  update(state: State, now: number): void {
    const { connection, overview } = state;
    const { kind, text } = pillOf(state, now);
    setClass(this.pill, `pill ${kind}`);
    setText(this.pillText, text);
    // Read aloud when the state changes, not for every number in it.
    setText(this.announced, kind === 'lagged' ? 'Live, events were skipped' : text.split(' \u00b7 ')[0]!);
    this.banner.hidden = connection.kind !== 'lost';
    setText(this.banner, lossText(connection, now));
    if (connection.kind === 'lost') this.banner.title = connection.reason;
    document.body.classList.toggle('stale', connection.kind === 'lost');
    setText(this.uptime, overview ? `up ${format.span(overview.uptime_seconds)}` : '');
    setText(this.version, state.version && `ltb-monitoring ${state.version}`);
    this.updateTitle(state);
  }

  updateTitle(state: State): void {
    const title = pageTitle(state);
    if (document.title !== title) document.title = title;
  }
}
