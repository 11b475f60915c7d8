// The separate record_* calls: what each one moves, and which belong together.
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ltb {
namespace {

using tests::CoreStage;
using tests::histogram;
using tests::number;

const Metric::Labels kGpt{{"provider", "openai"}, {"model", "gpt-4"}};

struct ManualCalls : ::testing::Test {
  CoreStage stage;
  core::MonitoringCore& core = *stage.core;
  EventReceiver receiver = stage.bus().subscribe();

  double active() { return number(stage.store(), "llm_requests_active", {{"provider", "openai"}}); }
  CallTotals totals() { return stage.collector().totals(); }
};

TEST_F(ManualCalls, MakeOneSuccessfulCallTogether) {
  core.record_request("openai", "gpt-4");
  EXPECT_EQ(active(), 1.0);
  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4")->active_requests, 1u);
  core.record_latency("openai", {}, 1.52);
  core.record_tokens("openai", {}, {150, 75});
  core.record_cost("openai", {}, 0.0135);

  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(totals().successful_requests, 1u);
  EXPECT_EQ(histogram(stage.store(), "llm_request_duration_seconds", kGpt).sum, 1.52);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 150.0);
  EXPECT_EQ(number(stage.store(), "llm_tokens_output_total", kGpt), 75.0);
  EXPECT_EQ(number(stage.store(), "llm_cost_usd_total", kGpt), 13500.0);
  EXPECT_EQ(number(stage.store(), "llm_usage_missing_total", kGpt), 0.0);
  EXPECT_EQ(number(stage.store(), "llm_unpriced_requests_total", kGpt), 0.0);
}

TEST_F(ManualCalls, InAnyOrderLackNothingThatWasTold) {
  core.record_request("openai", "gpt-4");
  core.record_cost("openai", {}, 0.5);
  core.record_tokens("openai", {}, {1, 2});
  core.record_latency("openai", {}, 1.0);
  core.record_latency("openai", "gpt-4", 1.0);  // never started, and told after its end
  core.record_tokens("openai", "gpt-4", {1, 2});
  core.record_cost("openai", "gpt-4", 0.5);

  EXPECT_EQ(totals().usage_missing_requests, 0u);
  EXPECT_EQ(totals().unpriced_requests, 0u);
  EXPECT_EQ(totals().total_cost, 1.0);
  EXPECT_EQ(totals().total_output_tokens, 4u);
}

TEST_F(ManualCalls, ThatAreNotToldTokensOrCostLackThem) {
  core.record_request("openai", "gpt-4");
  core.record_latency("openai", {}, 1.0);
  EXPECT_EQ(totals().usage_missing_requests, 1u);
  EXPECT_EQ(totals().unpriced_requests, 1u);
  EXPECT_EQ(totals().total_cost, std::nullopt);
  EXPECT_EQ(totals().total_input_tokens, std::nullopt);
  core.record_tokens("openai", {}, {150, 75});
  EXPECT_EQ(totals().usage_missing_requests, 0u);
  EXPECT_EQ(totals().unpriced_requests, 1u) << "nothing here is priced";
  core.record_request("openai", "gpt-4");
  core.record_error("openai", {}, ErrorType::Timeout);

  EXPECT_EQ(totals().usage_missing_requests, 0u) << "a failed call need not have any";
  EXPECT_EQ(totals().unpriced_requests, 1u);
  core.record_tokens("openai", {}, {150, 0});
  EXPECT_EQ(totals().unpriced_requests, 2u) << "a failed call that used tokens cost something";
  core.record_cost("openai", {}, 0.0);
  EXPECT_EQ(totals().unpriced_requests, 1u);
}

TEST(PricedManualCalls, AreNotPriced) {
  PriceTable prices;
  prices.add({.provider = "openai", .model = "gpt-4", .input = 30, .output = 60});
  const CoreStage stage(MonitoringConfig{}.with_price_table(prices));
  stage.core->record_request("openai", "gpt-4");
  stage.core->record_latency("openai", {}, 1.0);
  stage.core->record_tokens("openai", {}, {150, 75});

  const CallTotals totals = stage.collector().totals();
  EXPECT_EQ(totals.total_cost, std::nullopt);
  EXPECT_EQ(totals.unpriced_requests, 1u);
  EXPECT_EQ(totals.usage_missing_requests, 0u);
}

TEST_F(ManualCalls, ShareTheRequestIdOfTheCallThatTheirThreadStartedLast) {
  core.record_request("openai", "gpt-4");
  core.record_request("openai", "gpt-4");
  core.record_latency("openai", "gpt-4", 1.0);
  core.record_error("openai", "gpt-4", ErrorType::Timeout);

  const auto events = CoreStage::drain(receiver);
  ASSERT_EQ(events.size(), 4u);
  const auto id = [&](std::size_t i) { return events[i].request_payload()->request_id; };
  EXPECT_NE(id(0), id(1));
  EXPECT_EQ(id(2), id(1));
  EXPECT_EQ(id(3), id(0));
  EXPECT_EQ(events[2].event_type, EventType::RequestCompleted);
  EXPECT_EQ(events[3].event_type, EventType::RequestFailed);
}

TEST_F(ManualCalls, OfTwoModelsAtOnceGoToTheirOwn) {
  core.record_request("openai", "gpt-4");
  core.record_request("openai", "gpt-4o-mini");
  core.record_latency("openai", {}, 1.0);
  core.record_tokens("openai", {}, {1, 1});
  core.record_latency("openai", {}, 60.0);
  core.record_tokens("openai", {}, {100, 100});

  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4o-mini")->avg_latency, 1.0);
  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4o-mini")->total_input_tokens, 1u);
  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4")->avg_latency, 60.0);
  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4")->total_input_tokens, 100u);
}

TEST_F(ManualCalls, OfAnotherThreadAreNotGuessedAt) {
  core.record_request("openai", "gpt-4");
  std::thread([this] {
    core.record_latency("openai", {}, 2.0);
    core.record_tokens("anthropic", {}, {3, 3});
  }).join();
  EXPECT_EQ(stage.collector().model_stats("openai", "unknown")->avg_latency, 2.0);
  EXPECT_EQ(active(), 1.0) << "the call is in flight still";
  core.record_latency("openai", {}, 1.0);

  EXPECT_EQ(stage.collector().model_stats("openai", "gpt-4")->avg_latency, 1.0);
  EXPECT_EQ(stage.collector().model_stats("anthropic", "unknown")->total_input_tokens, 3u);
  const auto events = CoreStage::drain(receiver);
  EXPECT_NE(events.at(0).request_payload()->request_id, events.at(1).request_payload()->request_id);
  EXPECT_EQ(events.at(0).request_payload()->request_id, events.at(2).request_payload()->request_id);
}

TEST_F(ManualCalls, ThatAThreadLeavesOpenAreNotInFlightAfterIt) {
  std::thread([this] {
    core.record_request("openai", "gpt-4");
    EXPECT_EQ(active(), 1.0);
  }).join();

  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(totals().total_requests, 0u);
}

TEST(ManualCallsOfManySystems, AreKeptApartAndOutliveTheirSystem) {
  CoreStage one;
  CoreStage two;
  one.core->record_request("openai", "gpt-4");
  two.core->record_request("openai", "gpt-4o");
  one.core->record_latency("openai", {}, 1.0);
  EXPECT_EQ(one.collector().model_stats("openai", "gpt-4")->successful_requests, 1u);
  EXPECT_EQ(two.collector().totals().total_requests, 0u);
  two.core.reset();
  one.core->record_request("openai", "gpt-4");
  one.core->record_latency("openai", {}, 1.0);
  EXPECT_EQ(one.collector().totals().successful_requests, 2u);
}

TEST_F(ManualCalls, EndWithoutAStartWithAnIdOfTheirOwnAndActiveAtZero) {
  core.record_latency("openai", "gpt-4", 1.0);
  core.record_error("openai", "gpt-4", ErrorType::Timeout);
  EXPECT_EQ(active(), 0.0);
  core.record_request("openai", "gpt-4");

  EXPECT_EQ(active(), 1.0) << "what ended unstarted is owed nothing";
  const auto events = CoreStage::drain(receiver);
  EXPECT_FALSE(events.at(0).request_payload()->request_id.empty());
  EXPECT_NE(events.at(0).request_payload()->request_id, events.at(1).request_payload()->request_id);
}

TEST_F(ManualCalls, WithoutAModelTakeThatOfTheLastRequest) {
  core.record_request("openai", "gpt-4o");
  core.record_request("openai", "gpt-4");
  core.record_request("anthropic", "claude");
  core.record_tokens("openai", {}, {7, 3});
  core.record_tokens("openai", "gpt-4o", {1, 1});

  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 7.0);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total",
                   {{"provider", "openai"}, {"model", "gpt-4o"}}),
            1.0);
}

