// Rows, order, comparison and export of tables; the filter of the log; the report's safety.
import assert from 'node:assert/strict';
import test from 'node:test';
import { boundsOf, kCharts, type ChartData } from '../src/charts/definitions';
import { csv, seriesCsv, tableCsv } from '../src/csv';
import { matches } from '../src/log_filter';
import type { Overview } from '../src/protocol';
import { inlineJson, reportHtml, type Report } from '../src/report';
import type { LogEntry } from '../src/state';
import { ColorBook } from '../src/theme';
import { tableOf } from '../src/views/chart_table';
import { delta, headroom, headroomDetail, kColumns, missingText, sortRows, tableRows, type Row } from '../src/views/model_columns';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

test('each model has a row with its provider\'s status; a provider without models has one too', () => {
  const rows = tableRows({
    providers: [{ provider: 'b', status: 'degraded' }, { provider: 'a', status: 'healthy' }],
    models: [{ provider: 'b', model: 'y' }, { provider: 'b', model: 'x' }],
  } as unknown as Overview);
  assert.deepEqual(rows.map(({ provider, model, status }) => [provider, model, status]),
    [['a', '\u2014', 'healthy'], ['b', 'x', 'degraded'], ['b', 'y', 'degraded']]);
});

const row = (provider: string, total_cost: number, total_output_tokens: number): Row => ({
  key: provider, provider, model: `m-${provider}`, totals: { total_cost, total_output_tokens, latency: { count: 0 } } as Row['totals'],
});
const order = (by: string, descending: boolean) =>
  sortRows([row('a', 2, 100), row('b', 1, 0), row('c', 3, 50)], { by, descending }).map(({ provider }) => provider).join('');

test('rows sort by names and numbers, and what has no value is last either way', () => {
  assert.equal(order('provider', true), 'cba');
  assert.equal(order('cost', false), 'bac');
  assert.equal(order('price', true), 'cab');
  assert.equal(order('price', false), 'acb');
});

test('a delta has a sign, and a tone by what is better', () => {
  const told = (...args: Parameters<typeof delta>) => {
    const difference = delta(...args);
    return difference && [plain(difference.text), difference.tone];
  };
  assert.deepEqual(told(2, 3, 'less'), ['+50 %', 'bad']);
  assert.deepEqual(told(2, 1, 'less'), ['\u221250 %', 'good']);
  assert.deepEqual(told(2, 3, 'more'), ['+50 %', 'good']);
  assert.deepEqual(told(2, 3, undefined), ['+50 %', 'same']);
  assert.deepEqual(told(2, 2.001, 'less'), ['\u00b1 0 %', 'same']);
  assert.deepEqual(told(1, 25, 'less'), ['\u00d7 25.0', 'bad']);
  assert.equal(told(0, 1, 'less'), undefined);
  assert.equal(told(undefined, 1, 'less'), undefined);
});

test('what was left before a limit was reset is not what is left', () => {
  const limits = { requests_limit: 500, requests_remaining: 20, reset_at: '2025-01-15T10:31:00.000Z' };
  const left = (timestamp: string) => {
    const overview = { timestamp, providers: [], models: [{ provider: 'a', model: 'm', rate_limits: limits }] };
    const { totals } = tableRows(overview as unknown as Overview)[0]!;
    const column = kColumns.find(({ id }) => id === 'headroom')!;
    return [column.value(totals), column.className!(totals), column.titleOf!(totals)];
  };
  assert.deepEqual(left('2025-01-15T10:30:59.000Z'), [0.04, 'bad', '20 of 500 requests left']);
  assert.deepEqual(left('2025-01-15T10:31:00.000Z'), [undefined, '', 'reset since the provider last reported it']);
});

test('headroom is that of the tighter limit; without a limit there is none', () => {
  const limits = { requests_limit: 500, requests_remaining: 250, tokens_limit: 1000, tokens_remaining: 100 };
  assert.equal(headroom(limits), 0.1);
  assert.equal(headroomDetail(limits), '250 of 500 requests left, 100 of 1,000 tokens left');
  assert.equal(headroom({ requests_remaining: 3 }), undefined);
  assert.equal(headroomDetail({ requests_remaining: 3 }), '3 requests left');
  assert.equal(headroom(undefined), undefined);
});

