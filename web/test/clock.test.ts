// The clock for durations, over clocks that are set, slewed and put to sleep.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SteadyClock } from '../src/clock';

class Machine {
  monotonic = 5000;
  wall = 1_800_000_000_000;
  readonly clock = new SteadyClock(() => this.monotonic, () => this.wall);
  private readonly began = this.clock.now();

  run(milliseconds: number): void {
    this.monotonic += milliseconds;
    this.wall += Math.round(milliseconds);
  }
  get elapsed(): number {
    return this.clock.now() - this.began;
  }
}

test('it runs as the machine does', () => {
  const machine = new Machine();
  for (let i = 0; i < 1000; ++i) {
    machine.run(0.4);
    machine.clock.now();
  }
  assert.ok(Math.abs(machine.elapsed - 400) < 1, String(machine.elapsed));
});

test('a wall clock that is set back does not move it', () => {
  const machine = new Machine();
  machine.run(3000);
  machine.wall -= 3_600_000;
  assert.equal(machine.elapsed, 3000);
  machine.run(2000);
  assert.equal(machine.elapsed, 5000);
});

test('a sleep that the monotonic clock does not count is counted', () => {
  const machine = new Machine();
  machine.run(1000);
  assert.equal(machine.elapsed, 1000);
  machine.wall += 660_000;
  assert.equal(machine.elapsed, 661_000);
  machine.run(1000);
  assert.equal(machine.elapsed, 662_000);
});

test('a sleep that both clocks count is counted once', () => {
  const machine = new Machine();
  machine.run(660_000);
  assert.equal(machine.elapsed, 660_000);
});
