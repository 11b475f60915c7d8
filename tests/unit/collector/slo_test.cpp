// Service levels: which calls are good, which are bad, and where the numbers show.
#include "collector/overview_json.hpp"
#include "exporter/text_format.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::number;

MonitoringConfig with(Slo level) {
  return MonitoringConfig{}.with_slo(std::move(level));
}

/// {good, bad} of a service level on /metrics.
using Counts = std::pair<double, double>;
Counts counts(const CoreStage& stage, const std::string& slo, const std::string& model = "gpt-4",
              const std::string& provider = "openai") {
  const auto of = [&](const char* result) {
    return number(stage.store(), "llm_slo_requests_total",
                  {{"provider", provider}, {"model", model}, {"slo", slo}, {"result", result}});
  };
  return {of("good"), of("bad")};
}

RequestScope begin(const CoreStage& stage, const std::string& model = "gpt-4") {
  return core::MonitoringCore::begin_request(stage.core, "openai", model);
}

void finish_after(const CoreStage& stage, std::chrono::nanoseconds latency,
                  const std::string& model = "gpt-4") {
  RequestScope scope = begin(stage, model);
  stage.advance(latency);
  scope.finish();
}

TEST(Slos, ALatencyAtTheBoundIsGoodAndANanosecondMoreIsBad) {
  const CoreStage stage(with({.name = "fast", .latency = 1s}));

  finish_after(stage, 1s);
  EXPECT_EQ(counts(stage, "fast"), (Counts{1, 0}));
  finish_after(stage, 1s + 1ns);

  EXPECT_EQ(counts(stage, "fast"), (Counts{1, 1}));
}

TEST(Slos, ATimeToFirstTokenAtTheBoundIsGoodAndANanosecondMoreIsBad) {
  const CoreStage stage(with({.name = "quick", .time_to_first_token = 200ms}));
  for (const auto first : {200'000'000ns, 200'000'001ns}) {
    RequestScope scope = begin(stage);
    stage.advance(first);
    scope.on_chunk();
    stage.advance(10s);
    scope.finish();
  }

  EXPECT_EQ(counts(stage, "quick"), (Counts{1, 1}));
}

TEST(Slos, ATimePerOutputTokenAtTheBoundIsGoodAndANanosecondMoreIsBad) {
  const CoreStage stage(with({.name = "fluent", .time_per_output_token = 20ms}));
  for (const auto all_but_first : {180'000'000ns, 180'000'009ns}) {  // nine tokens
    RequestScope scope = begin(stage);
    scope.on_chunk();
    stage.advance(all_but_first);
    scope.on_chunk();
    scope.finish(TokenUsage{1, 10});
  }

  EXPECT_EQ(counts(stage, "fluent"), (Counts{1, 1}));
}

TEST(Slos, OneBrokenBoundOfSeveralIsBad) {
  const CoreStage stage(
      with({.name = "all", .latency = 5s, .time_to_first_token = 1s, .time_per_output_token = 1s}));
  const auto stream = [&](std::chrono::nanoseconds first, std::chrono::nanoseconds rest,
                          std::chrono::nanoseconds tail) {
    RequestScope scope = begin(stage);
    stage.advance(first);
    scope.on_chunk();
    stage.advance(rest);
    scope.on_chunk();
    stage.advance(tail);
    scope.finish(TokenUsage{1, 2});
  };

  stream(1s, 1s, 1s);
  EXPECT_EQ(counts(stage, "all"), (Counts{1, 0}));
  stream(2s, 1s, 0s);  // first token
  stream(1s, 2s, 0s);  // per token
  stream(1s, 1s, 4s);  // latency

  EXPECT_EQ(counts(stage, "all"), (Counts{1, 3}));
}

TEST(Slos, ABoundThatCouldNotBeMeasuredMakesACallNeitherGoodNorBad) {
  const CoreStage stage(with({.name = "stream", .latency = 20s, .time_per_output_token = 1ms}));
  finish_after(stage, 10s);  // not streamed
  RequestScope streamed = begin(stage);
  streamed.on_chunk();
  stage.advance(5s);
  streamed.on_chunk();
  streamed.finish();  // no usage
  EXPECT_EQ(counts(stage, "stream"), (Counts{0, 0}));
  finish_after(stage, 21s);

  EXPECT_EQ(counts(stage, "stream"), (Counts{0, 1})) << "too slow, whatever the rest";
}

