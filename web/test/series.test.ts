// Merging, cutting and choosing of series, the marks of the time axis, and the addresses that are asked.
import assert from 'node:assert/strict';
import test from 'node:test';
import { seriesPath, socketUrl } from '../src/api';
import type { SeriesPoint, SeriesReply } from '../src/protocol';
import { continues } from '../src/feed';
import { latest, mergePoints, nearest, SeriesStore, split, stepFor, visibleRange, within, type Series } from '../src/series';
import { tickLabel, tickStep, timeTicks } from '../src/ticks';

const points = (...pairs: [number, number | null][]) => pairs.map(([x, y]) => ({ x, y }));
const reply = (to: number, step: number, pairs: SeriesPoint[], provider?: string): SeriesReply => ({
  from: to - 10,
  to,
  step,
  series: [{ metric: 'cost_total', ...(provider && { provider }), points: pairs }],
});

test('a fresh piece replaces what it overlaps, and what is too old goes', () => {
  const merged = mergePoints(points([1, 1], [2, 2], [3, 3]), points([3, 30], [4, null]), 2);
  assert.deepEqual(merged, points([2, 2], [3, 30], [4, null]));
});

test('an empty piece changes nothing but the window', () => {
  assert.deepEqual(mergePoints(points([1, 1], [2, 2]), [], 2), points([2, 2]));
});

test('a point stands at the end of its step, the newest one at the time of the answer', () => {
  const store = new SeriesStore(300);
  store.apply(reply(103, 2, [[98_000, 1], [100_000, 2], [102_000, 0.1]]));
  assert.deepEqual(store.get('cost_total'), points([100_000, 1], [102_000, 2], [103_000, 0.1]));
});

test('the newest step is shown once enough of it is over', () => {
  const store = new SeriesStore(300, 1);
  store.apply(reply(100.5, 5, [[90_000, 1], [95_000, 2], [100_000, 0.1]]));
  assert.deepEqual(store.get('cost_total'), points([95_000, 1], [100_000, 2]));
  store.apply(reply(101.5, 5, [[95_000, 2], [100_000, 3]]));
  assert.deepEqual(store.get('cost_total'), points([95_000, 1], [100_000, 2], [101_500, 3]));
});

test('a step of one second is shown when it is over', () => {
  const store = new SeriesStore(300, 1);
  store.apply(reply(100.5, 1, [[98_000, 1], [99_000, 2], [100_000, 0.1]]));
  assert.deepEqual(store.get('cost_total'), points([99_000, 1], [100_000, 2]));
});

test('steps are the smallest of the server\'s own that keep the number of points', () => {
  assert.deepEqual([stepFor(60, 150), stepFor(300, 150), stepFor(3600, 150), stepFor(604_800, 150)], [1, 2, 30, 7200]);
  assert.equal(stepFor(604_800, 600), 1800);
});

test('the next question overlaps by three whole steps and never exceeds the window', () => {
  const store = new SeriesStore(60);
  assert.equal(store.nextFrom, undefined);
  store.apply(reply(1003.7, 5, []));
  assert.equal(store.nextFrom, 985);
  store.apply(reply(2000, 60, []));
  assert.equal(store.nextFrom, 1940);
});

test('a reply that was overtaken is passed over', () => {
  const store = new SeriesStore(300);
  store.apply(reply(101, 1, [[100_000, 2]]));
  store.apply(reply(100, 1, [[99_000, 9]]));
  assert.deepEqual(store.get('cost_total'), points([101_000, 2]));
});

test('an answer goes on from a store when its clock went as far as ours, and its step is the same', () => {
  const store = new SeriesStore(300);
  store.apply(reply(1000, 2, [[998_000, 1]]));
  const goesOn = (to: number, elapsed: number, step = 2) => continues(store, reply(to, step, []), elapsed);
  assert.equal(goesOn(1001, 1000), true);
  assert.equal(goesOn(1002.5, 1000), true, 'late by a slow network');
  assert.equal(goesOn(1001, 1000, 4), false, 'another step');
  assert.equal(goesOn(880, 1000), false, 'set back by two minutes');
  assert.equal(goesOn(999.5, 1000), false, 'set back by less than a step');
  assert.equal(goesOn(1101, 1000), false, 'set forward by 100 s: old points stand where new ones will');
  assert.equal(goesOn(1660, 660_000), true, 'eleven minutes passed on both sides');
});

test('of a range, only steps are shown that begin and end in it', () => {
  const store = new SeriesStore(20, 0, { from: 100_000, to: 120_000 });
  store.apply(reply(120, 10, [[90_000, 1], [100_000, 2], [110_000, 3], [120_000, 4]]));
  assert.deepEqual(store.get('cost_total'), points([110_000, 2], [120_000, 3]));
  const odd = new SeriesStore(18, 0, { from: 101_000, to: 119_000 });
  odd.apply(reply(119, 10, [[90_000, 1], [100_000, 2], [110_000, 3]]));
  assert.deepEqual(odd.get('cost_total'), [], 'a step that is partly outside has a value for something else');
});

test('a chart has the points whose step ends in what it shows', () => {
  assert.deepEqual(within(points([10, 1], [11, 2], [20, 3], [21, 4]), { from: 10, to: 20 }), points([11, 2], [20, 3]));
});

test('another step starts the series anew instead of mixing both', () => {
  const store = new SeriesStore(300);
  store.apply(reply(100, 1, [[99_000, 1]]));
  store.apply(reply(110, 5, [[100_000, 2], [105_000, 3]]));
  assert.deepEqual(store.get('cost_total'), points([105_000, 2], [110_000, 3]));
});

