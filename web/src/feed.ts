// Keeps the charts' series up to date: the whole window once, afterwards only what is new.
import { fetchSeries, type SeriesQuery } from './api';
import { SeriesStore } from './series';

const kShortestPauseMs = 1000;
const kLongestPauseMs = 10_000;

export class SeriesFeed {
  readonly store: SeriesStore;
  /** Why the newest request failed; undefined when it did not. */
  error: string | undefined;
  private timer: number | undefined;
  private active = false;
  private repliedAt = 0;
  /** Counts restarts; a reply to an older question is passed over. */
  private generation = 0;

  constructor(
    private readonly query: Omit<SeriesQuery, 'from'> & { step: number },
    settled: number,
    private readonly onChange: () => void,
  ) {
    this.store = new SeriesStore(query.window, settled);
  }

  /** Asks now and then twice a step, until told otherwise. */
  setActive(active: boolean): void {
    if (active === this.active) return;
    this.active = active;
    ++this.generation;
    window.clearTimeout(this.timer);
    if (!active) return;
    // After a long rest most of what is here has left the window, and going on from there would ask for too much.
    if (performance.now() - this.repliedAt > this.query.window * 500) this.store.clear();
    void this.poll();
  }

  /** Drops everything and asks for the whole window: another system answers now. */
  restart(): void {
    this.store.clear();
    this.setActive(false);
    this.setActive(true);
  }

  private async poll(): Promise<void> {
    const generation = this.generation;
    const from = this.store.nextFrom;
    try {
      const reply = await fetchSeries({ ...this.query, ...(from !== undefined && { from }) });
      if (generation !== this.generation) return;
      this.store.apply(reply);
      this.repliedAt = performance.now();
      this.error = undefined;
    } catch (error) {
      if (generation !== this.generation) return;
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.onChange();
    const pause = this.query.step * 500;
    this.timer = window.setTimeout(() => void this.poll(), Math.min(kLongestPauseMs, Math.max(kShortestPauseMs, pause)));
  }
}
