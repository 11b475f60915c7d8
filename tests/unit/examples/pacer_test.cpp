// Start times at a steady pace, with the clock in the test's hands.

#include "pacer.hpp"

#include <gtest/gtest.h>

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;

constexpr Pacer::Clock::time_point kStart{std::chrono::hours{1}};

TEST(Pacer, WithoutARateEveryRequestMayStartAtOnce) {
  Pacer pacer{std::nullopt};

  EXPECT_EQ(pacer.reserve(kStart), kStart);
  EXPECT_EQ(pacer.reserve(kStart), kStart);
}

TEST(Pacer, RequestsThatComeTogetherAreSpreadEvenly) {
  Pacer pacer{4.0};

  EXPECT_EQ(pacer.reserve(kStart), kStart);
  EXPECT_EQ(pacer.reserve(kStart), kStart + milliseconds{250});
  EXPECT_EQ(pacer.reserve(kStart + milliseconds{10}), kStart + milliseconds{500});
}

TEST(Pacer, TimeNobodyUsedIsNotMadeUpByABurst) {
  Pacer pacer{4.0};
  (void)pacer.reserve(kStart);

  const auto late = kStart + milliseconds{10'000};

  EXPECT_EQ(pacer.reserve(late), late);
  EXPECT_EQ(pacer.reserve(late), late + milliseconds{250});
}

}  // namespace
