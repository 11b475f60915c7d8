// Child processes of a test: started, listened to, and never left behind.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until, within } from './until.mjs';

const running = new Set();
const folders = [];

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ltb-e2e-'));
  folders.push(folder);
  return folder;
}

export class Process {
  stdout = '';
  stderr = '';

  constructor(command, args, { env = {}, cwd } = {}) {
    this.name = command.split('/').pop();
    this.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.child);
    // A failed test may leave it behind: then it must not keep this process alive. Whoever waits for it holds a timer.
    for (const handle of [this.child, this.child.stdout, this.child.stderr]) handle.unref();
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    // 'close', not 'exit': by then all output is here.
    this.closed = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        this.code = code;
        this.signal = signal;
        this.isClosed = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.closed.catch(() => {});
  }

  /// The match of `pattern` in what the program wrote so far or will write to `stream`.
  output(pattern, stream = 'stdout') {
    return until(`${this.name} to write ${pattern}`, () => {
      const match = pattern.exec(this[stream]);
      if (!match && this.isClosed) throw new Error(`it ended with ${this.code ?? this.signal}\n${this.told()}`);
      return match;
    });
  }

  /// Waits for the end the program comes to by itself.
  async end() {
    return within(`${this.name} to end\n${this.told()}`, this.closed);
  }

  /// Asks the program to end and waits for it.
  async stop(signal = 'SIGTERM') {
    if (!this.isClosed) this.child.kill(signal);
    return this.end();
  }

  told() {
    const tail = (text) => text.slice(-4000);
    return `--- stdout\n${tail(this.stdout)}\n--- stderr\n${tail(this.stderr)}`;
  }
}