TEST_F(ManualCalls, BeforeAnyRequestTheModelIsUnknown) {
  core.record_tokens("openai", {}, {7, 3});

  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total",
                   {{"provider", "openai"}, {"model", "unknown"}}),
            7.0);
}

TEST_F(ManualCalls, FindTheirModelUnderAProviderNameThatHadToBeRepaired) {
  core.record_request("open\xff", "gpt-4");
  core.record_tokens("open\xff", {}, {7, 3});

  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total",
                   {{"provider", "open\xef\xbf\xbd"}, {"model", "gpt-4"}}),
            7.0);
}

TEST_F(ManualCalls, AnErrorOutsideTheClosedSetIsOtherAndItsWordIsInTheEvent) {
  core.record_request("openai", "gpt-4");
  core.record_error("openai", "gpu_on_fire");

  EXPECT_EQ(active(), 0.0);
  Metric::Labels labels = kGpt;
  labels.emplace_back("error_type", "other");
  EXPECT_EQ(number(stage.store(), "llm_errors_total", labels), 1.0);
  const auto events = CoreStage::drain(receiver);
  const RequestPayload& failed = *events.at(1).request_payload();
  EXPECT_EQ(failed.error_type, ErrorType::Other);
  EXPECT_EQ(failed.error_code, "gpu_on_fire");
}

