// What people do with the page: keys, filter, window, pause, theme, zoom, switches, sorting, comparing, searching.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible, connectionText, field, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
import { Program } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

let browser;
let program;
let page;

before(async () => {
  browser = await launchBrowser();
  program = await Program.start(['--duration', '240', '--rate', '30', '--seed', '7']);
  page = await openPage(browser, program.dashboard);
  await isLive(page);
  await until('some requests', async () => (await field(page, 'total_requests')) > 60);
});

afterEach(() => assert.deepEqual(page.problems, []));

after(async () => {
  await browser?.close();
  await program?.stop('SIGKILL');
});

const pressed = (selector) => page.getAttribute(selector, 'aria-pressed');
const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

test('P holds the page still and counts what is new; P again shows everything', async () => {
  await page.keyboard.press('p');
  await until('paused', async () => (await pressed('#pause')) === 'true');
  await untilHolds(async () => assert.match(await connectionText(page), /^Paused \u00b7 \d+ new$/));
  const numbers = () => page.$$eval('#tiles data', (list) => list.map((node) => node.value));
  const held = await numbers();
  const entries = await texts(page, '.log-row .log-time');
  const before = Number(/(\d+) new/.exec(await connectionText(page))[1]);
  await until('more new events', async () => Number(/(\d+) new/.exec(await connectionText(page))[1]) > before + 20);
  assert.deepEqual(await numbers(), held);
  assert.deepEqual(await texts(page, '.log-row .log-time'), entries);
  await assertAccessible(page);

  const total = await field(page, 'total_requests');
  await page.keyboard.press('p');
  await isLive(page);
  await until('newer numbers', async () => (await field(page, 'total_requests')) > total);
});

test('1 to 7 make a chart large and small again, Esc makes it small', async () => {
  const charts = await page.$$eval('.chart', (list) => list.map((chart) => chart.dataset.chart));
  assert.equal(charts.length, 7);
  for (const [index, chart] of charts.entries()) {
    await page.keyboard.press(String(index + 1));
    const box = await page.locator(`[data-chart="${chart}"]`).boundingBox();
    assert.ok(box.width > 1300 && box.height > 900, `${chart}: ${JSON.stringify(box)}`);
    assert.equal(await page.locator('.maximised').count(), 1);
    if (index === 0) await assertAccessible(page, '.maximised');
    await page.keyboard.press(index % 2 ? 'Escape' : String(index + 1));
    assert.equal(await page.locator('.maximised').count(), 0);
  }
});

test('a maximised chart is a dialog: the keyboard stays in it, and the focus returns', async () => {
  const opener = page.locator('[data-chart="tokens"] [aria-label^="Maximise"]');
  await opener.focus();
  await page.keyboard.press('Enter');
  const dialog = page.locator('[role="dialog"][aria-modal="true"]');
  assert.equal(await dialog.getAttribute('data-chart'), 'tokens');
  assert.match(await dialog.getAttribute('aria-label'), /Tokens/);
  for (let i = 0; i < 12; ++i) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const { activeElement: element } = document;
      return element === document.body || element.closest('.maximised') ? '' : element.outerHTML.slice(0, 80);
    });
    assert.equal(at, '', `after ${i + 1} tabs`);
  }
  await page.keyboard.press('4');
  assert.equal(await page.locator('.maximised').count(), 0);
  await page.keyboard.press('4');
  await page.keyboard.press('2');
  assert.equal(await page.locator('.maximised').getAttribute('data-chart'), 'latency', 'straight to another one');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('[role="dialog"]:not(dialog)').count(), 0);
  assert.equal(await page.locator('[inert]').count(), 0);
  await opener.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  assert.ok(await opener.evaluate((button) => button === document.activeElement));
  await page.evaluate(() => document.activeElement.blur());
});

