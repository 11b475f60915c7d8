// Reads single numbers out of a MetricStore, the slow and plain way.
#pragma once

#include "metrics/metric_store.hpp"

#include <ltb/metric.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::tests {

/// The value of one series; nothing when there is none. The order of labels does not matter.
inline std::optional<MetricValue> read_series(const metrics::MetricStore& store,
                                              std::string_view family, Metric::Labels labels) {
  std::sort(labels.begin(), labels.end());
  std::optional<MetricValue> value;
  for (const metrics::Family* candidate : store.families()) {
    if (candidate->name() != family) continue;
    candidate->for_each([&](const metrics::Series& series) {
      Metric::Labels have = series.labels;
      std::sort(have.begin(), have.end());
      if (have == labels) value = metrics::read_value(series, candidate->type());
    });
  }
  return value;
}

/// The number of a counter or gauge; NaN, which equals nothing, when the series is not there.
inline double number(const metrics::MetricStore& store, std::string_view family,
                     const Metric::Labels& labels) {
  const auto value = read_series(store, family, labels);
  if (value && std::holds_alternative<Counter>(*value)) return std::get<Counter>(*value).value;
  if (value && std::holds_alternative<Gauge>(*value)) return std::get<Gauge>(*value).value;
  return std::numeric_limits<double>::quiet_NaN();
}

/// A histogram; one with count -1 when the series is not there.
inline HistogramValue histogram(const metrics::MetricStore& store, std::string_view family,
                                const Metric::Labels& labels) {
  const auto value = read_series(store, family, labels);
  if (value && std::holds_alternative<HistogramValue>(*value))
    return std::get<HistogramValue>(*value);
  return {.buckets = {}, .count = std::numeric_limits<std::uint64_t>::max(), .sum = -1};
}

/// How many series a family has.
inline std::size_t series_in(const metrics::MetricStore& store, std::string_view family) {
  for (const metrics::Family* candidate : store.families())
    if (candidate->name() == family) {
      std::size_t count = 0;
      candidate->for_each([&](const metrics::Series&) { ++count; });
      return count;
    }
  return 0;
}

}  // namespace ltb::tests
