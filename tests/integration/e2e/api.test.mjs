// The dashboard's port as a program sees it: routes and their shapes, CSV, refusals by name, security headers, the page.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { eventTypes, number } from './lib/event_client.mjs';
import { json, request } from './lib/http.mjs';
import { until } from './lib/until.mjs';

let benchmark, overview;

before(async () => {
  benchmark = await Benchmark.start(
    ['--requests', '120', '--concurrency', '60', '--seed', '5', '--stay', '--quiet']);
  await benchmark.summary();
  overview = await json(benchmark.at('/api/v1/overview'));
});

after(async () => {
  await benchmark?.stopCleanly();
});

const get = (route, options) => request(benchmark.at(route), options);
const api = (route) => json(benchmark.at(`/api/v1/${route}`));

const totalKeys = [
  'total_requests', 'successful_requests', 'failed_requests', 'cancelled_requests', 'active_requests',
  'total_input_tokens', 'total_output_tokens', 'total_cost', 'requests_per_second', 'input_tokens_per_second',
  'output_tokens_per_second', 'cost_per_hour', 'error_rate', 'avg_latency', 'latency', 'time_to_first_token',
  'inter_token_latency', 'errors', 'usage_missing_requests', 'unpriced_requests', 'latency_missing_requests',
].sort();

/// Rows of RFC 4180 text without quoted line breaks, as lists of texts.
function rows(csv) {
  assert.ok(csv.endsWith('\r\n'), 'lines end with CR LF');
  return csv.slice(0, -2).split('\r\n').map((line) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) =>
      quoted === undefined ? plain : quoted.replaceAll('""', '"')));
}

