// Adds up series into the totals that statistics, the page and the API show.
#pragma once

#include "collector/history_book.hpp"

#include <ltb/collector.hpp>
#include <ltb/config.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace ltb::collector {

/// Sums one or more series as they were at one sample: totals are the words that /metrics shows,
/// windows come from history.
class StatisticsSum {
 public:
  /// `levels` must outlive this. Without a moment (no series yet) nothing is added.
  explicit StatisticsSum(const std::vector<Slo>& levels) : levels_(&levels), slos_(levels.size()) {}
  /// Every series of one sum at the same moment.
  void add(const SeriesView& view, const Moment& at);
  void write(CallTotals& totals) const;

 private:
  struct SloSum {
    bool applies = false;
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
  };
  void write_rates(CallTotals& totals) const;
  void write_slos(CallTotals& totals) const;

  const std::vector<Slo>* levels_;
  std::vector<SloSum> slos_;
  SeriesSampler::Scalars words_{};
  std::uint64_t duration_ns_ = 0;
  std::uint64_t observed_ = 0;
  std::uint64_t active_ = 0;
  std::array<std::uint64_t, kErrorTypeCount> errors_{};
  std::optional<Moment> at_;
  Window ten_seconds_;
  Window minute_;
  metrics::DenseSketch latency_;  // the last 5 minutes
  metrics::DenseSketch first_token_;
  metrics::DenseSketch inter_token_;
  bool knows_percentiles_ = true;
};

}  // namespace ltb::collector
