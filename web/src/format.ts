// Numbers and times as people read them: three significant digits, a unit that fits, a dash for what is not known.
// Written out instead of Intl, so that every browser and language shows the same.

export const kNoData = '\u2014';
const kSpace = '\u00a0';

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => typeof value === 'number' && Number.isFinite(value);

/** 12480 -> "12,480". */
export function grouped(value: number, decimals = 0): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.') as [string, string?];
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
  return value < 0 && Number(value.toFixed(decimals)) !== 0 ? `-${text}` : text;
}

/** Three significant digits without an exponent; above that whole numbers. */
function significant(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 999.5) return grouped(value);
  // Rounding first: 9.996 has to become "10.0", not "10.00".
  const rounded = Number(size.toPrecision(3));
  const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(rounded))));
  return (value < 0 ? '-' : '') + rounded.toFixed(decimals);
}

const kScales = [
  { size: 1e12, suffix: 'T' },
  { size: 1e9, suffix: 'B' },
  { size: 1e6, suffix: 'M' },
] as const;

function scaled(value: number): string | undefined {
  // 999,999,999.5 is already "1.00 B" when rounded to three digits.
  const rounded = Number(Math.abs(value).toPrecision(3));
  const scale = kScales.find(({ size }) => rounded >= size);
  return scale && `${significant(value / scale.size)}${kSpace}${scale.suffix}`;
}

/** A number of things: "12,480", then "2.25 M". */
export function count(value: Maybe): string {
  if (!known(value)) return kNoData;
  if (Math.abs(value) < 1e6) return grouped(value);
  return scaled(value) ?? grouped(value);
}

/** A measured number: "0.42", "12.4", "1,234", "2.25 M". */
export function decimal(value: Maybe): string {
  if (!known(value)) return kNoData;
  if (value !== 0 && Math.abs(value) < 0.001) return value > 0 ? '<0.001' : '>-0.001';
  return scaled(value) ?? significant(value);
}

/** Seconds: "842 ms" below one second, "1.52 s" above. */
export function seconds(value: Maybe): string {
  if (!known(value)) return kNoData;
  if (value === 0) return `0${kSpace}ms`;
  if (value > 0 && value < 1e-6) return `<0.001${kSpace}ms`;
  if (Math.abs(value) < 0.9995) return `${significant(value * 1000)}${kSpace}ms`;
  return `${significant(value)}${kSpace}s`;
}

/** US dollars: "$12.48", four decimals below one dollar. */
export function dollars(value: Maybe): string {
  if (!known(value)) return kNoData;
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (size === 0) return '$0.00';
  if (size < 0.00005) return `${sign}<$0.0001`;
  if (size < 0.99995) return `${sign}$${size.toFixed(4)}`;
  return `${sign}$${size >= 1e6 ? (scaled(size) ?? grouped(size)) : grouped(size, 2)}`;
}

/** A share of one: 0.0912 -> "9.12 %". What is not all is never "100 %", what is not nothing never "0 %". */
export function percent(share: Maybe): string {
  if (!known(share)) return kNoData;
  // Without what binary fractions have too much or too little: 0.29 * 100.
  const value = Number((share * 100).toPrecision(12));
  if (value > 0 && value < 0.01) return `<0.01${kSpace}%`;
  if (value < 100 && value >= 99.9) return `99.9${kSpace}%`;
  return `${Number.isInteger(value) ? value : significant(value)}${kSpace}%`;
}

/** How much of something is done, 0..100, cut to one decimal: 45.69 -> "45.6 %". */
export function progress(value: Maybe): string {
  if (!known(value)) return kNoData;
  if (value > 0 && value < 0.1) return `<0.1${kSpace}%`;
  return `${floored(value)}${kSpace}%`;
}

/** As `progress`, without decimals: 45.69 -> "45 %", 0.4 -> "<1 %". */
export const wholeProgress = (value: number): string =>
  value > 0 && value < 1 ? `<1${kSpace}%` : `${Math.min(100, Math.floor(value))}${kSpace}%`;

/** Cut to one decimal; 100 only for all of 100. The little more is for what binary fractions lack: 0.57 * 100. */
export const floored = (value: number): number =>
  value >= 100 ? 100 : Math.min(99.9, Math.floor(value * 10 + 1e-6) / 10);

/** How long something takes or took: "45 s", "3 min 05 s", "2 h 07 min", "3 d 4 h". */
export function span(value: Maybe): string {
  if (!known(value)) return kNoData;
  const total = Math.max(0, Math.round(value));
  if (total === 0 && value > 0) return `<1${kSpace}s`;
  if (total < 60) return `${total}${kSpace}s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}${kSpace}min ${two(total % 60)}${kSpace}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}${kSpace}h ${two(minutes % 60)}${kSpace}min`;
  return `${Math.floor(hours / 24)}${kSpace}d ${hours % 24}${kSpace}h`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** The time of day where the reader is: "14:03:07", or "14:03" without seconds. */
export function clock(milliseconds: number, withSeconds = true): string {
  const date = new Date(milliseconds);
  const text = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${text}:${two(date.getSeconds())}` : text;
}

/** A moment of the event log: "14:03:07.123". */
export function moment(rfc3339: string): string {
  const time = Date.parse(rfc3339);
  if (Number.isNaN(time)) return kNoData;
  return `${clock(time)}.${String(new Date(time).getMilliseconds()).padStart(3, '0')}`;
}

/** Letters that are read from right to left, and what turns the direction of text. */
const kTurning = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]|[\ud802\ud803\ud83a\ud83b]/;

/** Foreign text for the middle of a sentence: one that turns the direction is kept from turning round what follows it. */
export const isolated = (text: string): string =>
  kTurning.test(text) ? `\u2068${text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '')}\u2069` : text;

/** "rate_limit" -> "rate limit". */
export const words = (name: string) => name.replaceAll('_', ' ');

/** A moment with its day: "2025-01-15 14:03:07". */
export function dateTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(milliseconds)}`;
}

const kMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "Jan 15": the day below a mark of an axis. */
export function day(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${kMonths[date.getMonth()]} ${date.getDate()}`;
}

/** Whether times between these two need their day to be told apart: they are not all of one day. */
export function spansDays(from: number, to: number): boolean {
  return to - from >= 86_400_000 || new Date(from).getDate() !== new Date(to).getDate();
}

/** A time among others between `from` and `to`: with its day where these are not all of one day. */
export const timeWithin = (time: number, from: number, to: number): string =>
  spansDays(from, to) ? dateTime(time) : clock(time);