test('the keys can be turned off, for good; Esc stays', async () => {
  await page.keyboard.press('?');
  await page.click('#keys-on');
  await page.keyboard.press('Escape');
  await page.reload();
  await isLive(page);
  const dark = await pressed('#theme');
  for (const key of ['p', 't', '1', '?', 'f']) await page.keyboard.press(key);
  assert.equal(await pressed('#pause'), 'false');
  assert.equal(await pressed('#theme'), dark);
  assert.equal(await page.locator('.maximised').count(), 0);
  assert.ok(await page.isHidden('#help-dialog'));
  await page.click('[data-chart="cost"] [aria-label^="Maximise"]');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.maximised').count(), 0);
  await page.click('#help');
  await page.click('#keys-on');
  await page.keyboard.press('Escape');
  await page.keyboard.press('p');
  await until('paused', async () => (await pressed('#pause')) === 'true');
  await page.keyboard.press('p');
  await until('live again', async () => (await pressed('#pause')) === 'false');
});

test('Esc in the search empties it, and leaves the zoom as it is', async () => {
  await until('a zoom', async () => {
    const { x, y, width, height } = await page.locator('[data-chart="requests"] .plot').boundingBox();
    await page.mouse.move(x + width * 0.5, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.9, y + height / 2, { steps: 4 });
    await page.mouse.up();
    return page.isVisible('#zoom-reset');
  });
  await page.fill('#log-search', 'gemini');
  await page.keyboard.press('Escape');
  assert.equal(await page.inputValue('#log-search'), '');
  assert.ok(await page.isVisible('#zoom-reset'));
  await untilHolds(async () => assert.equal(await page.textContent('#log-count'), ''));
  await page.keyboard.press('Escape');
  assert.ok(await page.isVisible('#zoom-reset'));
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Escape');
  assert.ok(await page.isHidden('#zoom-reset'));
});

test('T turns the page dark and back, and a reload remembers', async () => {
  const light = await background();
  await page.keyboard.press('t');
  const dark = await background();
  assert.notEqual(dark, light);
  assert.equal(await pressed('#theme'), 'true');
  await page.reload();
  await isLive(page);
  assert.equal(await background(), dark);
  await page.click('#theme');
  assert.equal(await background(), light);
  await page.emulateMedia({ colorScheme: 'dark' });
  // The page hears of the system's change as an event.
  await untilHolds(async () => assert.equal(await background(), dark, 'back to following the system'));
  await page.emulateMedia({ colorScheme: 'light' });
  await untilHolds(async () => assert.equal(await background(), light));
});

test('? lists the keys, and while somebody types keys are letters', async () => {
  await page.keyboard.press('?');
  await page.locator('#help-dialog').waitFor({ state: 'visible' });
  await page.keyboard.press('p');
  assert.equal(await pressed('#pause'), 'false', 'off while a dialog is open');
  await assertAccessible(page, '#help-dialog');
  await page.keyboard.press('Escape');
  await page.locator('#help-dialog').waitFor({ state: 'hidden' });
  await page.click('#log-search');
  await page.keyboard.type('pt1?');
  assert.equal(await pressed('#pause'), 'false');
  assert.equal(await pressed('#theme'), 'false');
  assert.equal(await page.locator('.maximised').count(), 0);
  await page.fill('#log-search', '');
  await page.evaluate(() => document.activeElement.blur());
});

test('F goes to the filter; the filter narrows tiles and charts to a provider, and to a model', async () => {
  await page.keyboard.press('f');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'filter');
  await until('all choices', async () => (await page.locator('#filter option').count()) === 7);
  const questions = [];
  const listen = (request) => questions.push(new URL(request.url()).searchParams);
  page.on('request', listen);
  await page.selectOption('#filter', 'openai');
  await untilHolds(async () => {
    const { providers } = await program.overview();
    const { total_requests: truth } = providers.find(({ provider }) => provider === 'openai');
    const shown = await field(page, 'total_requests');
    assert.ok(shown <= truth && shown > truth - 60, `${shown} of ${truth}`);
    assert.deepEqual(await texts(page, '[data-chart="cost"] .entry-label'), ['openai']);
    const subjects = await texts(page, '.log li:not([hidden]) .log-subject');
    assert.ok(subjects.some((text) => text.startsWith('openai')));
    assert.ok(!subjects.some((text) => /^(google|anthropic)/.test(text)), 'the log is narrowed too');
  });
  assert.ok(questions.some((asked) => asked.get('provider') === 'openai' && asked.get('metric').includes('latency_p95')));
  assert.match(page.url(), /#provider=openai$/);
  await page.selectOption('#filter', 'google / gemini-flash');
  await untilHolds(async () => assert.deepEqual(await texts(page, '[data-chart="cost"] .entry-label'), ['google']));
  assert.ok(questions.some((asked) => asked.get('model') === 'gemini-flash'));
  await page.reload();
  await isLive(page);
  await untilHolds(async () => assert.deepEqual(await texts(page, '[data-chart="cost"] .entry-label'), ['google'], 'a reload keeps it'));
  await page.selectOption('#filter', '');
  await untilHolds(async () => assert.equal((await texts(page, '[data-chart="cost"] .entry-label')).length, 3));
  page.off('request', listen);
});

