// Two models on two streaming servers, side by side: what the benchmark tells of them (TTFT, ITL, TPOT, goodput, cost,
// error categories) is what the servers did, by their own logs; and every number of the summary follows from the events.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient } from './lib/event_client.mjs';
import { Exposition } from './lib/exposition.mjs';
import { request } from './lib/http.mjs';
import { nanoFromMicro, nanoFromUsd, quoteCosts, scaled } from './lib/money.mjs';
import { temporaryFolder } from './lib/process.mjs';
import { callOf, median, picoOf, quantile, Replay, runInFront, undisturbed } from './lib/replay.mjs';
import { until } from './lib/until.mjs';

// More where a sanitizer slows the program down.
const bound = process.env.LTB_SANITIZED ? 0.015 : 0.002;
const perServer = 60;
const slowEvery = 10; // of these the first token comes later than the service level allows
const slo = { name: 'quick', firstToken: 0.6 };

const failures = {
  openai: [
    { status: 429, expect: 'rate_limit' },
    { status: 429, type: 'insufficient_quota', code: 'insufficient_quota', expect: 'quota' },
    { status: 400, code: 'context_length_exceeded', expect: 'context_length' },
    { status: 503, expect: 'overloaded' },
    { status: 500, expect: 'server_error' },
    { cut: { after: 2, how: 'rst' }, expect: 'network' },
    { cut: { after: 0, how: 'fin' }, expect: 'network' },
    { stream_error: { after: 2, status: 500 }, expect: 'server_error' },
    { stream_body: 'data: {"choices": [oops\n\n', expect: 'parse' },
  ],
  anthropic: [
    { status: 529, expect: 'overloaded' },
    { status: 401, expect: 'auth' },
    { status: 403, expect: 'permission' },
    { status: 404, expect: 'not_found' },
    { status: 400, expect: 'invalid_request' },
    { status: 504, expect: 'timeout' },
    { cut: { after: 3, how: 'fin' }, expect: 'network' },
    { stream_error: { after: 1, status: 529 }, expect: 'overloaded' },
    { status: 400, message: 'prompt is too long: 215000 tokens > 200000 maximum', expect: 'context_length' },
  ],
};
const models = [
  { provider: 'openai', model: 'model-a', price: { input: 0.150137, output: 0.600411, cache_read: 0.075003, reasoning: 0.7 } },
  { provider: 'anthropic', model: 'model-b', price: { input: 3.000001, output: 15, cache_read: 0.3, cache_write: 3.75 } },
];

/// Each call has an input of its own, by which its event is found again.
function planOf(provider) {
  const bad = failures[provider];
  return Array.from({ length: perServer }, (_, i) => {
    if (i % 3 === 1 && Math.floor(i / 3) < bad.length) return { first_ms: 5, gap_ms: 3, ...bad[Math.floor(i / 3)] };
    return {
      first_ms: i % slowEvery === 0 ? 900 : 10 + (i % 5) * 4, gap_ms: [3, 8, 5], chunks: 4 + (i % 4), input: 1000 + i,
      output: 20 + i, cached: (i % 3) * 100, reasoning: provider === 'openai' ? (i % 4) * 5 : 0,
      cache_written: provider === 'anthropic' ? (i % 2) * 50 : 0, finish: i % 7 === 0 ? 'length' : 'stop',
    };
  });
}

let benchmark, client, summary, metrics, overview;
const rows = []; // {provider, model, price, log, calls, events, ended}

before(async () => {
  runInFront();
  for (const { provider, model, price } of models) {
    rows.push({ provider, model, price, server: await Replay.start(planOf(provider)) });
  }
  const prices = join(temporaryFolder(), 'prices.json');
  writeFileSync(prices, JSON.stringify({ prices: models.map(({ model, price }) => ({ model, match: 'exact', ...price })) }));
  benchmark = await Benchmark.start([
    ...rows.flatMap(({ provider, model, server }) => ['--target', `${provider}:${model}@${server.url}`]),
    '--stream', '--requests', String(2 * perServer), '--concurrency', '4', '--retries', '0', '--prices', prices,
    '--slo', `${slo.name}:ttft=${slo.firstToken * 1000}ms`, '--stay', '--quiet',
  ], { OPENAI_API_KEY: 'sk-replay', ANTHROPIC_API_KEY: 'sk-replay' });
  client = await EventClient.open(benchmark.eventsUrl, { since: 'evt_0', stats_ms: 200 });
  summary = await benchmark.summary();
  const fetched = JSON.parse(quoteCosts((await request(benchmark.at('/api/v1/overview'))).text));
  await until('the last event', () => client.events.some(({ id }) => id === fetched.last_event_id));
  overview = JSON.parse(quoteCosts((await request(benchmark.at('/api/v1/overview'))).text));
  metrics = new Exposition((await request(benchmark.metricsUrl)).text);
  for (const row of rows) {
    row.log = await row.server.log();
    row.calls = row.log.map(callOf);
    row.ended = client.events
      .filter(({ event_type: type }) => type === 'RequestCompleted' || type === 'RequestFailed')
      .map((event) => ({ ok: event.event_type === 'RequestCompleted', ...event.payload.data }))
      .filter(({ provider, model }) => provider === row.provider && model === row.model);
    row.good = row.ended.filter(({ ok }) => ok);
    row.labels = { provider: row.provider, model: row.model };
  }
});

