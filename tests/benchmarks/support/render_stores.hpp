// Equal contents for our store and a prometheus-cpp registry, and the arena that shows how fast
// rendering could be at best.
#pragma once

#include "benchmarks/support/sample_calls.hpp"
#include "metrics/metric_store.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <atomic>
#include <charconv>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::bench {

inline constexpr std::size_t kModelsPerProvider = 100;
inline std::string provider_of(std::size_t i) {
  return "provider-" + std::to_string(i / kModelsPerProvider);
}
inline std::string model_of(std::size_t i) {
  return model_name(i % kModelsPerProvider);
}
inline std::uint64_t value_of(std::size_t i) {
  return i * 7919 % 1'000'003 + 1;
}

/// One counter each for `count` pairs of provider and model, as the library's own families are.
struct CounterStore {
  explicit CounterStore(std::size_t count) {
    auto& family = metrics.add_family("bench_requests_total", "Calls.", MetricType::Counter);
    for (std::size_t i = 0; i < count; ++i) {
      auto& words = blocks.emplace_back(16);
      words.writer().add(3, value_of(i));
      family.add({{"provider", provider_of(i)}, {"model", model_of(i)}},
                 metrics::CounterCell{&words, 3, 0});
    }
  }
  std::deque<metrics::Words> blocks;
  metrics::MetricStore metrics{{}};
};

/// The same as a host publishes them: MetricRecorded events with a counter each.
struct UserCounterStore {
  explicit UserCounterStore(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      metrics.record(Metric("bench_requests_total", MetricType::Counter, Counter{value_of(i)})
                         .with_label("provider", provider_of(i))
                         .with_label("model", model_of(i)));
  }
  metrics::MetricStore metrics{{.max_series_per_family = 1'000'000}};
};

inline const std::vector<double> kTwelveBuckets{.01, .05, .1, .25, .5, 1., 2.5, 5., 10., 30., 60.};

/// Histograms of 12 buckets, +Inf counted.
struct HistogramStore {
  explicit HistogramStore(std::size_t count) {
    auto& family = metrics.add_family("bench_seconds", "Durations.", MetricType::Histogram);
    for (std::size_t i = 0; i < count; ++i) {
      auto& words = blocks.emplace_back(layout.count() + 1);
      const auto writer = words.writer();
      for (std::uint32_t bucket = 0; bucket < layout.count(); ++bucket)
        writer.add(bucket, value_of(i + bucket) % 1000);
      writer.add(layout.count(), value_of(i) * 1'000'000'007);
      family.add({{"provider", provider_of(i)}, {"model", model_of(i)}},
                 metrics::HistogramCell{&words, 0, &layout, 9});
    }
  }
  metrics::BucketLayout layout{kTwelveBuckets, 1e9};
  std::deque<metrics::Words> blocks;
  metrics::MetricStore metrics{{}};
};

struct PrometheusCounters {
  explicit PrometheusCounters(std::size_t count) {
    auto& family =
        prometheus::BuildCounter().Name("bench_requests_total").Help("Calls.").Register(*registry);
    for (std::size_t i = 0; i < count; ++i)
      family.Add({{"provider", provider_of(i)}, {"model", model_of(i)}})
          .Increment(static_cast<double>(value_of(i)));
  }
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
};

struct PrometheusHistograms {
  explicit PrometheusHistograms(std::size_t count) {
    auto& family =
        prometheus::BuildHistogram().Name("bench_seconds").Help("Durations.").Register(*registry);
    for (std::size_t i = 0; i < count; ++i) {
      auto& histogram =
          family.Add({{"provider", provider_of(i)}, {"model", model_of(i)}}, kTwelveBuckets);
      std::vector<double> counts;
      for (std::size_t bucket = 0; bucket <= kTwelveBuckets.size(); ++bucket)
        counts.push_back(static_cast<double>(value_of(i + bucket) % 1000));
      histogram.ObserveMultiple(counts, static_cast<double>(value_of(i)));
    }
  }
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
};

/// The least that rendering must do: per line copy a ready-made prefix out of one block and write
/// one number. Made from a finished text, so that both write the same bytes.
class Arena {
 public:
  explicit Arena(std::string_view text) {
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n') + 1);
      text.remove_prefix(line.size());
      const std::size_t blank = line.rfind(' ');
      const std::string_view number = line.substr(blank + 1, line.size() - blank - 2);
      std::uint64_t value = 0;
      const auto end = number.data() + number.size();
      const bool is_whole = line[0] != '#' && std::from_chars(number.data(), end, value).ptr == end;
      // Comments and fractions are copied as they are: that is less work still.
      const std::string_view prefix = is_whole ? line.substr(0, blank + 1) : line;
      lines_.push_back({static_cast<std::uint32_t>(prefix.size()), is_whole});
      prefixes_ += prefix;
      values_.emplace_back(value);
    }
  }

  [[nodiscard]] std::string render() const {
    std::string out;
    out.resize(prefixes_.size() + 21 * lines_.size());
    char* at = out.data();
    const char* from = prefixes_.data();
    auto value = values_.begin();
    for (const Line& line : lines_) {
      std::memcpy(at, from, line.length);
      at += line.length;
      from += line.length;
      if (line.has_number) {
        at = std::to_chars(at, at + 20, value->load(std::memory_order_relaxed)).ptr;
        *at++ = '\n';
      }
      ++value;
    }
    out.resize(static_cast<std::size_t>(at - out.data()));
    return out;
  }

 private:
  struct Line {
    std::uint32_t length;
    bool has_number;
  };
  std::string prefixes_;
  std::vector<Line> lines_;
  std::deque<std::atomic<std::uint64_t>> values_;
};

}  // namespace ltb::bench
