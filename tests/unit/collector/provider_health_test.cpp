// Health of providers: thresholds, transitions, what is said about them.
#include "collector/provider_health.hpp"

#include "collector/collector_core.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using collector::HistoryDelta;
using collector::ProviderHealthMonitor;
using tests::CoreStage;
using tests::number;

ProviderHealth judge(std::uint64_t good, std::uint64_t failed, std::uint32_t limited = 0) {
  HistoryDelta window;
  window.success = good;
  window.error = failed;
  window.cancelled = 1'000;  // says nothing about a provider
  if (limited > 0) window.add_error(ErrorType::RateLimit, limited);
  return ProviderHealthMonitor::judge(window, AlertThresholds{});
}

TEST(ProviderHealth, IsJudgedByTheShareOfFailedCalls) {
  EXPECT_EQ(judge(100, 0), ProviderHealth::Healthy);
  EXPECT_EQ(judge(91, 9), ProviderHealth::Healthy);
  EXPECT_EQ(judge(90, 10), ProviderHealth::Degraded) << "from 10 % on";
  EXPECT_EQ(judge(51, 49), ProviderHealth::Degraded);
  EXPECT_EQ(judge(50, 50), ProviderHealth::Unavailable) << "from 50 % on";
  EXPECT_EQ(judge(0, 100), ProviderHealth::Unavailable);
  EXPECT_EQ(judge(0, 0), ProviderHealth::Healthy);
}

TEST(ProviderHealth, MostlyRateLimitsAreRateLimited) {
  EXPECT_EQ(judge(91, 9, 9), ProviderHealth::Healthy);
  EXPECT_EQ(judge(90, 10, 10), ProviderHealth::RateLimited);
  EXPECT_EQ(judge(0, 100, 100), ProviderHealth::RateLimited);
  EXPECT_EQ(judge(0, 100, 50), ProviderHealth::RateLimited) << "half of the failures";
  EXPECT_EQ(judge(0, 100, 49), ProviderHealth::Unavailable);
  EXPECT_EQ(judge(70, 30, 10), ProviderHealth::Degraded) << "other failures prevail";
}

TEST(ProviderHealth, AThresholdOfZeroNeedsAFailureStill) {
  AlertThresholds thresholds;
  thresholds.error_rate = 0;
  thresholds.rate_limited_rate = 0;
  HistoryDelta window;
  window.success = 100;

  EXPECT_EQ(ProviderHealthMonitor::judge(window, thresholds), ProviderHealth::Healthy);
}

struct HealthTest : ::testing::Test {
  CoreStage stage;
  EventReceiver receiver = stage.bus().subscribe();

  void calls(int good, int failed, ErrorType type = ErrorType::ServerError) {
    for (int i = 0; i < good; ++i) stage.succeed("openai", "gpt-4", 0.5);
    for (int i = 0; i < failed; ++i) stage.fail("openai", "gpt-4", type);
    (void)CoreStage::drain(receiver);
  }
  // What a tick says.
  std::vector<MonitoringEvent> tick() {
    stage.tick();
    return CoreStage::drain(receiver);
  }
  double up(const char* status) {
    return number(stage.store(), "llm_provider_up", {{"provider", "openai"}, {"status", status}});
  }
};

TEST_F(HealthTest, TurningDegradedIsSaidOnceWithAWarning) {
  calls(9, 1);

  const auto events = tick();

  ASSERT_EQ(events.size(), 2u);
  ASSERT_EQ(events[0].event_type, EventType::ProviderStatus);
  const ProviderPayload& status = *events[0].provider();
  EXPECT_EQ(status.provider, "openai");
  EXPECT_EQ(status.status, ProviderHealth::Degraded);
  EXPECT_EQ(status.message, "10 % of 10 requests failed in the last 60 s (0 % rate limited)");
  EXPECT_EQ(status.avg_latency_ms, 500.0);
  EXPECT_EQ(events[1].alert_payload()->severity, AlertSeverity::Warning);
  EXPECT_EQ(events[1].alert_payload()->title, "High error rate");
  EXPECT_EQ(events[1].alert_payload()->provider, "openai");
  EXPECT_TRUE(tick().empty()) << "nothing changed";
  EXPECT_EQ(stage.collector().provider_stats("openai")->status, ProviderHealth::Degraded);
  EXPECT_EQ(up("degraded"), 1.0);
  EXPECT_EQ(up("healthy"), 0.0);
}

TEST_F(HealthTest, TooFewRequestsSayNothing) {
  calls(0, 9);
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(up("healthy"), 1.0);
  calls(0, 1);
  EXPECT_EQ(tick().size(), 2u);
}

