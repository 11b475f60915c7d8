// The program under test: examples/llm_benchmark, on free ports.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { quoteCosts } from './money.mjs';
import { Process, temporaryFolder } from './process.mjs';
import { until } from './until.mjs';

export const program = process.env.LTB_LLM_BENCHMARK;
assert.ok(program, 'LTB_LLM_BENCHMARK must name the llm_benchmark program');
assert.ok(existsSync(program), `LTB_LLM_BENCHMARK=${program}: there is no such file`);

export const freePorts = { LTB_PROMETHEUS_PORT: '0', LTB_WEBSOCKET_PORT: '0', LTB_DASHBOARD_PORT: '0' };

/// Starts the program and lets it run: for tests of how it ends.
export function run(args, env = {}) {
  return new Process(program, args, { env: { ...freePorts, ...env } });
}

/// A running benchmark whose three addresses are known.
export class Benchmark extends Process {
  static async start(args, env = {}) {
    const summary = join(temporaryFolder(), 'summary.json');
    const benchmark = new Benchmark(program, [...args, '--json', summary], { env: { ...freePorts, ...env } });
    benchmark.summaryFile = summary;
    const address = async (label) => (await benchmark.output(new RegExp(`^${label} +(\\S+)$`, 'm')))[1];
    benchmark.metricsUrl = await address('Metrics');
    benchmark.eventsUrl = await address('Events');
    benchmark.dashboardUrl = await address('Dashboard');
    return benchmark;
  }

  /// The address of a route on the dashboard's port.
  at(route) {
    return new URL(route, this.dashboardUrl).href;
  }

  /// The machine-readable summary, once the run is over. Costs are texts, as written: money is compared exactly.
  async summary() {
    const text = await until(`the summary of the run\n${this.told()}`, () => {
      if (!existsSync(this.summaryFile)) {
        assert.ok(!this.isClosed, `the program ended without a summary\n${this.told()}`);
        return false;
      }
      return readFileSync(this.summaryFile, 'utf8'); // whole: it is renamed into its place
    });
    return JSON.parse(quoteCosts(text));
  }

  /// Stops it as a user would and requires a clean end: a sanitizer's finding shows in the exit code.
  async stopCleanly() {
    const { code, signal } = await this.stop();
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `the program did not end cleanly\n${this.told()}`);
  }
}
