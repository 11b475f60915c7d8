// A run in the open: TLS and a token on all three listeners, read by a real Prometheus, a WebSocket client and HTTP.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { snippets } from '../../docs/extract.mjs';
import { Benchmark, run } from './lib/benchmark.mjs';
import { makeCertificate } from './lib/certificate.mjs';
import { EventClient } from './lib/event_client.mjs';
import { temporaryFolder } from './lib/process.mjs';
import { Prometheus } from './lib/prometheus.mjs';

const token = 's3cret/+~';
const requests = 30;
const { cert, key } = makeCertificate();
const ca = readFileSync(cert);
const authorization = `Bearer ${token}`;
let benchmark;

function get(url, headers = { authorization }) {
  return new Promise((resolve, reject) => {
    https.get(url, { ca, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    }).on('error', reject);
  });
}

before(async () => {
  benchmark = await Benchmark.start(
    ['--requests', String(requests), '--seed', '4', '--concurrency', '8', '--stay', '--quiet'],
    { LTB_TLS_CERT: cert, LTB_TLS_KEY: key, LTB_AUTH_TOKEN: token });
  await benchmark.summary();
});

after(async () => benchmark?.stopCleanly());

test('the addresses it prints are those of TLS, and answer with the token alone', async () => {
  assert.match(benchmark.metricsUrl, /^https:/);
  assert.match(benchmark.eventsUrl, /^wss:/);
  assert.match(benchmark.dashboardUrl, /^https:/);
  assert.equal((await get(benchmark.metricsUrl, {})).status, 401);
  const { status, text } = await get(benchmark.metricsUrl);
  assert.equal(status, 200);
  assert.match(text, /^llm_requests_total\{/m);
  const overview = JSON.parse((await get(benchmark.at('api/v1/overview'))).text);
  assert.equal(overview.totals.total_requests, requests);
});

test('the event stream is told over wss, on both ports', async () => {
  for (const url of [benchmark.eventsUrl, benchmark.at('ws').replace('https:', 'wss:')]) {
    const client = await EventClient.open(url, { since: 'evt_0' }, { ca, headers: { authorization } });
    await client.message('Event');
    await client.close();
    await assert.rejects(new EventClient(url, {}, { ca }).opened, /401/);
  }
});

test('Prometheus scrapes it over https with the token', async () => {
  assert.ok(process.env.LTB_PROMETHEUS);
  const tokenFile = join(temporaryFolder(), 'token');
  writeFileSync(tokenFile, token);
  // As docs/threat-model.md has it, with the files of this test.
  const [block] = snippets(fileURLToPath(new URL('../../../docs/threat-model.md', import.meta.url)), 'yaml');
  const access = block.text.filter((line) => /^ {4}(scheme|authorization|tls_config):/.test(line)).join('\n')
    .replace('/etc/prometheus/bench-token', tokenFile).replace('/etc/prometheus/bench-ca.pem', cert);
  assert.equal(access.split('\n').length, 3, access);
  const server = await Prometheus.start(new URL(benchmark.metricsUrl).host, '', `\n${access}`);
  await server.hold('up == 1');
  await server.hold(`sum(llm_requests_total) == ${requests}`);
  await server.stop();
});

test('a key that is not there ends the program with a message that names it', async () => {
  const program = run(['--requests', '1'], { LTB_TLS_CERT: cert, LTB_TLS_KEY: '/nowhere/key.pem' });
  const { code, stderr } = await program.end();
  assert.notEqual(code, 0);
  assert.match(stderr, /TLS key "\/nowhere\/key\.pem": No such file or directory/);
});

test('one file without the other is refused', async () => {
  const program = run(['--requests', '1'], { LTB_TLS_CERT: cert });
  const { code, stderr } = await program.end();
  assert.notEqual(code, 0);
  assert.match(stderr, /tls_key/);
});