test('the price is per thousand output tokens', () => {
  const price = kColumns.find(({ id }) => id === 'price')!;
  assert.equal(price.value(row('a', 2, 500).totals), 4);
  assert.equal(price.value(row('a', 2, 0).totals), undefined);
});

const entry = (event_type: string, data: Record<string, unknown>): LogEntry =>
  ({ kind: 'event', event: { event_type, id: 'evt_1', timestamp: '', payload: { type: '', data } } });

test('the log is searched by type, by problems and by words anywhere in the event', () => {
  const failed = entry('RequestFailed', { provider: 'OpenAI', error: 'slow down' });
  const alert = entry('SystemAlert', { severity: 'info', title: 'hello' });
  assert.ok(matches(failed, { type: '', search: '' }));
  assert.ok(matches(failed, { type: 'RequestFailed', search: 'DOWN openai' }));
  assert.ok(!matches(failed, { type: 'RequestFailed', search: 'down azure' }));
  assert.ok(!matches(failed, { type: 'SystemAlert', search: '' }));
  assert.ok(matches(failed, { type: 'problems', search: '' }));
  assert.ok(!matches(alert, { type: 'problems', search: '' }));
  assert.ok(matches({ kind: 'skipped', skipped: 3 }, { type: 'problems', search: '' }));
  assert.ok(!matches({ kind: 'skipped', skipped: 3 }, { type: 'RequestFailed', search: '' }));
  const call = entry('RequestFailed', { provider: 'a', model: 'm' });
  const about = (provider: string, model?: string) => matches(call, { type: '', search: '', about: { provider, ...(model && { model }) } });
  assert.deepEqual([about('a'), about('a', 'm'), about('a', 'n'), about('b')], [true, true, false, false]);
  assert.ok(matches(alert, { type: '', search: '', about: { provider: 'b' } }), 'what names no provider stays');
});

test('the log is searched for the text of an event, not for how JSON writes it', () => {
  const failed = entry('RequestFailed', { error: 'no field "tokens" in C:\\logs\\a.json', latency: 1.5234, error_type: 'rate_limit' });
  const found = (search: string) => matches(failed, { type: '', search });
  for (const words of ['"tokens"', 'c:\\logs', 'rate_limit', 'rate limit', '1.5234', '1.52']) assert.ok(found(words), words);
  for (const words of ['{', '":"', '\\\\']) assert.ok(!found(words), words);
});

test('CSV quotes what RFC 4180 wants quoted and defuses formulas', () => {
  assert.equal(csv([['a,b', 'say "x"', '=1+1', '-2', -2, null, undefined, 0.5]]), '"a,b","say ""x""",\'=1+1,\'-2,-2,,,0.5\r\n');
});

/** The cells that a spreadsheet makes of CSV that it parts at `separator`: a quote counts at the start of a cell only. */
function cellsOf(text: string, separator: string): string[] {
  const cells = [''];
  let quoted = false;
  for (let i = 0; i < text.length; ++i) {
    const last = cells.length - 1;
    const isQuote = text[i] === '"';
    if (quoted && isQuote && text[i + 1] === '"') cells[last] += text[++i]!;
    else if (quoted && isQuote) quoted = false;
    else if (!quoted && isQuote && cells[last] === '') quoted = true;
    else if (!quoted && [separator, '\r', '\n'].includes(text[i]!)) cells.push('');
    else cells[last] += text[i]!;
  }
  return cells;
}

test('no text of a CSV becomes a formula, at whichever separator a spreadsheet parts it', () => {
  const texts = [
    '=1+1', '+1', '-1', '@a', '\t=1', '\r=1', 'a;=1', 'a,=1', 'a\t=1', 'a\n=1', 'a;"=1"', 'a; =1', 'a;;@x', 'a;\t=1', 'a,-2+3', ';=1', 'a;+1;=2', '\uff1d1',
    "gpt;=cmd|' /C calc'!A0;x",
  ];
  for (const text of texts) {
    for (const separator of [',', ';', '\t']) {
      const made = csv([['openai', text, 'healthy']]);
      for (const found of cellsOf(made, separator)) assert.doesNotMatch(found, /^[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20]/, `${JSON.stringify(text)} at "${separator}": ${found}`);
    }
    assert.equal(cellsOf(csv([['openai', text, 'healthy']]).trimEnd(), ',')[2], 'healthy', 'at commas there are three');
  }
});

