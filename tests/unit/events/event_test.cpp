// Event names, factories and the hygiene of what enters.
#include <ltb/event.hpp>
#include <ltb/event_bus.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ltb {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(EventNames, TheElevenTypesAreTheGuides) {
  const std::vector<std::string> guide = {
      "RequestStarted",    "RequestCompleted",   "RequestFailed",     "BenchmarkStarted",
      "BenchmarkProgress", "BenchmarkCompleted", "EvaluationStarted", "EvaluationCompleted",
      "ProviderStatus",    "MetricRecorded",     "SystemAlert"};

  ASSERT_EQ(guide.size(), kEventTypeCount);
  for (std::size_t i = 0; i < guide.size(); ++i) {
    EXPECT_EQ(to_string(static_cast<EventType>(i)), guide[i]);
    EXPECT_EQ(parse_event_type(guide[i]), static_cast<EventType>(i));
  }
  EXPECT_EQ(parse_event_type("requestcompleted"), std::nullopt);
  EXPECT_EQ(parse_event_type(""), std::nullopt);
}

TEST(EventNames, HealthAndSeverityAreReadBack) {
  for (const ProviderHealth health : {ProviderHealth::Healthy, ProviderHealth::Degraded,
                                      ProviderHealth::Unavailable, ProviderHealth::RateLimited}) {
    EXPECT_EQ(parse_provider_health(to_string(health)), health);
  }
  for (const AlertSeverity severity : {AlertSeverity::Info, AlertSeverity::Warning,
                                       AlertSeverity::Error, AlertSeverity::Critical}) {
    EXPECT_EQ(parse_alert_severity(to_string(severity)), severity);
  }
  EXPECT_EQ(to_string(ProviderHealth::RateLimited), "rate_limited");
  EXPECT_EQ(to_string(AlertSeverity::Critical), "critical");
  EXPECT_EQ(parse_provider_health("down"), std::nullopt);
  EXPECT_EQ(parse_alert_severity("fatal"), std::nullopt);
}

TEST(EventFactory, ARequestGetsAnIdOfItsOwn) {
  const auto event = MonitoringEvent::request("openai", "gpt-4");

  EXPECT_EQ(event.event_type, EventType::RequestStarted);
  ASSERT_NE(event.request_payload(), nullptr);
  EXPECT_EQ(event.request_payload()->provider, "openai");
  EXPECT_EQ(event.request_payload()->model, "gpt-4");
  EXPECT_EQ(event.request_payload()->request_id.substr(0, 4), "req_");
  EXPECT_EQ(event.request_payload()->request_id.size(), 20u);
  EXPECT_EQ(event.id, 0u);
  EXPECT_EQ(event.timestamp, std::chrono::system_clock::time_point{});
}

TEST(EventFactory, RequestIdsAreUniqueAcrossThreads) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kIds = 5000;
  std::vector<std::vector<std::string>> made(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&made, t] {
      for (std::size_t i = 0; i < kIds; ++i) {
        made[t].push_back(MonitoringEvent::request("p", "m").request_payload()->request_id);
      }
    });
  }
  for (auto& thread : threads) thread.join();

  std::set<std::string> unique;
  for (const auto& ids : made) unique.insert(ids.begin(), ids.end());
  EXPECT_EQ(unique.size(), kThreads * kIds);
}

TEST(EventFactory, ACompletedRequestCarriesLatencyTokensAndCost) {
  const TokenUsage tokens{.input_tokens = 150, .output_tokens = 75};
  const auto event =
      MonitoringEvent::request_completed("openai", "gpt-4", "req_456", 1.52, tokens, 0.0135);

  EXPECT_EQ(event.event_type, EventType::RequestCompleted);
  RequestPayload expected;
  expected.provider = "openai";
  expected.model = "gpt-4";
  expected.request_id = "req_456";
  expected.latency = 1.52;
  expected.tokens = tokens;
  expected.cost = 0.0135;
  EXPECT_EQ(*event.request_payload(), expected);
}

TEST(EventFactory, AFailedRequestCarriesItsTypeAndMessage) {
  const auto event =
      MonitoringEvent::request_failed("openai", "gpt-4", "req_1", ErrorType::RateLimit, "429", 0.5);

  EXPECT_EQ(event.event_type, EventType::RequestFailed);
  EXPECT_EQ(event.request_payload()->error_type, ErrorType::RateLimit);
  EXPECT_EQ(event.request_payload()->error, "429");
  EXPECT_EQ(event.request_payload()->latency, 0.5);
  EXPECT_EQ(
      MonitoringEvent::request_failed("a", "b", "c", ErrorType::Other).request_payload()->error,
      std::nullopt);
}

TEST(EventFactory, NumbersThatAreNotFiniteAreNotInJson) {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    const auto request = MonitoringEvent::request_completed("a", "b", "c", bad, std::nullopt, bad);
    const MonitoringEvent read = event_from_json(to_json(request));
    EXPECT_EQ(read.request_payload()->latency, std::nullopt);
    EXPECT_EQ(read.request_payload()->cost, std::nullopt);
    const auto evaluation = MonitoringEvent::evaluation_completed("e", "m", "p", "x", bad);
    EXPECT_EQ(event_from_json(to_json(evaluation)).evaluation()->score, std::nullopt);
  }
}

