// The command line of tests/benchmarks/report.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { instructions } from './instructions.mjs';
import { notes, sections } from './rows.mjs';
import { checkPrograms, output, steps } from './run.mjs';
import { asMarkdown, asText, judge, number } from './table.mjs';
import { summary } from './statistics.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

function options() {
  const { values } = parseArgs({
    options: {
      programs: { type: 'string', default: join(root, 'build/bench/tests/benchmarks/bin') },
      out: { type: 'string', default: join(root, 'build/bench') },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-full-build': { type: 'boolean', default: false },
    },
  });
  return { ...values, fullBuild: !values['no-full-build'] };
}

async function machine() {
  const compiler = (await output('c++', ['--version'])).split('\n')[0];
  return {
    processor: cpus()[0].model, processors: cpus().length, compiler, flags: 'CMAKE_BUILD_TYPE=Release (-O3 -DNDEBUG)',
    node: process.version, date: new Date().toISOString().slice(0, 10), load: loadavg().map((load) => load.toFixed(1)).join(' '),
  };
}

const { programs, out, only, quick, fullBuild } = options();
try {
  checkPrograms(programs);
  const wanted = only?.split(',');
  const samples = {};
  const failures = [];
  const before = await machine();
  for (const step of steps({ programs, quick, root, fullBuild })) {
    if (wanted && !wanted.includes(step.name)) continue;
    const started = Date.now();
    try {
      await step.run(samples);
      console.error(`${step.name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
    } catch (error) {
      failures.push(error.message);
      console.error(`${step.name} FAILED: ${error.message}`);
    }
  }
  const judged = sections
    .map((section) => ({ ...section, rows: section.rows.map((row) => judge(row, samples)).filter(Boolean) }))
    .filter((section) => section.rows.length > 0);
  const known = notes.filter((note) => samples[note.ours]);
  console.log(`${before.processors} x ${before.processor}, ${before.compiler}, load ${before.load} before and ${loadavg()[0].toFixed(1)} after`);
  console.log(asText(judged));
  console.log(`\nFor comparison\n${known.map((note) => {
    const { median, low, high } = summary(samples[note.ours].map((value) => value * (note.scale ?? 1)));
    return `${note.text}: ${number(median)} ${note.unit} (${number(low)}..${number(high)})`;
  }).join('\n')}`);
  const counts = !wanted || wanted.includes('hot_paths') ? instructions(programs) : {};
  for (const [path, count] of Object.entries(counts)) console.log(`${path}: ${count.toFixed(0)} instructions (callgrind)`);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'results.json'), `${JSON.stringify({ machine: before, samples, instructions: counts }, null, 1)}\n`);
  writeFileSync(join(out, 'results.md'), `${asMarkdown(judged)}\n`);
  const rows = judged.flatMap((section) => section.rows);
  const missed = rows.filter((row) => !row.met);
  console.log(`\n${rows.length - missed.length} of ${rows.length} rows met; samples in ${join(out, 'results.json')}`);
  const expected = sections.flatMap((section) => section.rows).length;
  if (!wanted && rows.length < expected) failures.push(`${expected - rows.length} rows could not be measured`);
  for (const failure of failures) console.log(`NOT RUN: ${failure.split('\n')[0]}`);
  process.exitCode = failures.length > 0 ? 2 : missed.length > 0 ? 1 : 0;
} catch (error) {
  console.error(`tests/benchmarks/report: ${error.message}`);
  process.exitCode = 2;
}
