// A metric's value of each kind, out of the bytes of an input.
#pragma once

#include "fuzz/support.hpp"

#include <ltb/metric.hpp>

namespace ltb::fuzz {

inline MetricValue value_of(MetricType type, double value, std::uint64_t count, Input& input) {
  switch (type) {
    case MetricType::Counter:
      break;
    case MetricType::Gauge:
      return Gauge{value};
    case MetricType::Histogram:
      return HistogramValue{{{input.real(), input.byte()}, {input.real(), count}}, count, value};
    case MetricType::Summary:
      return SummaryValue{{{input.real(), value}}, count, value};
  }
  return Counter{value};
}

}  // namespace ltb::fuzz
