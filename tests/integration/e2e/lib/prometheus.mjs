// A real Prometheus server on a free loopback port, and what its rate() and histogram_quantile() must answer.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { json } from './http.mjs';
import { Process, temporaryFolder } from './process.mjs';
import { until } from './until.mjs';

const program = process.env.LTB_PROMETHEUS;
const promtool = process.env.LTB_PROMTOOL;

export class Prometheus extends Process {
  /// Starts a server that scrapes `target` (host:port) once a second, as examples/deploy does. `more` is added to
  /// the configuration (rules, alertmanagers), `access` to that of the scrape (TLS, a token).
  static async start(target, more = '', access = '') {
    assert.ok(program, 'LTB_PROMETHEUS must name the prometheus program');
    const folder = temporaryFolder();
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
scrape_configs:
  - job_name: 'llm-test-bench'${access}
    static_configs:
      - targets: ['${target}']
    metric_relabel_configs:
      - source_labels: [__name__]
        regex: '(llm_|process_).*'
        action: keep
${more}`,
    );
    const server = new Prometheus(program, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
      '--enable-feature=exemplar-storage',
    ]);
    const [, address] = await server.output(/msg="Listening on" address=(127\.0\.0\.1:[1-9]\d*)/, 'stderr');
    server.url = `http://${address}`;
    await server.output(/Server is ready to receive web requests/, 'stderr');
    return server;
  }

  /// The result list of an instant query, at a Unix time in seconds if given.
  async query(expression, time) {
    const url = new URL('/api/v1/query', this.url);
    url.searchParams.set('query', expression);
    if (time !== undefined) url.searchParams.set('time', String(time));
    const answer = await json(url);
    assert.equal(answer.status, 'success', `${expression}: ${JSON.stringify(answer)}`);
    return answer.data.result;
  }

  /// The value of a query that has exactly one result, as text.
  async value(expression) {
    const result = await this.query(expression);
    assert.equal(result.length, 1, `${expression} gave ${JSON.stringify(result)}`);
    return result[0].value[1];
  }

  /// The exemplars of a selector since `start`, a Unix time in seconds.
  async exemplars(selector, start) {
    const url = new URL('/api/v1/query_exemplars', this.url);
    url.searchParams.set('query', selector);
    url.searchParams.set('start', String(start));
    url.searchParams.set('end', String(Date.now() / 1000 + 60));
    const answer = await json(url);
    assert.equal(answer.status, 'success', JSON.stringify(answer));
    return answer.data;
  }

  /// Waits until `expression` is true for some series.
  async hold(expression) {
    return until(`Prometheus to find: ${expression}`, async () => (await this.query(expression)).length > 0);
  }
}

/// promtool's complaints about an exposition; '' when there are none.
export function complaints(text) {
  assert.ok(promtool, 'LTB_PROMTOOL must name the promtool program');
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}` : `exit code ${status}: ${stdout}${stderr}`;
}

/// What Prometheus' own OpenMetrics parser, by way of promtool, says against a text; '' when it takes it. promtool wants
/// times, which an exposition does not have: each sample gets one.
export function openMetricsComplaints(text) {
  assert.ok(promtool, 'LTB_PROMTOOL must name the promtool program');
  const now = Date.now() / 1000;
  const timed = text
    .split('\n')
    .map((line) => {
      if (line === '' || line.startsWith('#')) return line;
      const [, sample, exemplar] = /^(.*?\} [^ ]+|[^{ ]+ [^ ]+)( # .*)?$/.exec(line);
      return `${sample} ${now}${exemplar ?? ''}`;
    })
    .join('\n');
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'exposition'), timed);
  const { status, stdout, stderr } = spawnSync(
    promtool, ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'exposition'), join(folder, 'blocks')],
    { encoding: 'utf8' });
  return status === 0 ? '' : `exit code ${status}: ${stdout}${stderr}`;
}

/// What an exposition holds, read by the OpenMetrics parser of Prometheus' Python client: {family: {type, unit, samples}}.
/// Undefined where there is no such parser.
export function readOpenMetrics(text) {
  const { LTB_PYTHON: python, LTB_OPENMETRICS_CHECK: script } = process.env;
  if (!python) return undefined;
  const { status, stdout, stderr } = spawnSync(python, [script], { input: text, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/// rate() over raw samples [[time, value], ...] of the window that ends at `end` and is `range` seconds long.
/// Source: the description of extrapolatedRate in Prometheus' promql/functions.go (for counters).
export function rate(samples, end, range) {
  if (samples.length < 2) return undefined;
  const [firstTime, firstValue] = samples[0];
  const [lastTime, lastValue] = samples.at(-1);
  let increase = lastValue - firstValue;
  for (let i = 1; i < samples.length; ++i) {
    if (samples[i][1] < samples[i - 1][1]) increase += samples[i - 1][1]; // the counter started anew
  }
  const sampled = lastTime - firstTime;
  const average = sampled / (samples.length - 1);
  const threshold = average * 1.1;
  let toStart = firstTime - (end - range);
  const toEnd = end - lastTime;
  if (increase > 0 && firstValue >= 0) {
    toStart = Math.min(toStart, sampled * (firstValue / increase)); // no further back than where it was zero
  }
  const extended = sampled + (toStart < threshold ? toStart : average / 2) + (toEnd < threshold ? toEnd : average / 2);
  return (increase * (extended / sampled)) / range;
}

/// histogram_quantile() over cumulative buckets [[upper bound, count], ...]; the last bound is Infinity.
export function quantile(q, buckets) {
  const sorted = [...buckets].sort((a, b) => a[0] - b[0]);
  const total = sorted.at(-1)[1];
  if (total === 0) return NaN;
  const rank = q * total;
  const index = sorted.findIndex(([, count]) => count >= rank);
  if (index === sorted.length - 1) return sorted.at(-2)[0];
  const [upper, count] = sorted[index];
  const [lower, below] = index === 0 ? [0, 0] : sorted[index - 1];
  return lower + ((upper - lower) * (rank - below)) / (count - below);
}
