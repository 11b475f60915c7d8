// Published events move metrics exactly as wrapped calls do.
#include "collector/collector_core.hpp"
#include "exporter/text_format.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <variant>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using exporter::render_text;
using tests::CoreStage;
using tests::histogram;
using tests::number;

const Metric::Labels kGpt{{"provider", "openai"}, {"model", "gpt-4"}};

struct Booking : ::testing::TestWithParam<bool> {
  MonitoringConfig config = MonitoringConfig{}.with_detailed_metrics(GetParam());
  CoreStage wrapped{config};
  CoreStage published{config};
};

TEST_P(Booking, ACompletedCallIsTheSameByScopeAndByEvent) {
  RequestScope scope = core::MonitoringCore::begin_request(wrapped.core, "openai", "gpt-4");
  published.bus().publish(MonitoringEvent::request_started("openai", "gpt-4", "r1"));
  EXPECT_EQ(render_text(wrapped.store()), render_text(published.store()));
  EXPECT_EQ(number(published.store(), "llm_requests_active", {{"provider", "openai"}}), 1.0);

  wrapped.advance(1520ms);
  scope.finish(TokenUsage{150, 75, 30, 5}, 0.0135);
  published.bus().publish(MonitoringEvent::request_completed("openai", "gpt-4", "r1", 1.52,
                                                             TokenUsage{150, 75, 30, 5}, 0.0135));

  EXPECT_EQ(render_text(wrapped.store()), render_text(published.store()));
  EXPECT_EQ(number(published.store(), "llm_tokens_input_total", kGpt), 150.0);
  EXPECT_EQ(number(published.store(), "llm_requests_active", {{"provider", "openai"}}), 0.0);
  EXPECT_EQ(histogram(published.store(), "llm_request_duration_seconds", kGpt).sum, 1.52);
}

TEST_P(Booking, AnErrorTypeOutsideTheEnumerationIsOther) {
  const auto outside = static_cast<ErrorType>(200);
  RequestScope scope = core::MonitoringCore::begin_request(wrapped.core, "openai", "gpt-4");
  scope.attempt(outside);
  scope.fail(outside);
  wrapped.core->record_error("openai", "gpt-4", outside);
  MonitoringEvent event = MonitoringEvent::request_failed("openai", "gpt-4", "r1", outside);
  auto& payload = std::get<RequestPayload>(event.payload);
  payload.attempts = 2;
  payload.attempt_errors = {{outside, 1}};
  published.bus().publish(std::move(event));

  const Metric::Labels labels{kGpt[0], kGpt[1], {"error_type", "other"}};
  EXPECT_EQ(number(wrapped.store(), "llm_errors_total", labels), 2.0);
  EXPECT_EQ(number(published.store(), "llm_errors_total", labels), 1.0);
}

TEST_P(Booking, AFailedCallIsTheSameByScopeAndByEvent) {
  RequestScope scope = core::MonitoringCore::begin_request(wrapped.core, "openai", "gpt-4");
  published.bus().publish(MonitoringEvent::request_started("openai", "gpt-4", "r1"));
  wrapped.advance(2s);
  scope.fail(ErrorType::RateLimit, "slow down");
  published.bus().publish(MonitoringEvent::request_failed("openai", "gpt-4", "r1",
                                                          ErrorType::RateLimit, "slow down", 2.0));

  EXPECT_EQ(render_text(wrapped.store()), render_text(published.store()));
  Metric::Labels labels = kGpt;
  labels.emplace_back("error_type", "rate_limit");
  EXPECT_EQ(number(published.store(), "llm_errors_total", labels), 1.0);
}

TEST_P(Booking, ACancelledCallIsTheSameByScopeAndByEvent) {
  {
    const RequestScope scope = core::MonitoringCore::begin_request(wrapped.core, "openai", "gpt-4");
    wrapped.advance(2s);
  }
  published.bus().publish(MonitoringEvent::request_started("openai", "gpt-4", "r1"));
  published.bus().publish(
      MonitoringEvent::request_failed("openai", "gpt-4", "r1", ErrorType::Cancelled, "", 2.0));

  EXPECT_EQ(render_text(wrapped.store()), render_text(published.store()));
  Metric::Labels labels = kGpt;
  labels.emplace_back("status", "cancelled");
  EXPECT_EQ(number(published.store(), "llm_requests_total", labels), 1.0);
}

