// Runs the programs and gathers their samples: {"program:variant/number": [one per round]}.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const kNanoseconds = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

/** Runs a program to its end; its standard output. Throws with what it said when it fails. */
export function output(command, args, { seconds = 300, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const out = [];
    const errors = [];
    child.stdout.on('data', (piece) => out.push(piece));
    child.stderr.on('data', (piece) => errors.push(piece));
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const said = Buffer.concat(errors).toString().trim().split('\n').slice(-5).join('\n');
      reject(new Error(`${[command, ...args].join(' ')}: ${signal ? `ended by ${signal} (limit: ${seconds} s)` : `exit code ${code}`}\n${said}`));
    });
  });
}

function addTo(samples, key, value) {
  (samples[key] ??= []).push(value);
}

/** One round of a Google Benchmark program: every case once, in its order, so that cases alternate over the rounds. */
async function microRound(folder, program, minTime, samples) {
  const text = await output(join(folder, program), [`--benchmark_min_time=${minTime}`, '--benchmark_format=json']);
  for (const run of JSON.parse(text).benchmarks) {
    if (run.error_occurred) throw new Error(`${program}: ${run.name}: ${run.error_message}`);
    addTo(samples, `${program}:${run.name}`, run.cpu_time * kNanoseconds[run.time_unit]);
  }
}

/** A program with windows of its own; `name` tells apart several runs of one program. */
async function endToEnd(folder, { name, program, args }, samples) {
  const text = await output(join(folder, program), args.map(String));
  for (const [key, values] of Object.entries(JSON.parse(text).samples))
    for (const value of values) addTo(samples, `${name}:${key}`, value);
}

/** The steps, each with the samples it adds. */
export function steps({ programs, quick, root, fullBuild }) {
  const rounds = (many, few) => (quick ? few : many);
  const micro = (program, count, minTime) => ({
    name: program,
    run: async (samples) => {
      for (let i = 0; i < count; ++i) await microRound(programs, program, minTime, samples);
    },
  });
  const windows = (name, program, ...args) => ({
    name, run: (samples) => endToEnd(programs, { name, program, args }, samples),
  });
  return [
    micro('record_benchmark', rounds(11, 3), 0.02),
    micro('event_benchmark', rounds(11, 3), 0.02),
    micro('render_benchmark', rounds(7, 2), 0.05),
    micro('quantile_benchmark', rounds(5, 1), 0.05),
    micro('provider_benchmark', rounds(7, 2), 0.2),
    micro('record_curve', rounds(3, 1), 0.02),
    windows('blocked', 'blocked', rounds(2, 1)),
    windows('wake', 'wake', rounds(7, 2)),
    windows('memory', 'memory'),
    windows('scrape', 'scrape', 10_000, rounds(9, 3)),
    ...[10, 100, 1000, 100_000].map((series) => windows(`scrape_${series}`, 'scrape', series, rounds(3, 1))),
    windows('fanout_paced', 'fanout', 'paced', rounds(7, 2)),
    windows('fanout_closed', 'fanout', 'closed', rounds(5, 2)),
    windows('fanout_thousand', 'fanout', 'thousand', rounds(3, 1)),
    windows('fanout_stalled', 'fanout', 'stalled', rounds(5, 1)),
    windows('fanout_curve', 'fanout', 'curve', rounds(2, 1)),
    { name: 'fanout_ws', run: async (samples) => (await import('./ws_baseline.mjs')).measure(programs, rounds(5, 1), samples) },
    { name: 'compile', run: async (samples) => (await import('./compile_time.mjs')).measure(root, rounds(5, 2), fullBuild, samples) },
  ];
}

export function checkPrograms(folder) {
  if (existsSync(join(folder, 'record_benchmark'))) return;
  throw new Error(`${folder} has no benchmark programs: build them with\n  cmake --preset bench && cmake --build --preset bench --target benchmarks\nor run tests/run.sh bench, which does`);
}
