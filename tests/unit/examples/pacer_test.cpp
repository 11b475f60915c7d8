// When requests are due, with the clock in the test's hands.

#include "pacer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <vector>

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;

constexpr Pacer::Clock::time_point kStart{std::chrono::hours{1}};

std::vector<double> gaps_of(std::uint64_t seed, int count, double rate) {
  Pacer pacer(rate, Arrival::Poisson, seed, kStart);
  std::vector<double> gaps;
  auto last = pacer.next();
  for (int i = 0; i < count; ++i) {
    const auto next = pacer.next();
    gaps.push_back(std::chrono::duration<double>(next - last).count());
    last = next;
  }
  return gaps;
}

TEST(Pacer, AtAConstantRateRequestsAreDueAtEqualDistances) {
  Pacer pacer(4.0, Arrival::Constant, 1, kStart);

  EXPECT_EQ(pacer.next(), kStart);
  EXPECT_EQ(pacer.next(), kStart + milliseconds{250});
  EXPECT_EQ(pacer.next(), kStart + milliseconds{500});
}

TEST(Pacer, ManyConstantGapsDoNotDrift) {
  Pacer pacer(3.0, Arrival::Constant, 1, kStart);
  auto last = pacer.next();
  for (int i = 0; i < 300'000; ++i) last = pacer.next();

  EXPECT_NEAR(std::chrono::duration<double>(last - kStart).count(), 100'000.0, 1e-4);
}

TEST(Pacer, PoissonGapsHaveTheMeanAndSpreadOfTheirRate) {
  constexpr int kCount = 100'000;
  constexpr double kRate = 20;
  double sum = 0;
  double squares = 0;
  int longer_than_mean = 0;
  for (const double gap : gaps_of(1, kCount, kRate)) {
    EXPECT_GE(gap, 0);
    sum += gap;
    squares += gap * gap;
    if (gap > 1 / kRate) ++longer_than_mean;
  }
  const double mean = sum / kCount;

  // Exponential: deviation as the mean, and 1/e of the gaps longer than it; within four sigma.
  EXPECT_NEAR(mean, 1 / kRate, 4 / kRate / std::sqrt(kCount));
  EXPECT_NEAR(std::sqrt(squares / kCount - mean * mean), 1 / kRate, 0.02 / kRate);
  EXPECT_NEAR(longer_than_mean / static_cast<double>(kCount), std::exp(-1), 0.0062);
}

TEST(Pacer, TheSameSeedGivesTheSameArrivals) {
  EXPECT_EQ(gaps_of(7, 100, 5), gaps_of(7, 100, 5));
  EXPECT_NE(gaps_of(7, 100, 5), gaps_of(8, 100, 5));
}

TEST(Pacer, CountsWhatWasDueAndNotTaken) {
  Pacer pacer(10.0, Arrival::Constant, 1, kStart);
  EXPECT_EQ(pacer.left_before(kStart), 0U);
  (void)pacer.next();
  (void)pacer.next();

  EXPECT_EQ(pacer.left_before(kStart + milliseconds{1000}), 8U);
}

}  // namespace
