// Totals, rates and percentiles, by the second.
#include "collector/collector_core.hpp"
#include "unit/support/core_stage.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;

constexpr double kSketchError = 0.0109;

TEST(Statistics, AreAllZeroBeforeTheFirstCall) {
  const CoreStage stage;

  const CallTotals totals = stage.collector().totals();

  EXPECT_EQ(totals.total_requests, 0u);
  EXPECT_EQ(totals.avg_latency, std::nullopt);
  EXPECT_EQ(totals.latency, Percentiles{});
  EXPECT_EQ(totals.requests_per_second, 0.0);
  EXPECT_EQ(totals.error_rate, std::nullopt) << "no call, no share";
  EXPECT_EQ(totals.total_input_tokens, 0u);
  EXPECT_EQ(totals.total_cost, 0.0);
  EXPECT_TRUE(stage.collector().provider_stats().empty());
  EXPECT_EQ(stage.collector().provider_stats("openai"), std::nullopt);
}

TEST(Statistics, AddUpCallsExactly) {
  const CoreStage stage;
  stage.succeed("openai", "gpt-4", 1.0, TokenUsage{100, 50}, 0.25);
  stage.succeed("openai", "gpt-4", 2.0, TokenUsage{10, 5}, 0.5);
  stage.fail("openai", "gpt-4o", ErrorType::RateLimit);
  stage.fail("anthropic", "claude", ErrorType::Cancelled);

  const CallTotals totals = stage.collector().totals();

  EXPECT_EQ(totals.total_requests, 4u);
  EXPECT_EQ(totals.successful_requests, 2u);
  EXPECT_EQ(totals.failed_requests, 1u);
  EXPECT_EQ(totals.cancelled_requests, 1u);
  EXPECT_EQ(totals.total_input_tokens, 110u);
  EXPECT_EQ(totals.total_output_tokens, 55u);
  EXPECT_EQ(totals.total_cost_nano_usd, 750'000'000u);
  EXPECT_EQ(totals.total_cost, 0.75);
  EXPECT_EQ(totals.avg_latency, 1.5);
  EXPECT_EQ(totals.errors[static_cast<std::size_t>(ErrorType::RateLimit)], 1u);
  EXPECT_EQ(totals.errors[static_cast<std::size_t>(ErrorType::Cancelled)], 1u);
  EXPECT_EQ(totals.error_rate, 1.0 / 3) << "cancelled calls are no failures of the provider";
}

TEST(Statistics, HaveARowPerProviderAndPerModelSortedByName) {
  const CoreStage stage;
  stage.succeed("openai", "gpt-4o", 1.0);
  stage.succeed("openai", "gpt-4", 1.0);
  stage.succeed("anthropic", "claude", 3.0);
  stage.bus().publish(MonitoringEvent::request("openai", "gpt-4"));

  const auto providers = stage.collector().provider_stats();
  ASSERT_EQ(providers.size(), 2u);
  EXPECT_EQ(providers[0].provider, "anthropic");
  EXPECT_EQ(providers[0].avg_latency, 3.0);
  EXPECT_EQ(providers[1].provider, "openai");
  EXPECT_EQ(providers[1].total_requests, 2u);
  EXPECT_EQ(providers[1].active_requests, 1u);
  EXPECT_EQ(stage.collector().provider_stats("openai")->successful_requests, 2u);

  const auto models = stage.collector().model_stats();
  ASSERT_EQ(models.size(), 3u);
  EXPECT_EQ(models[0].model, "claude");
  EXPECT_EQ(models[1].model, "gpt-4");
  EXPECT_EQ(models[2].model, "gpt-4o");
  EXPECT_EQ(models[1].active_requests, 1u);
  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4")->total_requests, 1u);
  EXPECT_EQ(stage.collector().model_stats("openai", "claude"), std::nullopt);
  EXPECT_EQ(stage.collector().totals().active_requests, 1u);
}

