// The page when the connection breaks: it says so, comes back by itself, and counts nothing twice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertAccessible, closePage, connectionText, field, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
import { Program, Stage } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

let browser;
const programs = [];

async function start(flags, env) {
  const program = await Program.start(flags, env);
  programs.push(program);
  return program;
}

before(async () => {
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await Promise.all(programs.map((program) => program.stop('SIGKILL')));
});

test('a cut stream goes on after the last event of the same system', async () => {
  const program = await start(['--requests', '40', '--seed', '2', '--concurrency', '4', '--stay']);
  const context = await browser.newContext();
  const page = await context.newPage();
  const sockets = [];
  const ids = [];
  await page.routeWebSocket(/\/ws\?/, (socket) => {
    const server = socket.connectToServer();
    const connection = { socket, url: new URL(socket.url()), isCut: false };
    server.onMessage((message) => {
      // What still arrives for a cut connection never reaches the page.
      if (connection.isCut) return;
      for (const { type, data } of [JSON.parse(message)].flat()) if (type === 'Event') ids.push(data.id);
      socket.send(message);
    });
    sockets.push(connection);
  });
  await page.goto(program.dashboard);
  await isLive(page);
  await until('some events', () => ids.length > 10);

  const seen = ids[ids.length - 1];
  sockets[0].isCut = true;
  await sockets[0].socket.close({ code: 1011, reason: 'cut by the test' });

  await until('a second connection', () => sockets.length > 1);
  await isLive(page);
  const { searchParams } = sockets[1].url;
  const { epoch } = await program.overview();
  assert.equal(searchParams.get('epoch'), epoch);
  assert.equal(searchParams.get('since'), seen);
  await program.finished();
  await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 40));
  const numbers = ids.map((id) => Number(id.slice(4)));
  assert.deepEqual(numbers, numbers.map((_, index) => numbers[0] + index), 'no event twice, none missing');
  assert.ok(!(await page.textContent('#log')).includes('restarted'));
  await context.close();
});

test('a program that stops and starts again is shown anew, with its own numbers', async () => {
  const first = await start(['--requests', '30', '--seed', '3', '--concurrency', '8', '--stay']);
  const page = await openPage(browser, first.dashboard, { expectLoss: true });
  await isLive(page);
  await first.finished();
  await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 30));

  await first.stop();
  await until('the pill to say Disconnected', async () => (await connectionText(page)) === 'Disconnected');
  await untilHolds(async () => assert.match(await page.textContent('#banner'), /^Connection lost .* ago, retrying/));
  assert.equal(await field(page, 'total_requests'), 30, 'the last known numbers stay');
  assert.ok(await page.evaluate(() => document.body.classList.contains('stale')));
  await assertAccessible(page);

  // Every number the page shows of the new program, from the first on.
  await page.evaluate(() => {
    const shown = document.querySelector('[data-field="total_requests"]');
    window.seen = [];
    new MutationObserver(() => window.seen.push(shown.getAttribute('value'))).observe(shown, { attributes: true });
  });
  const second = await start(['--requests', '12', '--seed', '4', '--concurrency', '8', '--stay'], {
    LTB_DASHBOARD_PORT: first.dashboardPort,
  });
  await isLive(page);
  assert.ok(await page.isHidden('#banner'));
  const { totals } = await second.finished();
  await untilHolds(async () => {
    for (const name of ['total_requests', 'total_input_tokens', 'total_output_tokens', 'total_cost']) {
      assert.equal(await field(page, name), totals[name], name);
    }
  });
  assert.equal(totals.total_requests, 12);
  const seen = (await page.evaluate(() => window.seen)).filter((value) => value !== '').map(Number);
  assert.deepEqual(seen, [...seen].sort((a, b) => a - b), 'no jump: it only counts up');
  assert.ok(seen.every((value) => value <= 12), `${seen}`);
  assert.ok((await texts(page, '.log-row .log-type')).includes('BenchmarkCompleted'));
  assert.deepEqual(page.problems, []);
});