TEST_P(Booking, ACallWithoutUsageAndPriceIsTheSameByScopeAndByEvent) {
  core::MonitoringCore::begin_request(wrapped.core, "openai", "gpt-4").finish();
  published.bus().publish(MonitoringEvent::request_completed("openai", "gpt-4", "", 0.0));

  EXPECT_EQ(render_text(wrapped.store()), render_text(published.store()));
  EXPECT_EQ(number(published.store(), "llm_usage_missing_total", kGpt), 1.0);
}

TEST_P(Booking, ACallWithoutAModelIsTheSameByScopeAndByEvent) {
  core::MonitoringCore::begin_request(wrapped.core, "openai", "").finish();
  published.bus().publish(MonitoringEvent::request_completed("openai", "", "", 0.0));

  EXPECT_EQ(render_text(wrapped.store()), render_text(published.store()));
  EXPECT_EQ(number(published.store(), "llm_usage_missing_total",
                   {{"provider", "openai"}, {"model", "unknown"}}),
            1.0);
}

INSTANTIATE_TEST_SUITE_P(Detailed, Booking, ::testing::Bool());

TEST(BookedEvents, AnEndWithoutAStartLeavesTheActiveCountAtZero) {
  const CoreStage stage;
  stage.succeed("openai", "gpt-4", 1.0);
  stage.fail("openai", "gpt-4");

  EXPECT_EQ(number(stage.store(), "llm_requests_active", {{"provider", "openai"}}), 0.0);
}

TEST(BookedEvents, UnbelievableNumbersAreRefusedAndCountedAndTheCallStillCounts) {
  const CoreStage stage;
  stage.succeed("openai", "gpt-4", -1.0);
  stage.succeed("openai", "gpt-4", 1.0, TokenUsage{~std::uint64_t{0}, 1});
  stage.succeed("openai", "gpt-4", 1.0, TokenUsage{1, 1}, -0.5);

  EXPECT_EQ(stage.store().rejected(), 3u);
  EXPECT_EQ(stage.collector().totals().successful_requests, 3u);
  EXPECT_EQ(stage.collector().totals().total_input_tokens, 1u);
  EXPECT_EQ(stage.collector().totals().total_cost_nano_usd, std::nullopt);
}

TEST(BookedEvents, EachNumberThatCannotBeIsRefusedAndCountedAndAbsentForListeners) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {std::nan(""), inf, -inf, -1.0}) {
    const CoreStage stage;
    EventReceiver receiver = stage.bus().subscribe();
    RequestPayload payload;
    payload.provider = "p";
    payload.model = "m";
    payload.latency = payload.cost = payload.time_to_first_token = payload.time_per_output_token =
        payload.queue_time = bad;
    stage.bus().publish(MonitoringEvent(EventType::RequestCompleted, payload));

    EXPECT_EQ(stage.store().rejected(), 5u) << bad;
    const CallTotals totals = stage.collector().totals();
    EXPECT_EQ(totals.successful_requests, 1u);
    EXPECT_EQ(totals.latency_missing_requests, 1u);
    EXPECT_EQ(totals.unpriced_requests, 1u);
    EXPECT_EQ(totals.usage_missing_requests, 1u);
    EXPECT_EQ(totals.total_cost, std::nullopt);
    const auto events = CoreStage::drain(receiver);
    const RequestPayload& told = *events.at(0).request_payload();
    for (const auto& field : {told.latency, told.cost, told.time_to_first_token,
                              told.time_per_output_token, told.queue_time})
      EXPECT_EQ(field, std::nullopt);
  }
}

