// Text that tries to be markup: it is shown as it is, and nothing in it runs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:net';
import { connectionText, field, launchBrowser, openPage } from './lib/browser.mjs';
import { Program } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

const kModel = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';

let browser;
let program;

/** A port of this machine on which nobody listens. */
async function deadPort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

before(async () => {
  browser = await launchBrowser();
  program = await Program.start(
    ['--provider', 'openai', '--base-url', `http://127.0.0.1:${await deadPort()}/v1`, '--model', kModel,
      '--requests', '3', '--concurrency', '1', '--stay'],
    { OPENAI_API_KEY: 'none' },
  );
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

test('a model named like markup appears as text everywhere and is inert', async () => {
  const page = await openPage(browser, program.dashboard);
  await until('the pill to say Live', async () => (await connectionText(page)) === 'Live');
  await until('failed requests', () => field(page, 'failed_requests'));
  await untilHolds(async () => {
    assert.equal(await page.textContent('#model-box tbody tr td'), kModel);
    assert.ok((await page.textContent('#log')).includes(kModel));
  });
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator('main img, main script, main svg').count(), 0);
  assert.deepEqual(page.problems, []);
});
