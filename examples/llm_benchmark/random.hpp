// Numbers that look random and are the same everywhere for the same seed.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>

namespace llm_benchmark {

/// SplitMix64. Unlike the distributions of <random> it gives the same run with every standard
/// library. Thread safety: distinct objects: safe; shared objects: unsafe.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  /// 0 <= u < 1.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Exponential with this mean: the gaps of a Poisson process.
  double exponential(double mean) { return -mean * std::log(1.0 - uniform()); }
  /// Log-normal with this median; Box-Muller.
  double log_normal(double median, double sigma) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return median * std::exp(sigma * radius * std::cos(2.0 * std::numbers::pi * uniform()));
  }

 private:
  std::uint64_t state_;
};

/// One seed made of several numbers: streams with other numbers are independent of it, also where
/// the numbers differ by 1.
inline std::uint64_t mixed_seed(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t seed = 0;
  for (const std::uint64_t part : parts) seed = Random(seed ^ part).next();
  return seed;
}

/// What a stream of random numbers is for: the first part of its seed after the user's.
enum class Stream : std::uint64_t { Answers, WarmUp, Retries, Arrivals };

inline std::uint64_t stream_seed(std::uint64_t seed, Stream stream, std::uint64_t part = 0) {
  return mixed_seed({seed, static_cast<std::uint64_t>(stream), part});
}

}  // namespace llm_benchmark