describe('overview', () => {
  test('has the documented members', () => {
    assert.deepEqual(Object.keys(overview).sort(), ['benchmarks', 'epoch', 'last_event_id', 'models', 'providers',
      'timestamp', 'totals', 'uptime_seconds', 'version']);
    assert.match(overview.version, /^\d+\.\d+\.\d+$/);
    assert.match(overview.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(overview.uptime_seconds > 0);
    assert.ok(number(overview.last_event_id) > 240);
    assert.deepEqual(Object.keys(overview.totals).sort(), totalKeys);
    const { p50, p95, p99, count } = overview.totals.latency;
    assert.ok(p50 > 0.1 && p50 <= p95 && p95 <= p99 && p99 < 10, JSON.stringify(overview.totals.latency));
    assert.equal(count, overview.totals.successful_requests);
    const ttft = overview.totals.time_to_first_token;
    assert.equal(ttft.count, overview.totals.successful_requests, 'the simulated providers stream');
    assert.ok(ttft.p50 > 0 && ttft.p50 <= ttft.p95 && ttft.p50 < p50, JSON.stringify(ttft));
  });

  test('has a row per provider and per model, sorted, that add up to the totals', () => {
    assert.deepEqual(overview.providers.map(({ provider }) => provider), ['anthropic', 'google', 'openai']);
    for (const row of overview.providers) {
      assert.deepEqual(Object.keys(row).sort(), ['provider', 'status', ...totalKeys].sort());
      assert.match(row.status, /^(healthy|degraded|unavailable|rate_limited)$/);
    }
    for (const row of overview.models) {
      assert.deepEqual(Object.keys(row).sort(), ['provider', 'model', ...totalKeys].sort());
    }
    for (const field of ['total_requests', 'failed_requests', 'total_input_tokens', 'total_output_tokens']) {
      for (const list of [overview.providers, overview.models]) {
        assert.equal(list.reduce((sum, row) => sum + row[field], 0), overview.totals[field], field);
      }
    }
    assert.equal(overview.totals.total_requests, 120);
  });

  test('shows the benchmark', () => {
    assert.equal(overview.benchmarks.length, 1);
    const [shown] = overview.benchmarks;
    assert.equal(shown.state, 'completed');
    assert.equal(shown.total_examples, 120);
    assert.equal(shown.progress_percent, 100);
    assert.equal(shown.idle_seconds, 0);
    assert.ok(shown.elapsed_seconds > 0 && shown.cost > 0);
    assert.ok(Math.abs(Date.parse(shown.started_at) - Date.now()) < 600_000);
  });
});

test('providers and benchmarks are those of the overview, as JSON and as CSV', async () => {
  const { providers, models } = await api('providers');
  const names = (list) => list.map(({ provider, model }) => [provider, model]);
  assert.deepEqual(names(providers), names(overview.providers));
  assert.deepEqual(names(models), names(overview.models));
  assert.deepEqual((await api('benchmarks')).benchmarks, overview.benchmarks);

  for (const answer of [
    await get('/api/v1/providers?format=csv'), await get('/api/v1/providers', { headers: { Accept: 'text/csv' } }),
  ]) {
    assert.match(answer.headers['content-type'], /^text\/csv/);
    const [head, ...lines] = rows(answer.text);
    assert.equal(lines.length, overview.models.length);
    lines.forEach((line, index) => {
      const row = Object.fromEntries(head.map((name, column) => [name, line[column]]));
      assert.equal(row.provider, overview.models[index].provider);
      assert.equal(row.model, overview.models[index].model);
      assert.equal(Number(row.total_requests), overview.models[index].total_requests);
      assert.equal(Number(row.total_cost), overview.models[index].total_cost);
    });
  }
  const [head, line] = rows((await get('/api/v1/benchmarks?format=csv')).text);
  assert.equal(line[head.indexOf('benchmark_id')], overview.benchmarks[0].benchmark_id);
});

test('errors are listed by provider, model and type, and add up', async () => {
  const { errors } = await api('errors');
  assert.ok(errors.length > 0);
  for (const row of errors) assert.deepEqual(Object.keys(row).sort(), ['count', 'error_type', 'model', 'provider']);
  const sum = errors.reduce((total, { count }) => total + count, 0);
  assert.equal(sum, overview.totals.failed_requests);
  const [head, ...lines] = rows((await get('/api/v1/errors?format=csv')).text);
  assert.deepEqual([...head].sort(), ['count', 'error_type', 'model', 'provider']);
  assert.equal(lines.length, errors.length);
});

describe('events', () => {
  test('gives the newest 100 by default, ascending, and pages from since', async () => {
    const newest = await api('events');
    assert.equal(newest.epoch, overview.epoch);
    assert.equal(newest.last_event_id, overview.last_event_id);
    assert.equal(newest.events.length, 100);
    const last = number(overview.last_event_id);
    assert.deepEqual(newest.events.map(({ id }) => number(id)), Array.from({ length: 100 }, (_, i) => last - 99 + i));

    const collected = [];
    for (let since = 'evt_0'; ;) {
      const page = await api(`events?since=${since}&limit=50`);
      assert.equal(page.skipped, 0);
      if (page.events.length === 0) break;
      assert.ok(page.events.length <= 50);
      collected.push(...page.events);
      since = page.events.at(-1).id;
    }
    assert.deepEqual(collected.map(({ id }) => number(id)), Array.from({ length: last }, (_, i) => i + 1));
  });

  test('filters by type', async () => {
    const { events } = await api('events?since=evt_0&limit=1000&type=RequestFailed,BenchmarkCompleted');
    assert.equal(events.filter(({ event_type }) => event_type === 'BenchmarkCompleted').length, 1);
    assert.equal(events.length, overview.totals.failed_requests + 1);
    for (const { event_type } of events) assert.ok(eventTypes.includes(event_type));
  });
});

describe('series', () => {
  test('add up to the totals, whole and by provider', async () => {
    const sum = ({ points }) => points.reduce((total, [, value]) => total + (value ?? 0), 0);
    const route = 'series?metric=success_per_second,errors_per_second&step=1&window=300';
    // The collector samples once a second: the last requests are there when their step is over.
    const { series, step } = await until('the last request in the series', async () => {
      const answer = await api(route);
      assert.ok(Math.abs(sum(answer.series[0]) - overview.totals.successful_requests) < 1e-6, `sum ${sum(answer.series[0])}`);
      assert.ok(Math.abs(sum(answer.series[1]) - overview.totals.failed_requests) < 1e-6, `sum ${sum(answer.series[1])}`);
      return answer;
    });
    assert.equal(step, 1);
    assert.deepEqual(series.map(({ metric }) => metric), ['success_per_second', 'errors_per_second']);
    for (const [index, [time]] of series[0].points.entries()) {
      assert.equal(time, series[0].points[0][0] + 1000 * index, 'each step is there');
    }

    const byProvider = (await api('series?metric=success_per_second&step=1&window=300&by=provider')).series;
    assert.deepEqual(byProvider.map(({ provider }) => provider), ['anthropic', 'google', 'openai']);
    byProvider.forEach((one, index) => {
      assert.ok(Math.abs(sum(one) - overview.providers[index].successful_requests) < 1e-6);
      assert.ok(!('model' in one));
    });
    const byModel = (await api('series?metric=latency_p95&by=model')).series;
    assert.deepEqual(byModel.map(({ provider, model }) => [provider, model]),
      overview.models.map(({ provider, model }) => [provider, model]));
  });

  test('come as CSV too', async () => {
    const answer = await get('/api/v1/series?metric=cost_total&format=csv');
    assert.match(answer.headers['content-type'], /^text\/csv/);
    assert.ok(rows(answer.text).length > 1);
  });
});

describe('a bad query', () => {
  for (const [route, parameter, value, range] of [
    ['events?limit=0', 'limit', '0', '1'],
    ['events?limit=1001', 'limit', '1001', '1000'],
    ['events?limit=some', 'limit', 'some', '1000'],
    ['events?since=12', 'since', '12', 'evt_'],
    ['events?type=RequestLost', 'type', 'RequestLost', 'RequestFailed'],
    ['series?metric=happiness', 'metric', 'happiness', 'latency_p95'],
    ['series?metric=latency_p95&step=0.5', 'step', '0.5', 'whole'],
    ['series?metric=latency_p95&window=-1', 'window', '-1', '1'],
    ['series?metric=latency_p95&by=colour', 'by', 'colour', 'provider'],
    ['providers?format=xml', 'format', 'xml', 'csv'],
  ]) {
    test(`${route} gets 400 naming parameter, value and range`, async () => {
      const answer = await get(`/api/v1/${route}`);
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.headers['content-type'], /^text\/plain/);
      for (const part of [parameter, value, range]) assert.ok(answer.text.includes(part), answer.text);
      assert.equal(answer.text.trimEnd().split('\n').length, 1, 'one line');
    });
  }

  test('what is echoed is escaped', async () => {
    const answer = await get('/api/v1/events?limit=%3Cscript%3E%0d%0aX');
    assert.equal(answer.status, 400);
    assert.ok(!/[\r\n]./.test(answer.text), JSON.stringify(answer.text));
  });
});