test('each window is asked of the server, with at most 600 points a series', async () => {
  for (const [choice, seconds] of [['1m', 60], ['15m', 900], ['1h', 3600], ['all', undefined], ['5m', 300]]) {
    const answer = page.waitForResponse((response) => {
      const asked = new URL(response.url()).searchParams;
      return response.url().includes('/series') && asked.has('window') && (seconds === undefined || asked.get('window') === String(seconds));
    });
    await page.click(`#window-${choice}`);
    const { series, step } = await (await answer).json();
    assert.ok(step >= 1);
    for (const { metric, points } of series) assert.ok(points.length <= 600, `${choice} ${metric}: ${points.length}`);
    assert.equal(await pressed(`#window-${choice}`), 'true');
  }
  assert.equal(await page.textContent('#charts-title'), 'Last 5 minutes');
});

test('drawing over a chart zooms all of them in, a double click zooms out', async () => {
  const plot = page.locator('[data-chart="requests"] .plot');
  await plot.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await plot.boundingBox();
  const zoomed = page.waitForRequest((request) => request.url().includes('/series') && request.url().includes('to='));
  await page.mouse.move(x + width * 0.5, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.7, y + height / 2, { steps: 4 });
  assert.ok(await page.isVisible('[data-chart="requests"] .zoom-brush'));
  await page.mouse.up();
  const asked = new URL((await zoomed).url()).searchParams;
  assert.ok(Number(asked.get('to')) - Number(asked.get('from')) < 120);
  await untilHolds(async () => assert.match(await page.textContent('#charts-title'), /^\d\d:\d\d:\d\d \u2013 \d\d:\d\d:\d\d$/));
  assert.ok(await page.isVisible('#zoom-reset'));
  await assertAccessible(page);
  await plot.dblclick({ position: { x: 200, y: 60 } });
  await untilHolds(async () => assert.equal(await page.textContent('#charts-title'), 'Last 5 minutes'));
  assert.ok(await page.isHidden('#zoom-reset'));
});

test('a name below a chart switches its line off and on', async () => {
  const entry = page.locator('[data-chart="latency"] .entry-button').first();
  const label = () => page.getAttribute('[data-chart="latency"] canvas', 'aria-label');
  assert.match(await label(), /P50/);
  await entry.click();
  assert.equal(await entry.getAttribute('aria-pressed'), 'false');
  assert.doesNotMatch(await label(), /P50/);
  await assertAccessible(page, '[data-chart="latency"]');
  await entry.click();
  assert.match(await label(), /P50/);
});

test('a chart as a table has the same newest values as its legend', async () => {
  await page.keyboard.press('p');
  await until('paused', async () => (await pressed('#pause')) === 'true');
  await page.click('[data-chart="tokens"] [aria-label="View as table"]');
  await untilHolds(async () => {
    const [time, input, output] = await texts(page, '[data-chart="tokens"] .chart-table tbody tr:first-child td');
    assert.match(time, /^\d\d:\d\d:\d\d$/);
    assert.deepEqual([input, output], await texts(page, '[data-chart="tokens"] .entry-value'));
  });
  await assertAccessible(page, '[data-chart="tokens"]');
  await page.click('[data-chart="tokens"] [aria-label="View as table"]');
  await page.keyboard.press('p');
  await until('live again', async () => (await pressed('#pause')) === 'false');
});

