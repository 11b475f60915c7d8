// When each request is meant to start, in open loop.

#include "pacer.hpp"

namespace llm_benchmark {

Pacer::Pacer(double requests_per_second, Arrival arrival, std::uint64_t seed,
             Clock::time_point begin)
    : mean_seconds_(1.0 / requests_per_second), arrival_(arrival), begin_(begin), random_(seed) {}

Pacer::Clock::time_point Pacer::due() const {
  const double seconds =
      arrival_ == Arrival::Poisson ? sum_seconds_ : static_cast<double>(taken_) * mean_seconds_;
  return begin_ + std::chrono::round<Clock::duration>(std::chrono::duration<double>(seconds));
}

void Pacer::advance() {
  ++taken_;
  if (arrival_ == Arrival::Poisson) sum_seconds_ += random_.exponential(mean_seconds_);
}

Pacer::Clock::time_point Pacer::next() {
  const std::lock_guard lock(mutex_);
  const Clock::time_point slot = due();
  advance();
  return slot;
}

std::uint64_t Pacer::left_before(Clock::time_point end) {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  for (; due() < end; ++count) advance();
  return count;
}

}  // namespace llm_benchmark
