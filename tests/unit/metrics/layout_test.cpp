// Histogram bounds: every edge.
#include "metrics/bucket_layout.hpp"
#include "metrics/default_buckets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace ltb::metrics {
namespace {

void expect_inclusive_bounds(std::span<const double> bounds, double units_per_one) {
  const BucketLayout layout(bounds, units_per_one);
  ASSERT_EQ(layout.count(), bounds.size() + 1);
  EXPECT_EQ(layout.index_of(0), 0u);
  for (std::uint32_t i = 0; i < bounds.size(); ++i) {
    const auto at = static_cast<std::uint64_t>(std::llround(bounds[i] * units_per_one));
    EXPECT_EQ(layout.index_of(at), i) << "le=" << bounds[i] << " is inclusive";
    EXPECT_EQ(layout.index_of(at + 1), i + 1) << "just above " << bounds[i];
    if (at > 0) {
      const std::uint64_t below =
          i == 0 ? 0 : static_cast<std::uint64_t>(std::llround(bounds[i - 1] * units_per_one));
      EXPECT_EQ(layout.index_of(at - 1), at - 1 > below || i == 0 ? i : i - 1);
    }
  }
  EXPECT_EQ(layout.index_of(~std::uint64_t{0}), bounds.size());
}

TEST(BucketLayout, EveryBuiltInBoundIsInclusiveAndTheNextUnitIsAbove) {
  expect_inclusive_bounds(kRequestSeconds, 1e9);
  expect_inclusive_bounds(kFirstTokenSeconds, 1e9);
  expect_inclusive_bounds(kInterTokenSeconds, 1e9);
  expect_inclusive_bounds(kTokenCounts, 1);
  expect_inclusive_bounds(kTokensPerSecond, 1e3);
  expect_inclusive_bounds(kRunSeconds, 1e9);
}

TEST(BucketLayout, AgreesWithAPlainSearchOnRandomValues) {
  const BucketLayout layout(kRequestSeconds, 1e9);
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    std::uint32_t expected = 0;
    while (expected < kRequestSeconds.size() &&
           static_cast<long double>(kRequestSeconds[expected]) * 1e9L + 0.5L <
               static_cast<long double>(value))
      ++expected;
    ASSERT_EQ(layout.index_of(value), expected) << value;
  }
}

TEST(BucketLayout, WholeNumbersAreNotCountedUnderAFractionalBoundBelowThem) {
  const std::vector<double> bounds{0.5, 1.5, 10};
  const BucketLayout layout(bounds, 1);

  EXPECT_EQ(layout.index_of(0), 0u);
  EXPECT_EQ(layout.index_of(1), 1u) << "1 token is more than le=0.5";
  EXPECT_EQ(layout.index_of(2), 2u) << "2 tokens are more than le=1.5";
}

TEST(BucketLayout, WritesItsBoundsAsPrometheusDoes) {
  const std::vector<double> bounds{0.005, 1, 1048576};

  EXPECT_EQ(BucketLayout(bounds, 1e9).le_texts(),
            (std::vector<std::string>{"0.005", "1", "1048576", "+Inf"}));
}

TEST(BucketLayout, TakesTwoHundredBoundsAndRefusesMore) {
  std::vector<double> bounds;
  for (int i = 1; i <= 200; ++i) bounds.push_back(i);
  expect_inclusive_bounds(bounds, 1);
  bounds.push_back(201);

  EXPECT_THROW(BucketLayout(bounds, 1), std::invalid_argument);
}

std::string why_refused(const std::vector<double>& bounds) {
  try {
    const BucketLayout layout(bounds, 1e9);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "not refused";
}

TEST(BucketLayout, NamesTheOffendingBound) {
  EXPECT_EQ(why_refused({}), "histogram buckets: expected 1 to 200 upper bounds, got 0");
  EXPECT_EQ(why_refused({1, 1}),
            "histogram buckets: upper bound 1 after 1: expected ascending bounds");
  EXPECT_EQ(why_refused({2, 1}),
            "histogram buckets: upper bound 1 after 2: expected ascending bounds");
  EXPECT_EQ(why_refused({-1}),
            "histogram buckets: upper bound -1: expected a finite number from 0 up");
  EXPECT_EQ(why_refused({1, NAN}),
            "histogram buckets: upper bound NaN: expected a finite number from 0 up");
  EXPECT_EQ(why_refused({INFINITY}),
            "histogram buckets: upper bound +Inf: expected a finite number from 0 up");
}

TEST(BucketLayout, RefusesBoundsThatDoNotFitItsIntegers) {
  EXPECT_NE(why_refused({1e10}), "not refused");
  EXPECT_EQ(why_refused({9e9}), "not refused");
}

}  // namespace
}  // namespace ltb::metrics
