// The top of the page: is it live, since when not, what is being watched; and the tab's title.
import type { ConnectionState } from '../connection';
import { byId, setClass, setText } from '../dom';
import * as format from '../format';
import { kLaggedShownMs, type State } from '../state';
import { kTokenWanted } from '../token';
import { progressOf } from './benchmarks';

/** "Connection lost 12 s ago, retrying in 4 s (closed with code 1006)". `polled`: numbers still come over HTTP. */
export function lossText(connection: ConnectionState, now: number, polled = false): string {
  if (connection.kind !== 'lost') return '';
  const { lostAt, retryAt, reason } = connection;
  if (reason === kTokenWanted) return kTokenWanted;  // trying again alone will not help
  if (polled) return `No live events, numbers every 2 s: ${reason}`;
  const ago = format.span((now - lostAt) / 1000);
  const next = retryAt === undefined ? 'now' : `in ${format.span(Math.max(1, Math.ceil((retryAt - now) / 1000)))}`;
  return `Connection lost ${ago} ago, retrying ${next}${reason && ` (${reason})`}`;
}

/** What the line below the header says, if anything. */
export function bannerText(state: State, now: number): string {
  if (state.connection.kind === 'lost') return lossText(state.connection, now, state.isPolled(now));
  if (state.restartedWhilePaused) return 'The program restarted. The page shows how it was before, until Resume.';
  return '';
}

/** "12.4 req/s . MMLU 45 %": what a tab in the background should tell. */
export function pageTitle(state: State, now = 0): string {
  if (state.connection.kind === 'report') return `Report ${format.dateTime(state.connection.madeAt)} \u00b7 LLM monitoring`;
  if (state.connection.kind === 'lost' && !state.isPolled(now)) return 'Disconnected \u00b7 LLM monitoring';
  const { overview } = state;
  if (!overview || overview.totals.total_requests === 0) return 'LLM monitoring';
  const { requests_per_second: rate } = overview.totals;
  const parts = rate === undefined ? [] : [`${format.decimal(rate)} req/s`];
  const running = overview.benchmarks.find(({ state: how }) => how !== 'completed');
  if (running) {
    const progress = progressOf(running);
    const done = progress === undefined ? `${format.count(running.completed_examples)} done` : format.wholeProgress(progress);
    parts.push(`${format.isolated(running.name)} ${done}`);
  }
  return parts.join(' \u00b7 ') || 'LLM monitoring';
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
  if (connection.kind === 'lost' && !state.isPolled(now)) return { kind: 'lost', text: 'Disconnected' };
  if (state.pausedAt !== undefined) {
    const fresh = state.newWhilePaused;
    const parts = ['Paused', fresh > 0 && `${format.count(fresh)} new`, state.restartedWhilePaused && 'restarted'];
    return { kind: 'paused', text: parts.filter(Boolean).join(' \u00b7 ') };
  }
  if (connection.kind === 'lost') return { kind: 'lagged', text: 'Polling' };
  if (lagged && now - lagged.at < kLaggedShownMs) {
    return { kind: 'lagged', text: `Live \u00b7 ${format.count(lagged.skipped)} ${lagged.skipped === 1 ? 'event' : 'events'} skipped` };
  }
  return { kind: 'live', text: 'Live' };
}

/** What is read aloud when it changes: the state and its reason, but no number that counts. */
function announcement({ connection, lagged, restartedWhilePaused }: State, kind: Pill['kind'], text: string): string {
  const word = text.split(' \u00b7 ')[0]!;
  if (connection.kind === 'lost') return connection.reason && connection.retryAt !== undefined ? `${word}: ${connection.reason}` : word;
  if (kind === 'lagged' && lagged) return 'Live, events were skipped';
  return restartedWhilePaused ? `${word}, the program restarted` : word;
}

export class Header {
  private readonly pill = byId('connection');
  private readonly pillText = byId('connection-text');
  private readonly announced = byId('connection-announced');
  private readonly banner = byId('banner');
  private readonly outdated = byId('outdated');
  private readonly uptime = byId('uptime');
  private readonly version = byId('version');

  update(state: State, now: number): void {
    const { overview } = state;
    const { kind, text } = pillOf(state, now);
    setClass(this.pill, `pill ${kind}`);
    setText(this.pillText, text);
    // Read aloud when the state changes, not for every number in it.
    setText(this.announced, announcement(state, kind, text));
    const banner = bannerText(state, now);
    this.banner.hidden = banner === '';
    setText(this.banner, banner);
    setClass(this.banner, kind === 'lost' ? 'banner' : 'banner note');
    this.outdated.hidden = !state.isOutdated;
    setText(byId('outdated-text'), `The program is now version ${state.version}, this page is of ${state.pageVersion}.`);
    document.body.classList.toggle('stale', kind === 'lost');
    setText(this.uptime, overview ? `up ${format.span(overview.uptime_seconds)}` : '');
    setText(this.version, state.version && `ltb-monitoring ${state.version}`);
    this.updateTitle(state, now);
  }

  updateTitle(state: State, now: number): void {
    const title = pageTitle(state, now);
    if (document.title !== title) document.title = title;
  }
}