TEST(BookedEvents, ImpossibleNumbersOfOtherEventsAreCountedAndAbsentToo) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {std::nan(""), inf, -inf}) {
    const CoreStage stage;
    EventReceiver receiver = stage.bus().subscribe();
    BenchmarkPayload benchmark;
    benchmark.benchmark_id = "b";
    benchmark.total_examples = 4;
    benchmark.completed_examples = 1;
    benchmark.progress_percent = bad;
    benchmark.eta_seconds = bad;
    stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, benchmark));
    EvaluationPayload evaluation;
    evaluation.score = bad;
    stage.bus().publish(MonitoringEvent(EventType::EvaluationCompleted, evaluation));
    ProviderPayload provider;
    provider.avg_latency_ms = bad;
    stage.bus().publish(MonitoringEvent(EventType::ProviderStatus, provider));

    EXPECT_EQ(stage.store().rejected(), 4u) << bad;
    const auto events = CoreStage::drain(receiver);
    EXPECT_EQ(events.at(0).benchmark()->progress_percent, 25.0) << "one of four";
    EXPECT_EQ(events.at(0).benchmark()->eta_seconds, std::nullopt);
    EXPECT_EQ(events.at(1).evaluation()->score, std::nullopt);
    EXPECT_EQ(events.at(2).provider()->avg_latency_ms, std::nullopt);
  }
}

TEST(BookedEvents, AttemptsAreCountedAllAndByTheirErrors) {
  const CoreStage stage;
  RequestPayload payload;
  payload.provider = "p";
  payload.model = "m";
  payload.attempts = 150;
  payload.attempt_errors = {{ErrorType::RateLimit, 100}, {ErrorType::Network, 9}};
  stage.bus().publish(MonitoringEvent(EventType::RequestCompleted, payload));
  const auto attempts = [&](const char* type) {
    return number(stage.store(), "llm_attempts_total",
                  {{"provider", "p"}, {"model", "m"}, {"outcome", "error"}, {"error_type", type}});
  };

  EXPECT_EQ(attempts("rate_limit"), 100.0);
  EXPECT_EQ(attempts("network"), 9.0);
  EXPECT_EQ(attempts("other"), 40.0) << "149 failed, 109 of which are told";
  EXPECT_EQ(event_from_json(to_json(MonitoringEvent(EventType::RequestCompleted, payload))),
            MonitoringEvent(EventType::RequestCompleted, payload));
}

TEST(BookedEvents, AveragesAreOverTheCallsThatToldALatency) {
  const CoreStage stage;
  stage.succeed("p", "m", 2.0);
  RequestPayload without;
  without.provider = "p";
  without.model = "m";
  for (int i = 0; i < 2; ++i)
    stage.bus().publish(MonitoringEvent(EventType::RequestCompleted, without));

  const HistorySeries series =
      stage.collector().history({.metric = "latency_avg", .window = std::chrono::seconds{1}});
  EXPECT_EQ(series.points.back().value, 2.0);
  EXPECT_EQ(stage.collector().totals().avg_latency, 2.0);
  EXPECT_EQ(stage.collector().totals().latency_missing_requests, 2u);
}

TEST(BookedEvents, TokensAndCostOfFailedCallsAreUnknownUntilACallReportsSome) {
  const CoreStage stage;
  EXPECT_EQ(stage.collector().totals().total_cost, 0.0) << "no call ended";
  core::MonitoringCore::begin_request(stage.core, "p", "m").fail(ErrorType::Timeout);
  core::MonitoringCore::begin_request(stage.core, "p", "m").cancel();
  EXPECT_EQ(stage.collector().totals().total_output_tokens, std::nullopt);
  EXPECT_EQ(stage.collector().totals().total_cost, std::nullopt);

  core::MonitoringCore::begin_request(stage.core, "p", "m")
      .finish({.input_tokens = 5, .output_tokens = 3}, 0.25);
  EXPECT_EQ(stage.collector().totals().total_output_tokens, 3u);
  EXPECT_EQ(stage.collector().totals().total_cost, 0.25);
}

