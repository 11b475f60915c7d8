// The Grafana dashboard: every query in it is put to a real Prometheus that watches a running benchmark, and answered.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Benchmark } from '../integration/e2e/lib/benchmark.mjs';
import { Prometheus } from '../integration/e2e/lib/prometheus.mjs';
import { text, yaml } from './lib.mjs';

const dashboard = JSON.parse(text('examples/deploy/grafana/dashboards/llm-test-bench.json'));
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/// Empty without a provider that tells its limits.
const kMayBeEmpty = new Set(['Rate-limit headroom']);

/// What Grafana puts in place of its variables.
const filledIn = (expression) => expression
  .replaceAll('$__rate_interval', '10s').replaceAll('$provider', '.*').replaceAll('$model', '.*');

let benchmark, server;
before(async () => {
  benchmark = await Benchmark.start(
    ['--requests', '5000', '--rate', '20', '--concurrency', '100', '--slo', 'fast:latency=2s', '--quiet'], { LTB_BUDGET_USD: '5' });
  server = await Prometheus.start(new URL(benchmark.metricsUrl).host);
  // Some errors and some scrapes: then every panel has something to show.
  await server.hold('sum(llm_errors_total) > 0 and on () count_over_time(up[1m]) > 12');
});
after(async () => {
  await benchmark?.stopCleanly();
  await server?.stop();
});

for (const panel of panels) {
  test(`panel "${panel.title}" is answered`, async () => {
    assert.ok(panel.targets.length > 0);
    for (const { expr } of panel.targets) {
      assert.doesNotMatch(filledIn(expr), /\$/, 'a variable that nobody fills in');
      const result = await server.query(filledIn(expr));
      assert.ok(result.length > 0 || kMayBeEmpty.has(panel.title), `nothing for ${expr}`);
      for (const { value } of result) assert.ok(value[1] !== '' && !Number.isNaN(Number(value[1].replace('NaN', '0'))), value[1]);
    }
  });
}

test('the three panels of the guide are there, with its queries at heart', () => {
  const expressionOf = (title) => panels.find((panel) => panel.title === title)?.targets[0].expr ?? '';
  assert.match(expressionOf('Requests per Second'), /rate\(llm_requests_total/);
  assert.match(expressionOf('P95 Latency'), /histogram_quantile\(0\.95, .*rate\(llm_request_duration_seconds_bucket/);
  assert.match(expressionOf('Cost per Hour'), /rate\(llm_cost_usd_total.*\* 3600 \/ 1000000/);
});

test('every metric in it is one that the program exposes or documents', async () => {
  const known = new Set(text('docs/metrics.md').match(/\b(llm|process)_[a-z_]+/g));
  for (const { targets } of panels) {
    for (const { expr } of targets) {
      for (const name of expr.match(/\b(llm|process)_[a-z_]+/g)) {
        assert.ok(known.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} in ${expr}`);
      }
    }
  }
});

test('panels do not overlap, have names of their own, and fit the grid', () => {
  const taken = new Map();
  for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
    assert.ok(x >= 0 && x + w <= 24, title);
    for (let column = x; column < x + w; ++column) {
      for (let row = y; row < y + h; ++row) {
        assert.ok(!taken.has(`${column} ${row}`), `"${title}" covers "${taken.get(`${column} ${row}`)}"`);
        taken.set(`${column} ${row}`, title);
      }
    }
  }
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});

test('provider and model are variables, asked from the metrics, and the provisioning files lead to the dashboard', async () => {
  const names = dashboard.templating.list.map(({ name }) => name);
  assert.deepEqual(names, ['datasource', 'provider', 'model']);
  const label = (expression) => /^label_values\((.+), (\w+)\)$/.exec(expression);
  for (const { type, definition } of dashboard.templating.list) {
    if (type !== 'query') continue;
    const [, selector, name] = label(definition);
    const result = await server.query(`count by (${name}) (${filledIn(selector)})`);
    assert.equal(result.length, 3, `the simulated run has 3 of ${name}`);
  }
  const { services } = yaml('compose.yml');
  const provider = yaml('grafana/provisioning/dashboards/llm.yml').providers[0];
  assert.ok(services.grafana.volumes.includes(`./grafana/dashboards:${provider.options.path}:ro`));
  assert.equal(yaml('grafana/provisioning/datasources/prometheus.yml').datasources[0].url, 'http://prometheus:9090');
});
