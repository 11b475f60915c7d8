// The exponential sketch: every bound in exact arithmetic, the promised error, threads.
#include "metrics/sketch.hpp"
#include "metrics/duration_sketch.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace ltb::metrics {
namespace {

using boost::multiprecision::cpp_int;

constexpr double kPromisedError = 0.0109;

/// Whether `nanoseconds` <= 10^9 * 2^(steps/32): its 32nd power against 10^288 * 2^steps, in whole
/// numbers.
bool is_at_most(std::uint64_t nanoseconds, int steps) {
  cpp_int left = boost::multiprecision::pow(cpp_int(nanoseconds), 32);
  cpp_int right = boost::multiprecision::pow(cpp_int(10), 9 * 32);
  (steps < 0 ? left : right) <<= std::abs(steps);
  return left <= right;
}

TEST(SketchLayout, EveryUpperBoundIsTheLastNanosecondThatTheExactBoundHolds) {
  for (std::uint32_t index = 0; index + 1 < SketchLayout::kBuckets; ++index) {
    const int steps = static_cast<int>(index) - 640;
    const std::uint64_t bound = SketchLayout::upper_bound_ns(index);
    ASSERT_TRUE(is_at_most(bound, steps)) << index;
    ASSERT_FALSE(is_at_most(bound + 1, steps)) << index;
  }
}

TEST(SketchLayout, EveryBoundIsUpperInclusive) {
  for (std::uint32_t index = 0; index + 1 < SketchLayout::kBuckets; ++index) {
    const std::uint64_t bound = SketchLayout::upper_bound_ns(index);
    ASSERT_EQ(SketchLayout::index_of(bound - 1), index) << bound;
    ASSERT_EQ(SketchLayout::index_of(bound), index) << bound;
    ASSERT_EQ(SketchLayout::index_of(bound + 1), index + 1) << bound;
  }
}

TEST(SketchLayout, IndexIsTheLogarithmOfAnyDuration) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> exponent(10, 47.8);
  for (int i = 0; i < 200'000; ++i) {
    const auto nanoseconds = static_cast<std::uint64_t>(std::exp2(exponent(random)));
    const long double position = 32 * std::log2(static_cast<long double>(nanoseconds) / 1e9L) + 640;
    if (std::abs(position - std::round(position)) < 1e-9L) continue;  // the bounds have a test
    ASSERT_EQ(SketchLayout::index_of(nanoseconds), static_cast<std::uint32_t>(std::ceil(position)))
        << nanoseconds;
  }
}

TEST(SketchLayout, RangeHoldsAMicrosecondAndTwoDays) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  EXPECT_GT(SketchLayout::index_of(1000), 0u);
  EXPECT_LT(SketchLayout::index_of(48 * 3600 * kSecond), SketchLayout::kBuckets - 1);
  EXPECT_EQ(SketchLayout::index_of(0), 0u);
  EXPECT_EQ(SketchLayout::index_of(953), 0u) << "2^-20 s are 953.67 ns";
  EXPECT_EQ(SketchLayout::index_of(954), 1u);
  EXPECT_EQ(SketchLayout::index_of((std::uint64_t{1} << 18) * kSecond), SketchLayout::kBuckets - 2);
  EXPECT_EQ(SketchLayout::index_of((std::uint64_t{1} << 18) * kSecond + 1),
            SketchLayout::kBuckets - 1);
  EXPECT_EQ(SketchLayout::index_of(~std::uint64_t{0}), SketchLayout::kBuckets - 1);
}

TEST(SketchLayout, EveryDurationIsWithinTheErrorOfItsBucket) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> log_ns(std::log(1000.0), std::log(48 * 3600e9));
  double worst = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto nanoseconds = static_cast<std::uint64_t>(std::exp(log_ns(random)));
    const double seconds = static_cast<double>(nanoseconds) * 1e-9;
    const double shown = SketchLayout::seconds_of(SketchLayout::index_of(nanoseconds));
    worst = std::max(worst, std::abs(shown - seconds) / seconds);
  }
  EXPECT_LE(worst, kPromisedError);
  EXPECT_GT(worst, 0.0107) << "the test does not reach the edges of the buckets";
}

