// The separate record_* calls: what each one moves, and which belong together.
#include "unit/support/recorder_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace ltb {
namespace {

using tests::histogram;
using tests::number;
using tests::RecorderStage;

const Metric::Labels kGpt{{"provider", "openai"}, {"model", "gpt-4"}};

struct ManualCalls : ::testing::Test {
  RecorderStage stage;
  detail::Recorder& recorder = *stage.recorder;
  EventReceiver receiver = stage.bus().subscribe();

  double active() { return number(stage.store(), "llm_requests_active", {{"provider", "openai"}}); }
  CallTotals totals() { return stage.collector().totals(); }
};

TEST_F(ManualCalls, MakeOneSuccessfulCallTogether) {
  recorder.record_request("openai", "gpt-4");
  EXPECT_EQ(active(), 1.0);
  recorder.record_latency("openai", {}, 1.52);
  recorder.record_tokens("openai", {}, {150, 75});
  recorder.record_cost("openai", {}, 0.0135);

  EXPECT_EQ(active(), 0.0);
  EXPECT_EQ(totals().successful_requests, 1u);
  EXPECT_EQ(histogram(stage.store(), "llm_request_duration_seconds", kGpt).sum, 1.52);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 150.0);
  EXPECT_EQ(number(stage.store(), "llm_tokens_output_total", kGpt), 75.0);
  EXPECT_EQ(number(stage.store(), "llm_cost_usd_total", kGpt), 13500.0);
  EXPECT_EQ(number(stage.store(), "llm_usage_missing_total", kGpt), 0.0)
      << "tokens come in a call of their own";
  EXPECT_EQ(number(stage.store(), "llm_unpriced_requests_total", kGpt), 0.0);
}

TEST_F(ManualCalls, ShareTheRequestIdOfTheirCallOldestFirst) {
  recorder.record_request("openai", "gpt-4");
  recorder.record_request("openai", "gpt-4");
  recorder.record_latency("openai", "gpt-4", 1.0);
  recorder.record_error("openai", "gpt-4", "timeout", {});

  const auto events = RecorderStage::drain(receiver);
  ASSERT_EQ(events.size(), 4u);
  const auto id = [&](std::size_t i) { return events[i].request_payload()->request_id; };
  EXPECT_NE(id(0), id(1));
  EXPECT_EQ(id(2), id(0));
  EXPECT_EQ(id(3), id(1));
  EXPECT_EQ(events[2].event_type, EventType::RequestCompleted);
  EXPECT_EQ(events[3].event_type, EventType::RequestFailed);
}

TEST_F(ManualCalls, EndWithoutAStartWithAnIdOfTheirOwnAndActiveAtZero) {
  recorder.record_latency("openai", "gpt-4", 1.0);
  recorder.record_error("openai", "gpt-4", "timeout", {});
  EXPECT_EQ(active(), 0.0);
  recorder.record_request("openai", "gpt-4");

  EXPECT_EQ(active(), 1.0) << "what ended unstarted is owed nothing";
  const auto events = RecorderStage::drain(receiver);
  EXPECT_FALSE(events.at(0).request_payload()->request_id.empty());
  EXPECT_NE(events.at(0).request_payload()->request_id, events.at(1).request_payload()->request_id);
}

TEST_F(ManualCalls, WithoutAModelTakeThatOfTheLastRequest) {
  recorder.record_request("openai", "gpt-4o");
  recorder.record_request("openai", "gpt-4");
  recorder.record_request("anthropic", "claude");
  recorder.record_tokens("openai", {}, {7, 3});
  recorder.record_tokens("openai", "gpt-4o", {1, 1});

  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kGpt), 7.0);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total",
                   {{"provider", "openai"}, {"model", "gpt-4o"}}),
            1.0);
}

TEST_F(ManualCalls, BeforeAnyRequestTheModelIsUnknown) {
  recorder.record_tokens("openai", {}, {7, 3});

  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total",
                   {{"provider", "openai"}, {"model", "unknown"}}),
            7.0);
}

TEST_F(ManualCalls, FindTheirModelUnderAProviderNameThatHadToBeRepaired) {
  recorder.record_request("open\xff", "gpt-4");
  recorder.record_tokens("open\xff", {}, {7, 3});

  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total",
                   {{"provider", "open\xef\xbf\xbd"}, {"model", "gpt-4"}}),
            7.0);
}

TEST_F(ManualCalls, AnErrorOutsideTheClosedSetIsOtherAndItsWordIsInTheEvent) {
  recorder.record_request("openai", "gpt-4");
  recorder.record_error("openai", {}, "gpu_on_fire", "it burns");

  EXPECT_EQ(active(), 0.0);
  Metric::Labels labels = kGpt;
  labels.emplace_back("error_type", "other");
  EXPECT_EQ(number(stage.store(), "llm_errors_total", labels), 1.0);
  const auto events = RecorderStage::drain(receiver);
  const RequestPayload& failed = *events.at(1).request_payload();
  EXPECT_EQ(failed.error_type, ErrorType::Other);
  EXPECT_EQ(failed.error_code, "gpu_on_fire");
  EXPECT_EQ(failed.error, "it burns");
}

TEST_F(ManualCalls, CancelledIsNoError) {
  recorder.record_request("openai", "gpt-4");
  recorder.record_error("openai", {}, "cancelled", {});

  EXPECT_EQ(totals().cancelled_requests, 1u);
  EXPECT_EQ(totals().failed_requests, 0u);
}

TEST_F(ManualCalls, NumbersThatAreNoneAreRefusedAndCountedAndChangeNothing) {
  recorder.record_request("openai", "gpt-4");
  for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity(), 1e300}) {
    recorder.record_latency("openai", "gpt-4", bad);
    recorder.record_cost("openai", "gpt-4", bad);
  }
  recorder.record_tokens("openai", "gpt-4", {~std::uint64_t{0}, 1});

  EXPECT_EQ(stage.store().rejected(), 9u);
  EXPECT_EQ(totals().total_requests, 0u);
  EXPECT_EQ(totals().total_cost_nano_usd, 0u);
  EXPECT_EQ(totals().total_input_tokens, 0u);
  EXPECT_EQ(active(), 1.0);
}

TEST_F(ManualCalls, CallsThatNeverEndDoNotPileUpIds) {
  for (int i = 0; i < 1'025; ++i) recorder.record_request("openai", "gpt-4");
  const auto started = RecorderStage::drain(receiver);
  recorder.record_latency("openai", "gpt-4", 1.0);

  const auto ended = RecorderStage::drain(receiver);
  EXPECT_EQ(ended.at(0).request_payload()->request_id, started.at(1).request_payload()->request_id)
      << "the oldest of 1,025 was let go";
  EXPECT_EQ(active(), 1024.0);
}

TEST(DetailedManualCalls, TellEachRecordingAndCountItOnce) {
  const RecorderStage stage(MonitoringConfig{}.with_detailed_metrics(true));
  EventReceiver receiver = stage.bus().subscribe();
  stage.recorder->record_request("openai", "gpt-4");
  stage.recorder->record_latency("openai", "gpt-4", 1.5);
  stage.recorder->record_tokens("openai", "gpt-4", {150, 75});
  stage.recorder->record_cost("openai", "gpt-4", 0.25);

  std::vector<std::string> told;
  for (const auto& event : RecorderStage::drain(receiver))
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
