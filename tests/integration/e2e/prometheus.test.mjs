// A real Prometheus scrapes a real run: it finds nothing to complain about, its totals are ours, and the three queries of
// the guide give the numbers that the traffic, known from the event stream, makes right.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient } from './lib/event_client.mjs';
import { request } from './lib/http.mjs';
import { unusedPort } from './lib/llm_servers.mjs';
import { nanoFromMicro, nanoFromUsd } from './lib/money.mjs';
import { complaints, openMetricsComplaints, Prometheus, quantile, rate, readOpenMetrics } from './lib/prometheus.mjs';

const requests = 200;
const perSecond = 20;
let benchmark, server, summary, completed;

const near = (actual, expected, what) => {
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-300);
  assert.ok(error < 1e-9, `${what}: Prometheus says ${actual}, the traffic says ${expected}`);
};
const modelOf = (labels) => ({ provider: labels.provider, model: labels.model });
const key = (labels) => JSON.stringify(Object.entries(labels).filter(([name]) => name !== '__name__').sort());

/// Raw samples by label set of a range selector that ends at the last scrape, and the time of that scrape.
async function history(selector) {
  const times = (await server.query(selector)).map(({ values }) => values.at(-1)[0]);
  assert.ok(times.length > 0, `Prometheus has nothing for ${selector}`);
  const end = Math.max(...times);
  const series = new Map();
  for (const { metric, values } of await server.query(selector, end)) {
    series.set(key(metric), { labels: metric, samples: values.map(([time, value]) => [time, Number(value)]) });
  }
  return { series, end };
}

/// The completed calls of a label set, as the event stream told them.
const calls = (labels) => completed.filter(({ provider, model }) =>
  provider === labels.provider && model === labels.model);

before(async () => {
  // Prometheus begins with its targets only seconds after its start: it is there first and finds nobody at home, so that
  // it sees the run from its first second on.
  const port = await unusedPort();
  server = await Prometheus.start(`127.0.0.1:${port}`);
  await server.hold('up == 0');
  benchmark = await Benchmark.start(
    ['--requests', String(requests), '--rate', String(perSecond), '--arrival', 'constant', '--concurrency', '100', '--seed', '11', '--stay',
      '--quiet'],
    { LTB_PROMETHEUS_PORT: String(port) });
  const client = await EventClient.open(benchmark.eventsUrl, { since: 'evt_0' });
  summary = await benchmark.summary();
  await server.hold(`sum(llm_requests_total) == ${requests}`);
  const finished = () => client.events.filter(({ event_type }) => /^Request(Completed|Failed)$/.test(event_type));
  assert.equal(finished().length, requests);
  completed = finished().filter(({ event_type }) => event_type === 'RequestCompleted').map(({ payload }) => payload.data);
  await client.close();
});

after(async () => {
  await benchmark?.stopCleanly();
  await server?.stop();
});

test('promtool has no complaint about what is exposed', async () => {
  const answer = await request(benchmark.metricsUrl);
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(complaints(answer.text), '');
});

// As Prometheus 2.42 sends it.
const prometheusAccept = 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,'
  + 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

