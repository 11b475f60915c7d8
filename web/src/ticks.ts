// Where the marks of a time axis stand: at whole seconds, minutes or hours of the reader's clock.
import { clock, day, spansDays } from './format';
import type { TimeRange } from './series';

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
].map((step) => step * kSecond);

/** The smallest round step that puts at most `most` marks into the range. */
export function tickStep(range: TimeRange, most: number): number {
  const length = range.to - range.from;
  return kSteps.find((step) => length / step <= most) ?? Math.ceil(length / most / kHour) * kHour;
}

export function timeTicks(range: TimeRange, most: number): number[] {
  const step = tickStep(range, most);
  // Multiples of the step in local time: 14:00, not 13:37 because the zone is 23 minutes off.
  const offsetAt = (time: number) => new Date(time).getTimezoneOffset() * kMinute;
  const newest = offsetAt(range.to);
  const ticks: number[] = [];
  for (let local = Math.ceil((range.from - newest) / step) * step - step; ; local += step) {
    // Summer time begins and ends by whole hours: wider steps keep to the hours of each part.
    const at = local + (step > kHour ? offsetAt(local + newest) : newest);
    if (at > range.to) return ticks;
    if (at >= range.from) ticks.push(at);
  }
}

/** The lines of a mark's text: the time, and below it the day where the range has more than one. */
export const tickLabel = (time: number, step: number, range: TimeRange): string[] =>
  [clock(time, step < kMinute), ...(spansDays(range.from, range.to) ? [day(time)] : [])];
