// An LLM server that does what a script says, byte by byte, and logs what it did and when.
//
// The script of a request is the JSON of its header `x-replay`, else the next of the plan, which is gone through again and
// again. Its members, all optional:
//   first_ms (5)   from the whole request to the first content
//   gap_ms (2)     between two pieces of content; a list is gone through again and again
//   chunks (5)     how many pieces; texts: the pieces themselves
//   input (40), output (24), cached (0), reasoning (0), cache_written (0), cost: the usage; usage: false leaves it out
//   finish ("stop", "length", "content_filter")
//   split: n       every TCP write has n bytes at most (the last of an event the event's last ones), split_ms (0) between
//   cut: {after, how}   "fin" or "rst" after so many pieces of content (-1: before any answer)
//   stall: {after}      after so many pieces of content nothing more comes (-1: no answer at all)
//   stream_error: {after, status, type, code, message}   an error event in the stream, under 200
//   status, type, code, message   the answer is an error
//   headers        more response headers
//   body           the answer's body as it is (bad JSON, say); with `stream_body` the event stream as it is
//   hold: true     no answer before release() or GET /replay/release
// Times in the log are nanoseconds of the monotonic clock, that of std::chrono::steady_clock on Linux.
import { once } from 'node:events';
import { createServer } from 'node:net';

import { errorBody, errorEvent, route, streamEvents, wholeBody } from './shapes.mjs';

const now = () => Number(process.hrtime.bigint());
// Not a multiple of anything: bytes of more than one per character, so that splits fall inside some.
const defaultTexts = ['Na\u00efve ', '\u{1F642} answers, ', 'caf\u00e9 ', '\u65e5\u672c\u8a9e ', 'and data: lines\n', 'too. '];

/// Waits by the clock: a timer may come a little early. What it comes late stands in the log; waiting in a loop instead
/// would take the processor from whoever is measured.
async function untilTime(due, socket) {
  for (let left = due - now(); left > 0 && !socket.destroyed; left = due - now()) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, left / 1e6)));
  }
}

class Exchange {
  constructor(socket, entry, script) {
    this.socket = socket;
    this.entry = entry;
    this.script = script;
  }

