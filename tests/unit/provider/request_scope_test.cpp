// RequestScope: every way a call can end, counted once, active back to 0.
#include <ltb/request_scope.hpp>

#include "metrics/metric_store.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::histogram;
using tests::number;

const Metric::Labels kGpt{{"provider", "openai"}, {"model", "gpt-4"}};

struct ScopeTest : ::testing::Test {
  CoreStage stage;
  EventReceiver receiver = stage.bus().subscribe();

  RequestScope begin() {
    return core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4");
  }
  double active() { return number(stage.store(), "llm_requests_active", {{"provider", "openai"}}); }
  double counted(const char* status) {
    Metric::Labels labels = kGpt;
    labels.emplace_back("status", status);
    return number(stage.store(), "llm_requests_total", labels);
  }
  // The one event that ended the call, after the one that started it.
  RequestPayload ended_by(EventType type) {
    const auto events = CoreStage::drain(receiver);
    if (events.size() != 2) {
      ADD_FAILURE() << events.size() << " events";
      return {};
    }
    EXPECT_EQ(events[0].event_type, EventType::RequestStarted);
    EXPECT_EQ(events[1].event_type, type);
    EXPECT_EQ(events[0].request_payload()->request_id, events[1].request_payload()->request_id);
    EXPECT_FALSE(events[1].request_payload()->request_id.empty());
    return *events[1].request_payload();
  }
};

TEST_F(ScopeTest, FinishedItIsASuccessWithItsLatencyTokensAndCost) {
  RequestScope scope = begin();
  EXPECT_EQ(active(), 1.0);
  EXPECT_FALSE(scope.is_finished());
  stage.advance(1520ms);

  scope.set_finish_reason("stop");
  scope.finish(TokenUsage{150, 75}, 0.0135);

  EXPECT_TRUE(scope.is_finished());
  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(counted("success"), 1.0);
  const RequestPayload payload = ended_by(EventType::RequestCompleted);
  EXPECT_EQ(payload.provider, "openai");
  EXPECT_EQ(payload.model, "gpt-4");
  EXPECT_EQ(payload.request_id, scope.request_id()) << "still known after the end";
  EXPECT_DOUBLE_EQ(*payload.latency, 1.52);
  EXPECT_EQ(payload.tokens, (TokenUsage{150, 75}));
  EXPECT_DOUBLE_EQ(*payload.cost, 0.0135);
  EXPECT_EQ(payload.finish_reason, "stop");
  EXPECT_EQ(payload.error_type, std::nullopt);
  EXPECT_EQ(payload.streamed, std::nullopt);
}

TEST_F(ScopeTest, AJumpOfTheWallClockChangesNoDuration) {
  RequestScope scope = begin();
  stage.advance(250ms);
  stage.clock->jump(-2h);
  scope.on_chunk();
  stage.advance(250ms);
  stage.clock->jump(50h);
  scope.finish(TokenUsage{1, 2});

  const RequestPayload payload = ended_by(EventType::RequestCompleted);
  EXPECT_DOUBLE_EQ(*payload.latency, 0.5);
  EXPECT_DOUBLE_EQ(*payload.time_to_first_token, 0.25);
}

TEST_F(ScopeTest, FailedItSaysWhy) {
  RequestScope scope = begin();
  stage.advance(2s);

  scope.fail(ErrorType::RateLimit, "slow down", "rate_limit_exceeded");

  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(counted("error"), 1.0);
  const RequestPayload payload = ended_by(EventType::RequestFailed);
  EXPECT_EQ(payload.error_type, ErrorType::RateLimit);
  EXPECT_EQ(payload.error, "slow down");
  EXPECT_EQ(payload.error_code, "rate_limit_exceeded");
  EXPECT_EQ(payload.latency, 2.0);
}

