// The calls that the benchmarks record: names, tokens and durations drawn once from a fixed seed.
#pragma once

#include <ltb/usage.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace ltb::bench {

inline constexpr const char* kProvider = "openai";
inline constexpr const char* kModel = "gpt-4o-mini-2024-07-18";

/// Durations around 1 s, log-normal as those of real calls are: they fall into many buckets.
inline std::vector<std::uint64_t> call_durations() {
  std::mt19937_64 random(20240718);
  std::lognormal_distribution<double> seconds(0.0, 0.8);
  std::vector<std::uint64_t> durations(4096);
  for (auto& duration : durations) duration = static_cast<std::uint64_t>(seconds(random) * 1e9);
  return durations;
}

/// Walks over a power-of-two vector without a division.
template <typename T>
class Cycle {
 public:
  explicit Cycle(const std::vector<T>& values) : values_(values) {}
  const T& next() noexcept { return values_[at_++ & (values_.size() - 1)]; }

 private:
  const std::vector<T>& values_;
  std::size_t at_ = 0;
};

inline constexpr TokenUsage kCallUsage{.input_tokens = 812, .output_tokens = 143};
inline const TokenUsage& call_usage() {
  return kCallUsage;
}

inline constexpr double kCallCost = 0.000207;

inline std::string model_name(std::size_t number) {
  return "model-" + std::to_string(number);
}

}  // namespace ltb::bench
