// Measures what the page costs while llm_benchmark runs, prints it beside the budgets, and fails when one is broken.
//
//   LTB_LLM_BENCHMARK=$PWD/build/release/examples/llm_benchmark/llm_benchmark node tests/browser/perf/measure.mjs [--minutes 10] [--rate 200]
//
// Main-thread times are CPU time of the page's thread, so that what else the machine does matters little; long tasks are
// wall time and tell of a busy machine too. The page shows fifteen minutes in series of up to 600 points.
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { field, isLive, launchBrowser, openPage } from '../lib/browser.mjs';
import { Program } from '../lib/program.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '200' } } });
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes >= 1 && rate > 0)) throw new Error('usage: perf/measure.mjs [--minutes N, at least 1] [--rate R]');

const kWarmUpSeconds = 10;
const kSampleSeconds = 30;
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Runs in the page before its script: counts updates, those in which charts are drawn, and long tasks. */
function instrument() {
  window.measured = { updates: 0, draws: 0, longTasks: [] };
  // The page asks for a frame once for each update; frames asked for within a frame draw the rest of the same update.
  const { requestAnimationFrame } = window;
  let inFrame = false;
  window.requestAnimationFrame = (action) => {
    const isUpdate = !inFrame;
    return requestAnimationFrame((time) => {
      if (isUpdate) ++window.measured.updates;
      inFrame = true;
      action(time);
      inFrame = false;
    });
  };
  const { clearRect } = CanvasRenderingContext2D.prototype;
  let lastFrame;
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    if (this.canvas.closest('[data-chart="requests"]') && document.timeline.currentTime !== lastFrame) {
      lastFrame = document.timeline.currentTime;
      ++window.measured.draws;
    }
    return clearRect.apply(this, area);
  };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.measured.longTasks.push(duration);
  }).observe({ entryTypes: ['longtask'] });
}

async function snapshot(page, session) {
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  const { updates, draws, longTasks } = await page.evaluate(() => window.measured);
  return { at: performance.now() / 1000, task: of('TaskDuration'), script: of('ScriptDuration'), updates, draws, longTasks: longTasks.length };
}

/** Bytes in use when everything that can go is gone: what arrives between collecting and looking is not part of it. */
async function heapBytes(session) {
  let least = Infinity;
  for (let i = 0; i < 4; ++i) {
    await session.send('HeapProfiler.collectGarbage');
    least = Math.min(least, (await session.send('Runtime.getHeapUsage')).usedSize);
  }
  return least;
}

const seriesLengths = (page) => page.evaluate(async () => {
  const { series } = await (await fetch('api/v1/series?metric=success_per_second&window=900&step=2')).json();
  return series.map(({ points }) => points.filter(([, value]) => value !== null).length);
});

const browser = await launchBrowser();
const program = await Program.start([
  '--duration', String(minutes * 60 + kWarmUpSeconds + 60), '--rate', String(rate), '--seed', '1', '--quiet',
]);
const page = await openPage(browser, 'about:blank');
page.problems.length = 0;
await page.addInitScript(instrument);
await page.goto(`${program.dashboard}#window=15m&points=600`);
await isLive(page);
const session = await page.context().newCDPSession(page);
await session.send('Performance.enable', { timeDomain: 'threadTicks' });
await session.send('HeapProfiler.enable');
await sleep(kWarmUpSeconds);

const heap = [{ minute: 0, bytes: await heapBytes(session) }];
const samples = [];
const began = performance.now();
const eventsBefore = Number((await program.overview()).last_event_id.slice(4));
while (performance.now() - began < minutes * 60_000) {
  const before = await snapshot(page, session);
  await sleep(kSampleSeconds);
  const after = await snapshot(page, session);
  const seconds = after.at - before.at;
  samples.push({
    share: (after.task - before.task) / seconds,
    scriptPerUpdate: (1000 * (after.script - before.script)) / Math.max(1, after.updates - before.updates),
    updates: (after.updates - before.updates) / seconds,
    draws: (after.draws - before.draws) / seconds,
    longTasks: ((after.longTasks - before.longTasks) * 30) / seconds,
  });
  const minute = (performance.now() - began) / 60_000;
  if (minute - heap.at(-1).minute >= 0.95) heap.push({ minute, bytes: await heapBytes(session) });
}
const overview = await program.overview();
const events = (Number(overview.last_event_id.slice(4)) - eventsBefore) / ((performance.now() - began) / 1000);
const logNodes = await page.evaluate(() => document.querySelectorAll('.log-panel *').length);
const lengths = await seriesLengths(page);
const shown = await field(page, 'total_requests');
await browser.close();
await program.stop('SIGKILL');

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const most = (list) => Math.max(...list);
// The worst five minutes: growth from any point to the lowest one five minutes later.
const growth = most(heap.flatMap(({ minute, bytes }) =>
  heap.filter((later) => later.minute > minute && later.minute <= minute + 5.5).map((later) => later.bytes - bytes)).concat(0)) / 2 ** 20;
const compressed = readFileSync(new URL('../../../web/dist/app.js.gz', import.meta.url)).length / 1024;
const results = [
  ['script per update, median', median(samples.map((one) => one.scriptPerUpdate)), 30, 'ms'],
  ['main thread, median', 100 * median(samples.map((one) => one.share)), 20, '%'],
  ['main thread, worst 30 s', 100 * most(samples.map((one) => one.share)), 20, '%'],
  ['long tasks in 30 s, median', median(samples.map((one) => one.longTasks)), 2, ''],
  ['nodes of the log', logNodes, 300, ''],
  ['heap growth in 5 min, worst', growth, 2, 'MB'],
  ['app.js compressed', compressed, 80, 'KB'],
];

console.log(`${cpus().length} x ${cpus()[0].model}, load ${loadavg().map((value) => value.toFixed(1)).join(' ')}`);
console.log(`${minutes} min at ${rate} requests/s asked: ${shown} requests, ${events.toFixed(0)} events/s, ` +
  `${overview.models.length} models, series of ${lengths} points at 2 s, ` +
  `${median(samples.map((one) => one.updates)).toFixed(1)} updates a second, charts drawn in ${median(samples.map((one) => one.draws)).toFixed(1)} of them`);
console.log(`heap after collection: ${heap.map(({ minute, bytes }) => `${(bytes / 2 ** 20).toFixed(1)} MB at ${minute.toFixed(0)} min`).join(', ')}`);
let broken = 0;
for (const [what, value, budget, unit] of results) {
  const holds = value <= budget;
  if (!holds) ++broken;
  console.log(`${holds ? 'ok    ' : 'BROKEN'} ${what.padEnd(30)} ${value.toFixed(1).padStart(8)} ${unit.padEnd(3)} budget ${budget}`);
}
process.exitCode = broken > 0 ? 1 : 0;
