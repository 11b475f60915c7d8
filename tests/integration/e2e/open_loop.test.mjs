// Open loop beyond what the server can serve: a call's latency counts from the time it was meant to be sent, the wait
// before it was sent is told apart, and both agree with the server's log. A benchmark that counted from the sending would
// show the server's time alone and hide the queue (coordinated omission).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient } from './lib/event_client.mjs';
import { scrape } from './lib/exposition.mjs';
import { callOf, median, Replay, runInFront, undisturbed } from './lib/replay.mjs';
import { until } from './lib/until.mjs';

const bound = process.env.LTB_SANITIZED ? 0.015 : 0.002;
const requests = 40;
const rate = 50; // per second; two at a time, each of 100 ms and more, make at most 20
const concurrency = 2;
const model = 'model-a';
const labels = { provider: 'openai', model };

let server, benchmark, client, metrics, summary;
const pairs = []; // [call by the log, event], in the order the server got them

before(async () => {
  runInFront();
  server = await Replay.start(Array.from({ length: requests }, (_, i) => ({ first_ms: 60, gap_ms: 20, chunks: 3, input: 100 + i })));
  benchmark = await Benchmark.start([
    '--target', `openai:${model}@${server.url}`, '--stream', '--requests', String(requests), '--rate', String(rate),
    '--concurrency', String(concurrency), '--stay', '--quiet',
  ], { OPENAI_API_KEY: 'sk-replay' });
  client = await EventClient.open(benchmark.eventsUrl, { since: 'evt_0' });
  summary = await benchmark.summary();
  const completed = () => client.events.filter(({ event_type: type }) => type === 'RequestCompleted');
  await until('the last event', () => completed().length === requests);
  const events = new Map(completed().map((event) => [event.payload.data.tokens.input_tokens, event]));
  for (const entry of await server.log()) pairs.push([{ ...entry, ...callOf(entry) }, events.get(entry.usage.input)]);
  metrics = await scrape(benchmark.metricsUrl);
});

after(async () => {
  await client?.close();
  await benchmark?.stopCleanly();
  server?.stop();
});

test('every call was served once', () => {
  assert.equal(pairs.length, requests);
  assert.ok(pairs.every(([call, event]) => call.ok && event));
});

test('latency is queue time and what the server took, time to first token the latter alone', () => {
  const errors = pairs.map(([call, { payload: { data } }]) => Math.abs(data.latency - data.queue_time - call.latency));
  assert.ok(undisturbed(errors) <= bound, `off by ${undisturbed(errors)} s in the undisturbed calls`);
  const first = pairs.map(([call, { payload: { data } }]) =>
    Math.abs(data.time_to_first_token - call.timeToFirstToken));
  assert.ok(undisturbed(first) <= bound, `time to first token off by ${undisturbed(first)} s in the undisturbed calls`);
});

test('the queue grows as the server falls behind', () => {
  const queues = pairs.map(([, { payload: { data } }]) => data.queue_time);
  // 40 calls take 2 s of the server, and were meant to be sent within 0.8 s on average.
  assert.ok(Math.max(...queues) > 0.5, `at most ${Math.max(...queues)} s`);
  const half = requests / 2;
  assert.ok(median(queues.slice(half)) > median(queues.slice(0, half)), 'later calls waited longer');
});

test('the intended times are those of the rate, not those of the server', () => {
  const intended = pairs.map(([, event]) => Date.parse(event.timestamp) / 1000 - event.payload.data.latency);
  const spread = Math.max(...intended) - Math.min(...intended);
  const served = (pairs.at(-1)[0].received_ns - pairs[0][0].received_ns) / 1e9;
  assert.ok(served > 1.5, `the server got them within ${served} s`);
  // Poisson: 39 gaps of 20 ms on average, whose sum has a standard deviation of 0.125 s.
  assert.ok(spread < 1.4 && spread < served - 0.3, `meant to be sent within ${spread} s, served within ${served} s`);
});

test('queue time has a histogram of its own with the same numbers', () => {
  const queues = pairs.map(([, { payload: { data } }]) => data.queue_time);
  assert.equal(metrics.value('llm_queue_seconds_count', labels), requests);
  const sum = queues.reduce((a, b) => a + b);
  assert.ok(Math.abs(metrics.value('llm_queue_seconds_sum', labels) - sum) < 1e-6);
  for (const bucket of metrics.all('llm_queue_seconds_bucket', labels)) {
    const le = bucket.labels.le === '+Inf' ? Infinity : Number(bucket.labels.le);
    assert.equal(Number(bucket.value), queues.filter((queue) => queue <= le).length, `le=${bucket.labels.le}`);
  }
  assert.equal(summary.totals.total_requests, requests);
});