after(async () => {
  await client?.close();
  await benchmark?.stopCleanly();
  for (const { server } of rows) server.stop();
});

const countBy = (values) => values.reduce((sums, value) => ({ ...sums, [value]: (sums[value] ?? 0) + 1 }), {});
/// Pairs each call that went well with its event.
function paired(row) {
  return row.calls.filter(({ ok }) => ok).map((call) => {
    const found = row.good.filter(({ tokens }) => tokens.input_tokens === call.usage.input);
    assert.equal(found.length, 1, `events with ${call.usage.input} input tokens`);
    return [call, found[0]];
  });
}
const errorOf = (row, measured, done) =>
  undisturbed(paired(row).map(([call, event]) => Math.abs(measured(event, call) - done(call))));

test('the servers were asked once per call, and the events told each once', () => {
  assert.deepEqual(client.of('Lagged'), []);
  for (const row of rows) {
    assert.equal(row.log.length, perServer);
    assert.equal(row.ended.length, perServer);
    assert.equal(new Set(row.ended.map(({ request_id: id }) => id)).size, perServer);
    assert.ok(row.log.every(({ stream }) => stream), 'every call asked for a stream');
  }
});

test('successes and error categories agree with what the servers answered', () => {
  for (const row of rows) {
    const expected = countBy(row.calls.filter(({ ok, expect }) => expect || !ok).map(({ expect }) => expect));
    assert.equal(Object.values(expected).reduce((a, b) => a + b), failures[row.provider].length);
    assert.deepEqual(countBy(row.ended.filter(({ ok }) => !ok).map((event) => event.error_type)), expected);
    for (const [type, count] of Object.entries(expected)) {
      assert.equal(metrics.value('llm_errors_total', { ...row.labels, error_type: type }), count, type);
    }
    const good = perServer - failures[row.provider].length;
    assert.equal(row.good.length, good);
    assert.equal(metrics.value('llm_requests_total', { ...row.labels, status: 'success' }), good);
    assert.equal(metrics.value('llm_requests_total', { ...row.labels, status: 'error' }), perServer - good);
    assert.equal(metrics.value('llm_requests_active', { provider: row.provider }), 0);
  }
});

test('tokens and costs agree with the logs to the last token and nano-dollar', () => {
  for (const row of rows) {
    const used = row.calls.filter(({ ok }) => ok).map(({ usage }) => usage);
    const sum = (name) => used.reduce((total, usage) => total + (usage[name] ?? 0), 0);
    assert.equal(metrics.value('llm_tokens_input_total', row.labels), sum('input'));
    assert.equal(metrics.value('llm_tokens_output_total', row.labels), sum('output'));
    assert.equal(metrics.value('llm_tokens_cached_input_total', row.labels), sum('cached'));
    assert.equal(metrics.value('llm_tokens_reasoning_total', row.labels), sum('reasoning'));
    assert.equal(metrics.value('llm_usage_missing_total', row.labels), 0);
    assert.equal(metrics.value('llm_unpriced_requests_total', row.labels), 0);
    const pico = used.reduce((total, usage) => total + picoOf(usage, row.price), 0n);
    assert.equal(nanoFromUsd(overview.models.find(({ model }) => model === row.model).total_cost), pico / 1000n);
    assert.equal(row.good.reduce((total, { cost }) => total + scaled(cost, 12), 0n), pico, 'by the events');
  }
});