TEST_F(ScopeTest, CancelledAndFailedAsCancelledAreTheSame) {
  begin().cancel();
  EXPECT_EQ(ended_by(EventType::RequestFailed).error_type, ErrorType::Cancelled);
  begin().fail(ErrorType::Cancelled);
  EXPECT_EQ(ended_by(EventType::RequestFailed).error_type, ErrorType::Cancelled);

  EXPECT_EQ(counted("cancelled"), 2.0);
  EXPECT_EQ(counted("error"), 0.0);
  EXPECT_EQ(active(), 0.0);
}

TEST_F(ScopeTest, DestroyedUnfinishedItIsCancelled) {
  { const RequestScope scope = begin(); }

  EXPECT_EQ(counted("cancelled"), 1.0);
  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(ended_by(EventType::RequestFailed).error_type, ErrorType::Cancelled);
}

TEST_F(ScopeTest, ASecondEndDoesNothing) {
  {
    RequestScope scope = begin();
    scope.finish();
    scope.finish(TokenUsage{1, 1}, 1.0);
    scope.fail(ErrorType::Other);
    scope.fail(std::make_exception_ptr(std::runtime_error("x")));
    scope.cancel();
    scope.on_chunk();
    scope.set_cost(NAN);
  }
  EXPECT_EQ(counted("success"), 1.0);
  EXPECT_EQ(counted("error"), 0.0);
  EXPECT_EQ(counted("cancelled"), 0.0);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 0.0);
  EXPECT_EQ(stage.store().rejected(), 0u);
  EXPECT_EQ(active(), 0.0);
  (void)ended_by(EventType::RequestCompleted);
}

TEST_F(ScopeTest, MovedItIsStillOneCall) {
  RequestScope first = begin();
  const std::string id(first.request_id());
  RequestScope second = std::move(first);

  EXPECT_TRUE(first.is_finished());  // NOLINT: moved from on purpose
  EXPECT_EQ(first.request_id(), "");
  first.finish();
  first.on_chunk();
  EXPECT_EQ(active(), 1.0);
  EXPECT_EQ(second.request_id(), id);
  second.finish();

  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(counted("success"), 1.0);
  (void)ended_by(EventType::RequestCompleted);
}

TEST_F(ScopeTest, MovedOverItIsCancelled) {
  RequestScope scope = begin();
  const std::string first_id(scope.request_id());
  scope = begin();

  EXPECT_EQ(counted("cancelled"), 1.0);
  EXPECT_EQ(active(), 1.0);
  EXPECT_NE(scope.request_id(), first_id);
  scope.finish();
  EXPECT_EQ(counted("success"), 1.0);
  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(CoreStage::drain(receiver).size(), 4u);
}

TEST_F(ScopeTest, MovedOntoItselfItGoesOn) {
  RequestScope scope = begin();
  RequestScope& same = scope;
  scope = std::move(same);

  EXPECT_FALSE(scope.is_finished());
  EXPECT_EQ(active(), 1.0);
}

TEST_F(ScopeTest, MayEndOnAnotherThread) {
  RequestScope scope = begin();
  std::thread([moved = std::move(scope)]() mutable { moved.finish(TokenUsage{3, 4}); }).join();

  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(number(stage.store(), "llm_tokens_output_total", kGpt), 4.0);
  (void)ended_by(EventType::RequestCompleted);
}

TEST_F(ScopeTest, TheLastUsageWins) {
  RequestScope scope = begin();
  scope.set_usage({10, 10});
  scope.set_usage({150, 75});
  scope.finish();

  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 150.0);
  EXPECT_EQ(number(stage.store(), "llm_usage_missing_total", kGpt), 0.0);
  EXPECT_EQ(number(stage.store(), "llm_unpriced_requests_total", kGpt), 1.0);
}

TEST_F(ScopeTest, UnbelievableNumbersAreRefusedAndCounted) {
  RequestScope scope = begin();
  scope.set_usage({10, 20});
  scope.set_usage({~std::uint64_t{0}, 1});
  for (const double bad : {-0.01, double(NAN), double(INFINITY), 1e300}) scope.set_cost(bad);
  scope.finish();

  EXPECT_EQ(stage.store().rejected(), 5u);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 10.0) << "the good one stays";
  EXPECT_EQ(number(stage.store(), "llm_cost_usd_total", kGpt), 0.0);
}

