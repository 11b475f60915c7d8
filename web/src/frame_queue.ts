// Work spread over frames: one piece in each, so that no frame waits for all of it.

export class FrameQueue<Item> {
  private readonly waiting = new Set<Item>();

  /** `work` does one item's work. `nextFrame` calls back once, before the browser paints again. */
  constructor(
    private readonly work: (item: Item) => void,
    private readonly nextFrame: (action: () => void) => void = (action) => window.requestAnimationFrame(action),
  ) {}

  /** Items that wait already keep their place: however often somebody asks, each comes to its turn. */
  add(items: Iterable<Item>): void {
    const idle = this.waiting.size === 0;
    for (const item of items) this.waiting.add(item);
    if (idle && this.waiting.size > 0) this.nextFrame(() => this.step());
  }

  private step(): void {
    const [item] = this.waiting;
    this.waiting.delete(item!);
    if (this.waiting.size > 0) this.nextFrame(() => this.step());
    this.work(item!);
  }
}
