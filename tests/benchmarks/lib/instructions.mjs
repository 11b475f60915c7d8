// Instructions of the hot paths under callgrind. Unlike a time they do not depend on what else the machine does, but they do
// on the compiler, so they are reported and not judged.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kPaths = ['record', 'look_up', 'publish', 'render_counter', 'render_histogram'];

/** Instructions of one operation of a path: those between entering and leaving its counted_ function. */
function count(program, path, folder) {
  const outFile = join(folder, path);
  const operations = Number(execFileSync('valgrind', [
    '--tool=callgrind', '-q', '--toggle-collect=counted_*', `--callgrind-out-file=${outFile}`, program, path,
  ], { encoding: 'utf8', timeout: 120_000 }));
  const total = readFileSync(outFile, 'utf8').match(/^(?:summary|totals): (\d+)/m);
  if (!total) throw new Error(`callgrind wrote no total for ${path}`);
  return Number(total[1]) / operations;
}

/** {path: instructions per operation}. */
export function instructions(programs) {
  const folder = mkdtempSync(join(tmpdir(), 'ltb-instructions-'));
  try {
    return Object.fromEntries(kPaths.map((path) => [path, count(join(programs, 'hot_paths'), path, folder)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
