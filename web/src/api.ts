// The server's HTTP side: configuration, statistics, history. Addresses are relative, so that the page works below a
// reverse proxy's path too.
import type { EventsPage, Overview, PageConfig, SeriesReply } from './protocol';
import { kTokenWanted, watchAddress } from './token';

const kTimeoutMs = 10_000;
const token = typeof window === 'undefined' ? undefined : watchAddress();

/** An answer other than 200. */
class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the server rejected the request itself: the same request cannot succeed later. */
export const isRefusal = (error: unknown): boolean => error instanceof HttpError && error.status === 400;

/** Why a request failed, as a part of a sentence. */
export function failureText(error: unknown): string {
  if (error instanceof HttpError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${kTimeoutMs / 1000} s`;
  // fetch() throws a TypeError with the browser's own words when there was no answer at all.
  return error instanceof TypeError ? 'the program cannot be reached' : error.message;
}

async function getJson<T>(path: string): Promise<T> {
  const sent = token?.headers() ?? {};
  const response = await fetch(path, { cache: 'no-store', headers: sent, signal: AbortSignal.timeout(kTimeoutMs) });
  if (response.status === 401) {
    if (token?.tryNext(sent['Authorization'])) return getJson(path);
    throw new HttpError(401, kTokenWanted);
  }
  if (!response.ok) {
    // A proxy answers with a page of its own; its text would only confuse.
    const isText = response.headers.get('content-type')?.startsWith('text/plain') ?? false;
    const text = isText ? (await response.text()).trim().slice(0, 200) : '';
    throw new HttpError(response.status, `the program answered ${response.status}${text && ` (${text})`}`);
  }
  return (await response.json()) as T;
}

export const fetchConfig = () => getJson<PageConfig>('config.json');
export const fetchOverview = () => getJson<Overview>('api/v1/overview');
/** The newest events; with `since`, the first ones after it. */
export const fetchEvents = (limit: number, since?: string) =>
  getJson<EventsPage>(`api/v1/events?limit=${limit}${since === undefined ? '' : `&since=${since}`}`);

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
  /** One request for each metric: together they have more series than one answer may have. */
  separately?: true;
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

export async function fetchSeries(query: SeriesQuery): Promise<SeriesReply> {
  if (!query.separately) return getJson(seriesPath(query));
  const replies = await Promise.all(
    query.metrics.map((metric) => getJson<SeriesReply>(seriesPath({ ...query, metrics: [metric] }))));
  const to = Math.min(...replies.map((reply) => reply.to));
  return { ...replies[0]!, to, series: replies.flatMap(({ series }) => series) };
}

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
