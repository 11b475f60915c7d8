// Adds up series into the totals that statistics, the page and the API show.
#pragma once

#include "collector/history_book.hpp"

#include <ltb/collector.hpp>

#include <array>
#include <cstdint>

namespace ltb::collector {

/// Sums one or more series: totals straight from the words that /metrics shows, windows from history.
class StatisticsSum {
 public:
  explicit StatisticsSum(const HistoryBook& history) : history_(&history) {}
  void add(const metrics::RequestSeries& series);
  /// Everything but `active_requests`, which belongs to providers.
  void write(CallTotals& totals) const;

 private:
  const HistoryBook* history_;
  std::array<std::uint64_t, metrics::RequestLayout::kDuration> words_{};
  std::uint64_t duration_ns_ = 0;
  std::uint64_t observed_ = 0;
  std::array<std::uint64_t, kErrorTypeCount> errors_{};
  WindowStats windows_;
};

}  // namespace ltb::collector