test('CSV leaves ordinary text and numbers as they are', () => {
  assert.equal(csv([['gpt-4o', 'a/b', 'x = y', -1.5, 1e-7, 'A-1']]), 'gpt-4o,a/b,x = y,-1.5,1e-7,A-1\r\n');
  assert.equal(csv([['a;b', 'a\tb', 'two\r\nlines']]), '"a;b","a\tb","two\r\nlines"\r\n');
});

test('in the table, sums name what they leave out, and an absent sum is unknown', () => {
  const shown = (id: string, totals: object) => {
    const column = kColumns.find((one) => one.id === id)!;
    return plain(column.format(column.value(totals as Row['totals'])) + missingText(column, totals as Row['totals']));
  };
  assert.equal(shown('cost', { total_cost: 0.73, unpriced_requests: 12 }), '$0.7300 + 12 not priced');
  assert.equal(shown('cost', { unpriced_requests: 12 }), 'unknown (12 not priced)');
  assert.equal(shown('cost', { total_cost: 0 }), '$0.00');
  assert.equal(shown('out', { usage_missing_requests: 5 }), 'unknown (5 calls did not report)');
  assert.equal(shown('in', { total_input_tokens: 1200, usage_missing_requests: 1 }), '1,200 + 1 call did not report');
  assert.equal(shown('rate', {}), '\u2014');
});

test('less by nearly all is not less by all', () => {
  assert.equal(plain(delta(1000, 1, 'less')!.text), '\u221299 %');
  assert.equal(plain(delta(1000, 0, 'less')!.text), '\u2212100 %');
});

test('a table of more than one day has days', () => {
  const line = { label: 'a', color: 'series-1' as const, points: [21, 22, 23].map((day) => ({ x: new Date(2026, 10, day, 12).getTime(), y: day })) };
  const times = tableOf([line], String).map(([time]) => time);
  assert.deepEqual(times, ['2026-11-23 12:00:00', '2026-11-22 12:00:00', '2026-11-21 12:00:00']);
  assert.deepEqual(tableOf([{ ...line, points: line.points.slice(0, 1) }], String).map(([time]) => time), ['12:00:00']);
});

test('the exported tables have a head and a line per model or point', () => {
  const numbers = { total_cost: 0.5, latency: { p50: 1, count: 3 }, time_to_first_token: { count: 0 }, inter_token_latency: { count: 0 } };
  const table = tableCsv({
    providers: [{ provider: 'a', status: 'healthy' }], models: [{ provider: 'a', model: 'm', ...numbers }],
  } as unknown as Overview).split('\r\n');
  assert.equal(table[0]!.split(',').length, table[1]!.split(',').length);
  assert.match(table[1]!, /^a,m,healthy,/);
  assert.equal(table[1]!.split(',')[table[0]!.split(',').indexOf('latency_p50')], '1');
  const series = [{ metric: 'cost', provider: 'a', points: [[0, 1.5], [1000, null]] as [number, number | null][] }];
  assert.equal(seriesCsv([{ from: 0, to: 2, step: 1, series }]),
    'metric,provider,model,timestamp,value\r\ncost,a,,1970-01-01T00:00:00.000Z,1.5\r\ncost,a,,1970-01-01T00:00:01.000Z,\r\n');
});

const page = {
  html: '<meta charset="utf-8"><link rel="icon" href="favicon.svg" type="x"><link rel="stylesheet" href="app.css">'
    + '<script type="module" src="app.js"></script><body><img src="favicon.svg"></body>',
  css: 'p{}',
  js: 'const a = "</script>$&";',
  icon: '<svg/>',
};