test('times to first token are within 2 ms of what the servers did', () => {
  for (const row of rows) {
    const error = errorOf(row, (event) => event.time_to_first_token, (call) => call.timeToFirstToken);
    assert.ok(error <= bound, `${row.provider}: off by ${error} s in the undisturbed calls`);
  }
});

test('times per output token are within 2 ms of what the servers did, all tokens of a call together', () => {
  for (const row of rows) {
    const error = errorOf(row, (event, call) => event.time_per_output_token * (call.usage.output - 1),
      ({ gaps }) => gaps.reduce((a, b) => a + b));
    assert.ok(error <= bound, `${row.provider}: off by ${error} s in the undisturbed calls`);
  }
});

test('times between tokens are those of the servers', () => {
  for (const row of rows) {
    const gaps = row.calls.flatMap((call) => call.gaps);
    assert.equal(metrics.value('llm_inter_token_latency_seconds_count', row.labels), gaps.length);
    const shown = overview.models.find(({ model }) => model === row.model).inter_token_latency;
    assert.equal(shown.count, gaps.length);
    const expected = median(gaps);
    assert.ok(Math.abs(shown.p50 - expected) <= bound + 0.016 * expected, `${row.provider}: ${shown.p50}, ${expected}`);
  }
});

test('latencies are within 2 ms of what the servers did', () => {
  for (const row of rows) {
    const error = errorOf(row, (event) => event.latency, (call) => call.latency);
    assert.ok(error <= bound, `${row.provider}: off by ${error} s in the undisturbed calls`);
  }
});

test('goodput agrees with the logs and is the same on /metrics, in the overview and in Stats', async () => {
  for (const row of rows) {
    // What the servers did is far from the bound on either side.
    const good = row.calls.filter(({ ok, timeToFirstToken }) => ok && timeToFirstToken <= slo.firstToken - 0.1).length;
    assert.ok(good > 0 && good < row.good.length, `${good} of ${row.good.length}`);
    const labels = { ...row.labels, slo: slo.name };
    assert.equal(metrics.value('llm_slo_requests_total', { ...labels, result: 'good' }), good);
    assert.equal(metrics.value('llm_slo_requests_total', { ...labels, result: 'bad' }), perServer - good);
    const stats = await until('statistics after the last call', () =>
      client.of('Stats').findLast(({ totals }) => totals.total_requests === 2 * perServer));
    for (const { models: shown } of [overview, stats]) {
      const [level] = shown.find(({ model }) => model === row.model).slos;
      assert.equal(level.name, slo.name);
      assert.equal(level.good, good);
      assert.equal(level.bad, perServer - good);
      assert.ok(Math.abs(level.attainment - good / perServer) < 1e-12);
    }
  }
});

// The summary from the events alone
// ---------------------------------------------------------------------------------------------------------------------

/// A quantile of a sketch may be off by 1.09 % of any value at its rank.
function assertQuantiles(shown, values, what) {
  assert.equal(shown.count, values.length, what);
  for (const [name, q] of [['p50', 0.5], ['p95', 0.95], ['p99', 0.99]]) {
    const exact = quantile(values, q);
    assert.ok(Math.abs(shown[name] - exact) <= 0.0109 * exact + 1e-6, `${what} ${name}: ${shown[name]}, events ${exact}`);
  }
}

function assertSummaryRow(row, events) {
  const good = events.filter(({ ok }) => ok);
  const sum = (read) => events.reduce((total, event) => total + (event.tokens ? read(event.tokens) : 0), 0);
  assert.equal(row.total_requests, events.length);
  assert.equal(row.successful_requests, good.length);
  assert.equal(row.failed_requests, events.length - good.length);
  assert.equal(row.cancelled_requests, 0);
  assert.equal(row.total_input_tokens, sum((tokens) => tokens.input_tokens));
  assert.equal(row.total_output_tokens, sum((tokens) => tokens.output_tokens));
  const pico = events.reduce((total, { cost }) => total + (cost === undefined ? 0n : scaled(cost, 12)), 0n);
  assert.equal(nanoFromUsd(row.total_cost), pico / 1000n);
  assert.deepEqual(row.errors, countBy(events.filter(({ ok }) => !ok).map(({ error_type: type }) => type)));
  assertQuantiles(row.latency, good.map(({ latency }) => latency), 'latency');
  for (const name of ['time_to_first_token', 'time_per_output_token']) {
    assertQuantiles(row[name], good.filter((event) => event[name] !== undefined).map((event) => event[name]), name);
  }
  assert.equal(row.retries, 0);
  // Goodput from the events: what kept the bound among what did not fail for another reason.
  const kept = good.filter((event) => !(event.time_to_first_token > slo.firstToken)).length;
  assert.deepEqual(row.slos.map(({ name, good: g, bad }) => [name, g, bad]), [[slo.name, kept, events.length - kept]]);
}

