// The page while a benchmark runs and after it: live, right, complete, accessible.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, colouredPixels, field, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
import { Program } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

const kRequests = 160;
const kCharts = ['requests', 'latency', 'first_token', 'tokens', 'cost', 'errors', 'in_flight'];
let browser;
let program;
let page;

before(async () => {
  browser = await launchBrowser();
  program = await Program.start(['--requests', String(kRequests), '--seed', '2', '--concurrency', '8', '--stay']);
  page = await openPage(browser, program.dashboard);
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

test('the page says live and counts requests while they happen', async () => {
  await isLive(page);
  const first = await until('a first request', () => field(page, 'total_requests'));
  await until('more requests', async () => (await field(page, 'total_requests')) > first);
  assert.match(await page.title(), /req\/s/);
});

test('at the end every total on the page is the number of /api/v1/overview and of /metrics', async () => {
  const { totals } = await program.finished();
  assert.equal(totals.total_requests, kRequests);
  const names = [
    'total_requests', 'successful_requests', 'cancelled_requests', 'failed_requests', 'active_requests',
    'total_input_tokens', 'total_output_tokens', 'total_cost',
  ];
  await untilHolds(async () => {
    for (const name of names) assert.equal(await field(page, name), totals[name], name);
  });
  assert.equal(await program.metricSum('llm_requests_total'), totals.total_requests);
  assert.equal(await program.metricSum('llm_requests_total', 'status="success"'), totals.successful_requests);
  assert.equal(await program.metricSum('llm_requests_total', 'status="error"'), totals.failed_requests);
  assert.equal(await program.metricSum('llm_errors_total'), totals.failed_requests);
  assert.equal(await program.metricSum('llm_tokens_input_total'), totals.total_input_tokens);
  assert.equal(await program.metricSum('llm_tokens_output_total'), totals.total_output_tokens);
  const microDollars = await program.metricSum('llm_cost_usd_total');
  // Both come from the same whole nano-dollars; what is left is the rounding of decimal text.
  assert.ok(Math.abs(microDollars / 1e6 - totals.total_cost) < 1e-9, `${microDollars} and ${totals.total_cost}`);
});

test('the table has a row per model, and its last row is their sum', async () => {
  const { models, totals } = await program.overview();
  const cells = (selector) =>
    page.$$eval(selector, (rows) =>
      rows.map((row) => [...row.querySelectorAll('td.number')].map((cell) => Number(cell.dataset.value))));
  const rows = await cells('#model-box tbody tr');
  assert.equal(rows.length, models.length);
  const [all] = await cells('#model-box tfoot tr');
  const column = { requests: 0, tokensIn: 7, tokensOut: 8 };
  const sum = (index) => rows.reduce((total, row) => total + row[index], 0);
  assert.equal(all[column.requests], totals.total_requests);
  for (const index of Object.values(column)) assert.equal(sum(index), all[index]);
  const names = await page.$$eval('#model-box tbody tr', (list) =>
    list.map((row) => `${row.cells[1].textContent} ${row.cells[2].textContent}`));
  assert.deepEqual(names.sort(), models.map(({ provider, model }) => `${provider} ${model}`).sort());
  for (const status of await page.$$eval('#model-box td.status', (list) => list.map((cell) => cell.textContent))) {
    assert.match(status, /^(Healthy|Degraded|Unavailable|Rate limited)$/);
  }
});

test('every chart draws data and tells its latest values', async () => {
  assert.deepEqual(await page.$$eval('.chart', (list) => list.map((chart) => chart.dataset.chart)), kCharts);
  const { totals } = await program.overview();
  const given = { first_token: totals.time_to_first_token.count > 0, errors: totals.failed_requests > 0 };
  for (const chart of kCharts.filter((one) => given[one] ?? true)) {
    await until(`${chart} to draw`, async () => (await colouredPixels(page, chart)) > 100);
    assert.ok(await page.isHidden(`[data-chart="${chart}"] .plot-empty`), chart);
    assert.match(await page.getAttribute(`[data-chart="${chart}"] canvas`, 'aria-label'), /: .*\d/);
  }
});

test('the cost chart ends at the total', async () => {
  const { totals } = await program.overview();
  await untilHolds(async () => {
    const values = await page.$$eval('[data-chart="cost"] .legend .entry-value', (list) =>
      list.map((entry) => Number(entry.textContent.replace(/[$,]/g, ''))));
    const sum = values.reduce((total, value) => total + value, 0);
    // Each provider's value is rounded for people.
    assert.ok(Math.abs(sum - totals.total_cost) <= 0.006 * values.length, `${values} and ${totals.total_cost}`);
  });
});

test('pointing at a chart shows the values of that moment, on every chart the same', async () => {
  const plot = await page.locator('[data-chart="requests"] .plot').boundingBox();
  await page.locator('[data-chart="requests"]').scrollIntoViewIfNeeded();
  await page.locator('[data-chart="requests"] .plot').hover({ position: { x: plot.width - 60, y: 60 } });
  await untilHolds(async () => {
    assert.match(await page.textContent('[data-chart="requests"] .readout-time'), /^\d\d:\d\d:\d\d$/);
    const drawn = await page.$$eval('.chart', (list) => list.filter((chart) => chart.querySelector('.entry-button')).length);
    assert.equal(await page.locator('.cursor-line:visible').count(), drawn);
    assert.equal(await page.locator('.readout:visible').count(), 1);
  });
  await page.mouse.move(5, 5);
  await untilHolds(async () => assert.equal(await page.locator('.cursor-line:visible').count(), 0));
});

test('the benchmark is complete: bar full, all examples, no time left', async () => {
  await untilHolds(async () => {
    const bars = await page.$$eval('[role="progressbar"]', (list) => list.map((bar) => bar.getAttribute('aria-valuenow')));
    assert.ok(bars.length > 0);
    for (const value of bars) assert.equal(Number(value), 100);
  });
  assert.deepEqual([...new Set(await page.$$eval('.benchmark .badge', (list) => list.map((badge) => badge.textContent)))],
    ['Completed']);
  assert.equal(await field(page, 'completed_examples'), (await program.overview()).benchmarks[0].completed_examples);
  assert.match(await page.textContent('.benchmark-outlook'), /^took /);
});

test('the log shows the events, newest last, and only the rows in sight exist', async () => {
  await untilHolds(async () => {
    const types = await page.$$eval('.log-row:not([hidden]) .log-type', (list) => list.map((node) => node.textContent));
    assert.ok(types.includes('RequestCompleted') || types.includes('RequestFailed'), types.join());
    assert.ok(types.includes('BenchmarkCompleted'), types.join());
  });
  assert.ok((await page.$$('.log-row')).length <= 40);
});

test('the log stops following when somebody scrolls up, and goes on at the button', async () => {
  await page.evaluate(() => document.getElementById('log').scrollTo(0, 0));
  await page.locator('#log-newest').waitFor({ state: 'visible' });
  await page.click('#log-newest');
  await untilHolds(async () => {
    assert.ok(await page.evaluate(() => {
      const log = document.getElementById('log');
      return log.scrollHeight - log.clientHeight - log.scrollTop < 2;
    }));
    assert.ok(await page.isHidden('#log-newest'));
  });
});

test('charts do not lag behind the tiles: the newest point is at most two seconds old', async () => {
  // The in-flight chart's newest point stands at the time of the answer.
  await page.click('[data-chart="in_flight"] [aria-label="View as table"]');
  const age = await until('a fresh point', async () => {
    const [newest] = await texts(page, '[data-chart="in_flight"] .chart-table tbody td:first-child');
    const [hours, minutes, seconds] = newest.split(':').map(Number);
    const now = new Date();
    const late = now.getHours() * 3600 + now.getMinutes() * 60 + now.getSeconds() - (hours * 3600 + minutes * 60 + seconds);
    return late <= 2 && { late };
  });
  assert.ok(age.late <= 2);
  await page.click('[data-chart="in_flight"] [aria-label="View as table"]');
});

test('nothing went wrong in the page: no error, no policy violation, no request to anywhere else', () => {
  assert.deepEqual(page.problems, []);
});

test('what is finished says so, offers its report, and is accessible', async () => {
  await page.locator('#finished').waitFor({ state: 'visible' });
  assert.ok(await page.isVisible('#finished-report'));
  await assertAccessible(page);
});

test('the page is dark where the system is, and changes with it', async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  await untilHolds(async () => assert.notEqual(await background(), light));
  await page.emulateMedia({ colorScheme: 'light' });
  await untilHolds(async () => assert.equal(await background(), light));
});