test('a report holds page and data in one file, and nothing in the data can break out of it', () => {
  const hostile = '</script><script>alert(1)</script><!--\u2028';
  const html = reportHtml(page, { made_at: 7, overview: { version: hostile } } as unknown as Report, 'n0');
  assert.ok(!html.includes('alert(1)</script>'));
  assert.ok(!html.includes('<!--'));
  assert.ok(html.includes('"<\\/script>$&"'));
  assert.match(html, /default-src 'none'; script-src 'nonce-n0'; style-src 'nonce-n0'; img-src data:/);
  assert.doesNotMatch(html, /src="app\.js"|href="app\.css"|href="favicon|src="favicon/);
  const data = /<script type="application\/json" id="report-data">([^]*?)<\/script>/.exec(html)![1]!;
  assert.equal((JSON.parse(data) as Report).overview.version, hostile);
});

test('a page whose HTML is not as expected makes no half report', () => {
  assert.throws(() => reportHtml({ ...page, html: '<body></body>' }, {} as Report, 'n'), /nothing like/);
});

test('inlined JSON is plain JSON again', () => {
  const value = { text: '<&>\u2029"\\' };
  assert.deepEqual(JSON.parse(inlineJson(value)), value);
  assert.doesNotMatch(inlineJson(value), /[<>&\u2028\u2029]/);
});

test('a chart as a table has a row per time, newest first, and a dash for a gap', () => {
  const line = (label: string, points: [number, number | null][]) => ({ label, color: 'series-1' as const, points: points.map(([x, y]) => ({ x, y })) });
  const table = tableOf([line('a', [[1000, 1], [2000, null]]), line('b', [[2000, 5]])], (value) => (value === null || value === undefined ? '-' : String(value)));
  assert.deepEqual(table.map(([, ...values]) => values), [['-', '5'], ['1', '-']]);
});

test('six names have colours and keep them; another takes a place only with clearly more', () => {
  const book = new ColorBook();
  const amounts = new Map(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, index) => [name, 10 - index]));
  book.rank(amounts);
  const before = book.chosen.map((name) => book.of(name));
  assert.equal(book.chosen.join(''), 'abcdef');
  assert.equal(new Set(before).size, 6);
  assert.equal(book.of('g'), 'series-other');

  book.rank(new Map([...amounts, ['g', 5.9]]));
  assert.equal(book.chosen.join(''), 'abcdef');
  book.rank(new Map([...amounts, ['g', 6.1]]));
  assert.equal(book.chosen.join(''), 'abcdeg');
  assert.deepEqual(book.chosen.map((name) => book.of(name)), before);
  assert.equal(book.of('f'), 'series-other');
});

test('who is not there any more leaves the colour to who is, free of charge too', () => {
  const book = new ColorBook();
  book.rank(new Map(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, 5])));
  // Another program, or a filter: nobody of before, and nothing that costs.
  book.rank(new Map([['local', 0], ['other', 0]]));
  assert.notEqual(book.of('local'), 'series-other');
  assert.notEqual(book.of('other'), 'series-other');
  assert.notEqual(book.of('local'), book.of('other'));
});

test('a service level is a line in the charts it is about, where the filter lets it', () => {
  const latency = kCharts.find(({ id }) => id === 'latency')!;
  const levels = [{ name: 'fast', latency: 2 }, { name: 'gpt', provider: 'openai', latency: 1 }, { name: 'first', time_to_first_token: 0.5 }];
  const labels = (filter?: ChartData['filter']) => boundsOf(latency, { levels, filter } as unknown as ChartData).map(({ label }) => label);
  assert.deepEqual(labels(), ['SLO fast', 'SLO gpt (openai)']);
  assert.deepEqual(labels({ provider: 'google' }), ['SLO fast']);
  assert.deepEqual(labels({ provider: 'openai', model: 'gpt-4' }), ['SLO fast', 'SLO gpt']);
  assert.equal(boundsOf(kCharts[0]!, { levels } as unknown as ChartData).length, 0);
});

test('a report goes on with the colours of the page it was made from', () => {
  const page = new ColorBook();
  page.rank(new Map([['first', 1]]));
  page.rank(new Map([['first', 1], ['larger', 2]]));
  const report = new ColorBook();

  report.restore(page.chosen);
  report.rank(new Map([['first', 1], ['larger', 2]]));

  assert.deepEqual(report.chosen, ['first', 'larger']);
  assert.equal(report.of('larger'), page.of('larger'));
});