test('a program that hangs and continues is noticed and caught up with; the charts have a gap where it hung', async () => {
  const program = await start(['--duration', '60', '--rate', '10', '--seed', '5', '--stay']);
  const page = await openPage(browser, program.dashboard, { expectLoss: true });
  await isLive(page);
  await until('some requests', async () => (await field(page, 'total_requests')) > 20);
  const heldAt = Date.now();
  program.child.kill('SIGSTOP');
  await until('the pill to say Disconnected', async () => (await connectionText(page)) === 'Disconnected');
  program.child.kill('SIGCONT');
  const heldSeconds = (Date.now() - heldAt) / 1000;
  await isLive(page);
  assert.ok(!(await page.textContent('#log')).includes('restarted'));
  await untilHolds(async () => {
    const { totals } = await program.overview();
    const shown = await field(page, 'total_requests');
    assert.ok(shown > 20 && shown <= totals.total_requests && shown >= totals.total_requests - 15, `${shown} of ${totals.total_requests}`);
  });
  await page.click('[data-chart="requests"] [aria-label="View as table"]');
  await untilHolds(async () => {
    const times = await page.$$eval('[data-chart="requests"] .chart-table tbody tr', (rows) =>
      rows.filter((row) => row.cells[1].textContent !== '\u2014').map((row) => row.cells[0].textContent));
    const seconds = times.map((time) => time.split(':').reduce((sum, part) => 60 * sum + Number(part), 0));
    // Newest first; the newest one stands at "now", the others two seconds apart.
    const steps = seconds.slice(1, -1).map((at, index) => (at - seconds[index + 2] + 86_400) % 86_400);
    const longest = Math.max(...steps);
    // A step that the stop or the continuing cuts is not whole: no value in it. Two steps at each end at most.
    assert.ok(steps.length >= 4 && longest > heldSeconds - 2 && longest <= heldSeconds + 8, `${times}, held for ${heldSeconds} s`);
    // Elsewhere none is missing, but for one that a busy machine, or the lone step within the gap, may cost.
    assert.ok(steps.filter((step) => step !== 2).length <= 2, `${times}`);
  });
  assert.deepEqual(page.problems, []);
  await closePage(page);
});

test('a hidden page rests, and has everything when it is shown again', async () => {
  const program = await start(['--requests', '60', '--seed', '6', '--concurrency', '8', '--stay']);
  const page = await openPage(browser, program.dashboard);
  await isLive(page);
  await until('a first request', () => field(page, 'total_requests'));
  // Headless Chromium never hides a page by itself: it is told that it is hidden, as a browser would.
  const setHidden = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
    window.asked.length = 0;
    return Number(document.querySelector('[data-field="total_requests"]').value);
  }, hidden);
  // Noted in the page, from the moment on at which it is hidden: word of a request from before may come late.
  await page.evaluate(() => {
    window.asked = [];
    const { fetch } = window;
    window.fetch = (...request) => {
      window.asked.push(String(request[0]));
      return fetch(...request);
    };
  });
  const before = await setHidden(true);
  const { totals } = await program.finished();
  assert.ok(before < totals.total_requests, 'hidden before the end');
  assert.equal(await field(page, 'total_requests'), before, 'nothing is drawn for nobody');
  assert.deepEqual(await page.evaluate(() => window.asked), []);
  assert.match(await page.title(), /req\/s/, 'the title goes on');
  await setHidden(false);
  await untilHolds(async () => {
    for (const name of ['total_requests', 'total_output_tokens', 'total_cost']) assert.equal(await field(page, name), totals[name], name);
    assert.ok((await texts(page, '.log-row .log-type')).includes('BenchmarkCompleted'));
  });
  assert.deepEqual(page.problems, []);
});

async function startStage(flags, env) {
  const stage = await Stage.start(flags, env);
  programs.push(stage);
  return stage;
}

/** What the page exports as a report. */
async function exportedReport(page) {
  await page.click('#export');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-export="report"]')]);
  return JSON.parse(/<script type="application\/json" id="report-data">([^]*?)<\/script>/.exec(readFileSync(await download.path(), 'utf8'))[1]);
}

