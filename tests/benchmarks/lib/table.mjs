// Judges the rows and prints them.
import { median, pairedRatios, quantile, summary } from './statistics.mjs';

/** Three significant digits, no exponent. */
export function number(value) {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}

const isLess = (row) => row.most !== undefined;

/** The samples of a key without what `key` took in the same round. */
function without(samples, values, key) {
  return values.map((value, i) => value - (samples[key][i] ?? median(samples[key])));
}

function ratios(row, ours, samples) {
  const baseline = row.common ? without(samples, samples[row.baseline], row.common) : samples[row.baseline];
  return row.kind === 'speedup' ? pairedRatios(baseline, ours) : pairedRatios(ours, baseline);
}

/** The row with its figures, or null when something it needs was not measured. */
export function judge(row, samples) {
  const needed = [row.ours, row.baseline, row.minus, row.common].filter(Boolean);
  if (needed.some((key) => !samples[key]?.length)) return null;
  const beneath = row.minus ?? row.common;
  const ours = beneath ? without(samples, samples[row.ours], beneath) : samples[row.ours];
  const values = row.kind === 'value' ? ours.map((value) => value * row.scale) : ratios(row, ours, samples);
  const spread = summary(values);
  if (row.worst) spread.median = isLess(row) ? Math.max(...values) : Math.min(...values);
  const met = isLess(row) ? spread.median <= row.most : spread.median >= row.least;
  const compare = row.compare && samples[row.compare] ? median(samples[row.compare]) * (row.scale ?? 1) : undefined;
  return { ...row, spread, met, compare };
}

function columns(row) {
  const unit = row.kind === 'value' ? ` ${row.unit}` : 'x';
  const { median: middle, low, high, count } = row.spread;
  const target = isLess(row) ? `<= ${row.most}` : `>= ${row.least}`;
  let against = row.kind === 'value' ? '' : row.against;
  if (row.compare !== undefined) against = `(theirs: ${number(row.compare)})`;
  if (row.kind === 'speedup') against = `faster than ${against}`;
  return [row.figure, against, `${number(middle)}${unit}`, count > 1 ? `${number(low)}..${number(high)}` : '',
    `${target}${row.kind === 'value' ? ` ${row.unit}` : 'x'}`, row.met ? 'met' : 'MISSED'];
}

const heads = ['figure', 'against', 'measured', 'quartiles', 'target', ''];

/** Judged sections as text for a terminal. */
export function asText(sections) {
  const lines = sections.map((section) => section.rows.map(columns));
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.flat().map((line) => line[i].length)));
  const print = (cells) => cells.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd();
  const out = [print(heads)];
  sections.forEach((section, i) => {
    out.push('', section.title);
    out.push(...lines[i].map(print));
  });
  return out.join('\n');
}

/** The same as Markdown tables. */
export function asMarkdown(sections) {
  return sections.map((section) => [
    `### ${section.title}`, '',
    '| figure | against | measured | quartiles | target | |', '|---|---|---|---|---|---|',
    ...section.rows.map((row) => `| ${columns(row).join(' | ')} |`), '',
  ].join('\n')).join('\n');
}
