// The tools of the end-to-end tests: what they accept, and that they can say no.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Exposition } from './lib/exposition.mjs';
import { nanoFromMicro, nanoFromUsd, quoteCosts, scaled } from './lib/money.mjs';
import { quantile, rate } from './lib/prometheus.mjs';
import { until } from './lib/until.mjs';

test('decimals become whole numbers exactly', () => {
  assert.equal(nanoFromUsd('0.0135'), 13_500_000n);
  assert.equal(nanoFromUsd('0.1'), 100_000_000n);
  assert.equal(nanoFromUsd('1e-9'), 1n);
  assert.equal(nanoFromUsd('0.30000000000000004'), 300_000_000n);
  assert.equal(nanoFromUsd('9007199254.740993001'), 9_007_199_254_740_993_001n);
  assert.equal(nanoFromMicro('4.5e+07'), 45_000_000_000n);
  assert.equal(nanoFromMicro('12.345'), 12_345n);
  assert.equal(scaled('-2.5', 0), -3n);
  assert.throws(() => scaled('NaN', 9), /not a decimal/);
});

test('costs in JSON are kept as written, and only costs', () => {
  const value = JSON.parse(quoteCosts('{"cost":0.10,"total_cost": 2E-3,"costs":1,"text":"\\"cost\\":7","p":{"cost":3}}'));
  assert.deepEqual(value, { cost: '0.10', total_cost: '2E-3', costs: 1, text: '"cost":7', p: { cost: '3' } });
});

test('an exposition is read, and a broken one refused', () => {
  const text = '# HELP a_total x\n# TYPE a_total counter\na_total{m="q\\"\\\\\\n,}"} 4.5e+07\na_total{m="b"} 2\n';
  const metrics = new Exposition(text);
  assert.equal(metrics.text('a_total', { m: 'q"\\\n,}' }), '4.5e+07');
  assert.equal(metrics.sum('a_total'), 45_000_002);
  assert.throws(() => metrics.value('a_total'), /2 series/);
  assert.throws(() => new Exposition('a 1\na 2\n'), /twice/);
  assert.throws(() => new Exposition('a{b="c} 1\n'), /bad/);
  assert.throws(() => new Exposition('a 1'), /line feed/);
});

test('rate is that of Prometheus', () => {
  const samples = [[10, 0], [11, 20], [12, 40]];
  assert.equal(rate(samples, 12, 60), 40 / 60); // from zero, to the end: nothing to extrapolate
  assert.equal(rate([[10, 100], [11, 120], [12, 140]], 12, 60), (40 * (2.5 / 2)) / 60); // half an interval before
  assert.equal(rate([[10, 100], [11, 5]], 11, 60), (5 * (1.5 / 1)) / 60); // started anew
  assert.equal(rate([[10, 1]], 10, 60), undefined);
});

test('histogram_quantile is that of Prometheus', () => {
  const buckets = [[0.5, 45], [1, 123], [5, 234], [Infinity, 234]];
  assert.equal(quantile(0.5, buckets), 0.5 + (0.5 * (117 - 45)) / 78);
  assert.equal(quantile(1, [[1, 1], [Infinity, 2]]), 1);
  assert.ok(Number.isNaN(quantile(0.5, [[1, 0], [Infinity, 0]])));
});

test('waiting ends with the reason', async () => {
  await assert.rejects(until('never', () => { throw new Error('not yet'); }, 50), /never; at last: not yet/);
  assert.equal(await until('now', () => 7), 7);
});
