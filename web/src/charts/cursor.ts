// What people do with the mouse on one chart and see on all: the moment they point at, the stretch they draw over.

export class Cursor {
  private time: number | null = null;
  private readonly listeners: ((time: number | null) => void)[] = [];

  /** `onZoom` hears of the two ends of a stretch that was drawn over, in any order; `onReset` of a double click. */
  constructor(
    readonly onZoom: (from: number, to: number) => void,
    readonly onReset: () => void,
  ) {}

  set(time: number | null): void {
    if (time === this.time) return;
    this.time = time;
    for (const listener of this.listeners) listener(time);
  }

  get(): number | null {
    return this.time;
  }

  listen(listener: (time: number | null) => void): void {
    this.listeners.push(listener);
  }
}
