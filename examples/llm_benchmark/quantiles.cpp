// Percentiles from exponential buckets.

#include "quantiles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace llm_benchmark {
namespace {

constexpr double kBucketsPerOctave = 32;
constexpr double kMostSeconds = 1e300;  // So that infinity has a bucket.
constexpr int kZero = std::numeric_limits<int>::min();

/// Bucket b holds durations in (2^((b-1)/32), 2^(b/32)] seconds.
int bucket_of(double seconds) {
  if (!(seconds > 0)) return kZero;
  const double bounded = std::min(seconds, kMostSeconds);
  return static_cast<int>(std::ceil(std::log2(bounded) * kBucketsPerOctave));
}

/// What stands for a bucket, in seconds: the harmonic mean of its bounds, which is as far from one
/// as from the other, relative to each.
double value_of(int bucket) {
  if (bucket == kZero) return 0;
  const double high = std::exp2(bucket / kBucketsPerOctave);
  const double ratio = std::exp2(1 / kBucketsPerOctave);
  return high * 2 / (1 + ratio);
}

}  // namespace

void Quantiles::add(double seconds) {
  ++buckets_[bucket_of(seconds)];
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
    if (seen >= rank) return value_of(bucket);
  }
  return value_of(buckets_.rbegin()->first);
}

}  // namespace llm_benchmark
