// What the page says when there is nothing yet, too much, a stall, a loss of events; three providers and sixty.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible, closePage, colouredPixels, connectionText, field, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
import { Stage } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

let browser;
let stage;
let page;

before(async () => {
  browser = await launchBrowser();
});

after(() => browser?.close());

afterEach(async () => {
  await closePage(page);
  await stage?.stop('SIGKILL');
});

async function open(flags = [], env = {}) {
  stage = await Stage.start(flags, env);
  page = await openPage(browser, stage.dashboard);
  await isLive(page);
}

test('empty: the page waits, shows how to begin, and no number is made up', async () => {
  await open();
  await page.locator('#empty').waitFor({ state: 'visible' });
  assert.match(await page.textContent('#empty'), /Waiting for the first request/);
  assert.match(await page.textContent('#empty code'), /begin_request/);
  assert.equal(await field(page, 'latency_p95'), null);
  assert.equal(await page.textContent('[data-field="error_rate"]'), '\u2014');
  // Requests, latency, first token, output tokens, cost, error rate: which time each is of, as the protocol says it.
  assert.deepEqual(await texts(page, '.tile-time'), ['', 'last 5 min', 'last 5 min', 'last 10 s', '', 'last 60 s']);
  assert.ok(await page.isHidden('#benchmarks'));
  assert.ok(await page.isHidden('#models'));
  assert.ok(!/NaN|undefined|Infinity/.test(await page.innerText('body')));
  await assertAccessible(page);

  await stage.do('calls', { provider: 'openai', model: 'gpt-4' });
  await page.locator('#empty').waitFor({ state: 'hidden' });
  await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 1));
  assert.deepEqual(page.problems, []);
});

test('stalled: the benchmark says for how long nothing happened, and goes on when something does', async () => {
  await open(['--stalled-after', '1']);
  await stage.do('benchmark', { id: 'b', name: 'MMLU', total: 100, completed: 40 });
  await until('the stall', async () => (await page.getAttribute('.benchmark', 'data-state')) === 'stalled');
  await untilHolds(async () => {
    assert.match(await page.textContent('.benchmark-outlook'), /^no event for \d+\u00a0s$/);
    assert.equal(await page.textContent('.benchmark .badge'), 'Stalled');
    assert.match(await page.textContent('#log'), /Benchmark stalled/);
  });
  assert.ok(await page.isHidden('#finished'));
  await assertAccessible(page);
  let completed = 40;
  await until('it to go on', async () => {
    // Again and again: it stalls after a second, which a busy machine may not look at.
    await stage.do('benchmark', { id: 'b', total: 100, completed: ++completed });
    return (await page.getAttribute('.benchmark', 'data-state')) === 'running';
  });
  await untilHolds(async () => assert.equal(await page.textContent('.benchmark-share'), `${completed}\u00a0%`));
  assert.deepEqual(page.problems, []);
});

test('a running benchmark tells its cost so far and the cost to expect; a finished one offers the report', async () => {
  await open();
  await stage.do('benchmark', { id: 'b', name: 'MMLU', total: 100 });
  await stage.do('calls', { provider: 'openai', model: 'gpt-4', count: 25, cost: 0.1 });
  await stage.do('benchmark', { id: 'b', total: 100, completed: 25 });
  await untilHolds(async () => assert.match(await page.textContent('.benchmark .facts'), /\$2\.50 \u2192 \$10\.00/));
  await until('the title', async () => /MMLU 25\u00a0%$/.test(await page.title()));
  await stage.do('benchmark', { id: 'b', total: 100, completed: 100 });
  await page.locator('#finished-report').waitFor({ state: 'visible' });
  assert.match(await page.textContent('.benchmark-outlook'), /^took /);
  assert.deepEqual(page.problems, []);
});

test('a benchmark of unknown total counts what is done, and has no bar, no end in sight and no share', async () => {
  await open();
  await stage.do('benchmark', { id: 'b', name: 'Soak', total: 0 });
  await stage.do('calls', { provider: 'openai', model: 'gpt-4', count: 4, cost: 0.5 });
  await stage.do('benchmark', { id: 'b', total: 0, completed: 37 });
  const line = () => page.textContent('.benchmark-line > span');
  await untilHolds(async () => {
    assert.equal(await line(), '37 done, total unknown');
    assert.equal(await page.textContent('.benchmark .badge'), 'Running');
    assert.equal(await page.textContent('.benchmark-outlook'), 'remaining time unknown');
    assert.match(await page.textContent('.benchmark .facts'), /\$2\.00$/, 'no cost to expect');
    assert.match(await page.title(), /Soak 37 done$/);
    assert.match(await page.textContent('#log'), /37 done, total unknown/);
  });
  assert.equal(await page.textContent('.benchmark-share'), '');
  assert.ok(await page.isHidden('.benchmark .bar'));
  assert.equal(await page.getAttribute('.benchmark .bar', 'aria-valuenow'), null);
  assert.ok(await page.isHidden('#finished'));
  assert.doesNotMatch(await page.innerText('#benchmarks'), /%|NaN|undefined|Infinity/);
  await assertAccessible(page, '#benchmarks');

  await stage.do('benchmark', { id: 'b', total: 0, completed: 1204, done: true });
  await untilHolds(async () => {
    assert.equal(await line(), '1,204 done, total unknown');
    assert.equal(await page.textContent('.benchmark .badge'), 'Completed');
    assert.match(await page.textContent('.benchmark-outlook'), /^took /);
  });
  assert.ok(await page.isVisible('#finished'));
  assert.equal(await page.textContent('.benchmark-share'), '');
  assert.ok(await page.isHidden('.benchmark .bar'));
  assert.deepEqual(page.problems, []);
});

