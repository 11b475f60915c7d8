// What the page saves: tables, series, and the report that opens from a file with the same numbers.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { assertAccessible, colouredPixels, field, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
import { Program } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

const kFields = [
  'total_requests', 'successful_requests', 'failed_requests', 'cancelled_requests', 'total_input_tokens',
  'total_output_tokens', 'total_cost', 'latency_p50', 'latency_p95', 'latency_p99', 'completed_examples',
];

let browser;
let program;
let page;
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ltb-export-'));
  browser = await launchBrowser();
  program = await Program.start(['--requests', '60', '--seed', '8', '--concurrency', '8', '--stay']);
  page = await openPage(browser, program.dashboard, { expectLoss: true });
  await isLive(page);
  await program.finished();
  await page.locator('#finished').waitFor({ state: 'visible' });
  await until('the charts', async () => (await colouredPixels(page, 'cost')) > 100);
});

after(async () => {
  await browser?.close();
  await program?.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** What a click on `selector` saves: the file's name and text. */
async function saved(selector) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return { path, name: download.suggestedFilename(), text: readFileSync(path, 'utf8') };
}

async function exported(kind) {
  await page.click('#export');
  return saved(`[data-export="${kind}"]`);
}

test('the menu opens, is accessible, and closes with Esc', async () => {
  await page.click('#export');
  assert.equal(await page.getAttribute('#export', 'aria-expanded'), 'true');
  await assertAccessible(page, '.top');
  await page.keyboard.press('Escape');
  assert.ok(await page.isHidden('#export-menu'));
  assert.equal(await page.evaluate(() => document.activeElement.id), 'export');
});

test('the table as CSV is what the server answers as CSV', async () => {
  assert.match((await exported('table-csv')).name, /^llm-monitoring-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-table\.csv$/);
  const lasting = (csv) => {
    const [head, ...rows] = csv.trim().split('\r\n').map((line) => line.split(','));
    // Rates go on falling after the run; the rest is over and stays.
    const keep = head.map((column) => !/_per_second$|_per_hour$|^error_rate$/.test(column));
    return [head, ...rows].map((row) => row.filter((_, index) => keep[index]).map((cell) => (cell !== '' && !Number.isNaN(Number(cell)) ? Number(cell) : cell)));
  };
  // A status may change between the one and the other.
  await untilHolds(async () => {
    const { text } = await exported('table-csv');
    const server = await (await fetch(new URL('api/v1/providers?format=csv', program.dashboard))).text();
    assert.deepEqual(lasting(text), lasting(server));
  });
});

test('table and series as JSON and CSV hold the numbers', async () => {
  const { totals, models } = await program.overview();
  const table = JSON.parse((await exported('table-json')).text);
  assert.equal(table.totals.total_cost, totals.total_cost);
  assert.equal(table.models.length, models.length);
  const exportedSeries = async () => JSON.parse((await exported('series-json')).text).flatMap((reply) => reply.series);
  const cost = (await exportedSeries()).filter(({ metric }) => metric === 'cost_total').map(({ points }) => points.at(-1)[1]);
  assert.ok(Math.abs(cost.reduce((sum, value) => sum + value, 0) - totals.total_cost) < 1e-9);
  // Time goes on: now and then a new point comes between the one export and the other.
  await untilHolds(async () => {
    const series = await exportedSeries();
    const lines = (await exported('series-csv')).text.trim().split('\r\n');
    assert.equal(lines[0], 'metric,provider,model,timestamp,value');
    assert.equal(lines.length - 1, series.reduce((sum, { points }) => sum + points.length, 0));
  });
});

test('the report opens from its file and holds the same numbers; nothing is loaded, even after the program ended', async () => {
  const shown = async (where) => Object.fromEntries(await Promise.all(kFields.map(async (name) => [name, await field(where, name)])));
  const before = await shown(page);
  const labels = await texts(page, '[data-chart="cost"] .entry-button');
  await program.stop();
  await until('the loss', async () => (await page.textContent('#connection-text')) === 'Disconnected');
  const { path, text } = await saved('#finished-report');
  assert.ok(!text.includes('src="app.js"'));

  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
  const report = await context.newPage();
  const problems = [];
  report.on('pageerror', (error) => problems.push(`exception: ${error.stack}`));
  report.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  report.on('request', (request) => /^(file|data):/.test(request.url()) || problems.push(`request: ${request.url()}`));
  await report.goto(pathToFileURL(path).href);
  await untilHolds(async () => assert.deepEqual(await shown(report), before));
  assert.deepEqual(await texts(report, '[data-chart="cost"] .entry-button'), labels, 'in the same order, so of the same colours');
  for (const chart of ['requests', 'latency', 'tokens', 'cost']) {
    await until(`${chart} to draw`, async () => (await colouredPixels(report, chart)) > 100);
  }
  assert.match(await report.textContent('#connection-text'), /^Report of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.ok((await texts(report, '.log-row .log-type')).includes('BenchmarkCompleted'));
  assert.equal(await report.locator('#model-box tbody tr').count(), 3);
  assert.ok(await report.isHidden('#pause'));
  // What needs no program works: themes, sorting, details.
  await report.keyboard.press('t');
  await report.locator('#model-box th button', { hasText: 'Cost' }).click();
  // Bringing a row into sight scrolls the log, which lays its rows out anew: a click may meet a row that moves away.
  await until('the event', async () => {
    if (!(await report.isVisible('#event-dialog'))) await report.locator('.log-row:visible').first().click();
    return report.isVisible('#event-dialog');
  });
  await report.keyboard.press('Escape');
  await report.keyboard.press('t');
  await assertAccessible(report);
  assert.deepEqual(problems, []);
  assert.deepEqual(page.problems, []);
});
