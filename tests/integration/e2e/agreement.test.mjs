// After a run, every place that tells numbers tells the same: the summary, /metrics, the API and the event stream agree to
// the last request, token and nano-dollar.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient } from './lib/event_client.mjs';
import { Exposition } from './lib/exposition.mjs';
import { request } from './lib/http.mjs';
import { nanoFromMicro, nanoFromUsd, quoteCosts } from './lib/money.mjs';
import { until } from './lib/until.mjs';

const requests = 300;
let benchmark, client, summary, metrics, overview;
const told = new Map(); // "provider/model" -> what the events add up to

const empty = () => ({ success: 0, error: 0, input: 0, output: 0, nano: 0n, errors: {} });

function addUp(events) {
  for (const event of events) {
    if (event.event_type !== 'RequestCompleted' && event.event_type !== 'RequestFailed') continue;
    const data = event.payload.data;
    const key = `${data.provider}/${data.model}`;
    if (!told.has(key)) told.set(key, empty());
    const row = told.get(key);
    if (event.event_type === 'RequestCompleted') {
      row.success += 1;
      row.input += data.tokens.input_tokens;
      row.output += data.tokens.output_tokens;
      row.nano += nanoFromUsd(data.cost);
    } else {
      row.error += 1;
      row.errors[data.error_type] = (row.errors[data.error_type] ?? 0) + 1;
    }
  }
}

before(async () => {
  benchmark = await Benchmark.start(
    ['--requests', String(requests), '--seed', '7', '--concurrency', '64', '--stay', '--quiet']);
  client = await EventClient.open(benchmark.eventsUrl, { since: 'evt_0' });
  summary = await benchmark.summary();
  const fetched = JSON.parse(quoteCosts((await request(benchmark.at('/api/v1/overview'))).text));
  await until('the last event', () => client.events.some(({ id }) => id === fetched.last_event_id));
  overview = JSON.parse(quoteCosts((await request(benchmark.at('/api/v1/overview'))).text));
  metrics = new Exposition((await request(benchmark.metricsUrl)).text);
  addUp(client.events);
});

after(async () => {
  await client?.close();
  await benchmark?.stopCleanly();
});

test('the event stream told everything once', () => {
  assert.deepEqual(client.of('Lagged'), []);
  const ids = client.events.map((event) => event.id);
  assert.deepEqual(ids, ids.map((_, index) => `evt_${index + 1}`));
  const finished = [...told.values()].reduce((sum, row) => sum + row.success + row.error, 0);
  assert.equal(finished, requests);
});

test('the run had what makes the comparison worth something', () => {
  const rows = [...told.values()];
  assert.equal(rows.length, 3, 'three simulated providers');
  for (const row of rows) {
    assert.ok(row.success > 0 && row.input > 0 && row.output > 0 && row.nano > 0n, JSON.stringify(row.errors));
  }
  assert.ok(rows.some((row) => row.error > 0), 'no simulated error in 300 requests');
});

test('/metrics agrees with the events', () => {
  for (const [key, row] of told) {
    const [provider, model] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    const labels = { provider, model };
    assert.equal(metrics.value('llm_requests_total', { ...labels, status: 'success' }), row.success);
    assert.equal(metrics.value('llm_requests_total', { ...labels, status: 'error' }), row.error);
    assert.equal(metrics.sum('llm_requests_total', { ...labels, status: 'cancelled' }), 0);
    assert.equal(metrics.value('llm_request_duration_seconds_count', labels), row.success);
    assert.equal(metrics.value('llm_tokens_input_total', labels), row.input);
    assert.equal(metrics.value('llm_tokens_output_total', labels), row.output);
    assert.equal(nanoFromMicro(metrics.text('llm_cost_usd_total', labels)), row.nano);
    assert.equal(nanoFromUsd(metrics.text('llm_spend_usd_total', labels)), row.nano);
    for (const sample of metrics.all('llm_errors_total', labels)) {
      assert.equal(Number(sample.value), row.errors[sample.labels.error_type] ?? 0, sample.labels.error_type);
    }
    assert.equal(metrics.sum('llm_errors_total', labels), row.error);
    assert.equal(metrics.value('llm_requests_active', { provider }), 0);
  }
  assert.equal(metrics.sum('llm_requests_total'), requests);
});

