// What a user can get wrong is told by name, on standard error, with an exit code that says so; nothing else is lost.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { Benchmark, run } from './lib/benchmark.mjs';
import { scrape } from './lib/exposition.mjs';
import { unusedPort } from './lib/llm_servers.mjs';
import { temporaryFolder } from './lib/process.mjs';

/// The program must end by itself with this code, and its errors must hold each of the texts.
async function refused({ args = [], env = {}, code = 2, names }) {
  const { code: actual, stdout, stderr } = await run(['--requests', '1', ...args], env).end();
  const told = `--- stdout\n${stdout}\n--- stderr\n${stderr}`;
  assert.equal(actual, code, told);
  for (const name of names) assert.ok(stderr.includes(name), `"${name}" is not named:\n${told}`);
  assert.ok(!stdout.includes('Dashboard '), `it got as far as opening the dashboard:\n${told}`);
}

for (const [what, args, names] of [
  ['an unknown flag', ['--no-such-flag'], ['--no-such-flag']],
  ['a flag without its value', ['--seed'], ['--seed']],
  ['a number that is none', ['--requests', 'many'], ['--requests', 'many']],
  ['a concurrency of zero', ['--concurrency', '0'], ['--concurrency', '0']],
  ['a negative rate', ['--rate', '-1'], ['--rate', '-1']],
  ['an unknown provider', ['--provider', 'oracle'], ['--provider', 'oracle']],
  ['a base URL that is none', ['--provider', 'openai', '--model', 'm', '--base-url', 'nowhere'], ['--base-url', 'nowhere']],
  ['a missing data set', ['--dataset', '/no/such/prompts.jsonl'], ['/no/such/prompts.jsonl', 'No such file']],
]) {
  test(`${what} is refused by name`, () => refused({ args, names }));
}

for (const [name, value] of [
  ['LTB_PROMETHEUS_PORT', 'http'],
  ['LTB_WEBSOCKET_PORT', '65536'],
  ['LTB_DASHBOARD_PORT', '-1'],
  ['LTB_DASHBOARD_ENABLED', 'perhaps'],
  ['LTB_RETENTION_PERIOD', '2h'],
]) {
  test(`${name}="${value}" is refused by name and value`, () => refused({ env: { [name]: value }, names: [name, value] }));
}

test('what is not an address is refused by name', () => refused(
  { env: { LTB_BIND_ADDRESS: 'not an address' }, names: ['LTB_BIND_ADDRESS', 'not an address', 'IPv4 or IPv6'] }));

for (const [listener, variable] of [
  ['prometheus', 'LTB_PROMETHEUS_PORT'],
  ['websocket', 'LTB_WEBSOCKET_PORT'],
  ['dashboard', 'LTB_DASHBOARD_PORT'],
]) {
  test(`a taken ${listener} port is told with address and remedy`, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    try {
      const names = [listener, `127.0.0.1:${port}`, 'Address already in use', variable];
      await refused({ env: { [variable]: String(port) }, code: 3, names });
    } finally {
      other.close();
    }
  });
}

test('a data set without a usable line is refused, its lines named', async () => {
  const file = join(temporaryFolder(), 'broken.jsonl');
  writeFileSync(file, '{"id": "a"}\nnot json\n');
  await refused({ args: ['--dataset', file], names: [`${file}:1: `, `${file}:2: `, 'no usable question'] });
});

test('a broken line in a data set is named and the rest is run', async () => {
  const file = join(temporaryFolder(), 'partly.jsonl');
  writeFileSync(file, '{"id": "a", "prompt": "One?"}\n{"id": "b", "prompt": 7}\n{"id": "c", "prompt": "Three?"}\n');
  const { code, stdout, stderr } = await run(['--dataset', file, '--requests', '4', '--seed', '1', '--quiet']).end();
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  assert.ok(stderr.includes(`${file}:2: field "prompt" is number`), stderr);
  assert.ok(!stderr.includes(`${file}:1:`) && !stderr.includes(`${file}:3:`), stderr);
});

test('an unreachable server is told by its URL and counted as a network error', async () => {
  const base = `http://127.0.0.1:${await unusedPort()}`;
  const benchmark = await Benchmark.start(
    ['--provider', 'openai', '--base-url', base, '--model', 'm', '--requests', '3', '--stay', '--quiet']);
  await benchmark.summary();
  const metrics = await scrape(benchmark.metricsUrl);
  assert.equal(metrics.value('llm_errors_total', { model: 'm', error_type: 'network' }), 3);
  assert.equal(metrics.value('llm_requests_total', { model: 'm', status: 'error' }), 3);
  assert.ok(benchmark.stderr.includes(base), benchmark.told());
  assert.ok(benchmark.stderr.includes('Connection refused'), benchmark.told());
  await benchmark.stopCleanly();
});

test('a run in which no request succeeded ends with exit code 1', async () => {
  const base = `http://127.0.0.1:${await unusedPort()}`;
  const { code, stderr } = await run(
    ['--provider', 'openai', '--base-url', base, '--model', 'm', '--requests', '2', '--quiet']).end();
  assert.equal(code, 1, stderr);
});

test('--help names every flag and ends well', async () => {
  const { code, stdout } = await run(['--help']).end();
  assert.equal(code, 0);
  for (const flag of ['--dataset', '--requests', '--duration', '--concurrency', '--rate', '--provider', '--base-url',
    '--model', '--api-key-env', '--timeout', '--seed', '--stay', '--quiet', '--json', '--help']) {
    assert.ok(stdout.includes(flag), `${flag} is missing in:\n${stdout}`);
  }
});
