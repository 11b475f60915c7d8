// How fast a benchmark run advances, over about the last minute.
#pragma once

#include "support/clock.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace ltb::collector {

/// Examples per second between the oldest remembered progress and the newest one. Progress within a
/// second is one step, at the time of its last part: a batch that ends at once counts whole or not
/// at all, so that neither end of the window cuts one in two. Thread safety: guarded by its owner.
class RunPace {
 public:
  /// Where the run stood when it was first heard of: what was done before has no pace.
  void start(support::SteadyTime at, std::uint64_t completed) {
    steps_.assign(1, {at, at, completed});
  }

  void add(support::SteadyTime at, std::uint64_t completed) {
    Step& newest = steps_.back();
    if (at < newest.last) at = newest.last;  // two threads advanced, and stored in the other order
    if (steps_.size() > 1 && at - newest.first < kStep) {
      newest.last = at;
      newest.completed = completed;
      return;
    }
    steps_.push_back({at, at, completed});
    while (steps_.size() > 2 && at - steps_[1].last >= kWindow) steps_.pop_front();
  }

  /// The time of the newest progress.
  [[nodiscard]] support::SteadyTime last() const { return steps_.back().last; }

  /// Absent before there was progress, and while it took less than a tenth of a second.
  [[nodiscard]] std::optional<double> examples_per_second() const {
    const Step& oldest = steps_.front();
    const Step& newest = steps_.back();
    const auto span = newest.last - oldest.last;
    if (span < kShortest || newest.completed <= oldest.completed) return std::nullopt;
    return static_cast<double>(newest.completed - oldest.completed) /
           std::chrono::duration<double>(span).count();
  }

 private:
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::chrono::seconds kStep{1};
  static constexpr std::chrono::milliseconds kShortest{100};

  struct Step {
    support::SteadyTime first, last;
    std::uint64_t completed;
  };
  std::deque<Step> steps_ = std::deque<Step>(1);
};

}  // namespace ltb::collector