TEST_F(ScopeTest, ChunksGiveFirstTokenInterTokenAndPerTokenTimes) {
  RequestScope scope = begin();
  stage.advance(500ms);
  scope.on_chunk();
  for (int i = 0; i < 4; ++i) {
    stage.advance(25ms);
    scope.on_chunk();
  }
  stage.advance(1s);  // the end of the stream is no token
  scope.finish(TokenUsage{10, 11});

  EXPECT_EQ(histogram(stage.store(), "llm_time_to_first_token_seconds", kGpt).sum, 0.5);
  EXPECT_EQ(histogram(stage.store(), "llm_inter_token_latency_seconds", kGpt).count, 4u);
  EXPECT_EQ(histogram(stage.store(), "llm_inter_token_latency_seconds", kGpt).sum, 0.1);
  EXPECT_EQ(histogram(stage.store(), "llm_time_per_output_token_seconds", kGpt).sum, 0.01)
      << "0.1 s over the ten tokens after the first";
  EXPECT_EQ(histogram(stage.store(), "llm_output_tokens_per_second", kGpt).sum, 100.0);
  const RequestPayload payload = ended_by(EventType::RequestCompleted);
  EXPECT_EQ(payload.streamed, true);
  EXPECT_DOUBLE_EQ(*payload.time_to_first_token, 0.5);
  EXPECT_DOUBLE_EQ(*payload.time_per_output_token, 0.01);
  EXPECT_DOUBLE_EQ(*payload.latency, 1.6);
}

TEST_F(ScopeTest, ChunksTimedByTheCallerCountFromTheirArrival) {
  RequestScope scope = begin();
  const auto started = stage.clock->steady_now();
  stage.advance(9s);  // told late, all at once
  scope.on_chunk(started + 500ms);
  scope.on_chunk(started + 525ms);
  scope.on_chunk(started + 515ms);  // out of order: no time since the last
  scope.on_chunk(started + 550ms);
  scope.finish(TokenUsage{10, 6});

  EXPECT_EQ(histogram(stage.store(), "llm_time_to_first_token_seconds", kGpt).sum, 0.5);
  EXPECT_EQ(histogram(stage.store(), "llm_inter_token_latency_seconds", kGpt).count, 3u);
  EXPECT_EQ(histogram(stage.store(), "llm_inter_token_latency_seconds", kGpt).sum, 0.05);
  EXPECT_EQ(histogram(stage.store(), "llm_time_per_output_token_seconds", kGpt).sum, 0.01);
}

TEST_F(ScopeTest, ACompletionTimedByTheCallerEndsTheLatencyThere) {
  const auto latency_of = [this](std::chrono::nanoseconds completed) {
    (void)CoreStage::drain(receiver);
    RequestScope scope = begin();
    const auto started = stage.clock->steady_now();
    scope.on_chunk(started + 300ms);
    stage.advance(5s);  // the server kept the connection open
    scope.finish(started + completed);
    return ended_by(EventType::RequestCompleted).latency;
  };

  EXPECT_DOUBLE_EQ(*latency_of(700ms), 0.7);
  EXPECT_DOUBLE_EQ(*latency_of(100ms), 0.3) << "not before the last piece";
  EXPECT_DOUBLE_EQ(*latency_of(9s), 5.0) << "not in the future";
}

TEST_F(ScopeTest, OneTokenHasNoTimePerToken) {
  RequestScope scope = begin();
  scope.on_chunk();
  scope.finish(TokenUsage{10, 1});

  EXPECT_EQ(histogram(stage.store(), "llm_time_per_output_token_seconds", kGpt).count, 0u);
  EXPECT_EQ(ended_by(EventType::RequestCompleted).time_per_output_token, std::nullopt);
}