describe('HTTP', () => {
  test('only GET and HEAD, HEAD without a body', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await get('/api/v1/overview', { method });
      assert.equal(answer.status, 405, method);
      assert.deepEqual(answer.headers.allow.split(/, */).sort(), ['GET', 'HEAD']);
    }
    const [full, head] = [await get('/app.js'), await get('/app.js', { method: 'HEAD' })];
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(head.headers['content-length'], String(full.body.length));
  });

  test('what is not there gets 404 in plain text', async () => {
    for (const route of ['/nothing', '/api/v1/nothing', '/%2e%2e/etc/passwd', '/..%2fCMakeLists.txt']) {
      const answer = await get(route);
      assert.equal(answer.status, 404, route);
      assert.match(answer.headers['content-type'], /^text\/plain/);
    }
  });

  test('the page comes with its parts, a strict policy and validators', async () => {
    for (const [route, type] of [
      ['/', /^text\/html/], ['/app.js', /^text\/javascript/], ['/app.css', /^text\/css/],
      ['/favicon.svg', /^image\/svg\+xml/],
    ]) {
      const answer = await get(route);
      assert.equal(answer.status, 200, route);
      assert.match(answer.headers['content-type'], type);
      assert.ok(answer.body.length > 0);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.headers['x-frame-options'], 'DENY');
      assert.equal(answer.headers['referrer-policy'], 'no-referrer');
      const policy = answer.headers['content-security-policy'];
      for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
        assert.ok(policy?.includes(part), `${route}: ${policy}`);
      }
      assert.ok(!policy.includes('unsafe'), policy);
      const again = await get(route, { headers: { 'If-None-Match': answer.headers.etag } });
      assert.equal(again.status, 304, route);
      assert.equal(again.body.length, 0);
    }
  });

  test('config.json tells the page where to listen', async () => {
    assert.deepEqual(await json(benchmark.at('/config.json')),
      { websocket_url: '', protocol: 1, version: overview.version });
  });

  test('foreign origins and foreign hosts are refused', async () => {
    const foreign = await get('/api/v1/overview', { headers: { Origin: 'https://evil.example' } });
    assert.equal(foreign.status, 403);
    assert.ok(!('access-control-allow-origin' in foreign.headers));
    assert.equal((await get('/api/v1/overview', { headers: { Origin: new URL(benchmark.dashboardUrl).origin } })).status, 200);
    assert.equal((await get('/api/v1/overview', { headers: { Host: 'evil.example' } })).status, 403);
    assert.equal((await request(benchmark.metricsUrl, { headers: { Host: 'evil.example' } })).status, 403);
  });

  test('the metrics port is alive', async () => {
    const answer = await request(new URL('/-/healthy', benchmark.metricsUrl));
    assert.equal(answer.status, 200);
    assert.equal(answer.text.trim(), 'ok');
  });
});