TEST(Statistics, HoldWhatAProviderLastToldOfItsLimits) {
  const CoreStage stage;
  stage.succeed("openai", "gpt-4", 1.0);
  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4")->rate_limits, std::nullopt);

  auto& series = stage.store().request_series("openai", "gpt-4");
  RateLimits told;
  told.requests_limit = 500;
  told.requests_remaining = 499;
  series.set_rate_limits(told);
  RateLimits later;
  later.requests_remaining = 120;
  later.reset_at = std::chrono::system_clock::time_point(std::chrono::seconds(1'736'937'000));
  series.set_rate_limits(later);

  later.requests_limit = 500;  // told before, still true
  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4")->rate_limits, later);
}

TEST(Statistics, ShowTheOverflowAsARowOfItsOwn) {
  const CoreStage stage(MonitoringConfig{}.with_max_series_per_family(1));
  stage.succeed("a", "m", 1.0);
  stage.succeed("b", "m", 1.0);
  stage.succeed("c", "m", 1.0);

  const auto providers = stage.collector().provider_stats();

  ASSERT_EQ(providers.size(), 2u);
  EXPECT_EQ(providers[0].provider, "_overflow_");
  EXPECT_EQ(providers[0].total_requests, 2u);
  EXPECT_EQ(stage.collector().totals().total_requests, 3u);
}

TEST(Statistics, RatesAreOverTheLastTenSeconds) {
  const CoreStage stage;
  stage.advance(60'500ms);
  stage.tick();
  for (int i = 0; i < 95; ++i) stage.succeed("p", "m", 0.1, TokenUsage{20, 10});

  const CallTotals now = stage.collector().totals();
  EXPECT_EQ(now.requests_per_second, 10.0) << "95 calls in the 9.5 s that the window has seen";
  EXPECT_EQ(now.input_tokens_per_second, 200.0);
  EXPECT_EQ(now.output_tokens_per_second, 100.0);

  stage.advance(9s);
  EXPECT_EQ(stage.collector().totals().requests_per_second, 10.0);
  stage.advance(1s);
  EXPECT_EQ(stage.collector().totals().requests_per_second, 0.0);
  EXPECT_EQ(stage.collector().totals().total_requests, 95u);
}

TEST(Statistics, JustAfterTheStartRatesAreOverTheTimeThereWas) {
  const CoreStage stage;
  stage.advance(4s);
  for (int i = 0; i < 20; ++i) stage.succeed("p", "m", 0.1);

  EXPECT_EQ(stage.collector().totals().requests_per_second, 5.0);
}

TEST(Statistics, InTheFirstInstantARateIsOverOneSecond) {
  const CoreStage stage;
  stage.succeed("p", "m", 0.1);

  EXPECT_EQ(stage.collector().totals().requests_per_second, 1.0);
}

TEST(Statistics, CostPerHourIsThePaceOfTheLastMinute) {
  const CoreStage stage;
  stage.advance(120'500ms);
  stage.tick();
  stage.succeed("p", "m", 0.1, {}, 0.0595);

  EXPECT_DOUBLE_EQ(stage.collector().totals().cost_per_hour.value_or(-1), 3.6);
  stage.advance(60s);
  EXPECT_EQ(stage.collector().totals().cost_per_hour, 0.0);
}

TEST(Statistics, ErrorRateForgetsAfterAMinute) {
  const CoreStage stage;
  stage.fail("p", "m");
  EXPECT_EQ(stage.collector().totals().error_rate, 1.0);
  (void)stage.collector().totals();
  stage.advance(59s);
  EXPECT_EQ(stage.collector().totals().error_rate, 1.0);
  stage.advance(1s);

  EXPECT_EQ(stage.collector().totals().error_rate, std::nullopt);
  EXPECT_EQ(stage.collector().totals().failed_requests, 1u);
}

TEST(Statistics, PercentilesCoverTheLastFiveMinutes) {
  const CoreStage stage;
  stage.succeed("p", "m", 8.0);
  (void)stage.collector().totals();
  stage.advance(295s);
  stage.succeed("p", "m", 1.0);
  EXPECT_EQ(stage.collector().totals().latency.count, 2u);
  stage.advance(15s);

  const CallTotals totals = stage.collector().totals();
  EXPECT_EQ(totals.latency.count, 1u);
  EXPECT_NEAR(totals.latency.p99.value_or(0), 1.0, kSketchError);
  EXPECT_EQ(totals.avg_latency, 4.5) << "averages are over the whole run";
}

TEST(Statistics, PercentilesOfKnownLatenciesAreWithinTheError) {
  const CoreStage stage;
  for (int i = 1; i <= 100; ++i) stage.succeed("p", "m", i * 0.01);

  const Percentiles latency = stage.collector().percentiles("p", "m", 5min);

  EXPECT_EQ(latency.count, 100u);
  EXPECT_NEAR(latency.p50.value_or(0), 0.50, 0.50 * kSketchError);
  EXPECT_NEAR(latency.p95.value_or(0), 0.95, 0.95 * kSketchError);
  EXPECT_NEAR(latency.p99.value_or(0), 0.99, 0.99 * kSketchError);
}

TEST(Statistics, AskedPercentilesCoverTheirWindowAndNames) {
  const CoreStage stage;
  stage.succeed("a", "m", 1.0);
  stage.succeed("a", "n", 2.0);
  stage.succeed("b", "m", 4.0);
  (void)stage.collector().totals();
  stage.advance(30s);
  stage.succeed("a", "m", 8.0);

  EXPECT_EQ(stage.collector().percentiles("", "", 60s).count, 4u);
  EXPECT_EQ(stage.collector().percentiles("a", "", 60s).count, 3u);
  EXPECT_EQ(stage.collector().percentiles("", "m", 60s).count, 3u);
  EXPECT_EQ(stage.collector().percentiles("a", "m", 60s).count, 2u);
  EXPECT_EQ(stage.collector().percentiles("a", "m", 30s).count, 1u);
  EXPECT_NEAR(*stage.collector().percentiles("a", "m", 30s).p50, 8.0, 8 * kSketchError);
  EXPECT_EQ(stage.collector().percentiles("x", "", 60s), Percentiles{});
  EXPECT_EQ(stage.collector().percentiles("a", "m", -5s).count, 1u) << "at least a second";
}

TEST(Statistics, FailedCallsHaveNoLatency) {
  const CoreStage stage;
  stage.bus().publish(
      MonitoringEvent::request_failed("p", "m", "r", ErrorType::Timeout, "slow", 30.0));

  EXPECT_EQ(stage.collector().totals().latency.count, 0u);
  EXPECT_EQ(stage.collector().totals().avg_latency, std::nullopt);
}

TEST(Statistics, StreamedScopesGiveTokenTimes) {
  const CoreStage stage;
  RequestScope scope = core::MonitoringCore::begin_request(stage.core, "p", "m");
  stage.advance(500ms);
  scope.on_chunk();
  stage.advance(20ms);
  scope.on_chunk();
  stage.advance(40ms);
  scope.on_chunk();
  scope.finish(TokenUsage{10, 3});

  const CallTotals totals = stage.collector().totals();
  EXPECT_EQ(totals.time_to_first_token.count, 1u);
  EXPECT_NEAR(*totals.time_to_first_token.p50, 0.5, 0.5 * kSketchError);
  EXPECT_EQ(totals.inter_token_latency.count, 2u);
  EXPECT_NEAR(*totals.inter_token_latency.p50, 0.02, 0.02 * kSketchError);
  EXPECT_NEAR(*totals.inter_token_latency.p99, 0.04, 0.04 * kSketchError);
  EXPECT_NEAR(*totals.latency.p50, 0.56, 0.56 * kSketchError);
}

TEST(Statistics, LoseNothingWhileThreadsRecordAndOthersAsk) {
  const CoreStage stage;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i) {
        stage.succeed("p", "m" + std::to_string((i + t) % 7), 0.01, TokenUsage{1, 2}, 0.000001);
        if (i % 100 == 0) stage.advance(100ms);
      }
    });
  threads.emplace_back([&] {
    for (int i = 0; i < 200; ++i) {
      (void)stage.collector().totals();
      stage.tick();
    }
  });
  for (auto& thread : threads) thread.join();

  const CallTotals totals = stage.collector().totals();
  EXPECT_EQ(totals.total_requests, 6'000u);
  EXPECT_EQ(totals.total_cost_nano_usd, 6'000'000u);
  EXPECT_EQ(totals.latency.count, 6'000u);
}

}  // namespace
}  // namespace ltb