test('lagged: the page says how many events it missed, and its totals are right all the same', async () => {
  await open([], { LTB_EVENT_HISTORY: '16' });
  // Away while more happens than the history keeps.
  let away = false;
  const sockets = [];
  await page.routeWebSocket(/\/ws\?/, (socket) => {
    if (away) return void socket.close();
    socket.connectToServer();
    sockets.push(socket);
  });
  await page.reload();
  await isLive(page);
  away = true;
  await sockets[0].close({ code: 1011, reason: 'cut by the test' });
  await until('the pill to say Disconnected', async () => (await connectionText(page)) === 'Disconnected');
  await stage.do('calls', { provider: 'openai', model: 'gpt-4', count: 500 });
  away = false;
  await page.selectOption('#log-filter', 'problems');
  await untilHolds(async () => {
    assert.match(await connectionText(page), /^Live \u00b7 [\d,]+ events? skipped$/);
    assert.match((await texts(page, '.log-row .log-subject')).at(-1), /^[\d,]+ events? skipped$/);
    assert.equal(await field(page, 'total_requests'), 500);
  });
  assert.equal(await page.getAttribute('#connection', 'class'), 'pill lagged');
  await assertAccessible(page);
  assert.deepEqual(page.problems, []);
});

test('service levels are lines and shares; limits are headroom; health has shape and word', async () => {
  await open(['--slo-latency', '1', '--slo-ttft', '0.3']);
  const openai = { provider: 'openai', model: 'gpt-4' };
  await stage.do('calls', { ...openai, count: 3, latency: 0.5 });
  await stage.do('calls', { ...openai, count: 1, latency: 1.5 });
  await stage.do('limits', { ...openai, requests_limit: 500, requests_remaining: 250, tokens_limit: 1000, tokens_remaining: 90 });
  await stage.do('calls', { provider: 'mistral', model: 'large', count: 20, fail: 'server_error' });
  await untilHolds(async () => {
    assert.equal(await page.textContent('[data-chart="latency"] .bounds'), 'SLO \u2264 1.00\u00a0s');
    assert.equal(await page.textContent('[data-chart="first_token"] .bounds'), 'SLO \u2264 300\u00a0ms');
    // The three calls within the bound on latency have no time to first token, so that nobody knows whether they are good.
    assert.match(await page.textContent('#tiles'), /fast 0\u00a0% good/);
    const cell = page.locator('#model-box tbody tr', { hasText: 'openai' }).locator('td').last();
    assert.equal(await cell.textContent(), '9\u00a0%');
    assert.equal(await cell.getAttribute('title'), '250 of 500 requests left, 90 of 1,000 tokens left');
    assert.deepEqual(await texts(page, '#model-box td.status'), ['Unavailable', 'Healthy']);
  });
  assert.equal(await page.locator('.shape.unavailable').count(), 1);
  assert.equal(await page.locator('td.few').count() > 0, true, 'P99 of few samples is grey');
  await assertAccessible(page);
  assert.deepEqual(page.problems, []);
});

test('three providers have three lines and keep their colours in every chart', async () => {
  await open();
  await stage.do('load', { providers: 3, rate: 60 });
  const colours = (chart) => page.$$eval(`[data-chart="${chart}"] .entry-button`, (list) => Object.fromEntries(list.map((entry) =>
    [entry.querySelector('.entry-label').textContent, entry.querySelector('.swatch').className.split(' ').pop()])));
  await untilHolds(async () => {
    const cost = await colours('cost');
    assert.deepEqual(Object.keys(cost).sort(), ['provider-1', 'provider-2', 'provider-3']);
    assert.equal(new Set(Object.values(cost)).size, 3);
    assert.deepEqual(await colours('in_flight'), cost);
  });
  await until('first tokens', async () => (await colouredPixels(page, 'first_token')) > 100);
  assert.deepEqual(page.problems, []);
});

