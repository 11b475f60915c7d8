// One card per benchmark: how far, how fast, how long still, what it costs, and whether it stands still.
import { el, NumberField, setAttribute, setChildren, setClass, setText } from '../dom';
import * as format from '../format';
import type { Benchmark } from '../protocol';
import { notPriced, withMissing } from './missing';

const kStates = { running: 'Running', stalled: 'Stalled', completed: 'Completed' };

/** How much is done, 0..100; undefined when nobody knows of how much. */
export const progressOf = ({ total_examples, progress_percent }: Benchmark): number | undefined =>
  total_examples > 0 ? progress_percent : undefined;

/** What stands after the number of examples that are done. */
export const ofTotal = ({ total_examples: total }: Pick<Benchmark, 'total_examples'>): string =>
  total > 0 ? ` / ${format.count(total)} examples` : ' done, total unknown';

/** "$0.73 + 12 not priced -> $2.40": the cost so far and the cost to expect. */
export function costText(benchmark: Benchmark): string {
  const { cost, projected_cost: projected, state } = benchmark;
  const soFar = withMissing(cost, format.dollars(cost), notPriced(benchmark));
  return state === 'completed' || projected === undefined ? soFar : `${soFar} \u2192 ${format.dollars(projected)}`;
}

/** The sentence at the end of the line: what to expect, or what was. */
export function outlook(benchmark: Benchmark): string {
  if (benchmark.state === 'completed') return `took ${format.span(benchmark.elapsed_seconds)}`;
  if (benchmark.state === 'stalled') return `no event for ${format.span(benchmark.idle_seconds)}`;
  if (progressOf(benchmark) === undefined) return 'remaining time unknown';
  if (benchmark.eta_seconds === undefined) return 'remaining time not known yet';
  return `${format.span(benchmark.eta_seconds)} left`;
}

const kFinishedShown = 2;
const kMostShown = 12;

/** Which benchmarks get a card: those under way, then the newest finished ones. A program that runs its benchmark round
 * after round has hundreds of finished ones within the retention time. */
export function shownBenchmarks(benchmarks: readonly Benchmark[]): { shown: Benchmark[]; hidden: number } {
  const unfinished = benchmarks.filter(({ state }) => state !== 'completed');
  const finished = benchmarks.filter(({ state }) => state === 'completed');
  const shown = [...unfinished, ...finished.slice(0, kFinishedShown)].slice(0, kMostShown);
  return { shown, hidden: benchmarks.length - shown.length };
}

class Fact {
  readonly value = el('dd');
  readonly element: HTMLElement;
  constructor(label: string) {
    this.element = el('div', 'fact', el('dt', '', label), this.value);
  }
  set(text: string): void {
    setText(this.value, text);
  }
}

class Card {
  readonly element = el('article', 'panel benchmark');
  private readonly name = el('h3');
  private readonly state = el('span', 'badge');
  private readonly share = el('span', 'benchmark-share');
  private readonly done = el('div', 'bar-done');
  private readonly failed = el('div', 'bar-failed');
  private readonly bar = el('div', 'bar', this.done, this.failed);
  private readonly completedField = new NumberField(format.count, 'completed_examples');
  private readonly total = el('span', 'muted');
  private readonly outlook = el('span', 'benchmark-outlook');
  private readonly provider = new Fact('Provider');
  private readonly rate = new Fact('Rate');
  private readonly failures = new Fact('Failed');
  private readonly cost = new Fact('Cost');

  constructor() {
    this.bar.setAttribute('role', 'progressbar');
    this.bar.setAttribute('aria-valuemin', '0');
    this.bar.setAttribute('aria-valuemax', '100');
    const examples = el('span', '', this.completedField.element, this.total);
    const facts = el('dl', 'facts');
    facts.append(...[this.provider, this.rate, this.failures, this.cost].map(({ element }) => element));
    this.element.append(
      el('div', 'benchmark-head', this.name, this.state, this.share),
      this.bar,
      el('div', 'benchmark-line', examples, this.outlook),
      facts,
    );
  }

  update(benchmark: Benchmark): void {
    const { total_examples: total, failed_examples: failed, state } = benchmark;
    const progress = progressOf(benchmark);
    this.element.dataset['state'] = state;
    setText(this.name, benchmark.name);
    setAttribute(this.name, 'title', benchmark.name);
    setClass(this.state, `badge ${state}`);
    setText(this.state, kStates[state] ?? state);
    setText(this.share, progress === undefined ? '' : format.progress(progress));
    // Of an unknown total there is no part to draw.
    this.bar.hidden = progress === undefined;
    if (progress !== undefined) {
      const failedShare = Math.min(progress, (100 * failed) / total);
      this.done.style.width = `${progress - failedShare}%`;
      this.failed.style.width = `${failedShare}%`;
      setAttribute(this.bar, 'aria-label', `Progress of ${benchmark.name}`);
      setAttribute(this.bar, 'aria-valuenow', String(format.floored(progress)));
    }
    this.completedField.set(benchmark.completed_examples);
    setText(this.total, ofTotal(benchmark));
    setText(this.outlook, outlook(benchmark));
    this.provider.set(benchmark.current_provider ?? format.kNoData);
    this.rate.set(`${format.decimal(benchmark.examples_per_second)}\u00a0/s`);
    this.failures.set(format.count(failed));
    setClass(this.failures.element, failed > 0 ? 'fact bad' : 'fact');
    this.cost.set(costText(benchmark));
  }
}

/** Everything that was begun is through: the time to save what is there. */
export const allFinished = (benchmarks: readonly Benchmark[]): boolean =>
  benchmarks.length > 0 && benchmarks.every(({ state }) => state === 'completed');

export class Benchmarks {
  private readonly cards = new Map<string, Card>();

  constructor(
    private readonly section: HTMLElement,
    private readonly list: HTMLElement,
    private readonly rest: HTMLElement,
    private readonly finished: HTMLElement,
  ) {}

  update(benchmarks: readonly Benchmark[]): void {
    this.section.hidden = benchmarks.length === 0;
    const { shown, hidden } = shownBenchmarks(benchmarks);
    this.finished.hidden = !allFinished(benchmarks);
    setText(this.rest, hidden > 0 ? `and ${format.count(hidden)} more` : '');
    const present = new Set(shown.map((benchmark) => benchmark.benchmark_id));
    for (const id of this.cards.keys()) if (!present.has(id)) this.cards.delete(id);
    const elements = shown.map((benchmark) => {
      let card = this.cards.get(benchmark.benchmark_id);
      if (!card) this.cards.set(benchmark.benchmark_id, (card = new Card()));
      card.update(benchmark);
      return card.element;
    });
    setChildren(this.list, elements);
  }
}
