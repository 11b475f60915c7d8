// A client of the event stream that keeps everything it is told.
import { WebSocket } from 'ws';

import { quoteCosts } from './money.mjs';
import { until, within } from './until.mjs';

export const eventTypes = [
  'RequestStarted', 'RequestCompleted', 'RequestFailed', 'BenchmarkStarted', 'BenchmarkProgress', 'BenchmarkCompleted',
  'EvaluationStarted', 'EvaluationCompleted', 'ProviderStatus', 'MetricRecorded', 'SystemAlert',
];

export const number = (id) => {
  const match = /^evt_(0|[1-9][0-9]*)$/.exec(id);
  if (!match) throw new Error(`"${id}" is not an event id`);
  return Number(match[1]);
};

export class EventClient {
  messages = []; // in the order they came, arrays taken apart
  frames = []; // {at, value}: each text message parsed, with the time it came
  bytes = 0;

  constructor(url, query = {}, options = {}) {
    const address = new URL(url);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
    this.socket = new WebSocket(address, { perMessageDeflate: false, ...options });
    this.socket.on('message', (data, isBinary) => {
      this.bytes += data.length;
      const value = isBinary ? { type: 'binary frame' } : JSON.parse(quoteCosts(data.toString('utf8')));
      this.frames.push({ at: Date.now(), value });
      if (Array.isArray(value)) this.messages.push(...value);
      else this.messages.push(value);
    });
    this.socket.on('upgrade', (response) => response.socket.unref()); // see lib/process.mjs
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', resolve);
      this.socket.on('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  static async open(url, query, options) {
    const client = new EventClient(url, query, options);
    await within(`the event stream at ${url} to open`, client.opened);
    return client;
  }

  send(type, data) {
    this.socket.send(JSON.stringify({ type, data }));
  }

  of(type) {
    return this.messages.filter((message) => message.type === type).map((message) => message.data);
  }

  get events() {
    return this.of('Event');
  }

  /// The first message of this type that came at or after position `from`; says what came instead.
  async message(type, from = 0) {
    return until(`a ${type} message`, () => {
      const found = this.messages.slice(from).find((message) => message.type === type);
      if (!found) throw new Error(`types so far: ${[...new Set(this.messages.map((m) => m.type))].join(', ')}`);
      return found;
    });
  }

  /// Sends and returns the answer of the given type.
  async ask(type, data, answerType) {
    const from = this.messages.length;
    this.send(type, data);
    return (await this.message(answerType, from)).data;
  }

  async close() {
    this.socket.close(1000);
    return within('the event stream to close', this.closed);
  }
}

/// The HTTP answer to a handshake that is refused.
export function refusal(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('open', () => {
      socket.terminate();
      reject(new Error(`${url} was accepted`));
    });
    socket.on('error', reject);
    socket.on('unexpected-response', (_, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
  });
}
