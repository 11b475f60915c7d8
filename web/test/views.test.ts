// The texts that views make of data: log lines, tile details, table rows, benchmark outlooks, titles.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Benchmark, CallTotals, MonitoringEvent, Overview, ServerMessage } from '../src/protocol';
import { State } from '../src/state';
import { allFinished, costText, ofTotal, outlook, progressOf, shownBenchmarks } from '../src/views/benchmarks';
import { logLine } from '../src/views/event_text';
import { kTokenWanted } from '../src/token';
import { bannerText, lossText, pageTitle, pillOf } from '../src/views/header';
import { costPerRequest, noLatency, notPriced, noUsage, pricePerThousand } from '../src/views/missing';
import { sloText, topErrors } from '../src/views/tiles';

const plain = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u00b7', '.').replaceAll('\u2192', '->');

function line(event_type: string, type: string, data: Record<string, unknown>) {
  const event: MonitoringEvent = { event_type, timestamp: '2025-01-15T10:30:00.123Z', id: 'evt_1', payload: { type, data } };
  const { tone, subject, detail } = logLine({ kind: 'event', event });
  return [tone, plain(subject), plain(detail)];
}

const call = { provider: 'openai', model: 'gpt-4', request_id: 'req_456' };
const benchmark = {
  name: 'MMLU', state: 'running', elapsed_seconds: 192, idle_seconds: 47, total_examples: 1000, completed_examples: 454,
  progress_percent: 45.4,
} as Benchmark;

test('a completed call tells latency, tokens, cost and id', () => {
  const tokens = { input_tokens: 150, output_tokens: 75, total_tokens: 225 };
  assert.deepEqual(line('RequestCompleted', 'Request', { ...call, latency: 1.52, tokens, cost: 0.0135 }),
    ['good', 'openai / gpt-4', '1.52 s . 150 -> 75 tok . $0.0135 . req_456']);
});

test('a failed call tells what went wrong', () => {
  assert.deepEqual(line('RequestFailed', 'Request', { ...call, error: 'slow down', error_type: 'rate_limit' }),
    ['bad', 'openai / gpt-4', 'rate limit . slow down . req_456']);
});

test('benchmarks, evaluations, providers, metrics and alerts have lines of their own', () => {
  assert.deepEqual(line('BenchmarkProgress', 'Benchmark', {
    name: 'MMLU', total_examples: 1000, completed_examples: 456, progress_percent: 45.6, current_provider: 'openai', eta_seconds: 120.5,
  }), ['info', 'MMLU', '456 / 1,000 . 45.6 % . openai . 2 min 01 s left']);
  assert.deepEqual(line('EvaluationCompleted', 'Evaluation', { ...call, metric_name: 'accuracy', score: 0.87 }),
    ['info', 'openai / gpt-4', 'accuracy . 0.870']);
  assert.deepEqual(line('ProviderStatus', 'Provider', { provider: 'openai', status: 'rate_limited', message: '429s' }),
    ['warn', 'openai', 'rate limited . 429s']);
  assert.deepEqual(line('MetricRecorded', 'Metric', { metric: { name: 'queue', value: 3, labels: { zone: 'a' } } }),
    ['info', 'queue', '3.00 . zone=a']);
  assert.deepEqual(line('SystemAlert', 'Alert', { severity: 'critical', title: 'Down', message: 'no answer' }),
    ['bad', 'Down', 'critical . no answer']);
});

test('wrong shapes make an empty line, never an exception', () => {
  assert.deepEqual(line('RequestCompleted', 'Request', { provider: { a: 1 }, tokens: 7, latency: 'x', cost: null }), ['good', '', '']);
  assert.deepEqual(line('Novelty', 'Novelty', {}), ['info', '', '']);
  const broken = { kind: 'event', event: { event_type: 'RequestFailed', id: 'evt_1' } } as never;
  assert.equal(logLine(broken).time, '\u2014');
});

test('endless text is cut', () => {
  assert.equal(line('SystemAlert', 'Alert', { severity: 'info', title: 'x'.repeat(10_000) })[1]!.length, 301);
});

