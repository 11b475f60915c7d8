// What people choose: window, filter, zoom; how it stands in the address, and what is asked of the server for it.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Overview } from '../src/protocol';
import { kErrorTypes, kSources, questionFor, zoomBetween } from '../src/questions';
import { untilNextBeat } from '../src/feed';
import { filterChoices, Selection, selectTotals, windowSeconds, windowTitle } from '../src/selection';

const overview = {
  totals: { total_requests: 6 },
  providers: [{ provider: 'b', total_requests: 5 }, { provider: 'a', total_requests: 1 }],
  models: [
    { provider: 'b', model: 'y', total_requests: 3 },
    { provider: 'b', model: 'x', total_requests: 2 },
    { provider: 'a', model: 'm', total_requests: 1 },
  ],
} as unknown as Overview;

function selected(hash: string): Selection {
  const selection = new Selection();
  selection.readAddress(hash);
  return selection;
}

test('a selection survives in the address', () => {
  const hash = '#window=15m&provider=a+%26+b&model=%3Cimg%3E';
  const selection = selected(hash);
  assert.equal(selection.window, '15m');
  assert.deepEqual(selection.filter, { provider: 'a & b', model: '<img>' });
  assert.equal(selection.address, hash);
});

test('what is usual leaves the address empty, and nonsense is passed over', () => {
  assert.equal(selected('').address, '');
  assert.equal(selected('#window=toString&points=7&model=orphan').address, '');
  assert.equal(selected('#points=600').points, 600);
  assert.equal(selected('#points=601').points, 150);
});

test('"all" asks for the next span that holds everything', () => {
  assert.equal(windowSeconds('5m', 9999), 300);
  assert.equal(windowSeconds('all', 10), 60);
  assert.equal(windowSeconds('all', 300), 300);
  assert.equal(windowSeconds('all', 301), 900);
  assert.equal(windowSeconds('all', 1e9), 604_800);
});

test('a window is named by what it holds: history ends after a week', () => {
  assert.equal(windowTitle('5m', 1e9), 'Last 5 minutes');
  assert.equal(windowTitle('all', 7 * 86_400), 'Since the start');
  assert.equal(windowTitle('all', 7 * 86_400 + 1), 'Last 7 days');
  assert.equal(windowTitle('all'), 'Since the start');
});

test('the tiles show the numbers of the filter, and nothing for what is unknown', () => {
  assert.equal(selectTotals(overview, undefined)!.total_requests, 6);
  assert.equal(selectTotals(overview, { provider: 'b' })!.total_requests, 5);
  assert.equal(selectTotals(overview, { provider: 'b', model: 'x' })!.total_requests, 2);
  assert.equal(selectTotals(overview, { provider: 'c' }), undefined);
  assert.equal(selectTotals(undefined, undefined), undefined);
});

test('a provider that is read from right to left does not turn its model round', () => {
  const [, choice] = filterChoices({ providers: [], models: [{ provider: '\u202ep', model: 'gpt-45' }] } as unknown as Overview);
  assert.equal(choice!.label, '\u2068p\u2069 / gpt-45');
  assert.deepEqual([choice!.provider, choice!.model], ['\u202ep', 'gpt-45']);
});

test('the filter offers each provider and its models, by name', () => {
  assert.deepEqual(filterChoices(overview).map(({ label }) => label), ['a', 'a / m', 'b', 'b / x', 'b / y']);
});

test('a live question has a window and no end; one source is asked by provider', () => {
  const selection = selected('#provider=b&model=x');
  const { metrics, ...rates } = questionFor('rates', selection, 0, undefined);
  assert.deepEqual(rates, { window: 300, step: 2, settled: 1, provider: 'b', model: 'x' });
  assert.equal(metrics.length, 5 + kErrorTypes.length);
  assert.ok(metrics.length <= 32, 'the server takes at most 32 metrics');
  assert.equal(questionFor('providers', selection, 0, undefined).by, 'provider');
  assert.equal(questionFor('percentiles', selection, 0, undefined).step, 5);
});

