// When each request is meant to start, in open loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "random.hpp"

namespace llm_benchmark {

/// How requests are spread in time.
enum class Arrival {
  Poisson,   ///< Independent of each other, as those of many users are.
  Constant,  ///< At equal distances.
};

/// Hands out start times at a given mean rate, whether or not anybody is there to keep them: a
/// request that is sent late keeps its time, so that the delay counts as the queue time it is and
/// cannot hide (coordinated omission). Thread safety: any thread.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  /// The first request is due at `begin`. The same seed gives the same gaps.
  Pacer(double requests_per_second, Arrival arrival, std::uint64_t seed, Clock::time_point begin);

  /// The next time, ascending.
  [[nodiscard]] Clock::time_point next();
  /// How many times are left before `end`; none is handed out any more.
  [[nodiscard]] std::uint64_t left_before(Clock::time_point end);

 private:
  [[nodiscard]] Clock::time_point due() const;
  void advance();

  const double mean_seconds_;
  const Arrival arrival_;
  const Clock::time_point begin_;
  std::mutex mutex_;
  Random random_;  // these three guarded by mutex_
  std::uint64_t taken_ =
      0;  // Constant times are multiples, which no sum of rounded gaps drifts from.
  double sum_seconds_ = 0;  // Of the gaps of Poisson times.
};

}  // namespace llm_benchmark
