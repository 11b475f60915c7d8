// The moment people point at. One for all charts, so that they show the same time side by side.

export class Cursor {
  private time: number | null = null;
  private readonly listeners: ((time: number | null) => void)[] = [];

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
