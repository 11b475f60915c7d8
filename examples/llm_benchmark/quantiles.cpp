// Percentiles from log-linear buckets of nanoseconds.

#include "quantiles.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace llm_benchmark {
namespace {

constexpr unsigned kSubBits = 5;  // 32 buckets to an octave.
constexpr std::uint32_t kSubBuckets = 1U << kSubBits;
constexpr double kMostSeconds = 1e9;

std::uint32_t bucket_of(std::uint64_t nanoseconds) {
  if (nanoseconds < kSubBuckets) return static_cast<std::uint32_t>(nanoseconds);
  const auto octave = static_cast<unsigned>(std::bit_width(nanoseconds)) - 1 - kSubBits;
  const std::uint64_t sub = (nanoseconds >> octave) - kSubBuckets;
  return static_cast<std::uint32_t>((octave + 1) * kSubBuckets + sub);
}

/// What stands for a bucket, in nanoseconds: the harmonic middle, which is as far from both its
/// ends, relative to each (1/65 in the widest).
double value_of(std::uint32_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const unsigned octave = bucket / kSubBuckets - 1;
  const double low = static_cast<double>(bucket % kSubBuckets + kSubBuckets);
  if (octave == 0) return low;
  return std::ldexp(2 * low * (low + 1) / (2 * low + 1), static_cast<int>(octave));
}

}  // namespace

void Quantiles::add(double seconds) {
  const double bounded = std::clamp(seconds, 0.0, kMostSeconds);
  ++buckets_[bucket_of(static_cast<std::uint64_t>(std::llround(bounded * 1e9)))];
  ++count_;
}

void Quantiles::add(const Quantiles& other) {
  for (const auto& [bucket, count] : other.buckets_) buckets_[bucket] += count;
  count_ += other.count_;
}

std::optional<double> Quantiles::at(double share) const {
  if (count_ == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(
      std::max(1.0, std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (const auto& [bucket, count] : buckets_) {
    seen += count;
    if (seen >= rank) return value_of(bucket) / 1e9;
  }
  return value_of(buckets_.rbegin()->first) / 1e9;
}

}  // namespace llm_benchmark