TEST_F(ManualCalls, CancelledIsNoError) {
  core.record_request("openai", "gpt-4");
  core.record_error("openai", "cancelled");

  EXPECT_EQ(totals().cancelled_requests, 1u);
  EXPECT_EQ(totals().failed_requests, 0u);
}

TEST_F(ManualCalls, NumbersThatAreNotNumbersAreRefusedAndCountedAndTheCallEnds) {
  const double bad[] = {-1.0, std::nan(""), std::numeric_limits<double>::infinity(), 1e300};
  for (const double number : bad) {
    core.record_request("openai", "gpt-4");
    core.record_cost("openai", "gpt-4", number);
    core.record_latency("openai", "gpt-4", number);
  }
  core.record_tokens("openai", "gpt-4", {~std::uint64_t{0}, 1});

  EXPECT_EQ(stage.store().rejected(), 9u);
  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(totals().successful_requests, 4u);
  EXPECT_EQ(totals().latency_missing_requests, 4u);
  EXPECT_EQ(totals().avg_latency, std::nullopt);
  EXPECT_EQ(totals().total_cost_nano_usd, std::nullopt);
  EXPECT_EQ(totals().total_input_tokens, std::nullopt);
  for (const auto& event : CoreStage::drain(receiver))
    EXPECT_EQ(event.request_payload()->latency, std::nullopt);
}

TEST_F(ManualCalls, ThatNeverEndDoNotPileUp) {
  for (int i = 0; i < 1'030; ++i) core.record_request("openai", "gpt-4");
  EXPECT_EQ(active(), 1024.0) << "the oldest are let go";
  for (int i = 0; i < 1'030; ++i) core.record_latency("openai", "gpt-4", 1.0);

  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(totals().successful_requests, 1'030u);
}

TEST(DetailedManualCalls, TellEachRecordingAndCountItOnce) {
  const CoreStage stage(MonitoringConfig{}.with_detailed_metrics(true));
  EventReceiver receiver = stage.bus().subscribe();
  stage.core->record_request("openai", "gpt-4");
  stage.core->record_latency("openai", "gpt-4", 1.5);
  stage.core->record_tokens("openai", "gpt-4", {150, 75});
  stage.core->record_cost("openai", "gpt-4", 0.25);

  std::vector<std::string> told;
  for (const auto& event : CoreStage::drain(receiver))
    told.push_back(event.metric() ? event.metric()->metric.name()
                                  : std::string(to_string(event.event_type)));
  EXPECT_EQ(told, (std::vector<std::string>{
                      "RequestStarted", "RequestCompleted", "llm_request_duration_seconds",
                      "llm_tokens_input_total", "llm_tokens_output_total", "llm_cost_usd_total"}));
  EXPECT_EQ(histogram(stage.store(), "llm_request_duration_seconds", kGpt).count, 1u);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 150.0);
  EXPECT_EQ(number(stage.store(), "llm_spend_usd_total", kGpt), 0.25);
}

}  // namespace
}  // namespace ltb
