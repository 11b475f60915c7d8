// What happened while nobody sampled: a system that was not started, was stopped or was held up.
#include "collector/collector_core.hpp"
#include "unit/support/core_stage.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::ManualClock;

const std::chrono::sys_seconds kStart{std::chrono::seconds{ManualClock::kStartSeconds}};

struct UnsampledTime : ::testing::Test {
  CoreStage stage{MonitoringConfig{}.with_slo({.name = "any"})};

  // Ten calls a second, each of ten output tokens.
  void work(std::chrono::seconds span) const {
    for (auto passed = 0s; passed < span; passed += 1s) {
      for (int i = 0; i < 10; ++i) stage.succeed("p", "m", 0.5, TokenUsage{5, 10}, 0.001);
      stage.clock->advance(1s);
    }
  }
  // The same in a running system.
  void work_sampled(std::chrono::seconds span) const {
    for (auto passed = 0s; passed < span; passed += 1s) {
      work(1s);
      stage.tick();
    }
  }
  CallTotals totals() const { return stage.collector().totals(); }
  std::optional<double> rate_at(std::chrono::seconds second) const {
    return stage.collector()
        .history(
            {.metric = "requests_per_second", .window = 1s, .step = 1s, .to = kStart + second + 1s})
        .points.at(0)
        .value;
  }
};

TEST_F(UnsampledTime, LeavesTotalsAndNoRates) {
  work(70s);

  const CallTotals now = totals();
  EXPECT_EQ(now.total_requests, 700u);
  EXPECT_EQ(now.total_output_tokens, 7'000u);
  EXPECT_EQ(now.total_cost_nano_usd, 700'000'000u);
  EXPECT_EQ(now.requests_per_second, std::nullopt);
  EXPECT_EQ(now.output_tokens_per_second, std::nullopt);
  EXPECT_EQ(now.cost_per_hour, std::nullopt);
  EXPECT_EQ(now.error_rate, std::nullopt);
  EXPECT_EQ(now.slos.at(0).goodput, std::nullopt);
  EXPECT_EQ(now.slos.at(0).good, 700u);
  EXPECT_EQ(now.latency.count, 700u) << "five minutes hold all there was";
  EXPECT_EQ(stage.collector().percentiles("p", "m", 60s).count, std::nullopt);
  EXPECT_EQ(stage.collector().percentiles("p", "m", 60s).p50, std::nullopt);
  EXPECT_EQ(stage.collector().percentiles("p", "m", 100s).count, 700u);
}

TEST_F(UnsampledTime, SeenLateTwiceGivesTheTrueRateOrNone) {
  work(30s);
  (void)totals();
  work(3s);
  EXPECT_EQ(totals().requests_per_second, std::nullopt) << "the first gap lies across the window";
  work(6s);
  EXPECT_EQ(totals().requests_per_second, 10.0) << "the window holds both later ones whole";
  work(7s);
  EXPECT_EQ(totals().requests_per_second, std::nullopt);
  work_sampled(9s);
  EXPECT_DOUBLE_EQ(totals().requests_per_second.value_or(-1), 10.0);
  EXPECT_DOUBLE_EQ(totals().output_tokens_per_second.value_or(-1), 100.0);
}

TEST_F(UnsampledTime, WithinAWindowCountsWhole) {
  work_sampled(100s);
  work(5s);  // held up
  stage.tick();

  EXPECT_DOUBLE_EQ(totals().requests_per_second.value_or(-1), 10.0)
      << "the ten seconds hold all five";
  work_sampled(3s);
  EXPECT_DOUBLE_EQ(totals().requests_per_second.value_or(-1), 10.0);
  work_sampled(3s);
  EXPECT_EQ(totals().requests_per_second, std::nullopt) << "it lies across the beginning";
  EXPECT_DOUBLE_EQ(totals().cost_per_hour.value_or(-1), 36.0) << "a minute holds it";
  work_sampled(5s);
  EXPECT_DOUBLE_EQ(totals().requests_per_second.value_or(-1), 10.0);
}

TEST_F(UnsampledTime, IsAGapInHistoryAndWholeInAStepThatHoldsIt) {
  work_sampled(65s);
  work(5s);  // [65, 70)
  stage.tick();
  work_sampled(60s);

  EXPECT_EQ(rate_at(63s), 10.0);
  for (const auto second : {65s, 66s, 69s}) EXPECT_EQ(rate_at(second), std::nullopt);
  EXPECT_EQ(rate_at(71s), 10.0);
  const HistorySeries minute = stage.collector().history(
      {.metric = "requests_per_second", .window = 60s, .step = 60s, .to = kStart + 120s});
  ASSERT_EQ(minute.points.size(), 1u);
  EXPECT_EQ(minute.points[0].value, 10.0) << "600 calls, those of the gap among them";
  const auto cost_at = [&](std::chrono::seconds second) {
    return stage.collector()
        .history({.metric = "cost_total", .window = 1s, .step = 1s, .to = kStart + second + 1s})
        .points.at(0)
        .value;
  };
  EXPECT_NEAR(cost_at(63s).value_or(-1), 0.64, 0.011);
  EXPECT_EQ(cost_at(66s), std::nullopt);
  EXPECT_NEAR(cost_at(72s).value_or(-1), 0.73, 0.011) << "what is spent is known again";
  EXPECT_EQ(stage.collector()
                .history({.metric = "active_requests", .window = 3s, .to = kStart + 68s})
                .points.at(0)
                .value,
            std::nullopt);
}

TEST_F(UnsampledTime, InWhichNothingEndedIsKnownToBeQuiet) {
  work_sampled(20s);
  RequestScope scope = core::MonitoringCore::begin_request(stage.core, "p", "m");
  stage.tick();
  stage.clock->advance(100s);

  EXPECT_EQ(totals().requests_per_second, 0.0);
  EXPECT_EQ(rate_at(60s), 0.0);
  scope.finish();
}

TEST_F(UnsampledTime, DoesNotLetAProviderLookIll) {
  for (int i = 0; i < 100; ++i) stage.fail("p", "m");
  stage.clock->advance(10min);
  stage.tick();

  EXPECT_EQ(stage.collector().provider_stats("p")->status, ProviderHealth::Healthy)
      << "when they failed is not known";
  for (int i = 0; i < 100; ++i) stage.fail("p", "m");
  stage.tick();
  EXPECT_EQ(stage.collector().provider_stats("p")->status, ProviderHealth::Unavailable);
}

TEST_F(UnsampledTime, LooksAlmostInTimeDivideByWhatTheyCover) {
  work_sampled(60s);
  stage.clock->advance(900ms);
  work(1s);  // looks 0.9 s late now and again
  for (int i = 0; i < 9; ++i) stage.succeed("p", "m", 0.5);
  (void)totals();
  stage.clock->advance(8'900ms);

  const CallTotals now = totals();
  // The window begins with the sample that lies across its first second.
  EXPECT_LE(now.requests_per_second.value_or(-1), 10.0);
}

}  // namespace
}  // namespace ltb
