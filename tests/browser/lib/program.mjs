// The program under test: the real llm_benchmark, started on free ports, read through its addresses, never left behind.
// Stage is another real program, one that does what it is told.
import { spawn } from 'node:child_process';
import { until } from './until.mjs';

function binaryFrom(variable, what) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: expected the path of ${what}`);
  return path;
}
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Program {
  /** Starts it; resolves when it has printed its addresses. */
  static async start(flags, env = {}) {
    const program = new this(this.binary(), flags, env);
    await until('the addresses', () => {
      if (program.ended) throw new Error(`the program ended with ${program.ended}: ${program.output}`);
      return program.metrics && program.dashboard;
    });
    return program;
  }

  static binary() {
    return binaryFrom('LTB_LLM_BENCHMARK', 'the llm_benchmark example');
  }

  constructor(binary, flags, env) {
    this.output = '';
    this.child = spawn(binary, flags, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        LTB_PROMETHEUS_PORT: '0',
        LTB_WEBSOCKET_PORT: '0',
        LTB_DASHBOARD_PORT: '0',
        ...env,
      },
    });
    running.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
    this.gone = new Promise((resolve) => {
      this.child.on('error', (error) => resolve(error.message));
      this.child.on('close', (code, signal) => resolve(signal ?? code));
    }).then((how) => {
      running.delete(this.child);
      this.ended = String(how);
    });
  }

  get metrics() {
    return /^Metrics +(https?:\S+)/m.exec(this.output)?.[1];
  }

  get dashboard() {
    return /^Dashboard +(https?:\S+)/m.exec(this.output)?.[1];
  }

  get dashboardPort() {
    return new URL(this.dashboard).port;
  }

  async overview() {
    const response = await fetch(new URL('api/v1/overview', this.dashboard));
    return response.json();
  }

  /** The sum over all series of one counter on /metrics, read with nothing of the project's own. */
  async metricSum(name, labels = '') {
    const text = await (await fetch(this.metrics)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf('}') + 1).trim().split(' ')[0]), 0);
  }

  /** Resolves when every request is finished and every benchmark completed. */
  async finished() {
    return until('the benchmark to complete', async () => {
      if (this.ended) throw new Error(`llm_benchmark ended with ${this.ended}: ${this.output}`);
      const overview = await this.overview();
      const done = overview.benchmarks.length > 0 && overview.benchmarks.every(({ state }) => state === 'completed');
      return done && overview.totals.active_requests === 0 && overview;
    }, { seconds: 120 });
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    await this.gone;
  }
}

/** The directed program; stage/stage.cpp tells its commands. */
export class Stage extends Program {
  static binary() {
    return binaryFrom('LTB_BROWSER_STAGE', 'browser_stage');
  }

  answers = 0;

  /** Resolves when the program has done it; fails with its reason when it refuses. */
  async do(what, wish = {}) {
    const wanted = ++this.answers;
    this.child.stdin.write(`${JSON.stringify({ do: what, ...wish })}\n`);
    const answer = await until(`the answer to ${what}`, () => {
      if (this.ended) throw new Error(`the program ended with ${this.ended}: ${this.output}`);
      return this.output.match(/^(done|refused: .*)$/gm)?.[wanted - 1];
    });
    if (answer !== 'done') throw new Error(answer);
  }
}