test('who asks as Prometheus does gets OpenMetrics, with the numbers of the text format', async () => {
  const answer = await request(benchmark.metricsUrl, { headers: { accept: prometheusAccept } });
  assert.equal(answer.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.equal(answer.headers.vary, 'Accept, Accept-Encoding');
  assert.equal(openMetricsComplaints(answer.text), '');

  const families = readOpenMetrics(answer.text);
  if (!families) return;
  const values = (name) => families[name].samples.filter((sample) => sample.name === `${name}_total`);
  assert.equal(families.llm_requests.type, 'counter');
  assert.equal(values('llm_requests').reduce((sum, { value }) => sum + value, 0), requests);
  assert.equal(families.llm_request_duration_seconds.unit, 'seconds');
  assert.equal(families.llm_build.type, 'info');
  const now = Date.now() / 1000;
  for (const { type, samples } of Object.values(families)) {
    if (!['counter', 'histogram'].includes(type)) continue;
    const created = samples.filter(({ name }) => name.endsWith('_created'));
    assert.ok(created.length > 0 && created.every(({ value }) => value > now - 86_400 * 366 && value <= now));
  }
});

test('the OpenMetrics parsers would complain about a bad exposition', () => {
  const bad = '# TYPE a counter\na 1\n# EOF\n';
  assert.notEqual(openMetricsComplaints('# TYPE a counter\na_total 1\n'), '', 'without its end');
  if (process.env.LTB_PYTHON) assert.throws(() => readOpenMetrics(`${bad}more`), /EOF/);
});

test('Prometheus keeps exemplars that lead to the request behind a bucket', async () => {
  const found = await server.exemplars('llm_request_duration_seconds_bucket', Date.now() / 1000 - 600);
  const exemplars = found.flatMap(({ seriesLabels, exemplars: list }) => list.map((one) => ({ ...one, seriesLabels })));
  assert.ok(exemplars.length >= summary.models.length, `${exemplars.length} exemplars`);
  const byId = new Map(completed.map((data) => [data.request_id, data]));
  for (const { labels, value, seriesLabels } of exemplars) {
    const call = byId.get(labels.request_id);
    assert.ok(call, `no call has the id ${labels.request_id}`);
    assert.deepEqual(modelOf(seriesLabels), modelOf(call));
    near(Number(value), call.latency, `the exemplar ${labels.request_id}`);
    if (seriesLabels.le !== '+Inf') assert.ok(call.latency <= Number(seriesLabels.le));
  }
});

test('promtool would complain about a bad exposition', () => {
  assert.match(complaints('# HELP a_counter x\n# TYPE a_counter counter\na_counter 1\n'), /_total/);
});

test('the target is up and no scrape was refused', async () => {
  assert.equal(await server.value('up'), '1');
  const { data } = JSON.parse((await request(`${server.url}/api/v1/targets`)).text);
  assert.equal(data.activeTargets.length, 1);
  assert.equal(data.activeTargets[0].lastError, '');
});

test('the totals in Prometheus are those of the summary, to the last request, token and nano-dollar', async () => {
  for (const row of summary.models) {
    const pair = `{provider="${row.provider}",model="${row.model}"}`;
    assert.equal(await server.value(`sum(llm_requests_total${pair})`), String(row.total_requests));
    assert.equal(await server.value(`sum(llm_errors_total${pair})`), String(row.failed_requests));
    assert.equal(await server.value(`llm_tokens_input_total${pair}`), String(row.total_input_tokens));
    assert.equal(await server.value(`llm_tokens_output_total${pair}`), String(row.total_output_tokens));
    const nano = nanoFromUsd(row.total_cost);
    assert.equal(nanoFromMicro(await server.value(`llm_cost_usd_total${pair}`)), nano);
    assert.equal(nanoFromUsd(await server.value(`llm_spend_usd_total${pair}`)), nano);
  }
});

test('rate(llm_requests_total[1m]) is the number of calls per second', async () => {
  const { series, end } = await history('llm_requests_total[1m]');
  const result = await server.query('rate(llm_requests_total[1m])', end);
  assert.equal(result.length, series.size);
  for (const { metric, value } of result) {
    const { labels, samples } = series.get(key(metric));
    near(Number(value[1]), rate(samples, end, 60), `rate of ${key(metric)}`);
    if (labels.status === 'success') assert.equal(samples.at(-1)[1], calls(labels).length);
  }
  // While it ran, the calls per second were those the benchmark was told to make.
  const peak = await server.value('max_over_time(sum(rate(llm_requests_total[5s]))[1m:1s])');
  assert.ok(Math.abs(Number(peak) - perSecond) < perSecond / 2, `${peak} calls per second at most`);
});

test('histogram_quantile(0.95, rate(..._bucket[5m])) is the 95th percentile of the calls', async () => {
  const { series, end } = await history('llm_request_duration_seconds_bucket[5m]');
  const expression = 'histogram_quantile(0.95, rate(llm_request_duration_seconds_bucket[5m]))';
  const result = await server.query(expression, end);
  assert.equal(result.length, summary.models.length);
  for (const { metric, value } of result) {
    const p95 = Number(value[1]);
    const buckets = [...series.values()].filter(({ labels }) => key(modelOf(labels)) === key(modelOf(metric)));
    const bound = ({ labels }) => (labels.le === '+Inf' ? Infinity : Number(labels.le));
    near(p95, quantile(0.95, buckets.map((b) => [bound(b), rate(b.samples, end, 300)])), `p95 of ${key(metric)}`);

    // The last sample of each bucket counts exactly the calls that were as fast.
    const latencies = calls(metric).map(({ latency }) => latency).sort((a, b) => a - b);
    for (const bucket of buckets) {
      assert.equal(bucket.samples.at(-1)[1], latencies.filter((latency) => latency <= bound(bucket)).length);
    }
    // And the answer lies in the bucket that the true percentile lies in, or touches it.
    const truth = latencies[Math.ceil(0.95 * latencies.length) - 1];
    const bounds = [0, ...buckets.map(bound)].sort((a, b) => a - b);
    const index = bounds.findIndex((upper) => truth <= upper);
    const [lowest, highest] = [bounds[Math.max(index - 2, 0)], bounds[Math.min(index + 1, bounds.length - 1)]];
    assert.ok(p95 >= lowest && p95 <= highest, `p95 ${p95}, true ${truth}, expected in ${lowest}..${highest}`);
  }
});

test('rate(llm_cost_usd_total[1h]) * 3600 / 1000000 is the cost per hour in USD', async () => {
  const { series, end } = await history('llm_cost_usd_total[1h]');
  const result = await server.query('rate(llm_cost_usd_total[1h]) * 3600 / 1000000', end);
  assert.equal(result.length, summary.models.length);
  for (const { metric, value } of result) {
    const { samples } = series.get(key(metric));
    near(Number(value[1]), (rate(samples, end, 3600) * 3600) / 1e6, `cost per hour of ${key(metric)}`);
    // All was spent within the hour, so it is the total, but for what was spent before the first scrape: Prometheus
    // only guesses that.
    const spent = Number(calls(metric).reduce((sum, { cost }) => sum + nanoFromUsd(cost), 0n)) / 1e9;
    const guessed = samples[0][1] / 1e6;
    assert.ok(Math.abs(Number(value[1]) - spent) <= guessed + spent * 1e-9,
      `cost per hour ${value[1]}, spent ${spent}, before the first scrape ${guessed}`);
  }
});
