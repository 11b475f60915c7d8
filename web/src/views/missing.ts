// What sums leave out because it is not known, in words. Unknown is never shown as 0.
import * as format from '../format';
import type { CallTotals } from '../protocol';

type Maybe = number | undefined;

const calls = (count: number) => `${format.count(count)} ${count === 1 ? 'call' : 'calls'}`;

/** "12 not priced"; empty when every call has a known cost. */
export const notPriced = (totals: Pick<CallTotals, 'unpriced_requests'> | undefined): string =>
  totals?.unpriced_requests ? `${format.count(totals.unpriced_requests)} not priced` : '';

/** "5 calls did not report"; empty when every call reported its tokens. */
export const noUsage = (totals: CallTotals | undefined): string =>
  totals?.usage_missing_requests ? `${calls(totals.usage_missing_requests)} did not report` : '';

/** "3 calls did not report"; empty when the latency of every call is known. */
export const noLatency = (totals: CallTotals | undefined): string =>
  totals?.latency_missing_requests ? `${calls(totals.latency_missing_requests)} did not report` : '';

export const kUnknown = 'unknown';

/** "$0.73 + 12 not priced", "unknown (12 not priced)", "$0.73". */
export function withMissing(value: Maybe, shown: string, missing: string): string {
  if (value === undefined) return missing ? `${kUnknown} (${missing})` : kUnknown;
  return missing ? `${shown} + ${missing}` : shown;
}

/** The cost of a call, over those whose cost is known. Which of the calls that did not succeed have a cost is not known: it
 * matters as soon as other calls are left out of the sum. */
export function costPerRequest({ total_cost, total_requests, successful_requests, unpriced_requests = 0 }: CallTotals): Maybe {
  if (unpriced_requests > 0 && successful_requests !== total_requests) return undefined;
  const priced = total_requests - unpriced_requests;
  return total_cost !== undefined && priced > 0 ? total_cost / priced : undefined;
}

/** US dollars for a thousand output tokens; unknown where cost and tokens are sums over different calls. */
export function pricePerThousand(totals: CallTotals): Maybe {
  const { total_cost, total_output_tokens: tokens, unpriced_requests, usage_missing_requests } = totals;
  if (total_cost === undefined || !tokens || unpriced_requests || usage_missing_requests) return undefined;
  return (total_cost / tokens) * 1000;
}
