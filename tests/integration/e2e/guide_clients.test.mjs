// The WebSocket clients of docs/guide.md, as they stand there, against a running benchmark.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { snippets } from '../../docs/extract.mjs';
import { Benchmark } from './lib/benchmark.mjs';
import { Process, temporaryFolder } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const guide = join(dirname(fileURLToPath(import.meta.url)), '../../../docs/guide.md');
const { WebSocket } = createRequire(import.meta.url)('ws');
const options = { timeout: 60_000 };

/// The only snippet of a language, its address replaced by that of the benchmark.
function client(language, benchmark) {
  const [snippet, ...more] = snippets(guide, language);
  assert.equal(more.length, 0, `docs/guide.md has one client in ${language}`);
  const text = snippet.text.join('\n');
  assert.match(text, /ws:\/\/127\.0\.0\.1:8080\/ws/);
  return text.replace('ws://127.0.0.1:8080/ws', benchmark.eventsUrl);
}

const start = () => Benchmark.start(['--duration', '30', '--concurrency', '6', '--seed', '5']);

test('the JavaScript client prints progress and latencies', options, async (t) => {
  const benchmark = await start();
  t.after(() => benchmark.stop());
  const lines = [];
  const console = { log: (...words) => lines.push(words), warn: (...words) => lines.push(words) };
  const run = new Function('WebSocket', 'console', `${client('js', benchmark)}\nreturn socket;`);
  const socket = run(WebSocket, console);
  t.after(() => socket.terminate());
  const isProgress = ([name, percent]) => typeof name === 'string' && percent > 0 && percent <= 100;
  const isLatency = ([provider, latency]) => typeof provider === 'string' && latency > 0 && latency < 60;
  await until('progress and latencies', () => lines.length > 20 && lines.some(isProgress) && lines.some(isLatency));
  assert.deepEqual(lines.filter((line) => line.length !== 2 || line.includes(undefined)), [], 'nothing is undefined');
});

test('the Python client prints failed calls', { ...options, skip: !process.env.LTB_PYTHON_WEBSOCKETS && 'no python3-websockets' }, async (t) => {
  const benchmark = await start();
  t.after(() => benchmark.stop());
  const file = join(temporaryFolder(), 'follow.py');
  writeFileSync(file, `${client('python', benchmark)}\n`);
  const python = new Process(process.env.LTB_PYTHON_WEBSOCKETS, ['-u', file]);
  t.after(() => python.stop());
  await python.output(/^\S+ (rate_limit|timeout|overloaded|server_error|network|content_filter|auth|invalid_request|parse|other) \S.*$/m);
});
