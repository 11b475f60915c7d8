// The six numbers that matter, each with two lines of detail. All of them are the server's.
import { el, NumberField, setAttribute, setClass, setText } from '../dom';
import * as format from '../format';
import type { CallTotals, Percentiles } from '../protocol';
import { costPerRequest, kUnknown, noLatency, notPriced, noUsage } from './missing';

/** Below this many samples a P99 is little more than the largest one; it is shown grey. */
export const kFewSamples = 100;

type Shown = (value: number | null | undefined) => string;

/** Label and number of a detail line. */
class Detail {
  readonly field: NumberField;
  readonly element: HTMLElement;
  /** `of` is the time that the number is of, for the mouse. */
  constructor(label: string, show: Shown, name: string, unit = '', of = '') {
    this.field = new NumberField(show, name);
    this.element = el('span', 'detail', el('span', 'muted', `${label} `), this.field.element, unit);
    if (of) this.element.title = of;
  }
}

// The stretches of docs/protocol.md; what has none beside it counts since the start.
const kTenSeconds = 'last 10 s';
const kMinute = 'last 60 s';
const kFiveMinutes = 'last 5 min';

class Tile {
  readonly element: HTMLElement;
  readonly main: NumberField;
  private readonly body = el('div', 'tile-details');
  private readonly rest = el('span', 'tile-unit');
  /** `of` is the time that the number is of. */
  constructor(title: string, show: Shown, name: string, unit = '', of = '') {
    this.main = new NumberField(show, name);
    const number = el('div', 'tile-number', this.main.element);
    number.append(el('span', 'tile-unit', unit), el('span', 'tile-time', of), this.rest);
    this.element = el('article', 'panel tile', el('h3', '', title), number, this.body);
  }
  row(...parts: HTMLElement[]): void {
    this.body.append(el('div', 'tile-row', ...parts));
  }
  /** Beside the number: what it leaves out, and why. */
  setRest(text: string, why: string): void {
    setText(this.rest, text);
    setAttribute(this.rest, 'title', text && why);
  }
}

/** A row of its own that is there only while it says something. */
class Remark {
  readonly element = el('span', 'detail remark');
  constructor(private readonly why: string) {}
  set(text: string): void {
    setText(this.element, text);
    setAttribute(this.element, 'title', text && this.why);
    this.element.parentElement!.hidden = text === '';
  }
}

/** "21 rate limit, 9 timeout": the most frequent first. */
export function topErrors(errors: Record<string, number>, most: number): string {
  const ranked = Object.entries(errors)
    .filter(([, number]) => number > 0)
    .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
  return ranked.slice(0, most).map(([name, number]) => `${format.count(number)} ${format.words(name)}`).join(', ');
}

/** "fast 98.2 % good": how well the SLOs are kept. */
export function sloText(totals: CallTotals | undefined): string {
  return (totals?.slos ?? []).map(({ name, attainment }) => `${format.isolated(name)} ${format.percent(attainment)} good`).join(', ');
}

export class Tiles {
  private readonly requests = new Tile('Requests', format.count, 'total_requests');
  private readonly rate = new Detail('', format.decimal, 'requests_per_second', ' req/s', kTenSeconds);
  private readonly active = new Detail('in flight', format.count, 'active_requests');
  private readonly succeeded = new Detail('ok', format.count, 'successful_requests');
  private readonly cancelled = new Detail('cancelled', format.count, 'cancelled_requests');

  private readonly latency = new Tile('Latency P95', format.seconds, 'latency_p95', '', kFiveMinutes);
  private readonly latency50 = new Detail('P50', format.seconds, 'latency_p50');
  private readonly latency99 = new Detail('P99', format.seconds, 'latency_p99');
  private readonly average = new Detail('average of all', format.seconds, 'avg_latency');
  private readonly slos = el('span', 'detail clip');
  private readonly noLatency = new Remark('Calls without a latency are not in these numbers.');

  private readonly first = new Tile('Time to first token P95', format.seconds, 'ttft_p95', '', kFiveMinutes);
  private readonly first50 = new Detail('P50', format.seconds, 'ttft_p50');
  private readonly first99 = new Detail('P99', format.seconds, 'ttft_p99');
  private readonly between = new Detail('inter-token P95', format.seconds, 'itl_p95');

