// Every number on the page goes through format.ts: what it makes of ordinary, boundary and missing values.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as format from '../src/format';
import { tickLabel, tickStep, timeTicks } from '../src/ticks';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

function check(name: string, show: (value: number | null | undefined) => string, table: [number, string][]) {
  test(name, () => {
    for (const [value, expected] of table) assert.equal(plain(show(value)), expected, String(value));
  });
  test(`${name}; what is not known is a dash`, () => {
    for (const value of [undefined, null, Number.NaN, Infinity]) assert.equal(show(value), '\u2014');
  });
}

check('counts are grouped, from a million on abbreviated', format.count, [
  [0, '0'],
  [999, '999'],
  [12_480, '12,480'],
  [999_999, '999,999'],
  [1_000_000, '1.00 M'],
  [2_254_321, '2.25 M'],
  [999_600_000, '1.00 B'],
  [1_500_000_000_000, '1.50 T'],
]);

check('measured numbers have three significant digits', format.decimal, [
  [0, '0'],
  [0.0001, '<0.001'],
  [0.042, '0.0420'],
  [0.42, '0.420'],
  [9.996, '10.0'],
  [12.44, '12.4'],
  [99.96, '100'],
  [999.7, '1,000'],
  [1234.5, '1,235'],
  [-3.14159, '-3.14'],
  [2_254_321, '2.25 M'],
]);

check('latencies are milliseconds below one second', format.seconds, [
  [0, '0 ms'],
  [0.00042, '0.420 ms'],
  [1e-10, '<0.001 ms'],
  [0.0842, '84.2 ms'],
  [0.842, '842 ms'],
  [0.9994, '999 ms'],
  [0.9996, '1.00 s'],
  [1.5249, '1.52 s'],
  [12.34, '12.3 s'],
  [612, '612 s'],
]);

check('dollars have two decimals, four below one dollar', format.dollars, [
  [0, '$0.00'],
  [0.00001, '<$0.0001'],
  [0.0135, '$0.0135'],
  [0.99994, '$0.9999'],
  [0.99996, '$1.00'],
  [12.345, '$12.35'],
  [1234.5, '$1,234.50'],
  [2_254_321, '$2.25 M'],
]);

check('shares are percentages; what is not all is not 100 %', format.percent, [
  [0, '0 %'],
  [1 / 3e6, '<0.01 %'],
  [0.9996, '99.9 %'],
  [0.99949, '99.9 %'],
  [0.9999999, '99.9 %'],
  [0.9949, '99.5 %'],
  [0.00001, '<0.01 %'],
  [0.0912, '9.12 %'],
  [0.45, '45 %'],
  [0.456, '45.6 %'],
  [1, '100 %'],
]);

check('progress is cut, never rounded up', format.progress, [
  [0, '0 %'],
  [0.0001, '<0.1 %'],
  [45.69, '45.6 %'],
  [45, '45 %'],
  [0.57 * 100, '57 %'],
  [0.29 * 100, '29 %'],
  [99.96, '99.9 %'],
  [99.9999999, '99.9 %'],
  [100, '100 %'],
]);

test('no count of fewer examples than all is 100 %', () => {
  for (const total of [3, 7, 1000, 10_000, 123_457, 10_000_000_000]) {
    assert.equal(plain(format.progress((100 * (total - 1)) / total)) === '100 %', false, String(total));
    assert.equal(plain(format.percent((total - 1) / total)) === '100 %', false, String(total));
    assert.equal(plain(format.percent(total / total)), '100 %');
  }
});

test('a time has its day only among times of several days', () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();
  assert.equal(format.timeWithin(at(21, 14), at(21, 9), at(21, 23)), '14:00:00');
  assert.equal(format.timeWithin(at(21, 23), at(21, 23), at(22, 1)), '2026-11-21 23:00:00');
  assert.equal(format.timeWithin(at(21, 14), at(14, 14), at(21, 14)), '2026-11-21 14:00:00');
  assert.equal(format.spansDays(at(1, 12), new Date(2026, 11, 1, 12).getTime()), true, 'the same day of another month');
});

check('spans name the two largest units', format.span, [
  [0, '0 s'],
  [0.2, '<1 s'],
  [45.4, '45 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [7620, '2 h 07 min'],
  [273_600, '3 d 4 h'],
]);

test('moments of the log carry milliseconds, and nonsense is a dash', () => {
  const local = new Date(2025, 0, 15, 10, 30, 0, 123);
  assert.equal(format.moment(local.toISOString()), '10:30:00.123');
  assert.equal(format.moment('yesterday'), '\u2014');
});

test('groups keep the sign, and a rounded zero has none', () => {
  assert.equal(format.grouped(-1234567), '-1,234,567');
  assert.equal(format.grouped(-0.2), '0');
});

test('marks of an axis stand at the same hours before and after summer time ends or begins', () => {
  const zone = process.env['TZ'];
  process.env['TZ'] = 'America/New_York';
  try {
    const marks = (from: string, to: string) => {
      const range = { from: Date.parse(from), to: Date.parse(to) };
      const step = tickStep(range, 8);
      return timeTicks(range, 8).map((time) => tickLabel(time, step, range).join(' '));
    };
    // It ended on November 1, 2026, at 2:00, and began on March 8 at 2:00.
    assert.deepEqual(marks('2026-10-31T16:00:00Z', '2026-11-02T16:00:00Z'), [
      '12:00 Oct 31', '18:00 Oct 31', '00:00 Nov 1', '06:00 Nov 1', '12:00 Nov 1', '18:00 Nov 1', '00:00 Nov 2', '06:00 Nov 2',
    ]);
    assert.deepEqual(marks('2026-03-05T12:00:00Z', '2026-03-11T12:00:00Z'),
      ['00:00 Mar 6', '00:00 Mar 7', '00:00 Mar 8', '00:00 Mar 9', '00:00 Mar 10', '00:00 Mar 11']);
    assert.deepEqual(marks('2026-11-01T04:50:00Z', '2026-11-01T07:20:00Z'), ['01:00', '01:30', '01:00', '01:30', '02:00']);
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});