test('skipped events are counted in words', () => {
  assert.equal(logLine({ kind: 'skipped', skipped: 1 }).subject, '1 event skipped');
  assert.equal(logLine({ kind: 'skipped', skipped: 1204 }).subject, '1,204 events skipped');
});

test('the most frequent error types come first, absent ones not at all', () => {
  assert.equal(topErrors({ timeout: 9, rate_limit: 21, network: 0, auth: 9 }, 2), '21 rate limit, 9 auth');
  assert.equal(topErrors({}, 2), '');
});

test('a benchmark tells what is left, how long it stands still, or how long it took', () => {
  assert.equal(plain(outlook({ ...benchmark, eta_seconds: 120.5 })), '2 min 01 s left');
  assert.equal(outlook(benchmark), 'remaining time not known yet');
  assert.equal(plain(outlook({ ...benchmark, state: 'stalled' })), 'no event for 47 s');
  assert.equal(plain(outlook({ ...benchmark, state: 'completed' })), 'took 3 min 12 s');
});

test('a benchmark of unknown length has no progress, no end and no remaining time', () => {
  const endless = { ...benchmark, total_examples: 0, completed_examples: 37 } as Benchmark;
  for (const one of [endless, { ...endless, progress_percent: 100 }, { ...endless, progress_percent: 0 }]) {
    assert.equal(progressOf(one), undefined);
    assert.equal(ofTotal(one), ' done, total unknown');
    assert.equal(outlook(one), 'remaining time unknown');
  }
  assert.equal(outlook({ ...endless, state: 'completed' }).startsWith('took'), true);
  assert.deepEqual(line('BenchmarkProgress', 'Benchmark', {
    name: 'MMLU', total_examples: 0, completed_examples: 37, progress_percent: 0,
  }), ['info', 'MMLU', '37 done, total unknown']);
});

test('the cost of a benchmark tells what is not in it, and is unknown when nothing is', () => {
  assert.equal(plain(costText({ ...benchmark, cost: 0.73, unpriced_requests: 12, projected_cost: 2 })), '$0.7300 + 12 not priced -> $2.00');
  assert.equal(plain(costText({ ...benchmark, unpriced_requests: 12 })), 'unknown (12 not priced)');
  assert.equal(plain(costText(benchmark)), 'unknown');
  assert.equal(plain(costText({ ...benchmark, cost: 0, unpriced_requests: 0 })), '$0.00');
});

test('what sums leave out is counted in words', () => {
  const totals = (more: object) => more as CallTotals;
  assert.equal(notPriced(totals({ unpriced_requests: 1204 })), '1,204 not priced');
  assert.equal(noUsage(totals({ usage_missing_requests: 5 })), '5 calls did not report');
  assert.equal(noUsage(totals({ usage_missing_requests: 1 })), '1 call did not report');
  assert.equal(noLatency(totals({ latency_missing_requests: 2 })), '2 calls did not report');
  for (const text of [notPriced, noUsage, noLatency]) {
    assert.equal(text(undefined), '');
    assert.equal(text(totals({})), '');
    assert.equal(text(totals({ unpriced_requests: 0, usage_missing_requests: 0, latency_missing_requests: 0 })), '');
  }
});

test('a cost per call or per token is of calls whose cost and tokens are both known', () => {
  const totals = (more: object) => ({ total_requests: 10, ...more }) as CallTotals;
  assert.equal(costPerRequest(totals({ total_cost: 5 })), 0.5);
  assert.equal(costPerRequest(totals({ total_cost: 5, successful_requests: 10, unpriced_requests: 5 })), 1);
  // Two calls succeeded, one of them priced at $1; what the eight others cost nobody says: $1 / 9 is not the cost of a priced call.
  assert.equal(costPerRequest(totals({ total_cost: 1, successful_requests: 2, failed_requests: 8, unpriced_requests: 1 })), undefined);
  assert.equal(costPerRequest(totals({ unpriced_requests: 10 })), undefined);
  assert.equal(costPerRequest(totals({ total_cost: 0, total_requests: 0 })), undefined);
  assert.equal(pricePerThousand(totals({ total_cost: 2, total_output_tokens: 500 })), 4);
  assert.equal(pricePerThousand(totals({ total_cost: 2, total_output_tokens: 500, unpriced_requests: 1 })), undefined);
  assert.equal(pricePerThousand(totals({ total_cost: 2, total_output_tokens: 500, usage_missing_requests: 1 })), undefined);
  assert.equal(pricePerThousand(totals({ total_cost: 2 })), undefined);
});