test('the duration histogram holds the latencies of the events', () => {
  for (const key of told.keys()) {
    const [provider, model] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    const latencies = client.events
      .filter((event) => event.event_type === 'RequestCompleted')
      .map((event) => event.payload.data)
      .filter((data) => data.provider === provider && data.model === model)
      .map((data) => data.latency);
    const buckets = metrics.all('llm_request_duration_seconds_bucket', { provider, model });
    assert.ok(buckets.length > 10, `${buckets.length} buckets`);
    for (const bucket of buckets) {
      const bound = bucket.labels.le === '+Inf' ? Infinity : Number(bucket.labels.le);
      const expected = latencies.filter((latency) => latency <= bound).length;
      assert.equal(Number(bucket.value), expected, `le=${bucket.labels.le}`);
    }
    const sum = latencies.reduce((total, latency) => total + latency, 0);
    const shown = metrics.value('llm_request_duration_seconds_sum', { provider, model });
    assert.ok(Math.abs(shown - sum) < 1e-6, `sum ${shown}, events ${sum}`);
  }
});

/// A row of the overview or of the summary, which have the same members, against what the events add up to.
function assertRow(row, expected) {
  assert.equal(row.total_requests, expected.success + expected.error);
  assert.equal(row.successful_requests, expected.success);
  assert.equal(row.failed_requests, expected.error);
  assert.equal(row.cancelled_requests, 0);
  assert.equal(row.total_input_tokens, expected.input);
  assert.equal(row.total_output_tokens, expected.output);
  assert.equal(nanoFromUsd(row.total_cost), expected.nano);
  assert.deepEqual(row.errors, expected.errors);
}

test('the overview agrees with the events', () => {
  assert.equal(overview.models.length, told.size);
  for (const row of overview.models) {
    const expected = told.get(`${row.provider}/${row.model}`);
    assert.ok(expected, `${row.provider}/${row.model} was in no event`);
    assertRow(row, expected);
  }
  const all = [...told.values()];
  const sum = (field) => all.reduce((total, row) => total + row[field], 0);
  assert.equal(overview.totals.total_requests, requests);
  assert.equal(overview.totals.successful_requests, sum('success'));
  assert.equal(overview.totals.failed_requests, sum('error'));
  assert.equal(overview.totals.active_requests, 0);
  assert.equal(overview.totals.total_input_tokens, sum('input'));
  assert.equal(overview.totals.total_output_tokens, sum('output'));
  assert.equal(nanoFromUsd(overview.totals.total_cost), all.reduce((total, row) => total + row.nano, 0n));
});

test('the summary agrees with the events', () => {
  assert.equal(summary.models.length, told.size);
  for (const row of summary.models) {
    const expected = told.get(`${row.provider}/${row.model}`);
    assert.ok(expected, `${row.provider}/${row.model} was in no event`);
    assertRow(row, expected);
  }
  assert.equal(summary.totals.total_requests, requests);
  const nano = [...told.values()].reduce((total, row) => total + row.nano, 0n);
  assert.equal(nanoFromUsd(summary.totals.total_cost), nano);
  // The table for people says the same, rounded to micro-dollars.
  const [, cost] = /^total +\d+.* (\d+\.\d{6}) /m.exec(benchmark.stdout) ?? assert.fail(benchmark.told());
  assert.equal(cost, (Number((nano + 500n) / 1000n) / 1e6).toFixed(6));
});

test('the benchmark is told as complete everywhere', () => {
  assert.ok(overview.benchmarks.length > 0);
  for (const shown of overview.benchmarks) {
    assert.equal(shown.state, 'completed');
    assert.equal(shown.progress_percent, 100);
    assert.equal(shown.completed_examples, shown.total_examples);
    assert.equal(metrics.value('llm_benchmark_progress', { benchmark_id: shown.benchmark_id }), 100);
    const completed = client.events.filter(
      (event) => event.event_type === 'BenchmarkCompleted' && event.payload.data.benchmark_id === shown.benchmark_id);
    assert.equal(completed.length, 1);
    assert.equal(completed[0].payload.data.completed_examples, shown.completed_examples);
  }
});
