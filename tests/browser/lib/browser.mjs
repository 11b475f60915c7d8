// Chromium with a page that remembers everything that should not have happened.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { until } from './until.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

function executable() {
  const candidates = [process.env.LTB_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error('no Chromium: install the package "chromium", or name one in LTB_CHROMIUM');
  return found;
}

export function launchBrowser() {
  return chromium.launch({
    executablePath: executable(),
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}

/** The last number of one of the page's `<data data-field="...">`; null when there is none. */
export const field = (page, name) =>
  page.evaluate((wanted) => {
    const text = document.querySelector(`[data-field="${wanted}"]`).getAttribute('value');
    return text === '' || text === null ? null : Number(text);
  }, name);

/** Opens the dashboard. `page.problems` collects errors, policy violations and requests to anywhere else. */
export async function openPage(browser, url, { width = 1440, height = 1000, colorScheme = 'light', expectLoss = false, ignoreHTTPSErrors = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, acceptDownloads: true, ignoreHTTPSErrors });
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(`exception: ${error.stack}`));
  page.on('console', (message) => {
    // A server that is away is the browser's own message, and expected where a test takes the server away.
    if (expectLoss && /Failed to load resource|WebSocket connection to/.test(message.text())) return;
    if (['error', 'warning'].includes(message.type())) page.problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host) page.problems.push(`request elsewhere: ${request.url()}`);
  });
  await page.exposeFunction('reportViolation', (text) => page.problems.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  await page.goto(url);
  return page;
}

/** Closes the page; requests that a test had its hands in end first, else their failing would be a failure of the test file. */
export async function closePage(page) {
  await page?.unrouteAll({ behavior: 'ignoreErrors' });
  await page?.context().close();
}

const kLooks = ['light', 'dark'].flatMap((colorScheme) =>
  [[1280, 900], [390, 844]].map(([width, height]) => ({ colorScheme, width, height })));

/** Fails unless axe finds nothing wrong and nothing sticks out sideways: in both themes, at both widths. `part` is a
 * selector: what else is there was looked at in another test. */
export async function assertAccessible(page, part) {
  for (const { colorScheme, width, height } of kLooks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    await settled(page);
    assert.deepEqual(await axeViolations(page, part), [], `${colorScheme}, ${width} px`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(sideways <= 0, `${colorScheme}, ${width} px: ${sideways} px stick out`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 1000 });
  await settled(page);
}

/** Colours and layout have settled once a frame has been drawn with them: the page hears of them as events. */
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** What axe finds wrong in the page, or in a part of it, one line per rule. */
export async function axeViolations(page, part) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  return page.evaluate(async (selector) => {
    const { violations } = await window.axe.run(selector ?? document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }, part);
}

export const connectionText = (page) => page.textContent('#connection-text');

/** Resolves when the page is on the stream and has numbers. */
export const isLive = (page) => until('the pill to say Live', async () => (await connectionText(page)).startsWith('Live'));

/** The shown texts of all elements that match. */
export const texts = (page, selector) => page.$$eval(selector, (list) => list.map((node) => node.textContent));

/** How many pixels of a chart are strongly coloured: lines and areas, not grid or text. */
export const colouredPixels = (page, chart) =>
  page.evaluate((id) => {
    const canvas = document.querySelector(`[data-chart="${id}"] canvas`);
    // Read from a copy: reading the page's own canvas again and again would change how it is drawn.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [red, green, blue, alpha] = data.subarray(i, i + 4);
      if (alpha > 40 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) ++coloured;
    }
    return coloured;
  }, chart);