TEST_F(ScopeTest, OutlivesEverythingElse) {
  RequestScope scope = begin();
  stage.core.reset();

  scope.on_chunk();
  scope.finish(TokenUsage{1, 1}, 0.1);

  EXPECT_TRUE(scope.is_finished());
  const auto events = CoreStage::drain(receiver);
  EXPECT_EQ(events.size(), 2u) << "the scope kept what it needed";
}

TEST_F(ScopeTest, WithoutAModelItIsUnknown) {
  core::MonitoringCore::begin_request(stage.core, "openai", "").finish();

  EXPECT_EQ(ended_by(EventType::RequestCompleted).model, "unknown");
}

TEST_F(ScopeTest, WithoutListenersEventsAreOnlyCounted) {
  { const EventReceiver gone = std::move(receiver); }

  begin().finish();

  EXPECT_EQ(stage.bus().stats().published, 2u);
  EXPECT_EQ(counted("success"), 1.0);
}

TEST(ScopeEvents, ShowTheRealNamesWhenTheSeriesOverflows) {
  const CoreStage stage(MonitoringConfig{}.with_max_series_per_family(1));
  EventReceiver receiver = stage.bus().subscribe();
  core::MonitoringCore::begin_request(stage.core, "a", "m").finish();
  core::MonitoringCore::begin_request(stage.core, "b", "n").finish();

  const auto events = CoreStage::drain(receiver);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[3].request_payload()->provider, "b");
  EXPECT_EQ(events[3].request_payload()->model, "n");
}

TEST(ScopeEvents, DetailedMetricsTellEachNumberAndCountItOnce) {
  const CoreStage stage(MonitoringConfig{}.with_detailed_metrics(true));
  EventReceiver receiver = stage.bus().subscribe();
  RequestScope scope = core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4");
  stage.advance(250ms);
  scope.finish(TokenUsage{150, 75}, 0.5);

  const auto events = CoreStage::drain(receiver);
  std::vector<std::string> told;
  for (const auto& event : events)
    if (const auto* metric = event.metric()) told.push_back(metric->metric.name());
  EXPECT_EQ(told,
            (std::vector<std::string>{"llm_request_duration_seconds", "llm_tokens_input_total",
                                      "llm_tokens_output_total", "llm_cost_usd_total"}));
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 150.0);
  EXPECT_EQ(number(stage.store(), "llm_cost_usd_total", kGpt), 500'000.0);
  EXPECT_EQ(histogram(stage.store(), "llm_request_duration_seconds", kGpt).count, 1u);
  EXPECT_EQ(histogram(stage.store(), "llm_request_input_tokens", kGpt).sum, 150.0);
}

TEST(ScopeThreads, FourThousandCallsOnFourThreadsLeaveNothingActive) {
  const CoreStage stage;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) {
        RequestScope scope = core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4");
        if (i % 4 == 0) scope.finish(TokenUsage{1, 2}, 0.001);
        if (i % 4 == 1) scope.fail(ErrorType::Timeout);
        if (i % 4 == 2) scope.cancel();
      }
    });
  for (auto& thread : threads) thread.join();

  const CallTotals totals = stage.collector().totals();
  EXPECT_EQ(totals.active_requests, 0u);
  EXPECT_EQ(totals.successful_requests, 1'000u);
  EXPECT_EQ(totals.failed_requests, 1'000u);
  EXPECT_EQ(totals.cancelled_requests, 2'000u);
  EXPECT_EQ(totals.total_cost_nano_usd, 1'000'000'000u);
}

TEST(ScopeIds, AreDifferentForEveryCall) {
  const CoreStage stage;
  std::set<std::string> ids;
  for (int i = 0; i < 20'000; ++i) {
    RequestScope scope = core::MonitoringCore::begin_request(stage.core, "p", "m");
    ids.emplace(scope.request_id());
  }
  EXPECT_EQ(ids.size(), 20'000u);
}

}  // namespace
}  // namespace ltb