test('sixty providers: the six largest and the rest in charts, all of them in the table, which scrolls', async () => {
  await open();
  await stage.do('load', { providers: 60, rate: 300 });
  await untilHolds(async () => {
    assert.equal(await page.locator('#model-box tbody tr').count(), 60);
    const labels = await texts(page, '[data-chart="cost"] .entry-label');
    assert.equal(labels.length, 7);
    assert.equal(labels[6], 'other (54)');
  });
  await stage.do('load', { rate: 0 });
  await untilHolds(async () => {
    const { totals } = await stage.overview();
    const requests = (rows) => page.$$eval(`#model-box ${rows} td.number:nth-child(5)`, (list) => list.map((cell) => Number(cell.dataset.value)));
    assert.deepEqual(await requests('tfoot'), [totals.total_requests]);
    assert.equal((await requests('tbody')).reduce((sum, value) => sum + value, 0), totals.total_requests);
  });
  assert.ok(await page.evaluate(() => {
    const { scrollHeight, clientHeight } = document.getElementById('model-box');
    return scrollHeight > clientHeight && clientHeight <= 720;
  }));
  await assertAccessible(page, '#models');
  assert.deepEqual(page.problems, []);
});

test('what calls do not report is unknown, in tiles, table and benchmark; what some report is a sum with the rest named', async () => {
  await open();
  await stage.do('benchmark', { id: 'b', name: 'MMLU', total: 10 });
  await stage.do('calls', { provider: 'openai', model: 'gpt-4', count: 5, usage: false });
  await stage.do('benchmark', { id: 'b', total: 10, completed: 5 });
  const shown = (name) => page.textContent(`[data-field="${name}"]`);
  const cell = (column) => page.textContent(`#model-box tbody td.number:nth-child(${4 + column})`);
  await untilHolds(async () => {
    for (const name of ['total_cost', 'total_input_tokens', 'total_output_tokens']) {
      assert.equal(await shown(name), 'unknown', name);
      assert.equal(await field(page, name), null, name);
    }
    assert.equal(await shown('cost_per_request'), '\u2014');
    assert.match(await page.textContent('#tiles'), /5 calls did not report/);
    assert.match(await page.textContent('#tiles'), /5 not priced/);
    assert.equal(await cell(9), 'unknown (5 calls did not report)');
    assert.equal(await cell(10), 'unknown (5 not priced)');
    assert.equal(await cell(11), '\u2014');
    assert.equal(await page.textContent('[data-chart="cost"] .plot-empty'), 'No call has a known cost');
  });
  assert.doesNotMatch(await page.innerText('#tiles'), /\$0\.00/);
  await assertAccessible(page);

  await stage.do('calls', { provider: 'openai', model: 'gpt-4', count: 2, input: 10, output: 5, cost: 0.25 });
  await untilHolds(async () => {
    assert.match((await page.locator('.tile', { hasText: 'Cost' }).locator('.tile-number').textContent()).replaceAll('\u00a0', ' '), /^\$0\.5000\s*\+ 5 not priced$/);
    assert.equal(await shown('total_output_tokens'), '10');
    assert.equal(await cell(10), '$0.5000 + 5 not priced');
    assert.equal(await cell(11), '\u2014', 'tokens and cost are of different calls');
    assert.equal(await field(page, 'cost_per_request'), 0.25);
  });
  await assertAccessible(page);
  assert.deepEqual(page.problems, []);
});

test('nearly all is not all: 9,996 of 10,000 are 99.9 %', async () => {
  await open();
  await stage.do('benchmark', { id: 'b', name: 'MMLU', total: 10_000, completed: 9996 });
  await untilHolds(async () => assert.equal(await page.textContent('.benchmark-share'), '99.9\u00a0%'));
  assert.equal(await page.getAttribute('.benchmark .bar', 'aria-valuenow'), '99.9');
  await stage.do('benchmark', { id: 'b', total: 10_000, completed: 10_000 });
  await untilHolds(async () => assert.equal(await page.textContent('.benchmark-share'), '100\u00a0%'));
  assert.deepEqual(page.problems, []);
});

test('six hundred providers: every chart has its lines, and no error', async () => {
  await open();
  await stage.do('load', { providers: 600, rate: 900, streamed: false });
  await until('all providers', async () => (await stage.overview()).providers.length === 600);
  await untilHolds(async () => {
    for (const chart of ['cost', 'in_flight']) {
      const labels = await texts(page, `[data-chart="${chart}"] .entry-label`);
      assert.equal(labels.at(-1), 'other (594)', chart);
    }
  });
  assert.ok(await page.isHidden('#chart-error'));
  // While the number of providers grows past what one answer holds, a question may be refused and asked anew.
  assert.deepEqual(page.problems.filter((text) => !/status of 400/.test(text)), []);
});
