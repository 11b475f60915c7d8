// What the program's HTTP client brings with it: HTTP/2 where a TLS server offers it, and the proxy that the usual variables
// name. The servers are Node's own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import { test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { makeCertificate } from './lib/certificate.mjs';

const event = (object) => `data: ${JSON.stringify(object)}\n\n`;
const stream = event({ choices: [{ delta: { content: 'Paris' } }] }) +
  event({ choices: [{ delta: {}, finish_reason: 'stop' }] }) +
  event({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 4 } }) + 'data: [DONE]\n\n';

function answer(request, response) {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(stream);
  });
}

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function totals(args, env) {
  const benchmark = await Benchmark.start([...args, '--stream', '--requests', '20', '--concurrency', '4', '--quiet'], env);
  return (await benchmark.summary()).models[0];
}

test('requests to a TLS server that offers HTTP/2 share its connections', async (t) => {
  const { cert, key } = makeCertificate();
  const server = http2.createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }); // HTTP/2 only
  const versions = [];
  let sessions = 0;
  server.on('session', () => ++sessions);
  server.on('request', (request, response) => {
    versions.push(request.httpVersion);
    answer(request, response);
  });
  const port = await listening(server);
  t.after(() => server.close());

  const row = await totals(['--target', `openai:m@https://localhost:${port}/v1`, '--ca-file', cert, '--warm-up', '1']);

  assert.equal(row.successful_requests, 20);
  assert.equal(row.failed_requests, 0);
  assert.equal(row.total_output_tokens, 80);
  assert.deepEqual(new Set(versions), new Set(['2.0']));
  assert.ok(sessions <= 4, `${sessions} connections for four at once`);
});

test('a proxy that the usual variables name is asked, unless no_proxy excepts the server', async (t) => {
  const server = http.createServer(answer);
  const port = await listening(server);
  const asked = [];
  const proxy = http.createServer((request, response) => {
    asked.push(request.url);
    answer(request, response);
  });
  const proxyPort = await listening(proxy);
  t.after(() => [server, proxy].forEach((each) => each.close() && each.closeAllConnections()));
  const target = ['--target', `openai:m@http://127.0.0.1:${port}/v1`];
  const http_proxy = `http://127.0.0.1:${proxyPort}`;

  const through = await totals(target, { http_proxy });
  assert.equal(through.successful_requests, 20);
  assert.deepEqual(asked, Array(20).fill(`http://127.0.0.1:${port}/v1/chat/completions`));

  const direct = await totals(target, { http_proxy, no_proxy: '127.0.0.1' });
  assert.equal(direct.successful_requests, 20);
  assert.equal(asked.length, 20);
});
