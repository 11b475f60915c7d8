// HTTP/1.1 responses, read strictly (RFC 9112): whatever the server writes beyond the grammar fails the test.
import assert from 'node:assert/strict';

import { Connection } from './connection.mjs';

const kToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const kStatusLine = /^HTTP\/1\.1 (\d{3}) ([\t\x20-\x7e\x80-\xff]*)$/;
const kFieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/// The first response in `bytes`, or null while it is not whole. `method` decides whether a body follows.
export function readResponse(bytes, method) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const lines = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = kStatusLine.exec(lines[0]);
  assert.ok(status, `not a status line: ${JSON.stringify(lines[0])}`);
  const headers = new Map();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    assert.ok(colon > 0, `not a header: ${JSON.stringify(line)}`);
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    assert.match(name, kToken);
    assert.match(value, kFieldValue);
    const key = name.toLowerCase();
    // RFC 9110, 5.3: only what is a list may be sent in several fields.
    assert.ok(!headers.has(key) || key === 'vary', `header ${name} appears twice`);
    headers.set(key, headers.has(key) ? `${headers.get(key)}, ${value}` : value);
  }
  const code = Number(status[1]);
  assert.ok(!headers.has('transfer-encoding'), 'the server frames by Content-Length alone');
  const bodyless = method === 'HEAD' || code === 204 || code === 304 || code < 200;
  const length = headers.get('content-length');
  assert.ok(length !== undefined || code === 204 || code === 304 || code < 200, `${code} without Content-Length`);
  if (length !== undefined) assert.match(length, /^\d+$/);
  const bodySize = bodyless ? 0 : Number(length);
  const size = end + 4 + bodySize;
  if (bytes.length < size) return null;
  return { code, reason: status[2], headers, body: bytes.subarray(end + 4, size).toString('utf8'), size };
}

/// What every response of these listeners must have, whatever it answers (RFC 9110, 6.6.1; the library's own promises).
export function checkResponse(response) {
  assert.match(response.headers.get('date') ?? '',
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.notEqual(response.headers.get('access-control-allow-origin'), '*');
  if (response.code >= 400) {
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; charset=utf-8$/, 'errors are plain text');
    if (response.code === 405) assert.equal(response.headers.get('allow'), 'GET, HEAD');
  }
}

/// One connection that is asked and read in turn.
export class HttpClient {
  static async open(port) {
    const client = new HttpClient();
    client.connection = await Connection.open(port);
    return client;
  }

  /// The next response, answering a request of this method.
  async next(method = 'GET') {
    const { connection } = this;
    const response = await connection.wait(`a response to ${method}`, () => readResponse(connection.received, method));
    connection.consume(response.size);
    checkResponse(response);
    return response;
  }

  /// The server must close now, and must not have sent anything more.
  async expectEnd() {
    await this.connection.waitForEnd();
    assert.equal(this.connection.error, null, 'closed in order, not by a reset');
    assert.equal(this.connection.received.length, 0, `more came: ${this.connection.received.toString('latin1')}`);
  }

  close() {
    this.connection.close();
  }
}