TEST(BookedEvents, APriceGoesByTheWholeNameHoweverShortALabelMayBe) {
  PriceTable prices;
  const std::string model = "a-model-with-a-long-name-v2";
  prices.add({.provider = "openai", .model = model, .input = 1.0, .output = 1.0});
  const CoreStage stage(MonitoringConfig{}.with_price_table(prices).with_max_label_bytes(16));
  const TokenUsage usage{.input_tokens = 1'000'000, .output_tokens = 2'000'000};
  core::MonitoringCore::begin_request(stage.core, "openai", model).finish(usage);
  stage.succeed("openai", model, 1.0, usage);

  EXPECT_EQ(stage.collector().totals().total_cost, 6.0);
  EXPECT_EQ(stage.collector().totals().unpriced_requests, 0u);
}

TEST(BookedEvents, AProviderWhoseAnswersAreMostlyRetriedLimitsIsRateLimited) {
  const CoreStage stage;
  for (int i = 0; i < 50; ++i) {
    RequestScope scope = core::MonitoringCore::begin_request(stage.core, "p", "m");
    scope.attempt(ErrorType::RateLimit);
    scope.attempt(ErrorType::RateLimit);
    scope.finish();
  }
  stage.tick();

  EXPECT_EQ(stage.collector().provider_stats("p")->status, ProviderHealth::RateLimited);
  EXPECT_EQ(stage.collector().totals().error_rate, 0.0);
}

TEST(BookedEvents, StreamTimesOfAPayloadGoIntoTheHistograms) {
  const CoreStage stage;
  RequestPayload payload;
  payload.provider = "openai";
  payload.model = "gpt-4";
  payload.latency = 2.0;
  payload.time_to_first_token = 0.5;
  payload.time_per_output_token = 0.02;
  payload.queue_time = 0.25;
  payload.finish_reason = "max_tokens";
  stage.bus().publish(MonitoringEvent(EventType::RequestCompleted, payload));

  EXPECT_EQ(histogram(stage.store(), "llm_time_to_first_token_seconds", kGpt).sum, 0.5);
  EXPECT_EQ(histogram(stage.store(), "llm_time_per_output_token_seconds", kGpt).sum, 0.02);
  EXPECT_EQ(histogram(stage.store(), "llm_output_tokens_per_second", kGpt).sum, 50.0);
  EXPECT_EQ(histogram(stage.store(), "llm_queue_seconds", kGpt).sum, 0.25);
  Metric::Labels labels = kGpt;
  labels.emplace_back("reason", "length");
  EXPECT_EQ(number(stage.store(), "llm_finish_reasons_total", labels), 1.0);
}

TEST(BookedEvents, AnEvaluationTakesTheTimeFromItsStart) {
  const CoreStage stage;
  stage.bus().publish(MonitoringEvent::evaluation_started("e1", "faithfulness", "openai", "gpt-4"));
  stage.advance(1500ms);
  stage.bus().publish(
      MonitoringEvent::evaluation_completed("e1", "faithfulness", "openai", "gpt-4", 0.92));
  stage.bus().publish(
      MonitoringEvent::evaluation_completed("e2", "faithfulness", "openai", "gpt-4", 0.5));
  stage.bus().publish(
      MonitoringEvent::evaluation_completed("e1", "faithfulness", "openai", "gpt-4", 0.6));

  Metric::Labels labels = kGpt;
  labels.emplace_back("metric", "faithfulness");
  EXPECT_EQ(number(stage.store(), "llm_evaluation_score", labels), 0.6);
  EXPECT_EQ(number(stage.store(), "llm_evaluations_total", labels), 3.0);
  const HistogramValue duration =
      histogram(stage.store(), "llm_evaluation_duration_seconds", labels);
  EXPECT_EQ(duration.count, 1u) << "only one of them had a start";
  EXPECT_EQ(duration.sum, 1.5);
}

