// The metrics a history question may name, and how each is read from a delta.
#pragma once

#include "collector/history.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace ltb::collector {

enum class HistoryKind {
  Rate,         // absent before the system ran, 0 when nothing happened
  Measurement,  // absent when nothing was measured
  CostTotal,    // cumulative
  Active,       // a gauge: the highest value of the step
};

struct HistoryMetric {
  HistoryKind kind = HistoryKind::Rate;
  /// The value of a delta over `seconds`.
  std::function<std::optional<double>(const HistoryDelta&, double seconds)> read{};
};

/// Throws std::invalid_argument naming the metric and those there are.
[[nodiscard]] HistoryMetric history_metric(std::string_view name);

}  // namespace ltb::collector