test('a store tells what it has in the shape of a reply, and another store shows the same', () => {
  const store = new SeriesStore(300, 1);
  store.apply(reply(103, 2, [[98_000, 1], [100_000, null], [102_000, 3]], 'a'));
  const copy = new SeriesStore(300);
  copy.apply(JSON.parse(JSON.stringify(store.toReply())) as SeriesReply);
  assert.deepEqual(copy.all('cost_total'), store.all('cost_total'));
  assert.equal(copy.to, store.to);
});

test('series of several providers stay apart', () => {
  const store = new SeriesStore(300);
  store.apply(reply(100, 1, [[99_000, 1]], 'a'));
  store.apply(reply(100, 1, [[99_000, 2]], 'b'));
  assert.deepEqual(store.all('cost_total').map(({ provider }) => provider), ['a', 'b']);
  assert.deepEqual(store.get('errors_per_second'), []);
});

test('the chosen come in their order and the rest is summed, a gap only where all have one', () => {
  const of = (provider: string, ...pairs: [number, number | null][]): Series => ({
    metric: 'm', provider, points: points(...pairs),
  });
  const { top, rest, restCount } = split(
    [of('small', [1, null], [2, 1]), of('big', [1, 5], [2, 9]), of('tiny', [1, null], [2, 0.5])],
    ({ provider }) => provider!, ['absent', 'big']);
  assert.deepEqual(top.map(({ provider }) => provider), ['big']);
  assert.deepEqual(rest, points([1, null], [2, 1.5]));
  assert.equal(restCount, 2);
});

test('the latest value of a series that ends in a gap is not known; one missing point is no gap yet', () => {
  assert.equal(latest([]), null);
  assert.equal(latest(points([1, 4], [2, null], [3, null])), null);
  assert.equal(latest(points([1, 4], [2, null])), 4);
  assert.equal(latest(points([1, 4])), 4);
});

test('a young system is shown since its start, but half a minute at least', () => {
  assert.deepEqual(visibleRange(1_000_000, 300, 10), { from: 970_000, to: 1_000_000 });
  assert.deepEqual(visibleRange(1_000_000, 300, 100), { from: 900_000, to: 1_000_000 });
  assert.deepEqual(visibleRange(1_000_000, 300, 9999), { from: 700_000, to: 1_000_000 });
});

test('the nearest point is found at, between and outside the points', () => {
  const some = points([10, 1], [20, 2], [30, 3]);
  assert.deepEqual([0, 10, 14, 16, 30, 99].map((time) => nearest(some, time)), [0, 0, 0, 1, 2, 2]);
  assert.equal(nearest([], 5), -1);
});

test('axis marks stand at round times', () => {
  const from = new Date(2025, 0, 15, 10, 0, 7).getTime();
  const range = { from, to: from + 300_000 };
  assert.equal(tickStep(range, 6), 60_000);
  assert.deepEqual(timeTicks(range, 6).map((time) => new Date(time).getSeconds()), [0, 0, 0, 0, 0]);
  assert.equal(timeTicks(range, 6)[0], new Date(2025, 0, 15, 10, 1).getTime());
});

test('marks have their day where the axis has more than one', () => {
  const labels = (from: Date, hours: number) => {
    const range = { from: from.getTime(), to: from.getTime() + hours * 3_600_000 };
    return timeTicks(range, 4).map((time) => tickLabel(time, tickStep(range, 4), range).join(' '));
  };
  assert.deepEqual(labels(new Date(2026, 10, 21, 9), 4), ['09:00', '10:00', '11:00', '12:00', '13:00'].slice(0, labels(new Date(2026, 10, 21, 9), 4).length));
  assert.deepEqual(labels(new Date(2026, 10, 21, 23, 58), 0.1), ['23:58 Nov 21', '00:00 Nov 22', '00:02 Nov 22', '00:04 Nov 22']);
  const week = labels(new Date(2026, 10, 21), 168);
  assert.equal(new Set(week).size, week.length, `${week}`);
  assert.ok(week.every((label) => /^\d\d:\d\d Nov 2\d$/.test(label)), `${week}`);
});

test('history is asked by window first and by time afterwards', () => {
  assert.equal(seriesPath({ metrics: ['a', 'b'], window: 300 }), 'api/v1/series?metric=a%2Cb&window=300');
  assert.equal(seriesPath({ metrics: ['a'], by: 'provider', window: 300, from: 12, step: 1 }),
    'api/v1/series?metric=a&by=provider&from=12&step=1');
  assert.equal(seriesPath({ metrics: ['a'], provider: 'x&y', model: 'm', window: 60, from: 40, to: 100 }),
    'api/v1/series?metric=a&provider=x%26y&model=m&from=40&to=100');
});

test('the stream is beside the page unless the configuration names another place', () => {
  const asked = 'batch_ms=250&stats_ms=500';
  assert.equal(socketUrl('', 'http://127.0.0.1:3000/'), `ws://127.0.0.1:3000/ws?${asked}`);
  assert.equal(socketUrl('', 'https://host/bench/'), `wss://host/bench/ws?${asked}`);
  assert.equal(socketUrl('wss://events.example/live', 'https://host/'), `wss://events.example/live?${asked}`);
  assert.equal(socketUrl('', 'http://h/', 'evt_5', 'a b'), `ws://h/ws?${asked}&since=evt_5&epoch=a+b`);
});