TEST(EventFactory, InvalidUtf8BecomesReplacementCharacters) {
  const auto request = MonitoringEvent::request(
      "open\xFF"
      "ai",
      "gpt\xC3");
  EXPECT_EQ(request.request_payload()->provider,
            "open\xEF\xBF\xBD"
            "ai");
  EXPECT_EQ(request.request_payload()->model, "gpt\xEF\xBF\xBD");
  const auto alert = MonitoringEvent::alert(AlertSeverity::Info, "\xFF", "\xFE", "\xFD");
  EXPECT_EQ(alert.alert_payload()->title, "\xEF\xBF\xBD");
  EXPECT_EQ(alert.alert_payload()->message, "\xEF\xBF\xBD");
  EXPECT_EQ(alert.alert_payload()->provider, "\xEF\xBF\xBD");
}

TEST(EventFactory, BenchmarkProgressIsComputedAndClamped) {
  EXPECT_EQ(
      MonitoringEvent::benchmark_progress("b", "MMLU", 456, 1000).benchmark()->progress_percent,
      45.6);
  EXPECT_EQ(MonitoringEvent::benchmark_progress("b", "MMLU", 50, 100).benchmark()->progress_percent,
            50.0);
  EXPECT_EQ(MonitoringEvent::benchmark_progress("b", "MMLU", 3, 2).benchmark()->progress_percent,
            100.0);
  EXPECT_EQ(MonitoringEvent::benchmark_progress("b", "MMLU", 0, 0).benchmark()->progress_percent,
            0.0);
  EXPECT_EQ(MonitoringEvent::benchmark_started("b", "MMLU", 9).benchmark()->progress_percent, 0.0);
}

TEST(EventFactory, APayloadMadeByHandIsCleanedAndItsNumbersByTheBus) {
  BenchmarkPayload data;
  data.name = "\xFF";
  data.progress_percent = kNan;
  data.eta_seconds = kInfinity;
  const MonitoringEvent event(EventType::BenchmarkProgress, data);

  EXPECT_EQ(event.benchmark()->name, "\xEF\xBF\xBD");
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  bus.publish(event);
  data.progress_percent = 250;
  bus.publish(MonitoringEvent(EventType::BenchmarkProgress, data));
  const auto first = receiver.try_receive();
  EXPECT_EQ(first->event->benchmark()->progress_percent, 0.0);
  EXPECT_EQ(first->event->benchmark()->eta_seconds, std::nullopt);
  EXPECT_EQ(receiver.try_receive()->event->benchmark()->progress_percent, 100.0);
}

TEST(EventFactory, ACompletedBenchmarkIsAtItsEnd) {
  const auto event = MonitoringEvent::benchmark_completed("b", "MMLU", 1000);

  EXPECT_EQ(event.benchmark()->completed_examples, 1000u);
  EXPECT_EQ(event.benchmark()->progress_percent, 100.0);
  EXPECT_EQ(event.benchmark()->eta_seconds, 0.0);
}

TEST(EventFactory, ACompletedBenchmarkOfUnknownLengthHasNoPercentageAndEta) {
  const auto event = MonitoringEvent::benchmark_completed("b", "endless", 0);

  EXPECT_EQ(event.benchmark()->progress_percent, 0.0);
  EXPECT_EQ(event.benchmark()->eta_seconds, std::nullopt);
}

TEST(EventFactory, EvaluationsProvidersMetricsAndAlertsHaveTheirPayloads) {
  const auto started =
      MonitoringEvent::evaluation_started("eval_1", "faithfulness", "openai", "gpt-4");
  EXPECT_EQ(started.event_type, EventType::EvaluationStarted);
  EXPECT_EQ(started.evaluation()->score, std::nullopt);

  const auto scored = MonitoringEvent::evaluation_completed("eval_1", "faithfulness", "openai",
                                                            "gpt-4", 0.92, "why");
  EXPECT_EQ(scored.event_type, EventType::EvaluationCompleted);
  EXPECT_EQ(scored.evaluation()->score, 0.92);
  EXPECT_EQ(scored.evaluation()->details, "why");

  const auto status = MonitoringEvent::provider_status("openai", ProviderHealth::Degraded, "slow");
  EXPECT_EQ(status.event_type, EventType::ProviderStatus);
  EXPECT_EQ(status.provider()->status, ProviderHealth::Degraded);
  EXPECT_EQ(status.provider()->message, "slow");

  const Metric metric("queue_depth", MetricType::Gauge, Gauge{5});
  const auto recorded = MonitoringEvent::metric_recorded(metric);
  EXPECT_EQ(recorded.event_type, EventType::MetricRecorded);
  EXPECT_EQ(recorded.metric()->metric, metric);

  const auto alert = MonitoringEvent::alert(AlertSeverity::Warning, "title", "message");
  EXPECT_EQ(alert.event_type, EventType::SystemAlert);
  EXPECT_EQ(alert.alert_payload()->provider, std::nullopt);
  EXPECT_EQ(alert.request_payload(), nullptr);
}

TEST(EventFactory, ATypeWithThePayloadOfAnotherIsRefused) {
  EXPECT_THROW(MonitoringEvent(EventType::SystemAlert, RequestPayload{}), std::invalid_argument);
  EXPECT_THROW(MonitoringEvent(EventType::RequestStarted, AlertPayload{}), std::invalid_argument);
  EXPECT_NO_THROW(MonitoringEvent(EventType::ProviderStatus, ProviderPayload{}));
}

}  // namespace
}  // namespace ltb
