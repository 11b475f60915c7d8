// Measures npm's ws with 100 clients and 1,000 events a second, for comparison.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const kClients = 100;
const here = dirname(fileURLToPath(import.meta.url));

function program(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  // One that cannot be started, or ended early, says nothing: line() tells.
  for (const source of [child, child.stdin]) source.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await Promise.race([lines.next(), sleep(20_000, { done: true }, { ref: false })]);
    if (done) throw new Error(`${command} ${args.join(' ')}: said nothing (npm ci in tests/benchmarks brings ws)`);
    return value;
  };
  const ask = async () => {
    child.stdin.write('\n');
    return JSON.parse(await line());
  };
  const end = async () => {
    child.stdin.end();
    if (child.exitCode === null) await Promise.race([once(child, 'close'), sleep(5000, null, { ref: false })]);
    child.kill('SIGKILL');
  };
  return { line, ask, end };
}

export async function measure(programs, rounds, samples) {
  const server = program(process.execPath, [join(here, 'ws_server.mjs')]);
  let clients;
  try {
    clients = program(join(programs, 'fanout'), ['client', await server.line(), String(kClients)]);
    await clients.line();  // all are connected
    await server.ask();
    for (let round = 0; round < rounds; ++round) {
      await sleep(1500);
      const { clients: connected, cpu_us, messages } = await server.ask();
      if (connected !== kClients) throw new Error(`ws: ${connected} of ${kClients} clients are left`);
      (samples['fanout_ws:ws/cpu_us_per_message'] ??= []).push(cpu_us / messages);
    }
  } finally {
    await clients?.end();
    await server.end();
  }
}