test('a paused page and a zoom ask for what was', () => {
  const selection = selected('');
  const paused = questionFor('rates', selection, 0, 1_000_000);
  assert.deepEqual([paused.from, paused.to], [700, 1000]);
  selection.zoom = { from: 900_000, to: 960_000 };
  const zoomed = questionFor('rates', selection, 0, 1_000_000);
  assert.deepEqual([zoomed.from, zoomed.to, zoomed.step], [900, 960, 1]);
});

test('no question asks for more than 600 points', () => {
  const selection = selected('#points=600');
  for (const window of ['1m', '5m', '15m', '1h', 'all'] as const) {
    selection.window = window;
    for (const name of Object.keys(kSources) as (keyof typeof kSources)[]) {
      const question = questionFor(name, selection, 604_800, undefined);
      assert.ok(question.window / question.step <= 600, `${window} ${name}`);
    }
  }
});

test('a stretch drawn in either direction is whole seconds; less than five is a click', () => {
  assert.deepEqual(zoomBetween(20_400, 10_200, 150, 99_000), { from: 10_000, to: 21_000 });
  assert.equal(zoomBetween(10_100, 13_900, 150, 99_000), undefined);
});

test('a zoom begins and ends where the steps of every source do, and holds what was drawn over', () => {
  const selection = selected('');
  for (const [from, length] of [[1003, 40], [1003, 151], [1003, 299], [1003, 700], [100_001, 7000], [900_003, 200_000], [7, 604_000]] as const) {
    const zoom = zoomBetween(from * 1000, (from + length) * 1000, 150, 1e12)!;
    assert.ok(zoom.from <= from * 1000 && zoom.to >= (from + length) * 1000);
    selection.zoom = zoom;
    for (const name of Object.keys(kSources) as (keyof typeof kSources)[]) {
      const question = questionFor(name, selection, 0, undefined);
      assert.equal((question.from! % question.step) + (question.to! % question.step), 0, `${length} s, ${name}, step ${question.step}`);
    }
  }
});

test('a zoom ends before the step that is not over', () => {
  // One-second steps: 103.4 s is within the step from 103 s on.
  assert.deepEqual(zoomBetween(90_000, 104_000, 150, 103_400), { from: 90_000, to: 103_000 });
  // Of 1,000 s, steps are 10 s and 15 s wide: they end together every 30 s.
  assert.deepEqual(zoomBetween(9_000_000, 10_000_000, 150, 9_999_000), { from: 9_000_000, to: 9_990_000 });
  // Drawn over nothing but the newest step: the one before it.
  const zoom = zoomBetween(101_000, 106_000, 150, 101_900)!;
  assert.deepEqual(zoom, { from: 96_000, to: 101_000 });
});

test('many providers are asked in as many answers as they need, with as many points as one may have', () => {
  const selection = selected('#points=600');
  const asked = (providers: number) => questionFor('providers', selection, 0, undefined, providers);
  for (const providers of [0, 1, 64, 500, 501, 600, 1000]) {
    const { by, separately, metrics, window, step } = asked(providers);
    const series = providers * (separately ? 1 : metrics.length);
    assert.equal(by, 'provider');
    assert.ok(series <= 1000, `${providers}: ${series} series`);
    assert.ok(series * (window / step) <= 200_000, `${providers}: ${series * (window / step)} points`);
  }
  assert.equal(asked(500).separately, undefined);
  assert.equal(asked(1001).by, undefined);
  selection.filter = { provider: 'a' };
  assert.deepEqual([asked(1001).by, asked(1001).separately], ['provider', undefined], 'of one provider there is one series');
});

test('feeds ask at the same beats, never twice within half a pause', () => {
  assert.deepEqual([0, 100, 499, 501, 999].map((now) => untilNextBeat(1000, now)), [1000, 900, 501, 1499, 1001]);
});
