// Names that try to be markup, formulas or a mess: they are shown as they are, and nothing in them runs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:net';
import { assertAccessible, field, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
import { Program, Stage } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

const kMarkup = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
const kLong = 'x'.repeat(500);
const kRightToLeft = '\u202e\u05e2\u05d1\u05e8\u05d9\u05ea';
const kEmoji = '\u{1f680}\u{1f469}\u200d\u{1f467}';
const kFormula = '=HYPERLINK("http://evil.example")';
/** The library cuts longer names. */
const kLongestLabel = 256;

let browser;
let stage;
let page;
const programs = [];

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
  stage = await Stage.start([]);
  programs.push(stage);
  for (const name of [kMarkup, kLong, kRightToLeft, kEmoji, kFormula]) {
    await stage.do('calls', { provider: name, model: name, count: 2 });
    await stage.do('calls', { provider: name, model: name, fail: 'other', message: `${name} failed` });
  }
  await stage.do('benchmark', { id: 'b', name: kMarkup, total: 10, completed: 4 });
  await stage.do('alerts', { title: kMarkup, message: kLong });
  page = await openPage(browser, stage.dashboard);
  await isLive(page);
});

after(async () => {
  await browser?.close();
  await Promise.all(programs.map((program) => program.stop('SIGKILL')));
});

const nothingRan = async () => {
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator('main :is(img, script, svg, b)').count(), 0);
  assert.deepEqual(page.problems, []);
};

test('hostile names are text in table, legend, filter, log, benchmark and page title, and inert', async () => {
  await untilHolds(async () => {
    const models = await texts(page, '#model-box tbody .model');
    assert.deepEqual(models.sort(), [kMarkup, kLong.slice(0, kLongestLabel), kRightToLeft, kEmoji, kFormula].sort());
    assert.ok((await texts(page, '[data-chart="cost"] .entry-label')).includes(kMarkup));
    assert.ok((await texts(page, '#filter option')).some((text) => text.includes(kMarkup)));
    assert.ok((await page.textContent('#log')).includes(kMarkup));
    assert.equal(await page.textContent('.benchmark h3'), kMarkup);
  });
  assert.ok((await page.title()).includes('<img src=x'));
  await nothingRan();
});

test('hostile names are text in the detail of an event and in a comparison', async () => {
  await page.fill('#log-search', 'onerror');
  await page.locator('.log-row:visible').first().click();
  assert.ok((await page.textContent('#event-json')).includes('<img src=x onerror'));
  await page.keyboard.press('Escape');
  for (const box of await page.$$('.pick input')) if (!(await box.isDisabled())) await box.check();
  assert.ok((await page.textContent('.compare thead')).includes(kFormula));
  await nothingRan();
});

test('with hostile names too the page is accessible and keeps its width', async () => {
  await assertAccessible(page);
  await nothingRan();
});

test('llm_benchmark with a model named like markup: the name appears as text and is inert', async () => {
  const program = await Program.start(
    ['--provider', 'openai', '--base-url', `http://127.0.0.1:${await deadPort()}/v1`, '--model', kMarkup,
      '--requests', '3', '--concurrency', '1', '--stay'],
    { OPENAI_API_KEY: 'none' },
  );
  programs.push(program);
  page = await openPage(browser, program.dashboard);
  await isLive(page);
  await until('failed requests', () => field(page, 'failed_requests'));
  await untilHolds(async () => {
    assert.deepEqual(await texts(page, '#model-box tbody .model'), [kMarkup]);
    assert.ok((await page.textContent('#log')).includes(kMarkup));
  });
  await nothingRan();
});
