// Calls that are tried again: the wait that the server asked for is kept, attempts and waits are counted beside the calls,
// and the latency of a call spans all its attempts, by the server's log.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient } from './lib/event_client.mjs';
import { scrape } from './lib/exposition.mjs';
import { callOf, Replay, runInFront, undisturbed } from './lib/replay.mjs';
import { until } from './lib/until.mjs';

const bound = process.env.LTB_SANITIZED ? 0.015 : 0.002;
const model = 'model-a';
const labels = { provider: 'openai', model };
const wait = 0.12;
const busy = { status: 429, headers: { 'retry-after-ms': String(wait * 1000), 'x-ratelimit-remaining-requests': '0' } };
const answer = { first_ms: 10, gap_ms: 5, chunks: 3 };

// Each call is a list of what its attempts meet; one call after the other.
const rounds = 4;
const calls = Array.from({ length: rounds }, () => [
  [answer],
  [busy, answer],
  [{ ...busy, status: 503 }, busy, answer],
  [busy, busy, busy], // two retries do not help
  [{ status: 400 }], // trying again would not either
  [{ ...busy, headers: { 'retry-after': '0' } }, answer],
]).flat();
const good = calls.filter((call) => call.at(-1) === answer).length;
const attempts = calls.flat().length;

let server, benchmark, client, ended, metrics;
const met = []; // by call, the log entries of its attempts

before(async () => {
  runInFront();
  server = await Replay.start(calls.flat());
  benchmark = await Benchmark.start([
    '--target', `openai:${model}@${server.url}`, '--stream', '--requests', String(calls.length), '--concurrency', '1',
    '--retries', '2', '--stay', '--quiet',
  ], { OPENAI_API_KEY: 'sk-replay' });
  client = await EventClient.open(benchmark.eventsUrl, { since: 'evt_0' });
  await benchmark.summary();
  ended = await until('every call', () => {
    const found = client.events
      .filter(({ event_type: type }) => type === 'RequestCompleted' || type === 'RequestFailed')
      .map((event) => ({ ok: event.event_type === 'RequestCompleted', ...event.payload.data }));
    return found.length === calls.length && found;
  });
  const log = await server.log();
  for (const call of calls) met.push(log.splice(0, call.length));
  assert.equal(log.length, 0);
  metrics = await scrape(benchmark.metricsUrl);
});

after(async () => {
  await client?.close();
  await benchmark?.stopCleanly();
  server?.stop();
});

test('the server saw every attempt and the events each call once', () => {
  assert.ok(met.every((entries, index) => entries.length === calls[index].length));
  assert.deepEqual(ended.map(({ ok }) => ok), calls.map((call) => call.at(-1) === answer));
  assert.deepEqual(ended.map((event) => event.attempts ?? 1), calls.map((call) => call.length));
  const types = ended.filter(({ ok }) => !ok).map((event) => event.error_type);
  assert.deepEqual(types, Array.from({ length: rounds }, () => ['rate_limit', 'invalid_request']).flat());
});

test('the limits that a refusal told are shown', () => {
  assert.equal(metrics.value('llm_ratelimit_remaining', { ...labels, kind: 'requests' }), 0);
});

/// From the last bytes of an answer, which the client cannot have had before, to the next request.
const between = ([entry, next]) => (next.received_ns - entry.writes.at(-1).ns) / 1e9;
/// Pairs of an attempt that asked for a wait and the next one.
const waits = () => met.flatMap((entries) => entries.slice(1).map((next, index) => [entries[index], next]))
  .filter(([entry]) => entry.script.headers['retry-after-ms']);

test('the wait that the server asked for is kept', () => {
  assert.equal(waits().length, 5 * rounds);
  for (const pair of waits()) assert.ok(between(pair) >= wait, `${between(pair)} s after attempt ${pair[0].n}`);
});

test('attempts and waits are counted beside the calls', () => {
  const outcome = (name) => metrics.sum('llm_attempts_total', { ...labels, outcome: name });
  assert.equal(outcome('success'), good);
  assert.equal(outcome('error'), attempts - good);
  assert.equal(metrics.sum('llm_requests_total', labels), calls.length);
  assert.equal(metrics.sum('llm_errors_total', labels), calls.length - good, 'attempts are no failed calls');
  const told = metrics.value('llm_retry_wait_seconds_total', labels);
  const seen = waits().reduce((sum, pair) => sum + between(pair), 0) + rounds * 0.1; // and a little for "at once"
  assert.ok(told >= waits().length * wait - 1e-9 && told <= seen, `${told} s told, ${seen} s seen by the server`);
});

test('the latency of a call spans its attempts and waits, and token times are those of the attempt that answered', () => {
  const errors = [];
  const pace = [];
  for (const [index, entries] of met.entries()) {
    errors.push(Math.abs(ended[index].latency - (entries.at(-1).end_ns - entries[0].received_ns) / 1e9));
    if (!ended[index].ok) continue;
    const { gaps } = callOf(entries.at(-1));
    pace.push(Math.abs(ended[index].time_per_output_token * 23 - gaps.reduce((a, b) => a + b)));
  }
  assert.ok(undisturbed(errors) <= bound, `latency off by ${undisturbed(errors)} s in the undisturbed calls`);
  assert.ok(undisturbed(pace) <= bound, `time per output token off by ${undisturbed(pace)} s in the undisturbed calls`);
});
