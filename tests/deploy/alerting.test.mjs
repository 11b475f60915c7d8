// From a failing benchmark to an alert: the real program, a real Prometheus with the real rules, a real Alertmanager.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { Benchmark } from '../integration/e2e/lib/benchmark.mjs';
import { json } from '../integration/e2e/lib/http.mjs';
import { unusedPort } from '../integration/e2e/lib/llm_servers.mjs';
import { Process, temporaryFolder } from '../integration/e2e/lib/process.mjs';
import { Prometheus } from '../integration/e2e/lib/prometheus.mjs';
import { until } from '../integration/e2e/lib/until.mjs';
import { deploy, text } from './lib.mjs';

/// A receiver of notifications, as a chat or pager would be.
async function startReceiver() {
  const notifications = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    notifications.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { notifications, url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

async function startAlertmanager(receiverUrl) {
  const folder = temporaryFolder();
  const config = join(folder, 'alertmanager.yml');
  writeFileSync(config, `route:
  receiver: test
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
receivers:
  - name: test
    webhook_configs:
      - url: ${receiverUrl}
`);
  const port = await unusedPort();
  const server = new Process(process.env.LTB_ALERTMANAGER, [
    `--config.file=${config}`, `--storage.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='],
  { cwd: resolve(process.env.LTB_ALERTMANAGER, '../../..') }); // where it finds its template
  server.address = `127.0.0.1:${port}`;
  await until('Alertmanager to be ready', async () => {
    if (server.isClosed) throw new Error(server.told());
    return (await fetch(`http://${server.address}/-/ready`)).status === 200;
  });
  return server;
}

test('a benchmark whose calls fail raises LlmErrorBudgetBurnsFast, and the receiver is told', async () => {
  const receiver = await startReceiver();
  const alertmanager = await startAlertmanager(receiver.url);
  const nobody = await unusedPort();
  const benchmark = await Benchmark.start(
    ['--provider', 'openai', '--base-url', `http://127.0.0.1:${nobody}/v1`, '--model', 'gpt-4', '--duration', '120', '--quiet']);
  // The rules as they are, but for their waits: nobody wants a test of two minutes.
  const rules = join(temporaryFolder(), 'alerts.yml');
  writeFileSync(rules, text('examples/deploy/prometheus/rules/alerts.yml').replace(/^( +)for: .*$/gm, '$1for: 3s'));
  const prometheus = await Prometheus.start(new URL(benchmark.metricsUrl).host, `rule_files:
  - ${deploy}/prometheus/rules/recording.yml
  - ${rules}
alerting:
  alertmanagers:
    - static_configs:
        - targets: ['${alertmanager.address}']
`);

  const fired = (name) => until(`${name} at the receiver`, () =>
    receiver.notifications.flatMap(({ alerts }) => alerts).find(({ labels, status }) => labels.alertname === name && status === 'firing'));
  const alert = await fired('LlmErrorBudgetBurnsFast');

  assert.deepEqual(alert.labels, { alertname: 'LlmErrorBudgetBurnsFast', severity: 'critical', provider: 'openai', model: 'gpt-4' });
  assert.equal(alert.annotations.summary, 'openai/gpt-4 fails 100% of its calls');
  const active = await json(`http://${alertmanager.address}/api/v2/alerts`);
  const names = active.map(({ labels }) => labels.alertname);
  assert.ok(names.includes('LlmErrorBudgetBurnsFast'));
  assert.ok(!names.includes('LlmLatencyHigh') && !names.includes('LlmMonitoringAbsent'), `only what is wrong is told: ${names}`);

  // The program ends: now its absence is the news.
  await benchmark.stop();
  await fired('LlmMonitoringAbsent');
  await prometheus.stop();
  await alertmanager.stop();
  receiver.close();
});
