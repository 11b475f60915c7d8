// Every case of websocket_cases.mjs against /ws of one listener of the real program; handshakes; random frames.
// LTB_LISTENER names the listener: websocket or dashboard.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Connection } from './lib/connection.mjs';
import { checkResponse, readResponse } from './lib/http.mjs';
import { listenerUnderTest, stillServes } from './lib/listeners.mjs';
import { frame, handshake, handshakeAnswer, handshakeKey, opcodes, readFrame, WebSocketClient } from './lib/websocket.mjs';
import { frameCases } from './websocket_cases.mjs';

const listener = listenerUnderTest(({ isWebSocket }) => isWebSocket);

async function expectAnswer(client, answer) {
  if (answer.opcode !== undefined) {
    const { opcode, payload } = await client.nextFrame();
    assert.deepEqual({ opcode, payload: payload.toString() }, answer);
    return;
  }
  const message = await client.message();
  if (answer.type === 'Error') {
    assert.equal(message.type, 'Error');
    assert.ok(message.data.message.length > 10, 'it says what was wrong');
  } else {
    assert.deepEqual(message, answer);
  }
}

async function runCase(one) {
  const client = await WebSocketClient.open(listener.port);
  try {
    if (one.apart) await client.connection.sendApart(one.send);
    else client.send(...one.send);
    if (one.closes !== undefined) return await client.expectClose(one.closes);
    for (const answer of one.answers ?? []) await expectAnswer(client, answer);
    if (one.lastAnswer) {
      let got;
      do got = await client.nextFrame(); while (got.payload.toString() !== one.lastAnswer.payload);
      assert.equal(got.opcode, one.lastAnswer.opcode);
    }
    await client.expectAlive();
  } finally {
    client.close();
  }
}

describe(`frames on the ${listener.name} listener`, { concurrency: 8 }, () => {
  for (const one of frameCases()) test(`RFC ${one.rfc}: ${one.name}`, () => runCase(one));
});

/// Sends a handshake and returns the HTTP answer with the connection.
async function answerTo(text) {
  const connection = await Connection.open(listener.port);
  connection.send(text);
  const method = text.split(' ', 1)[0];
  const answer = await connection.wait('an answer', () => readResponse(connection.received, method));
  connection.close();
  return answer;
}

const without = (name) => (headers) => headers.filter((line) => !line.startsWith(`${name}:`));
const replaced = (name, ...lines) => (headers) => [...without(name)(headers), ...lines];
const added = (...lines) => (headers) => [...headers, ...lines];

