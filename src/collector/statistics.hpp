// Adds up series into the totals that statistics, the page and the API show.
#pragma once

#include "collector/history_book.hpp"

#include <ltb/collector.hpp>
#include <ltb/config.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace ltb::collector {

/// Sums one or more series: totals straight from the words that /metrics shows, windows from
/// history.
class StatisticsSum {
 public:
  /// Both must outlive this.
  StatisticsSum(const HistoryBook& history, const std::vector<ServiceLevel>& levels)
      : history_(&history), levels_(&levels), slos_(levels.size()) {}
  void add(const metrics::RequestSeries& series);
  void write(CallTotals& totals) const;

 private:
  struct SloSum {
    bool applies = false;
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
  };

  const HistoryBook* history_;
  const std::vector<ServiceLevel>* levels_;
  std::vector<SloSum> slos_;
  std::array<std::uint64_t, metrics::RequestLayout::kDuration> words_{};
  std::uint64_t duration_ns_ = 0;
  std::uint64_t observed_ = 0;
  std::array<std::uint64_t, kErrorTypeCount> errors_{};
  WindowStats windows_;
};

}  // namespace ltb::collector
