// What the library costs its users' compiler: the umbrella header, and a build of the whole project.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

import { output } from './run.mjs';

/** CPU seconds (user and system) of a command and all its children: wall time would tell of the machine's other work. */
async function cpuSeconds(command, cwd, seconds = 60) {
  const text = await output('bash', ['-c', `TIMEFORMAT='%U %S'; { time ${command} >/dev/null 2>&1; } 2>&1`], { cwd, seconds });
  const [user, system] = text.trim().split('\n').at(-1).split(' ').map(Number);
  return user + system;
}

async function umbrella(root, folder, rounds, samples) {
  const sources = { empty: 'int main() {}\n', umbrella: '#include <ltb/monitoring.hpp>\nint main() {}\n' };
  const compile = (name) => `c++ -std=c++20 -O2 -I${root}/include -I${root}/build/bench/src/include -c ${name}.cpp -o ${name}.o`;
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(folder, `${name}.cpp`), text);
  for (const name of Object.keys(sources)) await output('bash', ['-c', compile(name)], { cwd: folder });  // its files are in the page cache from here on
  for (let round = 0; round < rounds; ++round)
    for (const name of Object.keys(sources))
      (samples[`compile:${name}/seconds`] ??= []).push(await cpuSeconds(compile(name), folder));
}

async function sourceState(root) {
  const git = (...args) => output('git', ['-C', root, ...args]).catch(() => String(Date.now()));
  const watched = ['src', 'include', 'examples', 'tests/unit', 'tests/integration', 'cmake', 'web', 'CMakeLists.txt'];
  return createHash('sha256').update(await git('ls-files', '-s', ...watched)).update(await git('diff', 'HEAD', '--', ...watched)).digest('hex');
}

// Minutes of work: measured once for each state of the sources, and kept.
async function fullBuild(root, samples) {
  const kept = join(root, 'build/bench/full_build.json');
  const state = await sourceState(root);
  let known = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : {};
  if (known.state !== state) {
    const folder = join(root, 'build/bench-full');
    rmSync(folder, { recursive: true, force: true });
    await output('cmake', ['-S', root, '-B', folder, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release', '-DLTB_CCACHE=']);
    const started = Date.now();
    const cpu = await cpuSeconds(`cmake --build ${folder} --parallel ${cpus().length}`, root, 1800);
    known = { state, seconds: (Date.now() - started) / 1000, cpu_seconds: cpu };
    if (!existsSync(join(folder, 'src/libltb_monitoring.a'))) throw new Error(`the build in ${folder} failed; try: cmake --build ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(kept, JSON.stringify(known));
  }
  samples['compile:full build/seconds'] = [known.seconds];
  samples['compile:full build/cpu_seconds'] = [known.cpu_seconds];
}

export async function measure(root, rounds, withFullBuild, samples) {
  const folder = join(root, 'build/bench/compile_time');
  mkdirSync(folder, { recursive: true });
  await umbrella(root, folder, rounds, samples);
  if (withFullBuild) await fullBuild(root, samples);
}