describe(`handshakes on the ${listener.name} listener`, { concurrency: 8 }, () => {
  const accepted = {
    'the plain one': {},
    'header names in lower case': { change: (headers) => headers.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())) },
    'header names in upper case': { change: (headers) => headers.map((line) => line.replace(/^[^:]+/, (name) => name.toUpperCase())) },
    'Upgrade: WebSocket': { change: replaced('Upgrade', 'Upgrade: WebSocket') },
    'several protocols in Upgrade': { change: replaced('Upgrade', 'Upgrade: h2c, websocket') },
    'Connection: keep-alive, Upgrade': { change: replaced('Connection', 'Connection: keep-alive, Upgrade') },
    'Connection in two fields': { change: replaced('Connection', 'Connection: keep-alive', 'Connection: upgrade') },
    'an Origin of the same host': { change: added('Origin: http://localhost:3000') },
    'an Origin of loopback': { change: added('Origin: http://127.0.0.1') },
    'an offer of subprotocols': { change: added('Sec-WebSocket-Protocol: chat, superchat') },
    'an offer of permessage-deflate': { change: added('Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits') },
    'an offer of an unknown extension': { change: added('Sec-WebSocket-Extensions: x-unknown; a=1, x-other') },
    'unknown fields': { change: added('X-Test: 1', 'Cookie: a=b') },
    'Content-Length: 0': { change: added('Content-Length: 0') },
    'no query': { line: 'GET /ws HTTP/1.1' },
    'every parameter': { line: 'GET /ws?events=RequestCompleted,RequestFailed&since=evt_1&batch_ms=250&stats_ms=500 HTTP/1.1' },
  };
  for (const [name, options] of Object.entries(accepted)) {
    test(`RFC 6455, 4.2: accepts ${name}`, async () => {
      const answer = await answerTo(handshake(options));
      assert.equal(answer.code, 101, answer.body);
      assert.equal(answer.headers.get('sec-websocket-accept'), handshakeAnswer);
      assert.match(answer.headers.get('upgrade'), /^websocket$/i);
      assert.match(answer.headers.get('connection'), /^upgrade$/i);
      assert.equal(answer.headers.get('sec-websocket-protocol'), undefined, 'none was chosen');
      assert.equal(answer.headers.get('sec-websocket-extensions'), undefined, 'compression is off by default');
    });
  }

  const key = (value) => ({ change: replaced('Sec-WebSocket-Key', `Sec-WebSocket-Key: ${value}`) });
  const version = (value) => ({ change: replaced('Sec-WebSocket-Version', `Sec-WebSocket-Version: ${value}`) });
  const refused = [
    ['no Upgrade', { change: without('Upgrade') }, 426],
    ['another Upgrade', { change: replaced('Upgrade', 'Upgrade: h2c') }, 426],
    ['no Connection', { change: without('Connection') }, 426],
    ['another Connection', { change: replaced('Connection', 'Connection: keep-alive') }, 426],
    ['no version', { change: without('Sec-WebSocket-Version') }, 426],
    ...['0', '8', '12', '14', '13, 8', '255', 'x', ''].map((value) => [`version "${value}"`, version(value), [400, 426]]),
    ['two versions', { change: added('Sec-WebSocket-Version: 8') }, 400],
    ['no key', { change: without('Sec-WebSocket-Key') }, 400],
    ['two keys', { change: added(`Sec-WebSocket-Key: ${handshakeKey}`) }, 400],
    ...['', 'x', 'dGhlIHNhbXBsZSBub25jZQ', 'dGhlIHNhbXBsZSBub25jZQ=', 'dGhlIHNhbXBsZSBub25jZQ===', 'dGhlIHNhbXBsZSBub25jZSE=', '!!!!!!!!!!!!!!!!!!!!!!==',
      'dGhlIHNhbXBsZSBub25jZdGhlIHNhbXBsZSBub25jZQ=='].map((value) => [`key "${value}"`, key(value), 400]),
    ['HTTP/1.0', { line: 'GET /ws HTTP/1.0' }, [400, 426]],
    ['HEAD', { line: 'HEAD /ws HTTP/1.1' }, [405, 426]],
    ['POST', { line: 'POST /ws HTTP/1.1' }, 405],
    ['a body', { change: added('Content-Length: 5') }, 413],
    ['chunks', { change: added('Transfer-Encoding: chunked') }, 413],
    ['no Host', { change: without('Host') }, 400],
    ['a foreign Host', { change: replaced('Host', 'Host: evil.example') }, 403],
    ...['https://evil.example', 'http://localhost.evil.example', 'null', 'file://', 'localhost', 'http://', 'http://evil.example@localhost', 'javascript:alert(1)']
      .map((value) => [`Origin ${value}`, { change: added(`Origin: ${value}`) }, 403]),
    ['two Origins', { change: added('Origin: http://localhost', 'Origin: http://evil.example') }, 400],
    ['another path', { line: 'GET /ws/ HTTP/1.1' }, 404],
    ['an unknown event type', { line: 'GET /ws?events=NoSuchEvent HTTP/1.1' }, 400],
    ...['events=,', 'since=', 'since=1x', 'since=evt_', 'since=evt_-1', 'since=evt_99999999999999999999999', 'batch_ms=-1', 'batch_ms=x', 'batch_ms=1e9',
      'batch_ms=999999999', 'stats_ms=x', 'stats_ms=0x10', 'stats_ms=1', 'events=%zz'].map((query) => [`?${query}`, { line: `GET /ws?${query} HTTP/1.1` }, 400]),
  ];
  for (const [name, options, status] of refused) {
    test(`RFC 6455, 4.2: refuses ${name}`, async () => {
      const answer = await answerTo(handshake(options));
      assert.ok([status].flat().includes(answer.code), `${answer.code} ${answer.body}: expected ${status}`);
      checkResponse(answer);
      if (answer.code === 426 && /version/.test(name) && !/no version/.test(name)) {
        assert.equal(answer.headers.get('sec-websocket-version'), '13', 'it says which version it speaks');
      }
    });
  }
});

describe(`connections of the ${listener.name} listener`, { concurrency: 4 }, () => {
  test('frames in the segment of the handshake are read', async () => {
    const client = await WebSocketClient.open(listener.port, { then: frame(opcodes.ping, 'early') });
    const { opcode, payload } = await client.nextFrame();
    assert.deepEqual([opcode, payload.toString()], [opcodes.pong, 'early']);
    client.close();
  });

  test('a frame that comes byte by byte is read', async () => {
    const client = await WebSocketClient.open(listener.port);
    const bytes = frame(opcodes.text, JSON.stringify({ type: 'Ping', data: { slow: true } }));
    await client.connection.sendApart([...bytes].map((byte) => Buffer.from([byte])));
    assert.deepEqual(await client.message(), { type: 'Pong', data: { slow: true } });
    client.close();
  });

  test('connections that are reset at every stage hurt nobody', async () => {
    const bytes = Buffer.concat([Buffer.from(handshake()), frame(opcodes.text, '{"type":"Ping","data":{}}'), frame(opcodes.close)]);
    for (let i = 0; i < 100; ++i) {
      const connection = await Connection.open(listener.port);
      connection.send(bytes.subarray(0, Math.floor((bytes.length * i) / 99)));
      connection.reset();
    }
    assert.ok(await stillServes(listener));
  });

  test('random frames end in a close or in answers, and hurt nobody', async () => {
    let state = 20260102; // a fixed seed: a failure can be repeated
    const random = (below) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % below;
    };
    for (let round = 0; round < 200; ++round) {
      const client = await WebSocketClient.open(listener.port);
      const noise = Buffer.alloc(1 + random(200)).map(() => random(256));
      client.send(noise);
      client.connection.finishSending();
      await client.connection.waitForEnd();
      for (let rest = client.connection.received; rest.length > 0;) {
        const next = readFrame(rest);
        assert.ok(next, `half a frame after ${noise.toString('hex')}`);
        rest = rest.subarray(next.size);
        if (next.opcode === opcodes.close) assert.equal(rest.length, 0, 'nothing follows a close');
      }
      client.close();
    }
    assert.ok(await stillServes(listener));
  });
});
