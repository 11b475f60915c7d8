// When the next request may start, at a fixed rate.

#include "pacer.hpp"

#include <algorithm>

namespace llm_benchmark {

Pacer::Pacer(std::optional<double> requests_per_second) {
  if (requests_per_second) {
    interval_ = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(1.0 / *requests_per_second));
  }
}

Pacer::Clock::time_point Pacer::reserve(Clock::time_point now) {
  if (interval_ == Clock::duration::zero()) return now;
  const std::lock_guard lock(mutex_);
  const Clock::time_point slot = std::max(next_, now);
  next_ = slot + interval_;
  return slot;
}

}  // namespace llm_benchmark
