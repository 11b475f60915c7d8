// Which entries of the event log are shown: by type, by words, by the page's provider and model. Pure.
import type { Filter } from './selection';
import type { LogEntry } from './state';
import { logLine } from './views/event_text';

export interface LogFilter {
  /** An event type, 'problems', or empty for all. */
  type: string;
  /** Words that must all occur, anywhere in the event. */
  search: string;
  /** The page's filter: what names another provider or model is left out, what names none stays. */
  about?: Filter | undefined;
}

const texts = new WeakMap<LogEntry, string>();

/** The values in `value` and their names, without what JSON writes around them. */
function wordsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value).map(([name, part]) => `${name} ${wordsOf(part)}`).join('\n');
}

/** An entry as searchable text, made once: what it holds, and its line as it is shown. */
function textOf(entry: LogEntry): string {
  let text = texts.get(entry);
  if (text === undefined) {
    const { subject, detail } = logLine(entry);
    text = [entry.kind === 'event' ? wordsOf(entry.event) : entry.kind, subject, detail].join('\n').toLowerCase();
    texts.set(entry, text);
  }
  return text;
}

function isProblem(entry: LogEntry): boolean {
  if (entry.kind !== 'event') return true;
  const { event_type, payload } = entry.event;
  if (event_type === 'RequestFailed') return true;
  if (event_type === 'SystemAlert') return payload?.data?.['severity'] !== 'info';
  return event_type === 'ProviderStatus' && payload?.data?.['status'] !== 'healthy';
}

function isAbout(entry: LogEntry, filter: Filter): boolean {
  if (entry.kind !== 'event') return true;
  const { provider, model } = entry.event.payload?.data ?? {};
  return (provider === undefined || provider === filter.provider) &&
    (filter.model === undefined || model === undefined || model === filter.model);
}

export function matches(entry: LogEntry, { type, search, about }: LogFilter): boolean {
  if (about && !isAbout(entry, about)) return false;
  if (type === 'problems' ? !isProblem(entry) : type !== '' && !(entry.kind === 'event' && entry.event.event_type === type)) {
    return false;
  }
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 || words.every((word) => textOf(entry).includes(word));
}