test('after a restart the page has the new service levels, and the report has the events of both programs', async () => {
  const first = await startStage(['--slo-latency', '2']);
  const page = await openPage(browser, first.dashboard, { expectLoss: true });
  await isLive(page);
  const bound = () => page.textContent('[data-chart="latency"] .bounds');
  await first.do('calls', { provider: 'old', model: 'm', count: 6 });
  await untilHolds(async () => {
    assert.equal(await field(page, 'total_requests'), 6);
    assert.equal(await bound(), 'SLO \u2264 2.00\u00a0s');
  });
  await first.stop();
  const second = await startStage(['--slo-latency', '0.9'], { LTB_DASHBOARD_PORT: first.dashboardPort });
  await second.do('calls', { provider: 'new', model: 'm', count: 2 });
  await untilHolds(async () => {
    assert.equal(await field(page, 'total_requests'), 2);
    assert.equal(await bound(), 'SLO \u2264 900\u00a0ms');
  });
  const { log, config } = await exportedReport(page);
  const told = log.map((entry) => (entry.kind === 'event' ? entry.event.payload.data.provider : entry.kind));
  const calls = (name) => told.filter((one) => one === name).length;
  assert.equal(calls('old'), 12, 'six begun and six completed');
  assert.equal(calls('new'), 4);
  assert.equal(told.indexOf('restarted'), told.lastIndexOf('old') + 1);
  assert.equal(config.slos[0].latency, 0.9);
  assert.deepEqual(page.problems, []);
  await closePage(page);
});

test('a paused page keeps everything it shows while the program restarts, and says that it did', async () => {
  const first = await startStage(['--slo-latency', '2']);
  const page = await openPage(browser, first.dashboard, { expectLoss: true });
  await isLive(page);
  await first.do('calls', { provider: 'old', model: 'm', count: 6 });
  const chart = () => page.getAttribute('[data-chart="cost"] canvas', 'aria-label');
  await untilHolds(async () => assert.match(await chart(), /old \$0\.0600/));
  await page.keyboard.press('p');
  await until('paused', async () => (await connectionText(page)).startsWith('Paused'));
  await first.stop();
  const second = await startStage(['--slo-latency', '0.9'], { LTB_DASHBOARD_PORT: first.dashboardPort });
  await second.do('calls', { provider: 'new', model: 'm', count: 2 });
  await untilHolds(async () => {
    assert.match(await connectionText(page), /^Paused .*restarted$/);
    assert.match(await page.textContent('#banner'), /^The program restarted\./);
  });
  // Several of the page's beats: what is held must not move.
  for (let i = 0; i < 4; ++i) {
    await page.waitForTimeout(500);
    assert.equal(await field(page, 'total_requests'), 6);
    assert.match(await chart(), /old \$0\.0600/);
    assert.ok(await page.isHidden('[data-chart="cost"] .plot-empty'));
    assert.equal(await page.textContent('[data-chart="latency"] .bounds'), 'SLO \u2264 2.00\u00a0s');
  }
  await assertAccessible(page);
  await page.keyboard.press('p');
  await untilHolds(async () => {
    assert.equal(await field(page, 'total_requests'), 2);
    assert.match(await chart(), /new \$0\.0200/);
    assert.equal(await page.textContent('[data-chart="latency"] .bounds'), 'SLO \u2264 900\u00a0ms');
  });
  assert.deepEqual(page.problems, []);
  await closePage(page);
});

test('a page of another version than the program offers to reload', async () => {
  const stage = await startStage([]);
  const page = await openPage(browser, stage.dashboard, { expectLoss: true });
  await isLive(page);
  assert.ok(await page.isHidden('#outdated'));
  // The program that answers from now on is newer.
  await page.route('**/config.json', async (route) => {
    const response = await route.fetch();
    return route.fulfill({ response, json: { ...(await response.json()), protocol: 2, version: '99.0.0' } });
  });
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  const sockets = [];
  await page.routeWebSocket(/\/ws\?/, (socket) => sockets.push(socket.connectToServer()));
  await stage.stop();
  await until('the loss', async () => (await connectionText(page)) === 'Disconnected');
  const again = await startStage([], { LTB_DASHBOARD_PORT: stage.dashboardPort });
  await page.locator('#outdated').waitFor({ state: 'visible' });
  await assertAccessible(page, '.top');
  await page.unroute('**/config.json');
  await page.click('#reload');
  await isLive(page);
  assert.ok(await page.isHidden('#outdated'));
  await again.stop();
  await closePage(page);
});
