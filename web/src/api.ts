// The server's HTTP side: configuration, statistics, history. Addresses are relative, so that the page works below a
// reverse proxy's path too.
import type { EventsPage, Overview, PageConfig, SeriesReply } from './protocol';
import { kTokenWanted, watchAddress } from './token';

const kTimeoutMs = 10_000;
const token = typeof window === 'undefined' ? undefined : watchAddress();

async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(path, {
    cache: 'no-store',
    headers: token?.headers() ?? {},
    signal: AbortSignal.timeout(kTimeoutMs),
  });
  if (response.status === 401) throw new Error(kTokenWanted);
  if (!response.ok) {
    const text = (await response.text()).trim().slice(0, 200);
    throw new Error(`GET ${path}: ${response.status} ${text}`);
  }
  return (await response.json()) as T;
}

export const fetchConfig = () => getJson<PageConfig>('config.json');
export const fetchOverview = () => getJson<Overview>('api/v1/overview');
export const fetchEvents = (limit: number) => getJson<EventsPage>(`api/v1/events?limit=${limit}`);

export interface SeriesQuery {
  metrics: readonly string[];
  by?: 'provider' | 'model';
  provider?: string;
  model?: string;
  window: number;
  /** Unix seconds; without it, `window` seconds back from `to`. */
  from?: number;
  /** Unix seconds; without it, now. */
  to?: number;
  /** Whole seconds between points. */
  step?: number;
}

export function seriesPath(query: SeriesQuery): string {
  const parameters = new URLSearchParams({ metric: query.metrics.join(',') });
  for (const name of ['by', 'provider', 'model'] as const) {
    const value = query[name];
    if (value) parameters.set(name, value);
  }
  if (query.from === undefined) parameters.set('window', String(query.window));
  else parameters.set('from', String(query.from));
  if (query.to !== undefined) parameters.set('to', String(query.to));
  if (query.step !== undefined) parameters.set('step', String(query.step));
  return `api/v1/series?${parameters}`;
}

export const fetchSeries = (query: SeriesQuery) => getJson<SeriesReply>(seriesPath(query));

/** What the event stream's WebSocket offers: the token, when there is one. */
export const socketProtocols = (): string[] => token?.protocols() ?? [];

/** Where the event stream is: the configured address, else /ws beside the page. */
export function socketUrl(configured: string, page: string, since?: string, epoch?: string): string {
  const url = new URL(configured || 'ws', page);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  url.searchParams.set('batch_ms', '250');
  url.searchParams.set('stats_ms', '500');
  if (since !== undefined && epoch !== undefined) {
    url.searchParams.set('since', since);
    url.searchParams.set('epoch', epoch);
  }
  return url.href;
}