  private readonly tokens = new Tile('Output tokens', format.decimal, 'output_tokens_per_second', '/s', kTenSeconds);
  private readonly tokensIn = new Detail('input', format.decimal, 'input_tokens_per_second', '/s', kTenSeconds);
  private readonly totalIn = new Detail('in', format.count, 'total_input_tokens');
  private readonly totalOut = new Detail('out', format.count, 'total_output_tokens');
  private readonly noUsage = new Remark('Successful calls whose provider reported no usage: their tokens are not in these numbers.');

  private readonly cost = new Tile('Cost', format.dollars, 'total_cost');
  private readonly pace = new Detail('', format.dollars, 'cost_per_hour', ' per hour', `at the pace of the ${kMinute}`);
  private readonly each = new Detail('', format.dollars, 'cost_per_request');
  private readonly eachOf = el('span');

  private readonly errors = new Tile('Error rate', format.percent, 'error_rate', '', kMinute);
  private readonly failed = new Detail('failed since start', format.count, 'failed_requests');
  private readonly top = el('span', 'detail clip');

  constructor(root: HTMLElement) {
    this.requests.row(this.rate.element, this.active.element);
    this.requests.row(this.succeeded.element, this.cancelled.element);
    this.latency.row(this.latency50.element, this.latency99.element);
    this.latency.row(this.average.element, this.slos);
    this.latency.row(this.noLatency.element);
    this.first.row(this.first50.element, this.first99.element);
    this.first.row(this.between.element);
    this.tokens.row(this.tokensIn.element);
    this.tokens.row(this.totalIn.element, this.totalOut.element);
    this.tokens.row(this.noUsage.element);
    this.cost.row(this.pace.element);
    this.each.element.append(this.eachOf);
    this.cost.row(this.each.element);
    this.errors.row(this.failed.element);
    this.errors.row(this.top);
    const tiles = [this.requests, this.latency, this.first, this.tokens, this.cost, this.errors];
    root.append(...tiles.map(({ element }) => element));
  }

  update(totals: CallTotals | undefined): void {
    const percentiles = (all: Percentiles | undefined, p50: Detail, p95: Tile, p99: Detail) => {
      p50.field.set(all?.p50);
      p95.main.set(all?.p95);
      p99.field.set(all?.p99);
      setClass(p99.element, (all?.count ?? 0) < kFewSamples ? 'detail few' : 'detail');
    };
    this.requests.main.set(totals?.total_requests);
    this.rate.field.set(totals?.requests_per_second);
    this.active.field.set(totals?.active_requests);
    this.succeeded.field.set(totals?.successful_requests);
    this.cancelled.field.set(totals?.cancelled_requests);
    percentiles(totals?.latency, this.latency50, this.latency, this.latency99);
    this.average.field.set(totals?.avg_latency);
    this.noLatency.set(noLatency(totals));
    const slos = sloText(totals);
    setText(this.slos, slos);
    setAttribute(this.slos, 'title', slos);
    percentiles(totals?.time_to_first_token, this.first50, this.first, this.first99);
    this.between.field.set(totals?.inter_token_latency?.p95);
    this.tokens.main.set(totals?.output_tokens_per_second);
    this.tokensIn.field.set(totals?.input_tokens_per_second);
    const absent = totals && kUnknown;
    this.totalIn.field.set(totals?.total_input_tokens, absent);
    this.totalOut.field.set(totals?.total_output_tokens, absent);
    this.noUsage.set(noUsage(totals));
    this.cost.main.set(totals?.total_cost, absent);
    const unpriced = notPriced(totals);
    const rest = totals?.total_cost === undefined ? unpriced : unpriced && `+ ${unpriced}`;
    this.cost.setRest(rest, 'Successful calls without a reported cost and without a price for their model: not in the sum.');
    this.pace.field.set(totals?.cost_per_hour);
    this.each.field.set(totals && costPerRequest(totals));
    setText(this.eachOf, unpriced ? ' per priced call' : ' per request');
    // Without a single call there is no rate, and 0 % would praise what did not happen.
    this.errors.main.set(totals && totals.total_requests > 0 ? totals.error_rate : undefined);
    this.failed.field.set(totals?.failed_requests);
    const categories = topErrors(totals?.errors ?? {}, 2);
    setText(this.top, categories || (totals ? 'no errors' : ''));
    setClass(this.top, categories ? 'detail clip' : 'detail clip muted');
  }
}
