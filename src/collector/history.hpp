// What happened second by second: counts and sketches at three resolutions, bounded in time and
// memory.
#pragma once

#include "metrics/sketch.hpp"

#include <ltb/error_type.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace ltb::collector {

/// Seconds since the Unix epoch as they were when the collector started, carried on by the steady
/// clock: a step of the wall clock moves no slot.
using Second = std::int64_t;

/// What was added in some stretch of time. Deltas of the same series add up.
struct HistoryDelta {
  std::uint64_t success = 0;
  std::uint64_t error = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cost_nano = 0;
  std::uint64_t usage_missing = 0;
  std::uint64_t zero_usage = 0;  // reports of 0 tokens: as good as any other
  std::uint64_t unpriced = 0;
  std::uint64_t zero_cost = 0;
  std::uint64_t latency_ns = 0;        // of the successful calls that reported one
  std::uint64_t latencies = 0;         // how many those are
  std::uint64_t limited_attempts = 0;  // rate limited and followed by another
  std::uint64_t active = 0;            // the highest seen
  metrics::SparseSketch latency;
  metrics::SparseSketch first_token;
  metrics::SparseSketch inter_token;
  std::vector<std::pair<ErrorType, std::uint32_t>> errors;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> slo_good;  // service level, good calls

  [[nodiscard]] std::uint64_t finished() const noexcept { return success + error + cancelled; }
  /// False when calls ended, failed ones included, and none reported tokens: their sum may be
  /// anything, not 0.
  [[nodiscard]] bool knows_tokens() const noexcept {
    return finished() == 0 || zero_usage > 0 || input_tokens + output_tokens > 0;
  }
  /// The same of cost.
  [[nodiscard]] bool knows_cost() const noexcept {
    return finished() == 0 || zero_cost > 0 || cost_nano > 0;
  }
  /// True when nothing ended and nothing was measured: whatever is counted stayed as it was.
  [[nodiscard]] bool is_quiet() const noexcept {
    return finished() + input_tokens + output_tokens + cost_nano + zero_usage + zero_cost +
                   latencies + limited_attempts ==
               0 &&
           latency.entries.empty() && first_token.entries.empty() && inter_token.entries.empty() &&
           errors.empty();
  }
  [[nodiscard]] std::uint32_t errors_of(ErrorType type) const noexcept {
    for (const auto& [have, count] : errors)
      if (have == type) return count;
    return 0;
  }
  void add_error(ErrorType type, std::uint32_t count) {
    for (auto& [have, sum] : errors)
      if (have == type) {
        sum += count;
        return;
      }
    errors.emplace_back(type, count);
  }
  [[nodiscard]] std::uint32_t slo_good_of(std::uint32_t level) const noexcept {
    for (const auto& [have, count] : slo_good)
      if (have == level) return count;
    return 0;
  }
  void add_slo_good(std::uint32_t level, std::uint32_t count) {
    for (auto& [have, sum] : slo_good)
      if (have == level) {
        sum += count;
        return;
      }
    slo_good.emplace_back(level, count);
  }
  void merge(const HistoryDelta& other) {
    merge_counts(other);
    latency.merge(other.latency);
    first_token.merge(other.first_token);
    inter_token.merge(other.inter_token);
  }
  /// All but the sketches: an order of magnitude cheaper.
  void merge_counts(const HistoryDelta& other) {
    success += other.success;
    error += other.error;
    cancelled += other.cancelled;
    input_tokens += other.input_tokens;
    output_tokens += other.output_tokens;
    cost_nano += other.cost_nano;
    usage_missing += other.usage_missing;
    zero_usage += other.zero_usage;
    unpriced += other.unpriced;
    zero_cost += other.zero_cost;
    latency_ns += other.latency_ns;
    latencies += other.latencies;
    limited_attempts += other.limited_attempts;
    active = std::max(active, other.active);
    for (const auto& [type, count] : other.errors) add_error(type, count);
    for (const auto& [level, count] : other.slo_good) add_slo_good(level, count);
  }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return sizeof(HistoryDelta) + latency.bytes() + first_token.bytes() + inter_token.bytes() +
           errors.capacity() * sizeof(errors[0]) + slo_good.capacity() * sizeof(slo_good[0]);
  }
};

/// The stretch of time that a delta covers: from one look at the sums to the next. Seconds.
struct Stretch {
  double begin = 0;
  double end = 0;
  bool is_long =
      false;       // nobody looked for so long that it is not known when in it things happened
  Second cut = 0;  // a slot begins here at the latest: the wall clock was set
};

