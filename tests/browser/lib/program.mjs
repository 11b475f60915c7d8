// The real llm_benchmark under test: started on free ports, read through its three addresses, never left behind.
import { spawn } from 'node:child_process';
import { until } from './until.mjs';

const binary = process.env.LTB_LLM_BENCHMARK;
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Program {
  /** Starts it; resolves when it has printed its addresses. */
  static async start(flags, env = {}) {
    if (!binary) throw new Error('LTB_LLM_BENCHMARK is not set: expected the path of the llm_benchmark example');
    const program = new Program(flags, env);
    await until('the three addresses', () => {
      if (program.ended) throw new Error(`llm_benchmark ended with ${program.ended}: ${program.output}`);
      return program.metrics && program.dashboard;
    });
    return program;
  }

  constructor(flags, env) {
    this.output = '';
    this.child = spawn(binary, flags, {
      stdio: ['ignore', 'pipe', 'pipe'],
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
    return /^Metrics +(http:\S+)/m.exec(this.output)?.[1];
  }

  get dashboard() {
    return /^Dashboard +(http:\S+)/m.exec(this.output)?.[1];
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
