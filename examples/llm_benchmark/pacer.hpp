// When the next request may start, at a fixed rate.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

namespace llm_benchmark {

/// Hands out start times at a steady pace. Time that nobody used is lost, not saved up: a stall is
/// not followed by a burst that would measure the server under a load nobody asked for. Thread
/// safety: any thread.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  /// Without a rate every request may start at once.
  explicit Pacer(std::optional<double> requests_per_second);

  /// The time at which the caller's request may start; never before `now`.
  [[nodiscard]] Clock::time_point reserve(Clock::time_point now);

 private:
  Clock::duration interval_{0};
  std::mutex mutex_;
  Clock::time_point next_{};  // guarded by mutex_
};

}  // namespace llm_benchmark
