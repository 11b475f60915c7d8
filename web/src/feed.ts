// Keeps one source of the charts up to date: the whole window once, afterwards only what is new. Another question starts
// anew; what was there stays in sight until its answer is here.
import { fetchSeries } from './api';
import { sameQuestion, type Question } from './questions';
import { SeriesStore } from './series';

const kShortestPauseMs = 500;
const kLongestPauseMs = 10_000;
const kRetryPauseMs = 2000;

/** Milliseconds to the next multiple of `pause` that is at least half a pause away. All feeds keep to the same beats, so
 * that the charts are drawn once for all of them. */
export function untilNextBeat(pause: number, now: number): number {
  const wait = pause - (now % pause);
  return wait < pause / 2 ? wait + pause : wait;
}

export class SeriesFeed {
  store = new SeriesStore(300);
  /** Why the newest request failed; undefined when it did not. */
  error: string | undefined;
  private question: Question | undefined;
  /** What the store holds the answer to. */
  private answered: Question | undefined;
  private timer: number | undefined;
  private active = false;
  private repliedAt = 0;
  /** Counts what makes running requests obsolete; a reply to an older question is passed over. */
  private generation = 0;

  constructor(private readonly onChange: () => void) {}

  ask(question: Question): void {
    if (sameQuestion(this.question, question)) return;
    this.question = question;
    this.go();
  }

  /** Asks now and then, until told otherwise. */
  setActive(active: boolean): void {
    if (active === this.active) return;
    this.active = active;
    this.go();
  }

  /** Drops everything and asks for the whole window: another system answers now. */
  restart(): void {
    this.answered = undefined;
    this.store.clear();
    this.go();
  }

  private go(): void {
    ++this.generation;
    window.clearTimeout(this.timer);
    if (this.active && this.question) void this.poll(this.question);
  }

  /** From where to go on; undefined to ask for the whole window. */
  private continuation(question: Question): number | undefined {
    if (!sameQuestion(this.answered, question)) return undefined;
    // After a long rest most of what is here has left the window, and going on from there would ask for too much.
    return performance.now() - this.repliedAt > question.window * 500 ? undefined : this.store.nextFrom;
  }

  private async poll(question: Question): Promise<void> {
    const generation = this.generation;
    const { settled, ...query } = question;
    const past = question.to !== undefined;
    if (past && sameQuestion(this.answered, question)) return;
    const from = past ? undefined : this.continuation(question);
    try {
      const reply = await fetchSeries({ ...query, ...(from !== undefined && { from }) });
      if (generation !== this.generation) return;
      if (from === undefined) this.store = new SeriesStore(question.window, settled);
      this.store.apply(reply);
      this.answered = question;
      this.repliedAt = performance.now();
      this.error = undefined;
    } catch (error) {
      if (generation !== this.generation) return;
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.onChange();
    // Who was told may have turned this feed off, or asked something else.
    if (generation !== this.generation) return;
    if (past && this.error === undefined) return;
    const pause = Math.min(kLongestPauseMs, Math.max(kShortestPauseMs, question.step * 500));
    const wait = this.error === undefined ? untilNextBeat(pause, Date.now()) : Math.max(kRetryPauseMs, pause);
    this.timer = window.setTimeout(() => void this.poll(question), wait);
  }
}