test('every number of the summary follows from the events', () => {
  assert.equal(summary.models.length, rows.length);
  for (const row of rows) {
    const shown = summary.models.find(({ provider, model }) => provider === row.provider && model === row.model);
    assertSummaryRow(shown, row.ended);
    assert.ok(shown.time_to_first_token.count > 0, 'a streamed run tells its times to first token');
  }
  assertSummaryRow(summary.totals, rows.flatMap(({ ended }) => ended));
});

test('the seconds of the run, and the rates over them, follow from the events', () => {
  const at = (event) => Date.parse(event.timestamp) / 1000;
  const started = client.events.filter(({ event_type: type }) => type === 'RequestStarted').map(at);
  const ended = client.events.filter(({ event_type: type }) => /^Request(Completed|Failed)$/.test(type)).map(at);
  const seconds = Math.max(...ended) - Math.min(...started);
  // Events carry the wall clock in whole milliseconds; the summary looks at the steady clock a moment later.
  assert.ok(Math.abs(summary.elapsed_seconds - seconds) <= 0.01, `${summary.elapsed_seconds}, events ${seconds}`);
  for (const row of [...summary.models, summary.totals]) {
    const near = (shown, count) => assert.ok(Math.abs(shown - count / summary.elapsed_seconds) <= 1e-9 * count, `${shown}`);
    near(row.output_tokens_per_second, row.total_output_tokens);
    for (const level of row.slos) {
      near(level.goodput, level.good);
      assert.equal(level.attainment, level.good / (level.good + level.bad));
    }
  }
});

test('the printed tables show that summary', () => {
  const lines = benchmark.stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
  /// The cells of a model in the table with this heading, by column.
  const cellsOf = (heading, model) => {
    const from = lines.findIndex((line) => line.includes(heading));
    assert.ok(from >= 0, `a table with ${heading}`);
    const line = lines.slice(from).find((cells) => cells.includes(model));
    return Object.fromEntries(lines[from].map((name, i) => [name, line[i]]));
  };
  const dollars = (usd) => (Number((nanoFromUsd(usd) + 500n) / 1000n) / 1e6).toFixed(6);
  for (const row of summary.models) {
    const calls = cellsOf('requests', row.model);
    const shown = [calls.requests, calls.errors, calls['P50 s'], calls['P95 s'], calls['P99 s']];
    assert.deepEqual(shown, [String(row.total_requests), String(row.failed_requests),
      ...['p50', 'p95', 'p99'].map((q) => row.latency[q].toFixed(3))]);
    const stream = cellsOf('TTFT P50 s', row.model);
    assert.equal(stream['TTFT P50 s'], row.time_to_first_token.p50.toFixed(3));
    assert.equal(stream['TTFT P95 s'], row.time_to_first_token.p95.toFixed(3));
    assert.equal(stream['TPOT P50 ms'], (row.time_per_output_token.p50 * 1000).toFixed(1));
    assert.equal(stream['TPOT P95 ms'], (row.time_per_output_token.p95 * 1000).toFixed(1));
    const usage = cellsOf('tokens in', row.model);
    assert.equal(usage['tokens in'], String(row.total_input_tokens));
    assert.equal(usage['tokens out'], String(row.total_output_tokens));
    assert.equal(usage['cost USD'], dollars(row.total_cost));
    assert.equal(usage['tokens out/s'], row.output_tokens_per_second.toFixed(1));
    const objective = cellsOf('goodput/s', row.model);
    const [level] = row.slos;
    assert.deepEqual([objective.objective, objective.good, objective.bad, objective.kept, objective['goodput/s']],
      [level.name, String(level.good), String(level.bad), `${(level.attainment * 100).toFixed(1)}%`, level.goodput.toFixed(1)]);
  }
});

test('the micro-dollars of /metrics are the same money', () => {
  for (const row of rows) {
    const pico = row.good.reduce((total, { cost }) => total + scaled(cost, 12), 0n);
    assert.equal(nanoFromMicro(metrics.text('llm_cost_usd_total', row.labels)), pico / 1000n);
  }
});
