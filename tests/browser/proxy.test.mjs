// The page behind a proxy that does not pass WebSockets, and behind one that answers for a program that is away.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { assertAccessible, connectionText, field, isLive, launchBrowser, openPage, texts } from './lib/browser.mjs';
import { Stage } from './lib/program.mjs';
import { until, untilHolds } from './lib/until.mjs';

let browser;
let stage;
let proxy;
let page;
/** Whether the proxy passes upgrades on. */
let passes = false;

/** A proxy as nginx is without "Upgrade": it answers requests, and WebSockets with 426. */
function startProxy(target) {
  const { hostname, port } = new URL(target);
  const server = http.createServer((request, response) => {
    const upstream = http.request({ hostname, port, path: request.url, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  server.on('upgrade', (request, socket, head) => {
    if (!passes) return socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    const upstream = http.request({ hostname, port, path: request.url, headers: request.headers });
    upstream.on('upgrade', (answer, other, first) => {
      const lines = answer.rawHeaders.flatMap((text, i, all) => (i % 2 ? [] : [`${text}: ${all[i + 1]}`]));
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      socket.write(first); // what came with the answer
      other.write(head);
      socket.pipe(other).pipe(socket);
      for (const one of [socket, other]) one.on('error', () => socket.destroy(other.destroy()));
    });
    upstream.end();
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

before(async () => {
  browser = await launchBrowser();
  stage = await Stage.start([]);
  proxy = await startProxy(stage.dashboard);
  page = await openPage(browser, `http://127.0.0.1:${proxy.address().port}/`, { expectLoss: true });
});

after(async () => {
  await browser?.close();
  await stage?.stop('SIGKILL');
  proxy?.closeAllConnections();
  proxy?.close();
});

test('without WebSockets numbers, charts and events come by asking, and the text says why', async () => {
  await until('the pill to say Polling', async () => (await connectionText(page)) === 'Polling');
  assert.match(await page.textContent('#banner'), /^No live events, numbers every 2 s: the WebSocket was refused: .*proxy.*LTB_ALLOWED_ORIGINS/);
  await untilHolds(async () => assert.match(await page.textContent('#connection-announced'), /WebSocket was refused/));
  await stage.do('calls', { provider: 'openai', model: 'gpt-4', count: 7 });
  await stage.do('alerts', { title: 'told while polling' });
  await untilHolds(async () => {
    assert.equal(await field(page, 'total_requests'), 7);
    assert.match(await page.textContent('#log'), /told while polling/);
    assert.match(await page.getAttribute('[data-chart="requests"] canvas', 'aria-label'), /Success \d/);
  });
  assert.ok(!(await page.evaluate(() => document.body.classList.contains('stale'))));
  assert.equal((await texts(page, '.log-row .log-type')).filter((type) => type === 'RequestCompleted').length, 7, 'each event once');
  await assertAccessible(page);
});

test('as soon as they pass, the page is live', async () => {
  passes = true;
  await isLive(page);
  assert.ok(await page.isHidden('#banner'));
  await stage.do('calls', { provider: 'openai', model: 'gpt-4' });
  // Numbers and events come each at their own pace.
  await untilHolds(async () => {
    assert.equal(await field(page, 'total_requests'), 8);
    assert.equal((await texts(page, '.log-row .log-type')).filter((type) => type === 'RequestCompleted').length, 8);
  });
  assert.deepEqual(page.problems, []);
});

test('when the program ends too, nothing comes and the page says so', async () => {
  await stage.stop('SIGKILL');
  await until('the pill to say Disconnected', async () => (await connectionText(page)) === 'Disconnected');
  await untilHolds(async () => assert.match(await page.textContent('#banner'), /^Connection lost .* ago, retrying .* \(the program cannot be reached\)$/));
  assert.ok(await page.evaluate(() => document.body.classList.contains('stale')));
});