test('benchmarks under way have cards, finished ones only the newest two', () => {
  const of = (state: Benchmark['state'], name: string) => ({ ...benchmark, state, name });
  const many = [of('running', 'r'), of('stalled', 's'), ...['1', '2', '3', '4'].map((name) => of('completed', name))];
  const { shown, hidden } = shownBenchmarks(many);
  assert.deepEqual(shown.map(({ name }) => name), ['r', 's', '1', '2']);
  assert.equal(hidden, 2);
  assert.equal(shownBenchmarks(Array.from({ length: 50 }, () => of('stalled', 'x'))).shown.length, 12);
});

test('the banner counts up since the loss and down to the next attempt', () => {
  const lost = { kind: 'lost', lostAt: 1000, retryAt: 17_000, reason: '' } as const;
  assert.equal(plain(lossText(lost, 13_000)), 'Connection lost 12 s ago, retrying in 4 s');
  assert.equal(plain(lossText({ kind: 'lost', lostAt: 1000, reason: '' }, 13_000)), 'Connection lost 12 s ago, retrying now');
  assert.equal(lossText({ kind: 'lost', lostAt: 1000, retryAt: 2000, reason: kTokenWanted }, 1500), kTokenWanted);
  assert.equal(lossText({ kind: 'live' }, 0), '');
});

test('the banner gives the reason in its text, and says when numbers still come', () => {
  const lost = { kind: 'lost', lostAt: 1000, retryAt: 17_000, reason: 'closed with code 1006' } as const;
  assert.equal(plain(lossText(lost, 13_000)), 'Connection lost 12 s ago, retrying in 4 s (closed with code 1006)');
  const state = new State();
  state.connection = { ...lost, reason: 'a proxy', refused: true };
  assert.match(bannerText(state, 13_000), /^Connection lost/);
  state.polledAt = 12_000;
  assert.equal(bannerText(state, 13_000), 'No live events, numbers every 2 s: a proxy');
  assert.deepEqual([pillOf(state, 13_000).kind, pillOf(state, 13_000).text], ['lagged', 'Polling']);
});

test('a paused page says that the program restarted', () => {
  const state = new State();
  state.connection = { kind: 'live' };
  state.applyOverview({ epoch: 'a', version: '' } as Overview, 0);
  state.pause(0);
  assert.equal(bannerText(state, 0), '');
  state.applyOverview({ epoch: 'b', version: '' } as Overview, 0);
  assert.match(bannerText(state, 0), /^The program restarted\. .*Resume/);
  assert.equal(plain(pillOf(state, 0).text), 'Paused . 1 new . restarted');
});

test('the tab tells rate and progress', () => {
  const state = new State();
  assert.equal(pageTitle(state), 'LLM monitoring');
  const totals = { total_requests: 5, requests_per_second: 12.44 } as CallTotals;
  state.applyOverview({ epoch: 'a', version: '', totals, benchmarks: [benchmark] } as unknown as Overview, 0);
  assert.equal(plain(pageTitle(state)), '12.4 req/s . MMLU 45 %');
  const running = (more: object) => {
    state.applyOverview({ epoch: 'a', version: '', totals: { ...totals, ...more }, benchmarks: [{ ...benchmark, ...more }] } as unknown as Overview, 0);
    return plain(pageTitle(state));
  };
  assert.equal(running({ progress_percent: 99.97 }), '12.4 req/s . MMLU 99 %');
  assert.equal(running({ progress_percent: 0.4 }), '12.4 req/s . MMLU <1 %', 'begun is not 0 %');
  assert.equal(running({ progress_percent: 0 }), '12.4 req/s . MMLU 0 %');
  assert.equal(running({ total_examples: 0, requests_per_second: undefined }), 'MMLU 454 done');
  state.connection = { kind: 'lost', lostAt: 0, reason: '' };
  assert.equal(plain(pageTitle(state)), 'Disconnected . LLM monitoring');
});

