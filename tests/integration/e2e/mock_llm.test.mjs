// The benchmark against mock-llm, a public OpenAI-compatible server: answers are scored, usage is counted, each kind of
// refusal is counted under its own error type, and a model without a price costs nothing but is counted as unpriced.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient } from './lib/event_client.mjs';
import { scrape } from './lib/exposition.mjs';
import { json } from './lib/http.mjs';
import { MockLlm } from './lib/llm_servers.mjs';
import { temporaryFolder } from './lib/process.mjs';

const model = 'house-model-1';
const labels = { provider: 'openai', model };
const rounds = 5;
const concurrency = 4;
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

const answer = (content, more = { usage }) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model,
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  ...more,
});
const error = (code, type = 'invalid_request_error') => ({ error: { message: `told: ${code}`, type, code } });

// One prompt each; `counts` is the error type it must be counted under, absent for a success.
const cases = [
  { prompt: 'How much is two and two?', expected: '4', status: 200, body: answer('4'), scored: true },
  { prompt: 'Capital of France?', expected: ['Paris'], status: 200, body: answer('It is Paris.'), scored: true },
  { prompt: 'Capital of Italy?', expected: 'Rome', status: 200, body: answer('Milan'), scored: true },
  { prompt: 'No usage please', status: 200, body: answer('well', {}), noUsage: true },
  { prompt: 'Too many', status: 429, body: error('rate_limit_exceeded', 'requests'), counts: 'rate_limit' },
  { prompt: 'Nothing left', status: 429, body: error('insufficient_quota', 'insufficient_quota'), counts: 'quota' },
  { prompt: 'Broken inside', status: 500, body: error(null, 'server_error'), counts: 'server_error' },
  { prompt: 'Busy', status: 503, body: error(null, 'overloaded'), counts: 'overloaded' },
  { prompt: 'Who are you', status: 401, body: error('invalid_api_key'), counts: 'auth' },
  { prompt: 'Not for you', status: 403, body: error(null), counts: 'permission' },
  { prompt: 'Far too long', status: 400, body: error('context_length_exceeded'), counts: 'context_length' },
  { prompt: 'Not nice', status: 400, body: error('content_filter'), counts: 'content_filter' },
  { prompt: 'Malformed', status: 400, body: error(null), counts: 'invalid_request' },
  { prompt: 'Another model', status: 404, body: error('model_not_found'), counts: 'not_found' },
  { prompt: 'Senseless answer', status: 200, body: { object: 'something else' }, counts: 'parse' },
];
const requests = cases.length * rounds;
const good = cases.filter(({ counts }) => !counts);
const bad = cases.filter(({ counts }) => counts);

let mock, benchmark, client, metrics;

before(async () => {
  mock = await MockLlm.start(cases.map(({ prompt, status, body }) => ({
    path: '^/v1/chat/completions$',
    match: `contains(body.messages[-1].content, '${prompt}')`,
    response: { status, content: JSON.stringify(body) },
  })));
  const dataset = join(temporaryFolder(), 'prompts.jsonl');
  writeFileSync(dataset, cases.map(({ prompt, expected }, index) =>
    `${JSON.stringify({ id: `case-${index}`, prompt, expected })}\n`).join(''));
  benchmark = await Benchmark.start(
    ['--provider', 'openai', '--base-url', `${mock.url}/v1`, '--model', model, '--dataset', dataset, '--requests',
      String(requests), '--concurrency', String(concurrency), '--retries', '0', '--stay', '--quiet'],
    { OPENAI_API_KEY: 'sk-for-the-mock-only' });
  client = await EventClient.open(benchmark.eventsUrl, { since: 'evt_0' });
  await benchmark.summary();
  metrics = await scrape(benchmark.metricsUrl);
});

after(async () => {
  await client?.close();
  await benchmark?.stopCleanly();
  await mock?.stop();
});

test('each question was asked once, without hidden retries', () => {
  assert.equal(mock.asked, requests);
  assert.equal(metrics.sum('llm_requests_total'), requests);
});

test('answers and their usage are counted', () => {
  assert.equal(metrics.value('llm_requests_total', { ...labels, status: 'success' }), good.length * rounds);
  const withUsage = good.filter(({ noUsage }) => !noUsage).length * rounds;
  assert.equal(metrics.value('llm_tokens_input_total', labels), withUsage * usage.prompt_tokens);
  assert.equal(metrics.value('llm_tokens_output_total', labels), withUsage * usage.completion_tokens);
  assert.equal(metrics.value('llm_usage_missing_total', labels), rounds);
});

for (const { prompt, status, counts } of bad) {
  test(`"${prompt}", answered with HTTP ${status}, is counted as ${counts}`, () => {
    assert.equal(metrics.value('llm_errors_total', { ...labels, error_type: counts }), rounds);
  });
}

test('nothing else is counted as an error', () => {
  assert.equal(metrics.value('llm_requests_total', { ...labels, status: 'error' }), bad.length * rounds);
  assert.equal(metrics.sum('llm_errors_total'), bad.length * rounds);
});

test('the cost of a model without a price is unknown and counted as unpriced, never 0', async () => {
  assert.equal(metrics.sum('llm_cost_usd_total'), 0);
  assert.ok(metrics.value('llm_unpriced_requests_total', labels) >= (good.length - 1) * rounds);
  const { totals } = await json(benchmark.at('/api/v1/overview'));
  assert.equal(totals.total_cost, undefined);
  assert.ok(totals.unpriced_requests >= (good.length - 1) * rounds);
  const costs = client.events.filter(({ payload }) => payload.type === 'Request' && 'cost' in payload.data);
  assert.deepEqual(costs, []);
});

test('failed calls tell type, code and message of the server', () => {
  const failed = client.events.filter(({ event_type }) => event_type === 'RequestFailed').map(({ payload }) => payload.data);
  assert.equal(failed.length, bad.length * rounds);
  const quota = failed.filter(({ error_type }) => error_type === 'quota');
  assert.equal(quota.length, rounds);
  for (const data of quota) {
    assert.equal(data.error_code, 'insufficient_quota');
    assert.match(data.error, /429.*told: insufficient_quota/);
  }
});

test('answers are scored where the right one is known', () => {
  const scores = client.events
    .filter(({ event_type }) => event_type === 'EvaluationCompleted')
    .map(({ payload }) => payload.data);
  assert.equal(scores.length, good.filter(({ scored }) => scored).length * rounds);
  for (const data of scores) {
    assert.equal(data.metric_name, 'accuracy');
    assert.equal(data.provider, 'openai');
    assert.equal(data.model, model);
  }
  // Of the three known answers two are right, each time.
  assert.equal(scores.filter(({ score }) => score === 1).length, 2 * rounds);
  assert.equal(scores.filter(({ score }) => score === 0).length, rounds);
  // Workers that publish at the same moment have no order: the last one counted is among the last told by each.
  const last = scores.slice(-concurrency).map(({ score }) => score);
  assert.ok(last.includes(metrics.value('llm_evaluation_score', { ...labels, metric: 'accuracy' })), `${last}`);
  assert.equal(metrics.value('llm_evaluations_total', { ...labels, metric: 'accuracy' }), scores.length);
});

test('the key is in no page, event or output', async () => {
  const told = [
    JSON.stringify(client.messages),
    JSON.stringify(metrics.samples),
    JSON.stringify(await json(benchmark.at('/api/v1/events?limit=1000'))),
    benchmark.stdout,
    benchmark.stderr,
  ].join('\n');
  assert.ok(!told.includes('sk-for-the-mock-only'));
});
