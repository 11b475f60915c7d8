// The page of a system that serves TLS: the stream and everything else come that way too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCertificate } from '../integration/e2e/lib/certificate.mjs';
import { field, isLive, launchBrowser, openPage } from './lib/browser.mjs';
import { Program } from './lib/program.mjs';
import { untilHolds } from './lib/until.mjs';

const skip = process.env.LTB_TEST_TLS === 'OFF' && 'built with LTB_TLS=OFF';
let browser;
let program;

before(async () => {
  if (skip) return;
  browser = await launchBrowser();
  const { cert, key } = makeCertificate();
  program = await Program.start(['--requests', '20', '--seed', '2', '--concurrency', '4', '--stay'],
    { LTB_TLS_CERT: cert, LTB_TLS_KEY: key, LTB_AUTH_TOKEN: 'secret' });
});

after(async () => {
  await browser?.close();
  await program?.stop('SIGKILL');
});

test('over TLS the page is live by wss, with a token too', { skip }, async () => {
  assert.match(program.dashboard, /^https:/);
  const page = await openPage(browser, `${program.dashboard}#token=secret`, { ignoreHTTPSErrors: true });
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  await page.reload();
  await isLive(page);
  await untilHolds(async () => assert.equal(await field(page, 'total_requests'), 20));
  assert.ok(asked.some((url) => url.startsWith('wss://')), `the stream was watched: ${asked}`);
  for (const url of asked) assert.match(url, /^(https|wss):/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