  /// Writes bytes, split as the script says. Only the bytes of the last write end an event.
  async bytes(text, what) {
    const { split, split_ms: pause = 0 } = this.script;
    const all = Buffer.from(text);
    const step = split ?? all.length;
    const tail = Math.min(6, all.length); // the end of an event and of its HTTP chunk stay together
    for (let at = 0; at < all.length;) {
      let end = Math.min(at + step, all.length);
      if (end > all.length - tail) end = all.length;
      if (this.socket.destroyed) return;
      if (at > 0 && pause > 0) await untilTime(now() + pause * 1e6, this.socket);
      if (end === all.length) this.entry.writes.push({ what, ns: now() });
      this.socket.write(all.subarray(at, end));
      at = end;
      if (split) await new Promise((resolve) => setImmediate(resolve)); // its own segment
    }
  }
  chunk(text, what) {
    return this.bytes(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`, what);
  }
  head(status, headers) {
    const lines = Object.entries({ ...headers, ...this.script.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return this.bytes(`HTTP/1.1 ${status} Replay\r\n${lines.join('')}\r\n`, 'head');
  }
  async whole(status, body) {
    await this.head(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    await this.bytes(body, 'body');
  }

  async cut(how) {
    // What was written leaves first: a reset would overtake it.
    if (this.socket.writableLength > 0) await once(this.socket, 'drain');
    this.end(how);
    if (how === 'rst') {
      await new Promise((resolve) => setTimeout(resolve, 5)); // let the peer read what there is
      this.socket.resetAndDestroy();
    } else {
      this.socket.end();
      this.socket.destroySoon();
    }
  }
  end(how) {
    this.entry.end = how;
    this.entry.end_ns = now();
  }

  /// Whether a cut or a stall ends the exchange after so many pieces of content.
  async endsAfter(count) {
    const { cut, stall } = this.script;
    if (cut && (cut.after ?? 0) === count) {
      await this.cut(cut.how ?? 'fin');
      return true;
    }
    if (stall && (stall.after ?? 0) === count) {
      this.end('stalled');
      await once(this.socket, 'close');
      return true;
    }
    return false;
  }

  async stream(api, call) {
    const { script, entry } = this;
    const gaps = [script.gap_ms ?? 2].flat();
    await this.head(200, { 'content-type': 'text/event-stream; charset=utf-8', 'transfer-encoding': 'chunked' });
    if (script.stream_body !== undefined) {
      await this.chunk(script.stream_body, 'body');
    } else {
      const events = streamEvents(api, call);
      for (const event of events.before) await this.chunk(event, 'frame');
      let due = entry.received_ns + (script.first_ms ?? 5) * 1e6;
      for (const [index, event] of events.content.entries()) {
        if (await this.endsAfter(index)) return;
        if (await this.failsAfter(index, api)) return this.terminate();
        await untilTime(due, this.socket);
        await this.chunk(event, 'content');
        if (this.socket.destroyed) return;
        due = now() + gaps[index % gaps.length] * 1e6;
      }
      if (await this.endsAfter(events.content.length)) return;
      if (await this.failsAfter(events.content.length, api)) return this.terminate();
      for (const event of events.after) await this.chunk(event, 'frame');
      entry.usage = call.usage && call.wantsUsage ? call.usage : null;
      entry.finish = call.finish;
    }
    return this.terminate();
  }
  async failsAfter(count, api) {
    const error = this.script.stream_error;
    if (!error || (error.after ?? 0) !== count) return false;
    const told = { status: 500, message: 'the replay failed', id: this.entry.n, ...error };
    await this.chunk(errorEvent(api, told), 'error');
    this.entry.error = { status: told.status, type: told.type, code: told.code };
    return true;
  }
  async terminate() {
    await this.bytes('0\r\n\r\n', 'end');
    if (!this.socket.destroyed) this.end('complete');
  }

  async answer({ api, stream }, call) {
    const { script, entry } = this;
    if (await this.endsAfter(-1)) return;
    if (script.status && script.status !== 200) {
      entry.status = script.status;
      const { status, type, code, message = `the replay answers ${script.status}` } = script;
      entry.error = { status, type, code };
      await untilTime(entry.received_ns + (script.first_ms ?? 0) * 1e6, this.socket);
      await this.whole(status, script.body ?? errorBody(api, { status, type, code, message, id: entry.n }));
    } else {
      entry.status = 200;
      if (stream && script.body === undefined) return this.stream(api, call);
      await untilTime(entry.received_ns + (script.first_ms ?? 5) * 1e6, this.socket);
      await this.whole(200, script.body ?? wholeBody(api, call));
      if (script.body === undefined) {
        entry.usage = call.usage ?? null;
        entry.finish = call.finish;
      }
    }
    if (!this.socket.destroyed) this.end('complete');
  }
}

function callOf(n, { api, model }, body, script) {
  const count = script.chunks ?? script.texts?.length ?? 5;
  const texts = script.texts ?? Array.from({ length: count }, (_, i) => defaultTexts[i % defaultTexts.length]);
  const { input = 40, output = 24, cached = 0, reasoning = 0, cache_written, cost } = script;
  return {
    id: n, model, texts, finish: script.finish ?? 'stop',
    usage: script.usage === false ? undefined : { input, output, cached, reasoning, cache_written, cost },
    wantsUsage: api !== 'openai' || body.stream_options?.include_usage === true,
  };
}

/// Takes the requests off the bytes of one connection.
class RequestReader {
  #buffer = Buffer.alloc(0);

  add(part) {
    this.#buffer = Buffer.concat([this.#buffer, part]);
  }
  /// The next whole request; nothing while there is none.
  next() {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [line, ...fields] = this.#buffer.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }));
    const size = Number(headers['content-length'] ?? 0);
    if (this.#buffer.length < end + 4 + size) return undefined;
    const body = this.#buffer.subarray(end + 4, end + 4 + size).toString('utf8');
    this.#buffer = this.#buffer.subarray(end + 4 + size);
    const [method, path] = line.split(' ');
    return { method, path, headers, body, received_ns: now() };
  }
}

export class ReplayServer {
  log = [];
  plan;
  #server;
  #sockets = new Set();
  #waiting = [];

  static async start({ plan = [{}], port = 0 } = {}) {
    const server = new ReplayServer();
    server.plan = plan;
    server.#server = createServer({ noDelay: true }, (socket) => server.#serve(socket));
    server.#server.listen({ port, host: '127.0.0.1', backlog: 2048 });
    await once(server.#server, 'listening');
    server.port = server.#server.address().port;
    server.url = `http://127.0.0.1:${server.port}`;
    return server;
  }

  release() {
    for (const go of this.#waiting.splice(0)) go();
  }
  stop() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket) {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {}); // a client that went away; 'close' follows
    const reader = new RequestReader();
    let working = false;
    socket.on('data', async (part) => {
      reader.add(part);
      if (working) return;
      working = true;
      for (let request = reader.next(); request && !socket.destroyed; request = reader.next()) {
        if (request.path.startsWith('/replay/')) this.#control(socket, request);
        else await this.#answer(socket, request);
      }
      working = false;
    });
  }

  #control(socket, { path }) {
    if (path === '/replay/release') this.release();
    if (path === '/replay/clear') this.log = [];
    const text = path === '/replay/count' ? String(this.log.length) : JSON.stringify(this.log);
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  async #answer(socket, { path, headers, body: text, received_ns }) {
    const n = this.log.length;
    const script = headers['x-replay'] ? JSON.parse(headers['x-replay']) : this.plan[n % this.plan.length];
    const entry = { n, path, received_ns, script, writes: [], usage: null };
    this.log.push(entry);
    // Registered before the first wait, so that a client that goes away early is seen.
    const gone = () => {
      if (entry.end) return;
      entry.end = 'client closed';
      entry.end_ns = now();
    };
    socket.once('close', gone);
    const body = text === '' ? {} : JSON.parse(text);
    const asked = route(path, body);
    if (!asked) throw new Error(`no provider has the path ${path}`);
    Object.assign(entry, { api: asked.api, model: asked.model, stream: asked.stream, headers });
    if (script.hold) await new Promise((go) => this.#waiting.push(go));
    await new Exchange(socket, entry, script).answer(asked, callOf(n, asked, body, script));
    socket.off('close', gone);
    if (socket.destroyed) gone();
  }
}
