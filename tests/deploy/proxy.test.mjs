// docs/threat-model.md, "In the open": the nginx block of that page, run by a real nginx with TLS and a password in front of a
// benchmark on loopback.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { snippets } from '../docs/extract.mjs';
import { Benchmark } from '../integration/e2e/lib/benchmark.mjs';
import { makeCertificate } from '../integration/e2e/lib/certificate.mjs';
import { EventClient } from '../integration/e2e/lib/event_client.mjs';
import { request } from '../integration/e2e/lib/http.mjs';
import { unusedPort } from '../integration/e2e/lib/llm_servers.mjs';
import { Process, temporaryFolder } from '../integration/e2e/lib/process.mjs';
import { until } from '../integration/e2e/lib/until.mjs';
import { root } from './lib.mjs';

const name = 'bench.example';
const requests = 20;
const { cert, key } = makeCertificate(name);
const known = { authorization: `Basic ${Buffer.from('ann:open sesame').toString('base64')}` };
const tls = { ca: readFileSync(cert), servername: name };
let benchmark, nginx, port;

/// What nginx answers to somebody who reached it as https://bench.example.
function get(path, headers = known) {
  return new Promise((resolve, reject) => {
    https.get({ port, path, host: '127.0.0.1', ...tls, headers: { host: name, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    }).on('error', reject);
  });
}

const events = (headers) => [
  `wss://127.0.0.1:${port}/ws`, { since: 'evt_0' }, { ...tls, headers: { host: name, ...headers } },
];

/// The block of the page with the paths and ports of this test; a replacement that no longer fits the page fails.
function configuration(folder) {
  const [block, ...more] = snippets(join(root, 'docs/threat-model.md'), 'nginx');
  assert.deepEqual(more, []);
  let server = block.text.join('\n');
  const replace = (what, by) => {
    assert.ok(server.includes(what), `docs/threat-model.md has no "${what}"`);
    server = server.replace(what, by);
  };
  replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};`);
  replace('/etc/nginx/bench.htpasswd', join(folder, 'htpasswd'));
  replace('127.0.0.1:3000', new URL(benchmark.dashboardUrl).host);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `  ${what}_temp_path ${join(folder, what)};`).join('\n');
  // One process, and the user who runs the tests: root's nginx would go on as another who may not read the files.
  return `daemon off;\nmaster_process off;\npid ${join(folder, 'pid')};\nerror_log stderr;\nevents {}\nhttp {\n  access_log off;\n`
    + `${temporary}\n${server}\n}\n`;
}

before(async () => {
  assert.ok(process.env.LTB_NGINX, 'LTB_NGINX must name the nginx program');
  benchmark = await Benchmark.start(
    ['--requests', String(requests), '--seed', '4', '--concurrency', '8', '--stay', '--quiet'],
    { LTB_ALLOWED_ORIGINS: `https://${name}` });
  const folder = temporaryFolder();
  const hash = spawnSync('openssl', ['passwd', '-apr1', 'open sesame'], { encoding: 'utf8' });
  assert.equal(hash.status, 0, hash.stderr);
  writeFileSync(join(folder, 'htpasswd'), `ann:${hash.stdout}`);
  port = await unusedPort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder));
  nginx = new Process(process.env.LTB_NGINX, ['-p', folder, '-e', 'stderr', '-c', file]);
  await until('nginx to listen', async () => {
    assert.ok(!nginx.isClosed, nginx.told());
    return (await get('/').catch(() => false)) && true;
  });
  await benchmark.summary();
});

after(async () => {
  await nginx?.stop();
  await benchmark?.stopCleanly();
});

test('without the password there is nothing', async () => {
  for (const path of ['/', '/api/v1/overview', '/ws']) assert.equal((await get(path, {})).status, 401, path);
  await assert.rejects(new EventClient(...events({})).opened, /401/);
});

test('the page and what it asks for come through', async () => {
  const page = await get('/');
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'], /^text\/html/);
  const [, script] = /<script[^>]* src="([^"]+)"/.exec(page.text);
  assert.equal((await get(new URL(script, `https://${name}/`).pathname)).status, 200);
  const overview = await get('/api/v1/overview', { ...known, origin: `https://${name}` });
  assert.equal(overview.status, 200);
  assert.equal(JSON.parse(overview.text).totals.total_requests, requests);
});

test('the event stream comes through to the page, to the last event', async () => {
  const { last_event_id: last } = JSON.parse((await get('/api/v1/overview')).text);
  const client = await EventClient.open(...events({ ...known, origin: `https://${name}` }));
  await until('the last event', () => client.events.some(({ id }) => id === last));
  assert.deepEqual(client.events.map(({ id }) => id), client.events.map((_, index) => `evt_${index + 1}`));
  await client.close();
});

test('a page of somebody else is refused, whoever looks at it', async () => {
  const foreign = { ...known, origin: 'https://elsewhere.example' };
  assert.equal((await get('/api/v1/overview', foreign)).status, 403);
  await assert.rejects(new EventClient(...events(foreign)).opened, /403/);
});

test('the name of the proxy must be an allowed origin', async () => {
  const other = await Benchmark.start(['--requests', '1', '--seed', '4', '--stay', '--quiet']);
  try {
    const { status } = await request(other.at('/api/v1/overview'), { headers: { host: name } });
    assert.equal(status, 403);
  } finally {
    await other.stopCleanly();
  }
});
