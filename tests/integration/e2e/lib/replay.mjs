// Streaming LLM servers that do what a plan says and log it: tests/integration/replay/server, each in a process of its own.
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

import { json, request } from './http.mjs';
import { until } from './until.mjs';

const program = fileURLToPath(new URL('../../replay/server/main.mjs', import.meta.url));

/// For tests that bound milliseconds: this process and those it starts go ahead of whatever else runs, where that is
/// allowed.
export function runInFront() {
  try {
    setPriority(-15);
  } catch {
    // not allowed: then as everybody
  }
}

export class Replay {
  /// `plan`: what to do with each request, in the order they come; see server.mjs.
  static async start(plan) {
    const replay = new Replay();
    // Its standard input ends when this process does, and then so does it.
    replay.child = spawn(process.execPath, [program, JSON.stringify(plan)], { stdio: ['pipe', 'pipe', 'inherit'] });
    let told = '';
    replay.child.stdout.setEncoding('utf8').on('data', (text) => (told += text));
    const port = await until('the replay server to tell its port', () => /^(\d+)\n/.exec(told)?.[1]);
    for (const handle of [replay.child, replay.child.stdin, replay.child.stdout]) handle.unref();
    replay.url = `http://127.0.0.1:${port}`;
    return replay;
  }

  /// One entry per request, see server.mjs.
  log() {
    return json(`${this.url}/replay/log`);
  }
  release() {
    return request(`${this.url}/replay/release`);
  }
  stop() {
    this.child.kill();
  }
}

const seconds = (nanoseconds) => nanoseconds / 1e9;
const contents = (entry) => entry.writes.filter(({ what }) => what === 'content').map(({ ns }) => ns);

/// What a log entry says about its call, in the words of the library; seconds.
export function callOf(entry) {
  const at = contents(entry);
  return {
    ok: entry.end === 'complete' && entry.status === 200 && !entry.script.expect,
    timeToFirstToken: at.length > 0 ? seconds(at[0] - entry.received_ns) : undefined,
    gaps: at.slice(1).map((ns, index) => seconds(ns - at[index])),
    latency: seconds(entry.end_ns - entry.received_ns),
    usage: entry.usage,
    expect: entry.script.expect, // the error type it must count under
  };
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1];
}
export const median = (values) => quantile(values, 0.5);
/// Of the errors of many calls the one that a quarter keeps: a wrong measurement is wrong in every call, while other
/// programs that take the processor disturb some, and on a busy machine most.
export const undisturbed = (errors) => quantile(errors, 0.25);

/// Pico-dollars of a call; prices in USD per 1,000,000 tokens with six decimals at most.
export function picoOf(usage, price) {
  const pico = (usd) => BigInt(Math.round(usd * 1e6));
  const count = (name) => BigInt(usage[name] ?? 0);
  const [cached, written, reasoning] = [count('cached'), count('cache_written'), count('reasoning')];
  return (count('input') - cached - written) * pico(price.input)
    + cached * pico(price.cache_read ?? price.input)
    + written * pico(price.cache_write ?? price.input)
    + (count('output') - reasoning) * pico(price.output)
    + reasoning * pico(price.reasoning ?? price.output);
}
