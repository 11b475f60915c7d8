// Keeps one source of the charts up to date: the whole window once, afterwards only what is new. Another question starts
// anew; what was there stays in sight until its answer is here.
import { failureText, fetchSeries, isRefusal } from './api';
import { steady } from './clock';
import type { SeriesReply } from './protocol';
import { sameQuestion, type Question } from './questions';
import { SeriesStore } from './series';

const kShortestPauseMs = 500;
const kLongestPauseMs = 10_000;
const kRetryPauseMs = 2000;
/** How far the server's clock may be from where the last answer leaves it: more than this is a clock that was set. */
const kClockSlackMs = 2000;
/** After this time the last second of a question about the past has been measured. */
const kMeasuredMs = 2500;

/** Milliseconds to the next multiple of `pause` that is at least half a pause away. All feeds keep to the same beats, so
 * that the charts are drawn once for all of them. */
export function untilNextBeat(pause: number, now: number): number {
  const wait = pause - (now % pause);
  return wait < pause / 2 ? wait + pause : wait;
}

/** Whether `reply`, `elapsed` milliseconds after the newest one in `store`, goes on from it. Otherwise the server's clock
 * was set, or its history has another step for this stretch, and only the whole window is right. */
export function continues(store: SeriesStore, reply: SeriesReply, elapsed: number): boolean {
  const advance = reply.to * 1000 - store.to;
  return reply.step === store.step && advance >= 0 && Math.abs(advance - elapsed) <= kClockSlackMs;
}

export class SeriesFeed {
  store = new SeriesStore(300);
  /** Why the newest request failed; undefined when it did not. */
  error: string | undefined;
  /** When the newest reply came, by the steady clock. */
  repliedAt = 0;
  private question: Question | undefined;
  private askedAt = 0;
  /** What the store holds the answer to. */
  private answered: Question | undefined;
  /** The answer about the past that nothing can change any more. */
  private settled: Question | undefined;
  private timer: number | undefined;
  private active = false;
  /** Counts what makes running requests obsolete; a reply to an older question is passed over. */
  private generation = 0;

  constructor(private readonly onChange: () => void) {}

  ask(question: Question): void {
    if (sameQuestion(this.question, question)) return;
    this.question = question;
    this.askedAt = steady.now();
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
    this.answered = this.settled = undefined;
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
    if (question.to !== undefined || !sameQuestion(this.answered, question)) return undefined;
    // After a long rest most of what is here has left the window, and going on from there would ask for too much.
    return steady.now() - this.repliedAt > question.window * 500 ? undefined : this.store.nextFrom;
  }

  private async poll(question: Question): Promise<void> {
    if (sameQuestion(this.settled, question)) return;
    const generation = this.generation;
    const from = this.continuation(question);
    const { settled, ...query } = question;
    try {
      const reply = await fetchSeries(from === undefined ? query : { ...query, from, step: this.store.step ?? query.step });
      if (generation !== this.generation) return;
      const now = steady.now();
      if (from === undefined) {
        const past = question.from !== undefined && question.to !== undefined;
        const range = past ? { from: question.from! * 1000, to: question.to! * 1000 } : undefined;
        this.store = new SeriesStore(question.window, settled, range);
      } else if (!continues(this.store, reply, now - this.repliedAt)) {
        return this.startAnew(question);
      }
      this.store.apply(reply);
      this.answered = question;
      this.repliedAt = now;
      this.error = undefined;
      if (question.to !== undefined && now - this.askedAt >= kMeasuredMs) this.settled = question;
    } catch (error) {
      if (generation !== this.generation) return;
      if (from !== undefined && isRefusal(error)) return this.startAnew(question);
      this.error = failureText(error);
    }
    this.onChange();
    // Who was told may have turned this feed off, or asked something else.
    if (generation !== this.generation) return;
    const pause = Math.min(kLongestPauseMs, Math.max(kShortestPauseMs, question.step * 500));
    const wait = this.error === undefined ? untilNextBeat(pause, steady.now()) : Math.max(kRetryPauseMs, pause);
    this.timer = window.setTimeout(() => void this.poll(question), wait);
  }

  /** What is here stays in sight until the answer for the whole window replaces it. */
  private startAnew(question: Question): Promise<void> {
    this.answered = undefined;
    return this.poll(question);
  }
}