/// Slots of one width. Only seconds in which something happened have one. What is filed under a
/// slot happened in it (to the precision of the sampling); what happened in a long stretch that is
/// not within one slot is kept beside the slots, as a gap.
class HistoryTier {
 public:
  struct Slot {
    Second start;
    double begin;  // of the first stretch that is filed here, maybe just before the slot
    HistoryDelta delta;
  };
  struct Gap {
    double begin;
    double end;
    HistoryDelta delta;  // happened in between
  };

  explicit HistoryTier(Second step) noexcept : step_(step) {}
  [[nodiscard]] Second step() const noexcept { return step_; }
  [[nodiscard]] const std::deque<Slot>& slots() const noexcept { return slots_; }
  [[nodiscard]] const std::deque<Gap>& gaps() const noexcept { return gaps_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// The stretch must not end before the last one did.
  void add(const Stretch& stretch, const HistoryDelta& delta) {
    const auto second = static_cast<Second>(stretch.end);
    Second start = second - second % step_;
    if (stretch.cut <= second) start = std::max(start, stretch.cut);
    if (stretch.is_long && stretch.begin < static_cast<double>(start)) {
      gaps_.push_back({stretch.begin, stretch.end, delta});
      bytes_ += gaps_.back().delta.bytes();
      return;
    }
    if (slots_.empty() || slots_.back().start < start) {
      slots_.push_back({start, stretch.begin, delta});
      bytes_ += slots_.back().delta.bytes();
      return;
    }
    HistoryDelta& last = slots_.back().delta;
    bytes_ -= last.bytes();
    last.merge(delta);
    bytes_ += last.bytes();
  }
  /// Forgets the slots that ended at or before `cutoff`, and the gaps that reach into none that is
  /// left.
  void trim(Second cutoff) {
    while (!slots_.empty() && slots_.front().start + step_ <= cutoff) {
      bytes_ -= slots_.front().delta.bytes();
      slots_.pop_front();
    }
    while (!gaps_.empty() && gaps_.front().end <= static_cast<double>(cutoff - step_)) {
      bytes_ -= gaps_.front().delta.bytes();
      gaps_.pop_front();
    }
  }
  /// The first slot that starts at or after `from`.
  [[nodiscard]] std::deque<Slot>::const_iterator from(Second from) const noexcept {
    return std::lower_bound(slots_.begin(), slots_.end(), from,
                            [](const Slot& slot, Second second) { return slot.start < second; });
  }

 private:
  Second step_;
  std::deque<Slot> slots_;
  std::deque<Gap> gaps_;
  std::size_t bytes_ = 0;
};

/// How far back each resolution goes. Seconds.
struct HistoryReach {
  static constexpr std::array<Second, 3> kSteps{1, 5, 60};
  static constexpr Second kLongest = 604800;
  std::array<Second, 3> keep{900, 7200, kLongest};

  explicit HistoryReach(Second retention) noexcept {
    // Rates look back a minute, whatever the retention.
    constexpr std::array<Second, 3> kLeast{60, 0, 0};
    for (std::size_t i = 0; i < keep.size(); ++i)
      keep[i] = std::min(keep[i], std::max(retention, kLeast[i]));
  }
  /// The finest tier that reaches back to `age` seconds ago.
  [[nodiscard]] std::size_t finest_for(Second age) const noexcept {
    for (std::size_t i = 0; i + 1 < keep.size(); ++i)
      if (age <= keep[i]) return i;
    return keep.size() - 1;
  }
};

/// The history of one series.
class SeriesHistory {
 public:
  void add(const Stretch& stretch, const HistoryDelta& delta) {
    for (HistoryTier& tier : tiers_) tier.add(stretch, delta);
  }
  void trim(Second now, const HistoryReach& reach) {
    for (std::size_t i = 0; i < tiers_.size(); ++i) tiers_[i].trim(now - reach.keep[i]);
  }
  [[nodiscard]] const HistoryTier& tier(std::size_t index) const noexcept { return tiers_[index]; }
  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t sum = 0;
    for (const HistoryTier& tier : tiers_) sum += tier.bytes();
    return sum;
  }

 private:
  std::array<HistoryTier, 3> tiers_{HistoryTier{HistoryReach::kSteps[0]},
                                    HistoryTier{HistoryReach::kSteps[1]},
                                    HistoryTier{HistoryReach::kSteps[2]}};
};

}  // namespace ltb::collector