test('the table sorts by any column, both ways', async () => {
  const column = (index) => page.$$eval('#model-box tbody tr', (rows, at) => rows.map((row) => Number(row.querySelectorAll('td.number')[at].dataset.value)), index);
  // Held still: under the mouse rows keep their places, and their numbers would go on.
  await page.keyboard.press('p');
  await until('paused', async () => (await pressed('#pause')) === 'true');
  const head = page.locator('#model-box th', { hasText: 'P95' });
  await head.locator('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  const falling = await column(3);
  assert.deepEqual(falling, [...falling].sort((a, b) => b - a));
  await head.locator('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'ascending');
  const rising = await column(3);
  assert.deepEqual(rising, [...rising].sort((a, b) => a - b));
  await page.locator('#model-box th button', { hasText: 'Provider' }).click();
  assert.deepEqual(await texts(page, '#model-box tbody .name'), ['anthropic', 'google', 'openai']);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('p');
});

test('models stand side by side with their differences', async () => {
  await page.locator('.pick input').nth(0).check();
  assert.match(await page.textContent('.compare'), /Pick another model/);
  await page.locator('.pick input').nth(1).check();
  const rows = () => page.$$eval('.compare tbody tr', (list) => list.map((row) => [...row.querySelectorAll('.compare-value, .delta')].map((node) => node.textContent)));
  await untilHolds(async () => {
    const p95 = (await rows())[3];
    assert.equal(p95[1], '', 'the baseline has no difference');
    assert.match(p95[3], /^[+\u2212]\d+(\.\d+)?\u00a0%$/);
  });
  await assertAccessible(page, '#models');
  await page.locator('.compare [aria-label="Remove from the comparison"]').first().click();
  await page.locator('.pick input').nth(1).uncheck();
  assert.ok(await page.isHidden('.compare'));
});

test('the log shows one type, or what has the words, and the whole of an event', async () => {
  const types = async () => [...new Set(await texts(page, '.log li:not([hidden]) .log-type'))];
  await page.selectOption('#log-filter', 'RequestCompleted');
  await untilHolds(async () => assert.deepEqual(await types(), ['RequestCompleted']));
  await page.fill('#log-search', 'gemini');
  await untilHolds(async () => {
    const subjects = [...new Set(await texts(page, '.log li:not([hidden]) .log-subject'))];
    assert.deepEqual(subjects, ['google / gemini-flash']);
  });
  assert.match(await page.textContent('#log-count'), /^\d+ of the newest \d+$/);
  // Held still, so that the row stays where it is.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('p');
  await until('the page to stand still', async () => (await pressed('#pause')) === 'true');
  // One in the middle: those at the ends are out of sight, and going there would lay out the rows anew under the pointer.
  const rows = page.locator('.log-row:visible');
  await rows.nth(Math.floor((await rows.count()) / 2)).click();
  const event = JSON.parse(await page.textContent('#event-json'));
  assert.equal(event.event_type, 'RequestCompleted');
  assert.equal(event.payload.data.model, 'gemini-flash');
  await assertAccessible(page, '#event-dialog');
  await page.keyboard.press('Escape');
  await page.locator('#event-dialog').waitFor({ state: 'hidden' });
  await page.fill('#log-search', 'no such words');
  assert.equal(await page.textContent('#log-empty'), 'No event matches');
  await page.fill('#log-search', '');
  await page.selectOption('#log-filter', '');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('p');
});

test('the log stops following when somebody scrolls up, counts what is new, and goes on at the button', async () => {
  await page.evaluate(() => document.getElementById('log').scrollTo(0, 0));
  await untilHolds(async () => assert.match(await page.textContent('#log-newest'), /^\+\d+ new$/));
  await page.click('#log-newest');
  await untilHolds(async () => {
    assert.ok(await page.evaluate(() => {
      const log = document.getElementById('log');
      return log.scrollHeight - log.clientHeight - log.scrollTop < 2;
    }));
    assert.ok(await page.isHidden('#log-newest'));
  });
});

test('the page asks for less motion where people want less', async () => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.pill-dot')).animationName), 'none');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
});
