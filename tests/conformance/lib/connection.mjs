// A TCP connection whose bytes the test chooses, and an independent reader of what comes back.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/// Whether the listeners speak TLS: set by lib/listeners.mjs for a run over it.
export const overTls = process.env.LTB_TEST_TLS === '1';

/// Long enough for a sanitized server on a busy machine; costs nothing when the answer comes.
export const patience = Number(process.env.LTB_TEST_PATIENCE_MS ?? 20_000);

const asBytes = (data) => (typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));

export class Connection {
  #socket;
  #transport; // below TLS, or the same
  #received = Buffer.alloc(0);
  #waiting = new Set();
  ended = false; // the server closed its side, in order or not
  error = null; // a reset, for example

  static async open(port, host = '127.0.0.1') {
    const connection = new Connection();
    const transport = connect({ port, host, allowHalfOpen: true });
    const socket = overTls ? connectTls({ socket: transport, allowHalfOpen: true, rejectUnauthorized: false }) : transport;
    connection.#transport = transport;
    transport.on('error', () => {}); // told by the socket above
    connection.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      connection.#received = Buffer.concat([connection.#received, bytes]);
      connection.#changed();
    });
    socket.on('end', () => {
      connection.ended = true;
      connection.#changed();
    });
    socket.on('close', () => {
      connection.ended = true;
      connection.#changed();
    });
    await new Promise((resolve, reject) => {
      socket.once(overTls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', (error) => {
      connection.error = error;
      connection.ended = true;
      connection.#changed();
    });
    return connection;
  }

  get received() {
    return this.#received;
  }

  send(data) {
    // A server that already hung up makes a write fail: what it answered before is what counts.
    if (!this.#socket.destroyed) this.#socket.write(asBytes(data), () => {});
  }

  /// Each part in a segment of its own: the next one follows when the kernel took the last.
  async sendApart(parts) {
    for (const part of parts) {
      await new Promise((resolve) => {
        if (this.#socket.destroyed) resolve();
        else this.#socket.write(asBytes(part), () => setImmediate(resolve));
      });
    }
  }

  /// Says that nothing more will be sent; still reads.
  finishSending() {
    this.#socket.end();
  }

  /// A reset instead of a close.
  reset() {
    this.#transport.resetAndDestroy();
  }

  close() {
    this.#socket.destroy();
  }

  /// Resolves with what `look()` returns as soon as that is truthy; throws when the time is over or the connection
  /// ended without it.
  wait(what, look, milliseconds = patience) {
    return new Promise((resolve, reject) => {
      const told = () => `received ${JSON.stringify(this.#received.toString('latin1').slice(0, 600))}` +
        `${this.ended ? `, then the connection ended${this.error ? ` (${this.error.message})` : ''}` : ''}`;
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        settle(value);
      };
      const timer = setTimeout(
        () => finish(reject, new Error(`waited ${milliseconds} ms for ${what}; ${told()}`)), milliseconds);
      const check = () => {
        let found;
        try {
          found = look();
        } catch (error) {
          return finish(reject, error);
        }
        if (found) finish(resolve, found);
        else if (this.ended) finish(reject, new Error(`waited for ${what}; ${told()}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  /// The server's end of the connection.
  waitForEnd(milliseconds = patience) {
    return this.wait('the connection to end', () => this.ended, milliseconds);
  }

  /// Takes the first `size` bytes away.
  consume(size) {
    this.#received = this.#received.subarray(size);
  }

  #changed() {
    for (const check of [...this.#waiting]) check();
  }
}
