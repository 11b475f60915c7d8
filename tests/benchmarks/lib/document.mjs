// Brings the figures of a run into docs/performance.md: its tables and, as SVG files, its curves. What is said about them stays.
//
// Usage: node tests/benchmarks/lib/document.mjs [RESULTS FOLDER]   (default: build/bench)
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lineChart } from './chart.mjs';
import { median } from './statistics.mjs';
import { number } from './table.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const [results = join(root, 'build/bench')] = process.argv.slice(2);
const { machine, samples } = JSON.parse(readFileSync(join(results, 'results.json'), 'utf8'));
const page = join(root, 'docs/performance.md');
const at = (key, scale = 1) => (samples[key] ? median(samples[key]) * scale : NaN);

/** Points of the keys that were measured: xs become keys, `scale` turns their numbers into the chart's unit. */
const line = (name, xs, key, scale = 1) => ({
  name, points: xs.map((x) => [x, at(key(x), scale)]).filter((point) => point[1] > 0),
});

const kSeries = [10, 100, 1000, 10_000, 100_000];
const kClients = [1, 10, 100, 300, 1000];
const kEvents = [100, 1000, 5000, 10_000, 20_000];
const kModels = [10, 100, 1000, 4000];
const kMinutes = [5, 15, 30, 60, 120, 240];
const scrape = (series) => (series === 10_000 ? 'scrape' : `scrape_${series}`);
const seriesOf = (models, threads) => at(`memory:models ${models} threads ${threads}/series`);

const charts = {
  record: {
    title: 'CPU time of a record, series drawn at random', x: 'series on /metrics', y: 'ns a record',
    lines: [1, 2, 4, 8].map((threads) => line(`${threads} thread${threads > 1 ? 's' : ''}`, kSeries, (series) => `record_curve:BM_RecordAcross/series:${series}/threads:${threads}`)),
  },
  scrape: {
    title: 'A scrape over keep-alive, end to end', x: 'series', y: 'ms',
    lines: [line('this library', kSeries, (series) => `${scrape(series)}:ours/seconds`, 1e3), line('prometheus-cpp Exposer', kSeries, (series) => `${scrape(series)}:exposer/seconds`, 1e3)],
  },
  bytes: {
    title: 'The size of a scrape', x: 'series', y: 'bytes',
    lines: [line('this library', kSeries, (series) => `${scrape(series)}:ours/bytes`)],
  },
  'fanout-cpu': {
    title: '1,000 events/s: CPU of the server a message', x: 'clients', y: 'us a message',
    lines: [line('this library', kClients, (clients) => `fanout_curve:clients ${clients}/cpu_us_per_message`), line('without a tick', kClients, (clients) => `fanout_curve:no tick clients ${clients}/cpu_us_per_message`), line('straightforward', kClients, (clients) => `fanout_curve:straightforward clients ${clients}/cpu_us_per_message`)],
  },
  'fanout-p99': {
    title: '1,000 events/s, 10 ms flush: time to a client', x: 'clients', y: 'ms',
    lines: [line('p99', kClients, (clients) => `fanout_curve:clients ${clients}/p99_ms`), line('p99 without a tick', kClients, (clients) => `fanout_curve:no tick clients ${clients}/p99_ms`), line('p50', kClients, (clients) => `fanout_curve:clients ${clients}/p50_ms`), line('straightforward p99', kClients, (clients) => `fanout_curve:straightforward clients ${clients}/p99_ms`)],
  },
  events: {
    title: '10 clients: cost against the rate of events', x: 'events a second', y: 'ms, % of a core',
    lines: [line('p99 (ms)', kEvents, (events) => `fanout_curve:events ${events}/p99_ms`), line('CPU (% of a core)', kEvents, (events) => `fanout_curve:events ${events}/cpu_share`, 100)],
  },
  'client-memory': {
    title: 'Resident memory against clients', x: 'clients', y: 'MB',
    lines: [line('this library', kClients, (clients) => `fanout_curve:clients ${clients}/grown_bytes`, 1e-6)],
  },
  memory: {
    title: 'Resident memory against series', x: 'series on /metrics', y: 'MB',
    lines: [1, 4].map((threads) => ({
      name: `${threads} recording thread${threads > 1 ? 's' : ''}`,
      points: kModels.map((models) => [seriesOf(models, threads), at(`memory:models ${models} threads ${threads}/bytes`, 1e-6)]).filter((point) => point[1] > 0),
    })),
  },
  'history-memory': {
    title: 'Resident memory of history against retention', x: 'minutes kept', y: 'KB a model',
    lines: [line('a call a second', kMinutes, (minutes) => `memory:history ${minutes} min/bytes_per_model`, 1 / 1024)],
  },
};

function table(chart) {
  const xs = [...new Set(chart.lines.flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b);
  const cell = (one, x) => {
    const point = one.points.find((candidate) => candidate[0] === x);
    return point ? number(point[1]) : '';
  };
  return [
    `| ${chart.x} | ${chart.lines.map((one) => `${one.name}`).join(' | ')} |`,
    `|---|${chart.lines.map(() => '---').join('|')}|`,
    ...xs.map((x) => `| ${x.toLocaleString('en')} | ${chart.lines.map((one) => cell(one, x)).join(' | ')} |`),
  ].join('\n');
}

let text = readFileSync(page, 'utf8');

/** Replaces the one place that `pattern` finds; where the page no longer has it, that is said. */
function replace(pattern, by) {
  const found = text.match(new RegExp(pattern, `${pattern.flags}g`));
  if (found?.length !== 1) throw new Error(`${page}: ${found?.length ?? 0} places like ${pattern}, expected one`);
  text = text.replace(pattern, () => by);
}

for (const chart of Object.values(charts))  // all or nothing: a run of some programs alone would leave the page half of another
  if (chart.lines.every((one) => one.points.length === 0)) throw new Error(`"${chart.title}" was not measured`);
replace(/(?<=^## Figures\n\n)[^]*?(?=^### )/m,
  `${machine.processors} x ${machine.processor}, ${machine.compiler}, ${machine.flags}; ${machine.date}.\n`
  + `Measured by \`tests/run.sh bench\`, load average before it ${machine.load}. An atomic addition takes ${number(at('record_benchmark:BM_AtomicAdd'))} ns here, `
  + `a reading of the\nsteady clock ${number(at('record_benchmark:BM_SteadyClock'))} ns.\n\n`);
replace(/(?<=^## Figures\n\n[^#]*)^### [^]*?(?=^## )/m, `${readFileSync(join(results, 'results.md'), 'utf8').trim()}\n\n`);
for (const [name, chart] of Object.entries(charts)) {
  writeFileSync(join(root, `docs/images/perf-${name}.svg`), lineChart(chart));
  const link = `\\(images/perf-${name}\\.svg\\)`;
  replace(new RegExp(`(?<=${link}[^|]*)^\\|(?:.*\\|\\n)+`, 'm'), `${table(chart)}\n`);
}
writeFileSync(page, text);
console.log(`${page}: figures of ${machine.date}`);