TEST(Slos, JudgeByWhatTheUserFeltSinceTheCallWasDue) {
  const CoreStage stage(with({.name = "quick", .time_to_first_token = 300ms}));
  const auto due = stage.clock->steady_now();
  stage.advance(250ms);
  RequestScope late = begin(stage);
  late.set_scheduled_start(due);
  stage.advance(100ms);  // 100 ms after sending, 350 ms after it was due
  late.on_chunk();
  late.finish();

  RequestScope retried = begin(stage);
  stage.advance(200ms);
  retried.attempt(ErrorType::Overloaded, 100ms);
  stage.advance(150ms);
  retried.on_chunk();  // 50 ms after sending, 350 ms after it was due
  retried.finish();

  EXPECT_EQ(counts(stage, "quick"), (Counts{0, 2}));
}

TEST(Slos, AFailedCallIsBadHoweverFastAndACancelledOneDoesNotCount) {
  const CoreStage stage(with({.name = "fast", .latency = 1s}));

  begin(stage).fail(ErrorType::RateLimit);
  begin(stage).cancel();
  { const RequestScope abandoned = begin(stage); }

  EXPECT_EQ(counts(stage, "fast"), (Counts{0, 1}));
}

TEST(Slos, CallsOfEveryKindCount) {
  const CoreStage stage(with({.name = "fast", .latency = 1s}));
  finish_after(stage, 1s);
  stage.succeed("openai", "gpt-4", 1.0);
  stage.succeed("openai", "gpt-4", 1.5);
  stage.fail("openai", "gpt-4");
  stage.core->record_latency("openai", "gpt-4", 0.5);
  stage.core->record_latency("openai", "gpt-4", 2.0);
  stage.core->record_error("openai", "gpt-4", ErrorType::Overloaded);
  stage.core->record_error("openai", "gpt-4", ErrorType::Cancelled);

  EXPECT_EQ(counts(stage, "fast"), (Counts{3, 4}));
  EXPECT_EQ(stage.collector().totals().total_requests, 8u);
}

TEST(Slos, AreInASampleThatFindsTheirCall) {
  const CoreStage stage(with({.name = "fast", .latency = 1s}));
  metrics::RequestSeries& series = stage.store().request_series("p", "m");
  metrics::CallRecord call;
  call.duration_ns = 5'000'000;
  int looks = 0;
  const auto look = [&]() -> std::string_view {  // asked for while the call is booked
    ++looks;
    stage.collector().sample();
    return "req_1";
  };

  stage.collector().book(series, call, look, stage.clock->steady_now(), nullptr);

  ASSERT_EQ(looks, 1);
  const CallTotals totals = stage.collector().totals();
  ASSERT_EQ(totals.slos.size(), 1u);
  EXPECT_EQ(totals.slos[0].good, 1u) << "as /metrics says";
}

TEST(Slos, ApplyToTheirProviderAndModelOrToAll) {
  const CoreStage stage(MonitoringConfig{}
                            .with_slo({.name = "all", .latency = 1s})
                            .with_slo({.name = "openai", .provider = "openai", .latency = 1s})
                            .with_slo({.name = "mini", .model = "mini", .latency = 1s}));
  finish_after(stage, 1s, "gpt-4");
  finish_after(stage, 2s, "mini");
  stage.succeed("other", "mini", 0.5);

  EXPECT_EQ(counts(stage, "all", "gpt-4"), (Counts{1, 0}));
  EXPECT_EQ(counts(stage, "all", "mini"), (Counts{0, 1}));
  EXPECT_EQ(counts(stage, "all", "mini", "other"), (Counts{1, 0}));
  EXPECT_EQ(counts(stage, "openai", "gpt-4"), (Counts{1, 0}));
  EXPECT_EQ(counts(stage, "openai", "mini"), (Counts{0, 1}));
  EXPECT_EQ(counts(stage, "mini", "mini"), (Counts{0, 1}));
  EXPECT_EQ(counts(stage, "mini", "mini", "other"), (Counts{1, 0}));
  const std::string text = exporter::render_text(stage.store());
  EXPECT_EQ(text.find(R"(model="gpt-4",provider="openai",result="good",slo="mini")"),
            std::string::npos);
  EXPECT_EQ(tests::series_in(stage.store(), "llm_slo_requests_total"), 14u)
      << "seven pairs of level and series, good and bad each";
}

