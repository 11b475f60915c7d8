// The page and clocks: the server's is set back or forward, this machine sleeps, a zoom ends at "now".
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { closePage, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
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


/** Puts `seconds()` between the program's wall clock and what the page is told of it. */
async function shiftClock(seconds) {
  await page.route('**/api/v1/series?*', async (route) => {
    const shift = seconds();
    const url = new URL(route.request().url());
    for (const name of ['from', 'to']) {
      const value = url.searchParams.get(name);
      if (value !== null) url.searchParams.set(name, String(Number(value) - shift));
    }
    const response = await route.fetch({ url: url.href });
    if (!response.ok()) return route.fulfill({ response });
    const reply = await response.json();
    reply.from += shift;
    reply.to += shift;
    for (const { points } of reply.series) for (const point of points) point[0] += shift * 1000;
    return route.fulfill({ response, json: reply });
  });
}

async function open(hash) {
  stage = await Stage.start([]);
  await stage.do('load', { providers: 2, rate: 40 });
  page = await openPage(browser, `${stage.dashboard}${hash}`, { expectLoss: true });
  await isLive(page);
  await page.click('[data-chart="requests"] [aria-label="View as table"]');
}

/** The rows of the requests chart's table, newest first: seconds of the day and the shown value. */
const rows = async () =>
  (await page.$$eval('[data-chart="requests"] .chart-table tbody tr', (list) => list.map((row) => [...row.cells].map((cell) => cell.textContent))))
    .map(([time, value]) => ({ at: time.split(' ').pop().split(':').reduce((sum, part) => 60 * sum + Number(part), 0), value }));

const secondOfDay = (milliseconds) => {
  const date = new Date(milliseconds);
  return date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds();
};
const kDay = 86_400;
const apart = (a, b) => Math.abs(((a - b + 1.5 * kDay) % kDay) - kDay / 2);

for (const [name, shift] of [['back', -120], ['forward', 100]]) {
  test(`the server's clock is set ${name}: the charts go on at once, without an error and without a moment twice`, async () => {
    await open('#window=1m');
    let offset = 0;
    await shiftClock(() => offset);
    await until('some rows', async () => (await rows()).filter(({ value }) => value !== '\u2014').length >= 6);
    offset = shift;
    await untilHolds(async () => {
      const shown = await rows();
      const expected = secondOfDay(Date.now() + shift * 1000);
      assert.ok(apart(shown[0].at, expected) <= 3, `newest ${shown[0].at}, expected ${expected}`);
      for (const [i, { at }] of shown.entries()) {
        if (i > 0) assert.ok(apart(shown[i - 1].at, at) <= 1, `a hole or a jump between ${shown[i - 1].at} and ${at}`);
      }
      assert.ok(shown.length <= 61, `${shown.length} rows`);
    });
    assert.ok(await page.isHidden('#chart-error'));
  });
}

test('after a sleep longer than the window the whole window is there at once', async () => {
  await open('#window=1m');
  // Held still, as the page of a machine that sleeps: no request, no clock tick; the program goes on meanwhile.
  await until('some rows', async () => (await rows()).length >= 6);
  let asleep = false;
  const asked = [];
  await page.route('**/api/v1/series?*', (route) => {
    if (asleep) return route.abort();
    asked.push(new URL(route.request().url()).searchParams);
    return route.continue();
  });
  await page.evaluate(() => {
    const monotonic = performance.now.bind(performance);
    const wall = Date.now.bind(Date);
    window.slept = 0;
    Date.now = () => wall() + window.slept;
    performance.now = () => monotonic();
  });
  asked.length = 0;
  // The wall clock has gone on by eleven minutes and the monotonic one has not.
  await page.evaluate(() => (window.slept = 11 * 60_000));
  await until('a question for the whole window', () => asked.some((one) => one.get('window') === '60'));
  await untilHolds(async () => assert.ok((await rows()).length >= 10));
});

test('an answer the server refuses is told in a sentence, not as a request', async () => {
  await open('#window=1m');
  await page.route('**/api/v1/series?*', (route) => route.fulfill({ status: 400, contentType: 'text/plain', body: 'step="0": expected a number\n' }));
  await page.click('#window-5m');
  await page.locator('#chart-error').waitFor({ state: 'visible' });
  const text = await page.textContent('#chart-error');
  assert.match(text, /^The charts could not be updated: the program answered 400 \(step="0": expected a number\)\. Trying again\.$/);
  assert.doesNotMatch(text, /GET|api\/v1/);
  await page.unroute('**/api/v1/series?*');
  await page.locator('#chart-error').waitFor({ state: 'hidden' });
});

test('a zoom to the right edge has whole steps only, none outside, and every one is true', async () => {
  await open('#window=1m');
  await until('some rows', async () => (await rows()).filter(({ value }) => value !== '\u2014').length >= 15);
  await page.click('[data-chart="requests"] [aria-label="View as table"]');
  const plot = page.locator('[data-chart="requests"] .plot');
  await plot.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await plot.boundingBox();
  await page.mouse.move(x + width * 0.8, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width + 30, y + height / 2, { steps: 4 });
  await page.mouse.up();
  await untilHolds(async () => assert.match(await page.textContent('#charts-title'), /^\d\d:\d\d:\d\d \u2013 \d\d:\d\d:\d\d$/));
  const [from, to] = (await page.textContent('#charts-title')).split(' \u2013 ').map((time) => time.split(':').reduce((sum, part) => 60 * sum + Number(part), 0));
  await page.click('[data-chart="requests"] [aria-label="View as table"]');
  const end = new Date();
  end.setHours(0, 0, 0, 0);
  const midnight = end.getTime() / 1000;
  // The truth from the program, read when every step is long over: one value for each second that ends in the range.
  await until('the steps to be over', async () => Date.parse((await stage.overview()).timestamp) / 1000 > midnight + to + 3.5);
  const url = new URL(`api/v1/series?metric=success_per_second&from=${midnight + from - 5}&to=${midnight + to + 3}&step=1`, stage.dashboard);
  const { series } = await (await fetch(url)).json();
  const truth = new Map(series[0].points.map(([start, value]) => [secondOfDay(start) + 1, value]));
  await untilHolds(async () => {
    const shown = await rows();
    const seconds = Array.from({ length: to - from }, (_, i) => from + 1 + i);
    assert.deepEqual(shown.map(({ at }) => at).reverse(), seconds);
    for (const { at, value } of shown) {
      const known = truth.get(at);
      // On a busy machine the program may have been held up for a second: then nobody knows it.
      if (known === null) assert.equal(value, '\u2014', `second ${at}`);
      else assert.equal(Number(value), Number(known.toPrecision(3)), `second ${at}`);
    }
  });
  assert.ok((await texts(page, '[data-chart="requests"] .chart-table tbody tr')).length >= 5);
});
