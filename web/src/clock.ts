// The clock for durations: no change of the system's time moves it, and it counts the time a machine slept.

/** A jump of the wall clock against the monotonic one that is a sleep, not the difference of two rates. */
const kSleepMs = 1000;

/** performance.now() stands still while a machine sleeps (Linux, macOS), Date.now() follows every change of the system's
 * time. This one adds what the wall clock went ahead of the monotonic one, and passes over what it went back. */
export class SteadyClock {
  private slept = 0;
  private monotonic: number;
  private wall: number;

  constructor(
    private readonly readMonotonic = () => performance.now(),
    private readonly readWall = () => Date.now(),
  ) {
    this.monotonic = readMonotonic();
    this.wall = readWall();
  }

  /** Milliseconds since some moment; never decreases. */
  now(): number {
    const monotonic = this.readMonotonic();
    const wall = this.readWall();
    const ahead = wall - this.wall - (monotonic - this.monotonic);
    if (ahead > kSleepMs) this.slept += ahead;
    this.monotonic = monotonic;
    this.wall = wall;
    return monotonic + this.slept;
  }
}

export const steady = new SteadyClock();