TEST(BookedEvents, EvaluationsOfOneIdAreToldApartByMetricProviderAndModel) {
  const CoreStage stage;
  struct Evaluation {
    const char* metric;
    const char* provider;
    const char* model;
  };
  const Evaluation all[] = {{"faithfulness", "openai", "gpt-4"},
                            {"relevancy", "openai", "gpt-4"},
                            {"relevancy", "azure", "gpt-4"},
                            {"relevancy", "azure", "gpt-5"}};
  for (const Evaluation& one : all) {
    stage.bus().publish(
        MonitoringEvent::evaluation_started("example_1", one.metric, one.provider, one.model));
    stage.advance(100ms);
  }
  double tenths = 4;  // all end at the same time; each started 0.1 s after the one before
  for (const Evaluation& one : all) {
    stage.bus().publish(MonitoringEvent::evaluation_completed("example_1", one.metric, one.provider,
                                                              one.model, 1.0));
    const HistogramValue took =
        histogram(stage.store(), "llm_evaluation_duration_seconds",
                  {{"provider", one.provider}, {"model", one.model}, {"metric", one.metric}});
    EXPECT_EQ(took.count, 1u);
    EXPECT_DOUBLE_EQ(took.sum, tenths / 10) << one.metric << one.provider << one.model;
    --tenths;
  }
}

TEST(BookedEvents, AnEvaluationStartedAgainCountsFromItsLastStart) {
  const CoreStage stage;
  const auto start = [&] {
    stage.bus().publish(MonitoringEvent::evaluation_started("e1", "m", "openai", "gpt-4"));
  };
  start();
  stage.advance(5s);
  start();
  stage.advance(1s);
  stage.bus().publish(MonitoringEvent::evaluation_completed("e1", "m", "openai", "gpt-4", 1.0));
  stage.bus().publish(MonitoringEvent::evaluation_completed("e1", "m", "openai", "gpt-4", 1.0));

  const HistogramValue took =
      histogram(stage.store(), "llm_evaluation_duration_seconds",
                {{"provider", "openai"}, {"model", "gpt-4"}, {"metric", "m"}});
  EXPECT_EQ(took.count, 1u) << "the second end has no start";
  EXPECT_EQ(took.sum, 1.0);
}

TEST(BookedEvents, EvaluationsThatNeverEndAreBounded) {
  const CoreStage stage;
  for (int i = 0; i < 10'001; ++i)
    stage.bus().publish(
        MonitoringEvent::evaluation_started("e" + std::to_string(i), "m", "openai", "gpt-4"));
  // The oldest made room for the last.
  stage.bus().publish(MonitoringEvent::evaluation_completed("e0", "m", "openai", "gpt-4", 1));
  stage.bus().publish(MonitoringEvent::evaluation_completed("e10000", "m", "openai", "gpt-4", 1));

  Metric::Labels labels = kGpt;
  labels.emplace_back("metric", "m");
  EXPECT_EQ(histogram(stage.store(), "llm_evaluation_duration_seconds", labels).count, 1u);
  EXPECT_EQ(number(stage.store(), "llm_evaluations_total", labels), 2.0);
}

TEST(BookedEvents, ARefusedMetricIsLoggedWithItsReasonAndStillReachesTheListeners) {
  std::ostringstream text;
  const CoreStage stage(MonitoringConfig{}.with_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text))));
  EventReceiver receiver = stage.bus().subscribe();

  stage.bus().publish(
      MonitoringEvent::metric_recorded(Metric("jobs_total", MetricType::Counter, Counter{-1})));

  EXPECT_NE(text.str().find("metrics: refused metric \"jobs_total\": counter increment -1"),
            std::string::npos);
  EXPECT_EQ(stage.store().rejected(), 1u);
  EXPECT_EQ(CoreStage::drain(receiver).size(), 1u);
}

TEST(BookedEvents, AlertsMoveNoMetric) {
  const CoreStage stage;
  const std::string before = render_text(stage.store());
  stage.bus().publish(MonitoringEvent::alert(AlertSeverity::Critical, "t", "m", "openai"));

  EXPECT_EQ(render_text(stage.store()), before);
}

}  // namespace
}  // namespace ltb