/** Whether an override that `text` begins reaches `part`: every isolate has to be closed before it. */
function isReached(text: string, part: string): boolean {
  const before = text.slice(0, text.indexOf(part));
  const count = (character: string) => before.split(character).length - 1;
  return count('\u2068') === 0 || count('\u2068') !== count('\u2069');
}

test('a name from right to left turns no number beside it round', () => {
  const state = new State();
  for (const name of ['\u202eMMLU', '\u2069\u202eMMLU', '\u05e2\u05d1\u05e8\u05d9\u05ea']) {
    const totals = { total_requests: 5, requests_per_second: 12.44 } as CallTotals;
    state.applyOverview({ epoch: 'a', version: '', totals, benchmarks: [{ ...benchmark, name }] } as unknown as Overview, 0);
    assert.ok(!isReached(pageTitle(state), '45'), JSON.stringify(pageTitle(state)));
    const [, , detail] = line('RequestFailed', 'Request', { ...call, error: name, error_type: 'other' });
    assert.ok(!isReached(detail!, 'req_456'), JSON.stringify(detail));
    const slos = sloText({ slos: [{ name, good: 9, bad: 1, attainment: 0.45 }] } as CallTotals);
    assert.ok(!isReached(slos, '45'), JSON.stringify(slos));
  }
  assert.deepEqual(line('RequestFailed', 'Request', { ...call, error: 'plain' })[2], 'plain . req_456');
});

test('the pill adds up what was lost while it says so', () => {
  const state = new State();
  state.connection = { kind: 'live' };
  const lose = (skipped: number, now: number) => state.applyMessages([{ type: 'Lagged', data: { skipped } }], now);
  lose(10, 1000);
  lose(20, 2000);
  lose(5, 21_000);
  assert.equal(plain(pillOf(state, 21_000).text), 'Live . 35 events skipped');
  lose(3, 60_000);
  assert.equal(plain(pillOf(state, 60_000).text), 'Live . 3 events skipped', 'an old loss is not counted again');
});

test('the pill says what matters most', () => {
  const state = new State();
  const pill = (now = 0) => {
    const { kind, text } = pillOf(state, now);
    return [kind, plain(text)];
  };
  assert.deepEqual(pill(), ['connecting', 'Connecting']);
  state.connection = { kind: 'live' };
  assert.deepEqual(pill(), ['live', 'Live']);
  const lagged: ServerMessage = { type: 'Lagged', data: { skipped: 1204 } };
  state.applyMessages([lagged], 1000);
  assert.deepEqual(pill(20_999), ['lagged', 'Live . 1,204 events skipped']);
  assert.deepEqual(pill(21_000), ['live', 'Live']);
  state.pause(2000);
  assert.deepEqual(pill(2000), ['paused', 'Paused']);
  state.applyMessages([lagged], 2000);
  assert.deepEqual(pill(2000), ['paused', 'Paused . 1 new']);
  state.connection = { kind: 'lost', lostAt: 0, reason: '' };
  assert.deepEqual(pill(2000), ['lost', 'Disconnected']);
});

test('service levels tell the share of good calls, and nothing when there are none', () => {
  const slos = [{ name: 'fast', good: 9, bad: 1, attainment: 0.9, goodput: 3 }, { name: 'new', good: 0, bad: 0, goodput: 0 }];
  assert.equal(plain(sloText({ slos } as unknown as CallTotals)), 'fast 90 % good, new \u2014 good');
  assert.equal(sloText(undefined), '');
});

test('finished is when every benchmark is', () => {
  const of = (state: Benchmark['state']) => ({ ...benchmark, state });
  assert.equal(allFinished([]), false);
  assert.equal(allFinished([of('completed'), of('stalled')]), false);
  assert.equal(allFinished([of('completed'), of('completed')]), true);
});
