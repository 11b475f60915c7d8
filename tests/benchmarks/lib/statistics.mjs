// Medians and quartiles of samples, and ratios of samples taken in pairs.

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

/** Median and quartiles. */
export function summary(values) {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75), count: values.length };
}

/** ours[i] / baseline[i]: both were measured in round i, so that what the machine did then hits both. */
export function pairedRatios(ours, baseline) {
  const count = Math.min(ours.length, baseline.length);
  return Array.from({ length: count }, (_, i) => ours[i] / baseline[i]);
}
