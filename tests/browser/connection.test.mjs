// The page when the connection breaks: it says so, comes back by itself, and counts nothing twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeViolations, connectionText, field, launchBrowser, openPage } from './lib/browser.mjs';
import { Program } from './lib/program.mjs';
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

const isLive = (page) => until('the pill to say Live', async () => (await connectionText(page)) === 'Live');

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
  assert.deepEqual(await axeViolations(page), []);

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
  assert.deepEqual(page.problems, []);
});
