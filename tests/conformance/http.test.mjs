// Every case of http_cases.mjs against one listener of the real program, and what takes more than one request.
// LTB_LISTENER names the listener: prometheus, websocket or dashboard.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { request, singleCases } from './http_cases.mjs';
import { Connection } from './lib/connection.mjs';
import { HttpClient, readResponse } from './lib/http.mjs';
import { listenerUnderTest, stillServes } from './lib/listeners.mjs';

const listener = listenerUnderTest();

/// The method of a request as sent, for the reader of the response.
const methodOf = (text) => text.trimStart().split(/[ \t]/, 1)[0];

async function runCase(one) {
  const client = await HttpClient.open(listener.port);
  try {
    const parts = Array.isArray(one.send) ? one.send : [one.send];
    await client.connection.sendApart(parts);
    const response = await client.next(methodOf(parts.join('')));
    const expected = [one.status].flat();
    assert.ok(expected.includes(response.code), `${response.code} ${response.body}: expected ${expected.join(' or ')}`);
    if (one.connection) assert.match(response.headers.get('connection') ?? '', one.connection);
    if (one.forbids) assert.doesNotMatch(response.body, one.forbids);
    if (one.stays === false) {
      assert.match(response.headers.get('connection') ?? '', /^close$/i, 'it says that it closes');
      await client.expectEnd();
    } else if (one.stays) {
      client.connection.send(request(`GET ${listener.path} HTTP/1.1`));
      assert.equal((await client.next()).code, 200, 'the connection stayed');
    }
  } finally {
    client.close();
  }
}

describe(`HTTP/1.1 on the ${listener.name} listener`, { concurrency: 8 }, () => {
  for (const one of singleCases(listener)) test(`RFC ${one.rfc}: ${one.name}`, () => runCase(one));
});

const get = (path, headers) => request(`GET ${path} HTTP/1.1`, headers);

describe(`connections on the ${listener.name} listener`, { concurrency: 4 }, () => {
  for (const path of [listener.path, '/no/such/page', ...(listener.name === 'dashboard' ? ['/', '/app.js', '/app.css', '/api/v1/overview'] : [])]) {
    test(`RFC 9110, 9.3.2: HEAD ${path} has the headers of GET and no content`, async () => {
      const client = await HttpClient.open(listener.port);
      client.connection.send(request(`HEAD ${path} HTTP/1.1`) + get(path));
      const head = await client.next('HEAD');
      const full = await client.next('GET');
      client.close();
      assert.equal(head.code, full.code);
      // A number that grows between the two requests may take a digit more.
      if (path !== '/metrics' && !path.startsWith('/api/')) {
        assert.equal(head.headers.get('content-length'), full.headers.get('content-length'));
      }
      assert.deepEqual([...head.headers.keys()].sort(), [...full.headers.keys()].sort());
      assert.equal(head.headers.get('content-type'), full.headers.get('content-type'));
    });
  }

  for (const count of [2, 10, 100]) {
    test(`RFC 9112, 9.3.2: ${count} pipelined requests are answered in order`, async () => {
      const client = await HttpClient.open(listener.port);
      const kinds = Array.from({ length: count }, (_, i) => [
        [get(listener.path), 'GET', 200], [get('/no/such/page'), 'GET', 404],
        [request(`HEAD ${listener.path} HTTP/1.1`), 'HEAD', 200], [request(`DELETE ${listener.path} HTTP/1.1`), 'DELETE', 405],
      ][i % 4]);
      client.connection.send(kinds.map(([text]) => text).join(''));
      for (const [, method, code] of kinds) assert.equal((await client.next(method)).code, code);
      client.close();
    });
  }

  test('RFC 9112, 9.3.2: what follows a request that closes is not answered', async () => {
    const client = await HttpClient.open(listener.port);
    client.connection.send(get(listener.path) + get(listener.path, ['Host: localhost', 'Connection: close']) + get('/no/such/page'));
    assert.equal((await client.next()).code, 200);
    assert.equal((await client.next()).code, 200);
    await client.expectEnd();
  });

  test('RFC 9112, 11.2: what follows a refused request is not answered', async () => {
    const client = await HttpClient.open(listener.port);
    client.connection.send(get(listener.path) + get(listener.path, ['Host: localhost', 'X : 1']) + get(listener.path));
    assert.equal((await client.next()).code, 200);
    assert.equal((await client.next()).code, 400);
    await client.expectEnd();
  });

  test('RFC 9112, 9.6: a refusal is readable though the client goes on sending', async () => {
    const client = await HttpClient.open(listener.port);
    client.connection.send(request(`POST ${listener.path} HTTP/1.1`, ['Host: localhost', 'Content-Length: 4000000']));
    for (let i = 0; i < 40; ++i) client.connection.send('x'.repeat(10_000));
    assert.ok([405, 413].includes((await client.next('POST')).code));
    client.close();
  });

  test('a client that finished sending is answered', async () => {
    const client = await HttpClient.open(listener.port);
    client.connection.send(get(listener.path));
    client.connection.finishSending();
    assert.equal((await client.next()).code, 200);
    await client.expectEnd();
  });

  test('a head that was cut off is not answered', async () => {
    const connection = await Connection.open(listener.port);
    connection.send(get(listener.path).slice(0, -2));
    connection.finishSending();
    await connection.waitForEnd();
    assert.equal(readResponse(connection.received, 'GET'), null);
  });

  test('RFC 9110, 15.5.9: a head that does not come gets 408, dripped bytes or not', async () => {
    const client = await HttpClient.open(listener.port);
    const begun = Date.now();
    const drip = setInterval(() => client.connection.send('X'), 500);
    client.connection.send(`GET ${listener.path} HTTP/1.1\r\nX-Slow: `);
    try {
      assert.equal((await client.next()).code, 408);
    } finally {
      clearInterval(drip);
    }
    const seconds = (Date.now() - begun) / 1000;
    assert.ok(seconds > 9 && seconds < 20, `it took ${seconds} s of a limit of 10`);
    client.close();
  });

  test('connections that are reset at every stage hurt nobody', async () => {
    const text = get(listener.path);
    for (let i = 0; i < 100; ++i) {
      const connection = await Connection.open(listener.port);
      connection.send(text.slice(0, i % (text.length + 1)));
      connection.reset();
    }
    assert.ok(await stillServes(listener));
  });

  test('nonsense of every kind gets a refusal or an end, and hurts nobody', async () => {
    // A fixed seed: a failure can be repeated.
    let state = 20260101;
    const random = (below) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % below;
    };
    const sound = get(listener.path, ['Host: localhost', 'Accept: text/html;q=0.5', 'Origin: http://localhost']);
    for (let round = 0; round < 200; ++round) {
      const bytes = Buffer.from(sound, 'latin1');
      for (let edit = 0; edit <= random(4); ++edit) bytes[random(bytes.length)] = random(256);
      const connection = await Connection.open(listener.port);
      connection.send(bytes);
      connection.finishSending();
      await connection.waitForEnd();
      if (connection.received.length > 0) {
        const response = readResponse(connection.received, 'GET');
        assert.ok(response && response.code < 600, JSON.stringify(bytes.toString('latin1')));
        assert.notEqual(response.code, 500, JSON.stringify(bytes.toString('latin1')));
      }
      connection.close();
    }
    assert.ok(await stillServes(listener));
  });
});
