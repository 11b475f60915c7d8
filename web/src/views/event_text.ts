// What one line of the event log says. Pure: an entry in, texts out. Whatever the data holds, the answer is plain text.
import * as format from '../format';
import type { MonitoringEvent } from '../protocol';
import type { LogEntry } from '../state';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'quiet';

export interface LogLine {
  time: string;
  type: string;
  tone: Tone;
  subject: string;
  detail: string;
}

type Data = Record<string, unknown>;

const kLongestText = 300;
const kSeparator = ' \u00b7 ';

function text(value: unknown): string {
  if (typeof value === 'string') return value.length > kLongestText ? `${value.slice(0, kLongestText)}\u2026` : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
const joined = (...parts: (string | false | undefined)[]) =>
  parts.filter((part) => typeof part === 'string' && part !== '').map((part) => format.isolated(part as string)).join(kSeparator);
const named = (...parts: unknown[]) => parts.map(text).filter(Boolean).map(format.isolated).join(' / ');

function requestDetail(data: Data): string {
  const tokens = (data['tokens'] ?? {}) as Data;
  const input = number(tokens['input_tokens']);
  const output = number(tokens['output_tokens']);
  const latency = number(data['latency']);
  const cost = number(data['cost']);
  const error = joined(format.words(text(data['error_type'])), text(data['error']));
  return joined(
    latency !== undefined && format.seconds(latency),
    (input !== undefined || output !== undefined) && `${format.count(input)} \u2192 ${format.count(output)} tok`,
    cost !== undefined && format.dollars(cost),
    error,
    text(data['request_id']),
  );
}

function benchmarkDetail(data: Data): string {
  const eta = number(data['eta_seconds']);
  const done = format.count(number(data['completed_examples']));
  const total = number(data['total_examples']);
  const progress = total === 0 ? undefined : number(data['progress_percent']);
  return joined(
    total === 0 ? `${done} done, total unknown` : `${done} / ${format.count(total)}`,
    progress !== undefined && format.progress(progress),
    text(data['current_provider']),
    eta !== undefined && eta > 0 && `${format.span(eta)} left`,
  );
}

function metricDetail(data: Data): [subject: string, detail: string] {
  const metric = (data['metric'] ?? {}) as Data;
  const labels = Object.entries((metric['labels'] ?? {}) as Data).map(([name, value]) => `${name}=${text(value)}`);
  const value = number(metric['value']);
  return [text(metric['name']), joined(value !== undefined && format.decimal(value), labels.join(' '))];
}

function subjectAndDetail(event: MonitoringEvent): [subject: string, detail: string] {
  const data = event.payload?.data ?? {};
  switch (event.payload?.type) {
    case 'Request':
      return [named(data['provider'], data['model']), requestDetail(data)];
    case 'Benchmark':
      return [text(data['name']), benchmarkDetail(data)];
    case 'Evaluation':
      return [
        named(data['provider'], data['model']),
        joined(text(data['metric_name']), data['score'] !== undefined && format.decimal(number(data['score'])), text(data['details'])),
      ];
    case 'Provider':
      return [text(data['provider']), joined(format.words(text(data['status'])), text(data['message']))];
    case 'Metric':
      return metricDetail(data);
    case 'Alert':
      return [text(data['title']), joined(text(data['severity']), text(data['message']), text(data['provider']))];
    default:
      return ['', ''];
  }
}

function tone(event: MonitoringEvent): Tone {
  const data = event.payload?.data ?? {};
  switch (event.event_type) {
    case 'RequestCompleted':
    case 'BenchmarkCompleted':
      return 'good';
    case 'RequestFailed':
      return 'bad';
    case 'ProviderStatus':
      return data['status'] === 'healthy' ? 'good' : data['status'] === 'unavailable' ? 'bad' : 'warn';
    case 'SystemAlert':
      return data['severity'] === 'info' ? 'info' : data['severity'] === 'warning' ? 'warn' : 'bad';
    case 'RequestStarted':
    case 'EvaluationStarted':
      return 'quiet';
    default:
      return 'info';
  }
}

export function logLine(entry: LogEntry): LogLine {
  switch (entry.kind) {
    case 'skipped': {
      const events = entry.skipped === 1 ? '1 event' : `${format.count(entry.skipped)} events`;
      return { time: '', type: 'Skipped', tone: 'warn', subject: `${events} skipped`, detail: 'they came too fast for this page, or while it was away' };
    }
    case 'restarted':
      return { time: '', type: 'Restarted', tone: 'warn', subject: 'The monitored program restarted', detail: 'numbers start anew' };
    case 'event': {
      const [subject, detail] = subjectAndDetail(entry.event);
      const time = format.moment(text(entry.event.timestamp));
      return { time, type: text(entry.event.event_type), tone: tone(entry.event), subject, detail };
    }
  }
}
