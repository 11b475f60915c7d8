// Turns the ever-growing words of a RequestSeries into what was added since the last look.
#pragma once

#include "collector/history.hpp"
#include "metrics/request_series.hpp"

#include <array>
#include <optional>
#include <vector>

namespace ltb::collector {

/// Remembers the last sums of one series. Differences of sums that only grow are exact whatever the
/// recorders do meanwhile, so there is nothing to rotate or lock on the recording side.
class SeriesSampler {
 public:
  explicit SeriesSampler(const metrics::RequestSeries& series) : series_(&series) {}

  /// What was added since the last call; nothing when nothing was and nothing is in flight.
  [[nodiscard]] std::optional<HistoryDelta> sample();
  [[nodiscard]] const metrics::RequestSeries& series() const noexcept { return *series_; }

  // The sums as the last call saw them.
  using Scalars = std::array<std::uint64_t, metrics::RequestLayout::kDuration>;
  struct Slo {
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
  };
  [[nodiscard]] const Scalars& words() const noexcept { return last_words_; }
  [[nodiscard]] std::uint64_t duration_ns() const noexcept { return last_duration_sum_; }
  [[nodiscard]] std::uint64_t durations() const noexcept { return last_duration_count_; }
  [[nodiscard]] const std::array<std::uint64_t, kErrorTypeCount>& errors() const noexcept {
    return last_errors_;
  }
  /// As series().slo_indexes; empty before the first call that found something.
  [[nodiscard]] const std::vector<Slo>& slos() const noexcept { return last_slos_; }
  /// Calls, costs and tokens as a delta of the whole life.
  [[nodiscard]] HistoryDelta total() const noexcept;

 private:
  static void sample_sketch(const metrics::DurationSketch& sketch, std::vector<std::uint32_t>& last,
                            metrics::SparseSketch& out);

  const metrics::RequestSeries* series_;
  Scalars last_words_{};
  std::vector<std::uint64_t> durations_;  // room for the sums of the duration histogram
  std::uint64_t last_duration_sum_ = 0;
  std::uint64_t last_duration_count_ = 0;
  std::array<std::uint64_t, kErrorTypeCount> last_errors_{};
  std::uint64_t last_limited_attempts_ = 0;
  std::vector<Slo> last_slos_;
  std::vector<std::uint32_t> last_latency_;  // empty until the sketch has something
  std::vector<std::uint32_t> last_first_token_;
  std::vector<std::uint32_t> last_inter_token_;
};

}  // namespace ltb::collector
