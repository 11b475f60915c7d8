// The page of a system that asks for a token: it comes in the address once, and no further.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connectionText, field, isLive, launchBrowser, openPage } from './lib/browser.mjs';
import { Program } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

const token = 's3cret/~+==';
let browser;
let program;

before(async () => {
  browser = await launchBrowser();
  program = await Program.start(['--requests', '20', '--seed', '2', '--concurrency', '4', '--stay'], { LTB_AUTH_TOKEN: token });
});

after(async () => {
  await browser?.close();
  await program?.stop('SIGKILL');
});

test('with the token in its address the page shows everything, also after a reload, and hides it', async () => {
  const page = await openPage(browser, `${program.dashboard}#window=15m&token=${encodeURIComponent(token)}`);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  await isLive(page);
  await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 20));
  assert.equal(new URL(page.url()).hash, '#window=15m');

  await page.reload();
  await isLive(page);
  await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 20));
  assert.equal(new URL(page.url()).hash, '#window=15m');
  assert.ok(asked.some((url) => url.includes('/ws?')), 'the stream was watched');
  for (const url of asked) assert.ok(!url.includes('s3cret'), url);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('without it the page says what it needs, and goes on as soon as it has it', async () => {
  const page = await openPage(browser, program.dashboard, { expectLoss: true });
  await until('the pill to say Disconnected', async () => (await connectionText(page)) === 'Disconnected');
  assert.match(await page.textContent('#banner'), /asks for a token: add #token=/);
  assert.equal(await field(page, 'total_requests'), null);

  await page.evaluate((value) => (location.hash = `#token=${encodeURIComponent(value)}`), token);
  await isLive(page);
  await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 20));
  assert.ok(!page.url().includes('s3cret'));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a wrong token opens nothing', async () => {
  const page = await openPage(browser, `${program.dashboard}#token=wrong`, { expectLoss: true });
  await until('the pill to say Disconnected', async () => (await connectionText(page)) === 'Disconnected');
  assert.equal(await field(page, 'total_requests'), null);
  await page.context().close();
});

for (const typed of ['q1+Zk/8tP0w+9xY2m5Bv7d==', '50%off%41', 'a%2Bb', 'a&b', 'x#y']) {
  test(`the token ${typed} works as it is typed into the address, and leaves it whole`, async () => {
    const guarded = await Program.start(['--requests', '3', '--seed', '2', '--stay'], { LTB_AUTH_TOKEN: typed });
    try {
      const page = await openPage(browser, `${guarded.dashboard}#token=${typed}`, { expectLoss: true });
      await isLive(page);
      await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 3));
      assert.equal(page.url(), guarded.dashboard);
      await page.reload();
      await isLive(page);
      assert.deepEqual(page.problems, []);
      await page.context().close();
    } finally {
      await guarded.stop('SIGKILL');
    }
  });
}