TEST(Sketch, QuantilesOfALogNormalLatencyAreWithinTheError) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> latency(-0.5, 0.8);
  std::vector<double> seconds;
  DenseSketch sketch;
  for (int i = 0; i < 20'001; ++i) {
    seconds.push_back(std::clamp(latency(random), 1e-3, 900.0));
    sketch.add(
        SketchLayout::index_of(static_cast<std::uint64_t>(std::llround(seconds.back() * 1e9))), 1);
  }
  std::sort(seconds.begin(), seconds.end());
  for (const double q : {0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(seconds.size())));
    const double exact = seconds[rank - 1];
    ASSERT_TRUE(sketch.quantile(q).has_value());
    EXPECT_LE(std::abs(*sketch.quantile(q) - exact) / exact, kPromisedError) << "q=" << q;
  }
}

TEST(Sketch, ACallOfTwoHoursAndOneOfFiveMicrosecondsAreReadBack) {
  for (const double seconds : {1e-6, 5e-6, 0.01, 1200.0, 7200.0, 172'800.0}) {
    DenseSketch sketch;
    sketch.add(SketchLayout::index_of(static_cast<std::uint64_t>(std::llround(seconds * 1e9))), 1);
    ASSERT_TRUE(sketch.quantile(0.5).has_value()) << seconds;
    EXPECT_NEAR(*sketch.quantile(0.5), seconds, seconds * kPromisedError);
  }
}

TEST(Sketch, AQuantileAboveTheRangeIsUnknownAndOneBelowItIsZero) {
  DenseSketch sketch;
  sketch.add(0, 1);
  sketch.add(SketchLayout::kBuckets - 1, 1);
  EXPECT_EQ(sketch.quantile(0.5), 0.0);
  EXPECT_EQ(sketch.quantile(0.99), std::nullopt);
  EXPECT_EQ(sketch.total(), 2u);
}

TEST(Sketch, NearestRankPicksTheObservationThatThereIs) {
  DenseSketch sketch;
  EXPECT_EQ(sketch.quantile(0.5), std::nullopt);
  sketch.add(100, 1);
  EXPECT_EQ(sketch.quantile(0), SketchLayout::seconds_of(100));
  EXPECT_EQ(sketch.quantile(0.99), SketchLayout::seconds_of(100));
  sketch.add(200, 1);
  EXPECT_EQ(sketch.quantile(0.5), SketchLayout::seconds_of(100)) << "rank 1 of 2";
  EXPECT_EQ(sketch.quantile(0.51), SketchLayout::seconds_of(200)) << "rank 2 of 2";
}

TEST(SparseSketch, MergesEntriesInOrderAndAddsCommonOnes) {
  SparseSketch a{{{1, 2}, {5, 1}}};
  const SparseSketch b{{{0, 4}, {5, 3}, {9, 1}}};

  a.merge(b);

  EXPECT_EQ(a.entries, (std::vector<SparseSketch::Entry>{{0, 4}, {1, 2}, {5, 4}, {9, 1}}));
  a.merge(SparseSketch{});
  EXPECT_EQ(a.entries.size(), 4u);
}

TEST(DurationSketch, CountsEachDurationOfTwelveThreadsOnce) {
  constexpr unsigned kThreads = 12;
  constexpr int kDurations = 20'000;
  DurationSketch sketch;
  EXPECT_TRUE(sketch.is_untouched());
  std::vector<std::vector<std::uint64_t>> recorded(kThreads);
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < kThreads; ++t)
      threads.emplace_back([&sketch, &mine = recorded[t], t] {
        std::mt19937_64 random(t);
        std::uniform_int_distribution<int> bits(0, 60);
        for (int i = 0; i < kDurations; ++i) {
          mine.push_back(random() >> (63 - bits(random)));
          sketch.record(mine.back());
        }
      });
  }
  DurationSketch::Counts expected{};
  for (const auto& mine : recorded)
    for (const std::uint64_t duration : mine) ++expected[SketchLayout::index_of(duration)];
  DurationSketch::Counts counts{};
  sketch.add_to(counts);
  EXPECT_EQ(counts, expected);
  EXPECT_FALSE(sketch.is_untouched());
}

}  // namespace
}  // namespace ltb::metrics