TEST(Slos, AttainmentAndGoodputAreInEveryStatistic) {
  const CoreStage stage(MonitoringConfig{}
                            .with_slo({.name = "all", .latency = 1s})
                            .with_slo({.name = "mini", .model = "mini", .latency = 1s}));
  stage.advance(60s);
  stage.tick();
  for (int i = 0; i < 30; ++i) stage.succeed("openai", "gpt-4", 0.5);
  for (int i = 0; i < 10; ++i) stage.succeed("openai", "mini", 1.5);
  stage.advance(999ms);  // the window then holds 9.999 s

  const CallTotals totals = stage.collector().totals();
  ASSERT_EQ(totals.slos.size(), 2u);
  EXPECT_EQ(totals.slos[0].name, "all");
  EXPECT_EQ(totals.slos[0].good, 30u);
  EXPECT_EQ(totals.slos[0].bad, 10u);
  EXPECT_EQ(totals.slos[0].attainment, 0.75);
  EXPECT_NEAR(totals.slos[0].goodput.value_or(-1), 3.0, 0.001);
  EXPECT_EQ(totals.slos[1].name, "mini");
  EXPECT_EQ(totals.slos[1].attainment, 0.0);
  EXPECT_EQ(totals.slos[1].goodput, 0.0);
  const auto provider = stage.collector().provider_stats("openai");
  ASSERT_EQ(provider->slos.size(), 2u);
  EXPECT_EQ(provider->slos[0].good, 30u);
  const auto model = stage.collector().model_stats("openai", "gpt-4");
  ASSERT_EQ(model->slos.size(), 1u) << "\"mini\" does not apply to it";
  EXPECT_EQ(model->slos[0].attainment, 1.0);

  stage.advance(10s);
  EXPECT_EQ(stage.collector().totals().slos[0].goodput, 0.0) << "over the last ten seconds";
  EXPECT_EQ(stage.collector().totals().slos[0].good, 30u);
}

TEST(Slos, BeforeTheFirstCallThereIsNoAttainment) {
  const CoreStage stage(with({.name = "fast", .latency = 1s}));
  const RequestScope running = begin(stage);

  const CallTotals totals = stage.collector().totals();

  ASSERT_EQ(totals.slos.size(), 1u);
  EXPECT_EQ(totals.slos[0].attainment, std::nullopt);
  EXPECT_EQ(counts(stage, "fast"), (Counts{0, 0})) << "shown from the first call on, at 0";
}

TEST(Slos, AreInTheOverviewThatApiAndStatsShare) {
  const CoreStage stage(with({.name = "fast", .latency = 1s}));
  finish_after(stage, 1s);
  finish_after(stage, 2s);
  finish_after(stage, 3s);
  collector::Overview overview;
  overview.totals = stage.collector().totals();
  overview.providers = stage.collector().provider_stats();
  overview.models = stage.collector().model_stats();

  const auto json = nlohmann::json::parse(collector::overview_json(overview));

  for (const auto& row : {json["totals"], json["providers"][0], json["models"][0]}) {
    ASSERT_EQ(row["slos"].size(), 1u) << row;
    EXPECT_EQ(row["slos"][0]["name"], "fast");
    EXPECT_EQ(row["slos"][0]["good"], 1);
    EXPECT_EQ(row["slos"][0]["bad"], 2);
    EXPECT_DOUBLE_EQ(row["slos"][0]["attainment"].get<double>(), 1.0 / 3);
    EXPECT_TRUE(row["slos"][0]["goodput"].is_number());
  }
}

TEST(Slos, CountFromTheIntendedSendTime) {
  const CoreStage stage(with({.name = "fast", .latency = 1s, .time_to_first_token = 500ms}));
  const auto intended = stage.clock->steady_now();
  stage.advance(400ms);  // the sender is late
  RequestScope scope = begin(stage);
  scope.set_scheduled_start(intended);
  stage.advance(101ms);
  scope.on_chunk();
  scope.finish();

  EXPECT_EQ(counts(stage, "fast"), (Counts{0, 1})) << "the first token came 501 ms after that";
}

}  // namespace
}  // namespace ltb