TEST_F(HealthTest, CancelledCallsAreNoAnswers) {
  calls(9, 0);
  calls(0, 50, ErrorType::Cancelled);

  EXPECT_TRUE(tick().empty());
}

TEST_F(HealthTest, UnavailableIsAnErrorAndRateLimitedAWarning) {
  calls(5, 5);
  auto events = tick();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].provider()->status, ProviderHealth::Unavailable);
  EXPECT_EQ(events[1].alert_payload()->severity, AlertSeverity::Error);
  EXPECT_EQ(events[1].alert_payload()->title, "Very high error rate");

  calls(0, 20, ErrorType::RateLimit);
  events = tick();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].provider()->status, ProviderHealth::RateLimited);
  EXPECT_EQ(events[1].alert_payload()->severity, AlertSeverity::Warning);
  EXPECT_EQ(events[1].alert_payload()->title, "Rate limited");
  EXPECT_EQ(up("rate_limited"), 1.0);
}

TEST_F(HealthTest, RecoveryIsSaidOnceWithGoodNews) {
  calls(5, 5);
  EXPECT_EQ(tick().size(), 2u);
  stage.advance(61s);
  calls(10, 0);

  const auto events = tick();

  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].provider()->status, ProviderHealth::Healthy);
  EXPECT_EQ(events[1].alert_payload()->severity, AlertSeverity::Info);
  EXPECT_EQ(events[1].alert_payload()->title, "Provider recovered");
  EXPECT_EQ(up("healthy"), 1.0);
  EXPECT_TRUE(tick().empty());
}

TEST_F(HealthTest, FiveMinutesWithoutCallsAreTakenForWellAndAFewCallsSayNothing) {
  calls(5, 5);
  EXPECT_EQ(tick().size(), 2u);
  stage.advance(61s);
  calls(1, 0);
  EXPECT_TRUE(tick().empty()) << "one call is too few to say";
  EXPECT_EQ(up("unavailable"), 1.0);
  stage.advance(299s);
  EXPECT_TRUE(tick().empty()) << "silence of less than five minutes is no recovery";
  stage.advance(2s);

  ASSERT_EQ(tick().size(), 2u);
  EXPECT_EQ(up("healthy"), 1.0);
  EXPECT_TRUE(tick().empty());
}

TEST_F(HealthTest, AProviderAtAThresholdDoesNotFlap) {
  calls(9, 1);
  EXPECT_EQ(tick().size(), 2u);
  calls(2, 0);
  EXPECT_TRUE(tick().empty()) << "8.3 %: below the threshold, but not by a fifth";
  EXPECT_EQ(up("degraded"), 1.0);
  calls(1, 0);
  EXPECT_EQ(tick().size(), 2u) << "7.7 %";
  EXPECT_EQ(up("healthy"), 1.0);
}

TEST_F(HealthTest, AProviderAtTheUpperThresholdDoesNotFlapEither) {
  calls(5, 5);
  EXPECT_EQ(tick().size(), 2u);
  calls(1, 0);
  EXPECT_TRUE(tick().empty()) << "45 %: below the threshold, but not by a fifth";
  EXPECT_EQ(up("unavailable"), 1.0);
  calls(2, 0);
  const auto events = tick();
  ASSERT_EQ(events.size(), 2u) << "38 %";
  EXPECT_EQ(events[0].provider()->status, ProviderHealth::Degraded);
}

TEST_F(HealthTest, ProvidersAreJudgedApart) {
  calls(0, 10);
  for (int i = 0; i < 100; ++i) stage.succeed("anthropic", "claude", 0.1);
  (void)CoreStage::drain(receiver);

  const auto events = tick();

  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].provider()->provider, "openai");
  EXPECT_EQ(stage.collector().provider_stats("anthropic")->status, ProviderHealth::Healthy);
}

TEST_F(HealthTest, AStatusPublishedByHandIsShown) {
  stage.bus().publish(
      MonitoringEvent::provider_status("openai", ProviderHealth::Unavailable, "maintenance"));

  EXPECT_EQ(up("unavailable"), 1.0);
  EXPECT_EQ(up("healthy"), 0.0);
  EXPECT_EQ(stage.collector().provider_stats("openai")->status, ProviderHealth::Unavailable);
}

TEST_F(HealthTest, WithoutListenersEventsAreCountedOnly) {
  calls(0, 10);
  EventReceiver gone = std::move(receiver);
  const std::uint64_t before = stage.bus().last_event_id();
  { const EventReceiver end = std::move(gone); }
  stage.tick();

  EXPECT_EQ(stage.bus().last_event_id(), before + 2);
  EXPECT_EQ(stage.collector().provider_stats("openai")->status, ProviderHealth::Unavailable);
}

}  // namespace
}  // namespace ltb
