// Counts the instructions of the hot paths under callgrind and compares them with reference.json:
// that sees a slow-down whatever else the machine does. Exit code 77: cannot be judged here.
//
// Usage: compare.mjs PROGRAM COMPILER [--write], COMPILER as "GNU 12"
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kAllowance = 0.10;
const [program, compiler, option] = process.argv.slice(2);
const file = new URL('reference.json', import.meta.url);
const reference = JSON.parse(readFileSync(file, 'utf8'));

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

/** Instructions of one operation of a path: those between entering and leaving its counted_ function. */
function instructions(path, folder) {
  const outFile = join(folder, path);
  const operations = Number(execFileSync('valgrind', [
    '--tool=callgrind', '-q', '--toggle-collect=counted_*', `--callgrind-out-file=${outFile}`, program, path,
  ], { encoding: 'utf8', timeout: 120_000 }));
  const total = readFileSync(outFile, 'utf8').match(/^(?:summary|totals): (\d+)/m);
  if (!total) throw new Error(`callgrind wrote no total for ${path}`);
  return Number(total[1]) / operations;
}

if (option !== '--write' && compiler !== reference.compiler)
  skip(`the reference counts are of ${reference.compiler}, this build is of ${compiler}`);
try {
  execFileSync('valgrind', ['--version']);
} catch {
  skip('valgrind is not installed (apt-get install valgrind; tests/run.sh release does)');
}

const folder = mkdtempSync(join(tmpdir(), 'ltb-instructions-'));
let slower = 0;
try {
  for (const [path, expected] of Object.entries(reference.instructions)) {
    const counted = instructions(path, folder);
    const change = counted / expected - 1;
    const verdict = option === '--write' ? 'kept' : change > kAllowance ? 'SLOWER' : change < -kAllowance ? 'faster: renew the reference' : 'as before';
    console.log(`${path}: ${counted.toFixed(1)} instructions, reference ${expected} (${(change * 100).toFixed(1)} %), ${verdict}`);
    if (change > kAllowance) ++slower;
    reference.instructions[path] = Number(counted.toFixed(1));
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (option === '--write') {
  reference.compiler = compiler;
  writeFileSync(file, `${JSON.stringify(reference, null, 2)}\n`);
} else if (slower > 0) {
  console.log(`${slower} paths take over ${kAllowance * 100} % more instructions than they did. When that is meant: ` +
    `node ${process.argv[1]} ${program} '${compiler}' --write`);
  process.exit(1);
}
