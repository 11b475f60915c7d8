// Everything a store can hold, with names that hurt.
#pragma once

#include "metrics/metric_store.hpp"

#include <limits>
#include <random>
#include <string>

namespace ltb::tests {

inline void fill(metrics::MetricStore& store) {
  std::mt19937_64 random(5);
  const std::string hostile = "a\\b\"c\nd\te{},=<script>\xc3\xa9";
  for (const std::string& provider : {std::string("openai"), std::string("anthropic"), hostile})
    for (const std::string& model : {std::string("gpt-4"), std::string(), hostile}) {
      auto& series = store.request_series(provider, model);
      for (int i = 0; i < 200; ++i) {
        metrics::CallRecord call;
        call.status = static_cast<metrics::CallStatus>(random() % 3);
        call.error_type = static_cast<ErrorType>(random() % kErrorTypeCount);
        call.duration_ns = random() % 700'000'000'000;
        const TokenUsage usage{.input_tokens = random() % 100'000,
                               .output_tokens = random() % 9'000};
        call.usage = &usage;
        call.cost = ExactCost{.nano_usd = random() % 3'000'000'000};
        call.finish_reason = static_cast<std::uint32_t>(random() % 5);
        call.time_per_output_token_ns = random() % 2'000'000'000;
        series.record(call);
        series.first_token(random() % 200'000'000'000);
        series.inter_token(random() % 3'000'000'000);
      }
      store.evaluated(store.evaluation_series(provider, model, "faithfulness"), 0.1 + 0.2,
                      1'234'567);
    }
  store.request_series("openai", "gpt-4").started();
  (void)(store.record(Metric("jobs_total", MetricType::Counter, Counter{1e15})
                          .with_label("queue", hostile)
                          .with_help("Jobs \"done\".")));  // the oracle does not escape HELP
  (void)(store.record(Metric("depth", MetricType::Gauge, Gauge{-0.1})));
  (void)(store.record(
      Metric("wait_seconds", MetricType::Histogram,
             HistogramValue{.buckets = {{0.1, 1}, {1e9, 2}}, .count = 3, .sum = 1e-300})));
  (void)(store.record(
      Metric("rtt_seconds", MetricType::Summary,
             SummaryValue{.quantiles = {{0.5, 0.25}, {0.99, 1e17}}, .count = 9, .sum = 3.5})
          .with_label("zone", "b")));
  store.add_callback("not_known", "A gauge that is no number.", MetricType::Gauge,
                     [] { return std::numeric_limits<double>::quiet_NaN(); });
  store.add_callback("boundless", "A gauge without bounds.", MetricType::Gauge,
                     [] { return -std::numeric_limits<double>::infinity(); });
}

}  // namespace ltb::tests
