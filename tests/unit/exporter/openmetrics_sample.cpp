// Prints an OpenMetrics exposition of a store that holds everything, and of a host's own families,
// for an independent parser to read.
#include "exporter/open_metrics.hpp"
#include "support/clock.hpp"
#include "unit/exporter/store_sample.hpp"

#include <cmath>
#include <iostream>

namespace {

using namespace ltb;

// Names that would clash once "_total" is taken off.
void add_clashes(metrics::MetricStore& store) {
  (void)store.record(Metric("queue", MetricType::Gauge, Gauge{1}));
  (void)store.record(Metric("queue_total", MetricType::Counter, Counter{2}));
  (void)store.record(Metric("served", MetricType::Counter, Counter{3}));
  (void)store.record(Metric("seen_created", MetricType::Gauge, Gauge{4}));
  (void)store.record(Metric("seen_total", MetricType::Counter, Counter{5}));
  (void)store.record(Metric("drift", MetricType::Histogram,
                            HistogramValue{.buckets = {{-1, 1}, {1, 2}}, .count = 2, .sum = -3}));
  (void)store.record(Metric("swing", MetricType::Summary,
                            SummaryValue{.quantiles = {{0.5, -2}, {1, 3}}, .count = 2, .sum = -3}));
}

std::vector<prometheus::MetricFamily> host_families() {
  using prometheus::MetricType;
  prometheus::MetricFamily counter{"host_jobs_total", "Jobs \"done\".", MetricType::Counter, {}};
  counter.metric.resize(2);
  counter.metric[0].counter.value = 7;
  counter.metric[1].label = {{"queue", "a\"b\\c\nd"}};
  counter.metric[1].counter.value = NAN;
  prometheus::MetricFamily clash{"queue_total", "", MetricType::Counter, {}};
  clash.metric.resize(1);
  prometheus::MetricFamily histogram{"host_wait_seconds", "", MetricType::Histogram, {}};
  histogram.metric.resize(1);
  histogram.metric[0].histogram.sample_count = 3;
  histogram.metric[0].histogram.sample_sum = 1.5;
  histogram.metric[0].histogram.bucket = {{1, 0.5}, {3, 1}};
  prometheus::MetricFamily untyped{"host_thing", "", MetricType::Untyped, {}};
  untyped.metric.resize(1);
  return {counter, clash, histogram, untyped, untyped};
}

}  // namespace

int main() {
  metrics::MetricStore store({.detailed_metrics = true, .exemplars = true});
  tests::fill(store);
  add_clashes(store);
  const support::Clock clock;
  metrics::CallRecord call;
  call.duration_ns = 1'234'567'890;
  auto& series = store.request_series("openai", "gpt-4");
  series.record(call);
  series.offer_exemplar(
      call, [] { return "req_\"\\\n\xc3\xa9"; }, clock.steady_now(), clock);
  std::cout << exporter::render_openmetrics(store, host_families());
}
