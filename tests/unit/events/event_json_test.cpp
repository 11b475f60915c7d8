// Events as JSON: exact bytes, round trips, hostile text, and what the decoder refuses.
#include "events/event_json.hpp"
#include "events/event_id.hpp"
#include "support/json_writer.hpp"
#include "support/timestamp.hpp"

#include <ltb/event.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace ltb {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// 2025-01-15T10:30:00.123Z
constexpr system_clock::time_point kGuideTime{milliseconds{1736937000123}};

MonitoringEvent stamped(MonitoringEvent event, std::uint64_t id = 123) {
  event.id = id;
  event.timestamp = kGuideTime;
  return event;
}

TEST(EventJson, TheGuidesRequestIsWrittenByteForByte) {
  const auto event = stamped(MonitoringEvent::request_completed(
      "openai", "gpt-4", "req_456", 1.52, TokenUsage{.input_tokens = 150, .output_tokens = 75},
      0.0135));

  EXPECT_EQ(
      to_json(event),
      R"({"event_type":"RequestCompleted","timestamp":"2025-01-15T10:30:00.123Z","id":"evt_123",)"
      R"("payload":{"type":"Request","data":{"provider":"openai","model":"gpt-4","request_id":"req_456","latency":1.52,)"
      R"("tokens":{"input_tokens":150,"output_tokens":75,"total_tokens":225},"cost":0.0135}}})");
}

TEST(EventJson, TheGuidesBenchmarkProgressIsWrittenByteForByte) {
  auto event = stamped(MonitoringEvent::benchmark_progress("bench_123", "MMLU", 456, 1000));
  auto& data = std::get<BenchmarkPayload>(event.payload);
  data.current_provider = "openai";
  data.eta_seconds = 120.5;

  EXPECT_EQ(
      to_json(event),
      R"({"event_type":"BenchmarkProgress","timestamp":"2025-01-15T10:30:00.123Z","id":"evt_123",)"
      R"("payload":{"type":"Benchmark","data":{"benchmark_id":"bench_123","name":"MMLU","total_examples":1000,)"
      R"("completed_examples":456,"progress_percent":45.6,"current_provider":"openai","eta_seconds":120.5}}})");
}

TEST(EventJson, AHistogramMetricHasTheDocumentedShape) {
  Metric metric(
      "llm_request_duration_seconds", MetricType::Histogram,
      HistogramValue{.buckets = {{.le = 0.5, .count = 45}, {.le = kInfinity, .count = 234}},
                     .count = 234,
                     .sum = 456.7});
  metric.with_label("provider", "openai").with_help("How long");
  metric.set_timestamp(kGuideTime);

  EXPECT_EQ(
      to_json(stamped(MonitoringEvent::metric_recorded(metric), 7)),
      R"({"event_type":"MetricRecorded","timestamp":"2025-01-15T10:30:00.123Z","id":"evt_7",)"
      R"("payload":{"type":"Metric","data":{"metric":{"name":"llm_request_duration_seconds","metric_type":"histogram",)"
      R"("value":{"buckets":[{"le":0.5,"count":45}],"count":234,"sum":456.7},"labels":{"provider":"openai"},)"
      R"("timestamp":"2025-01-15T10:30:00.123Z","help":"How long"}}}})");
}

MonitoringEvent full_request(EventType type) {
  RequestPayload data;
  data.provider = "openai";
  data.model = "gpt-4";
  data.request_id = "req_1";
  data.latency = 0.1;
  data.tokens = TokenUsage{1, 2, 3, 4};
  data.cost = 1e-9;
  data.error = "no \"luck\"\n";
  data.error_type = ErrorType::ContentFilter;
  data.error_code = "content_policy";
  data.time_to_first_token = 0.25;
  data.time_per_output_token = 1.0 / 3.0;
  data.streamed = true;
  data.finish_reason = "stop";
  data.attempts = 4294967295u;
  data.queue_time = 0.125;
  return {type, data};
}

MonitoringEvent full_benchmark(EventType type) {
  BenchmarkPayload data;
  data.benchmark_id = "b";
  data.name = "MMLU";
  data.total_examples = std::numeric_limits<std::uint64_t>::max();
  data.completed_examples = 1;
  data.progress_percent = 33.333333333333336;
  data.failed_examples = 5;
  data.current_provider = "p";
  data.eta_seconds = 1e300;
  return {type, data};
}

Metric full_metric(MetricType type, MetricValue value) {
  Metric metric("a:b_1", type, std::move(value));
  metric.with_label("provider", "\xE6\xBC\xA2\\\"\x01").with_label("x", "").with_help("help");
  metric.set_timestamp(kGuideTime);
  return metric;
}

std::vector<MonitoringEvent> one_of_each() {
  using enum EventType;
  std::vector<MonitoringEvent> all;
  for (const EventType type : {RequestStarted, RequestCompleted, RequestFailed}) {
    all.push_back(full_request(type));
  }
  for (const EventType type : {BenchmarkStarted, BenchmarkProgress, BenchmarkCompleted}) {
    all.push_back(full_benchmark(type));
  }
  all.push_back(MonitoringEvent::evaluation_started("e", "faithfulness", "openai", "gpt-4"));
  all.push_back(MonitoringEvent::evaluation_completed("e", "f", "openai", "gpt-4", -0.0, "d"));
  ProviderPayload provider;
  provider.provider = "openai";
  provider.status = ProviderHealth::RateLimited;
  provider.message = "429s";
  provider.active_requests = 3;
  provider.avg_latency_ms = 12.5;
  all.emplace_back(ProviderStatus, provider);
  for (const Metric& metric :
       {full_metric(MetricType::Counter, Counter{1e20}), full_metric(MetricType::Gauge, Gauge{-5}),
        full_metric(MetricType::Histogram,
                    HistogramValue{.buckets = {{0.5, 45}, {1.0, 123}}, .count = 234, .sum = 456.7}),
        full_metric(MetricType::Summary,
                    SummaryValue{.quantiles = {{0.5, 1.2}, {0.99, 7}}, .count = 9, .sum = 1})}) {
    all.push_back(MonitoringEvent::metric_recorded(metric));
  }
  all.push_back(MonitoringEvent::alert(AlertSeverity::Critical, "t", "m", "p"));
  all.push_back(MonitoringEvent::request("p", "m"));  // everything optional absent
  for (auto& event : all) event = stamped(std::move(event));
  return all;
}

TEST(EventJson, EveryTypeIsReadBackAsItWas) {
  std::vector<bool> seen(kEventTypeCount, false);
  for (const MonitoringEvent& event : one_of_each()) {
    const std::string json = to_json(event);
    EXPECT_EQ(event_from_json(json), event) << json;
    seen[static_cast<std::size_t>(event.event_type)] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 11);
}

TEST(EventJson, AnIndependentParserReadsTheSameValues) {
  const auto json = nlohmann::json::parse(to_json(stamped(full_request(EventType::RequestFailed))));
  const auto& data = json.at("payload").at("data");

  EXPECT_EQ(json.at("id"), "evt_123");
  EXPECT_EQ(data.at("error"), "no \"luck\"\n");
  EXPECT_EQ(data.at("error_type"), "content_filter");
  EXPECT_EQ(data.at("tokens").at("total_tokens"), 3);
  EXPECT_EQ(data.at("tokens").at("reasoning_tokens"), 4);
  EXPECT_EQ(data.at("time_per_output_token").get<double>(), 1.0 / 3.0);
  EXPECT_EQ(data.at("streamed"), true);
  EXPECT_EQ(data.at("attempts"), 4294967295u);
}

TEST(EventJson, WhatIsNotKnownIsAbsent) {
  const auto json = nlohmann::json::parse(to_json(stamped(MonitoringEvent::request("p", "m"))));

  EXPECT_EQ(json.at("payload").at("data").size(), 3u);
}

TEST(EventJson, HostileTextStaysTextForAnIndependentParser) {
  std::string every_byte;
  for (int byte = 0; byte < 128; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& text : {every_byte, std::string("</script><img src=x onerror=alert(1)>"),
                                  std::string("\xF0\x9F\x98\x80 \xE2\x80\xA8"),
                                  std::string("\"}],\"x\":{"), std::string(100000, '\\')}) {
    const auto event = stamped(MonitoringEvent::alert(AlertSeverity::Info, text, text));
    const std::string json = to_json(event);
    EXPECT_EQ(json.find('\n'), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(json).at("payload").at("data").at("title"), text);
    EXPECT_EQ(event_from_json(json), event);
  }
}

TEST(EventJson, TextAndNumbersSetBehindTheConstructorsBackStayValid) {
  auto event = stamped(MonitoringEvent::benchmark_progress("b", "n", 1, 2));
  auto& data = std::get<BenchmarkPayload>(event.payload);
  data.name = "a\xFF\nb";
  data.progress_percent = kNan;
  data.eta_seconds = -kInfinity;

  const auto json = nlohmann::json::parse(to_json(event));

  EXPECT_EQ(json.at("payload").at("data").at("name"), "a\xEF\xBF\xBD\nb");
  EXPECT_EQ(json.at("payload").at("data").at("progress_percent"), 0);
  EXPECT_FALSE(json.at("payload").at("data").contains("eta_seconds"));
}

TEST(EventJson, AMetricThatIsNotFiniteHasNoValueAndIsReadBackAsNaN) {
  const std::string json = to_json(
      stamped(MonitoringEvent::metric_recorded(Metric("g", MetricType::Gauge, Gauge{kInfinity}))));

  EXPECT_FALSE(nlohmann::json::parse(json).at("payload").at("data").at("metric").contains("value"));
  EXPECT_TRUE(std::isnan(std::get<Gauge>(event_from_json(json).metric()->metric.value()).value));
}

std::string refusal_of(const std::string& json) {
  try {
    (void)event_from_json(json);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(EventDecoder, TheGuidesExamplesAreRead) {
  // Without an id and without milliseconds, as the guide prints them.
  const auto event =
      event_from_json(R"({"event_type": "BenchmarkProgress", "timestamp": "2025-01-15T10:30:00Z",
    "payload": {"type": "Benchmark", "data": {"benchmark_id": "bench_123", "name": "MMLU", "total_examples": 1000,
    "completed_examples": 456, "progress_percent": 45.6, "current_provider": "openai", "eta_seconds": 120.5,
    "of_a_later_version": [1, {}]}}})");

  EXPECT_EQ(event.id, 0u);
  EXPECT_EQ(event.timestamp, system_clock::time_point{milliseconds{1736937000000}});
  EXPECT_EQ(event.benchmark()->eta_seconds, 120.5);
}

TEST(EventDecoder, NamesTheFieldItsValueAndWhatWasExpected) {
  const auto with_data = [](const std::string& data) {
    return R"({"event_type":"RequestStarted","payload":{"type":"Request","data":)" + data + "}}";
  };
  EXPECT_EQ(refusal_of(R"({"event_type":"Nope","payload":{}})"),
            "event JSON: field \"event_type\" is \"Nope\": expected one of the eleven event "
            "types, for example \"RequestCompleted\"");
  EXPECT_EQ(refusal_of(R"({"payload":{}})"),
            "event JSON: field \"event_type\" is absent: expected one of the eleven event types, "
            "for example \"RequestCompleted\"");
  EXPECT_EQ(refusal_of("[]"), "event JSON: field \"(all)\" is []: expected an object");
  EXPECT_EQ(refusal_of(with_data(R"({"provider":1})")),
            "event JSON: field \"payload.data.provider\" is 1: expected a text");
  EXPECT_EQ(refusal_of(with_data(R"({"provider":"a"})")),
            "event JSON: field \"payload.data.model\" is absent: expected a text");
  EXPECT_EQ(refusal_of(with_data(
                R"({"provider":"a","model":"b","request_id":"c","tokens":{"input_tokens":-1}})")),
            "event JSON: field \"payload.data.tokens.input_tokens\" is -1: expected a whole "
            "number, 0 or more");
  EXPECT_THAT(refusal_of(R"({"event_type":"SystemAlert","payload":{"type":"Request","data":{}}})"),
              HasSubstr("field \"payload.type\" is \"Request\": expected \"Alert\""));
  EXPECT_THAT(refusal_of(R"({"event_type":"ProviderStatus","payload":{"type":"Provider",
                "data":{"provider":"a","status":"down","active_requests":0}}})"),
              HasSubstr("\"payload.data.status\" is \"down\""));
  EXPECT_THAT(refusal_of(R"({"event_type":"MetricRecorded","payload":{"type":"Metric",
                "data":{"metric":{"name":"9","metric_type":"gauge","value":1}}}})"),
              HasSubstr("metric name \"9\""));
}

TEST(EventDecoder, RefusesWhatIsNoJson) {
  for (const std::string& text :
       {std::string(), std::string("nope"), std::string("{\"event_type\":"),
        std::string("{\"event_type\":\"\xFF\"}"), std::string(100000, '['),
        std::string(R"({"event_type":"SystemAlert","payload":{"type":"Alert","data":1e999}})")}) {
    EXPECT_THAT(refusal_of(text), HasSubstr("event JSON: ")) << text.substr(0, 50);
  }
}

TEST(EventDecoder, DeepNestingIsRefusedNotFollowed) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');

  EXPECT_EQ(refusal_of("{\"event_type\":" + deep + "}"),
            "event JSON: JSON nests deeper than 64 levels: expected one JSON object");
}

TEST(EventDecoder, RefusesBadIdsAndTimes) {
  const auto with = [](const std::string& field) {
    return R"({"event_type":"SystemAlert",)" + field +
           R"(,"payload":{"type":"Alert","data":{"severity":"info","title":"","message":""}}})";
  };
  EXPECT_EQ(refusal_of(with(R"("id":"evt_1")")), "accepted");
  for (const char* id : {R"("id":"evt_")", R"("id":"evt_-1")", R"("id":"evt_1x")", R"("id":1)",
                         R"("id":"EVT_1")", R"("id":"evt_18446744073709551616")"}) {
    EXPECT_THAT(refusal_of(with(id)), HasSubstr("field \"id\" is ")) << id;
  }
  EXPECT_THAT(refusal_of(with(R"("timestamp":12)")), HasSubstr("field \"timestamp\" is 12"));
}

TEST(Timestamp, IsRfc3339InUtcWithMilliseconds) {
  using support::timestamp_text;
  EXPECT_EQ(timestamp_text(kGuideTime), "2025-01-15T10:30:00.123Z");
  EXPECT_EQ(timestamp_text({}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp_text(system_clock::time_point{milliseconds{-1}}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(timestamp_text(system_clock::time_point{milliseconds{1709210096789}}),
            "2024-02-29T12:34:56.789Z");
}

TEST(Timestamp, TimesThatCannotBeReadBackAreWrittenAsTheNearestThatCan) {
  using support::timestamp_text;
  EXPECT_EQ(timestamp_text(system_clock::time_point::min()), "1700-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp_text(system_clock::time_point::max()), "2260-12-31T23:59:59.999Z");
  EXPECT_EQ(timestamp_text(*support::parse_timestamp("2260-12-31T23:59:60Z")),
            "2260-12-31T23:59:59.999Z");
}

TEST(Timestamp, OffsetsFractionsAndLeapSecondsAreRead) {
  using support::parse_timestamp;
  const auto at = [](std::int64_t ms) { return system_clock::time_point{milliseconds{ms}}; };
  EXPECT_EQ(parse_timestamp("2025-01-15T10:30:00Z"), at(1736937000000));
  EXPECT_EQ(parse_timestamp("2025-01-15t10:30:00.5z"), at(1736937000500));
  EXPECT_EQ(parse_timestamp("2025-01-15T12:30:00+02:00"), at(1736937000000));
  EXPECT_EQ(parse_timestamp("2025-01-15T05:00:00-05:30"), at(1736937000000));
  EXPECT_EQ(parse_timestamp("2016-12-31T23:59:60Z"), at(1483228800000));
  for (const char* bad :
       {"", "2025", "2025-02-30T00:00:00Z", "2025-01-15T24:00:00Z", "2025-01-15T10:30:00",
        "2025-01-15T10:30:00.Z", "2025-01-15T10:30:00Zx", "2025-01-15T10:60:00Z",
        "1600-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2025-01-15T10:30:00+24:00",
        "2025-01-15T10:30:00.1234567891Z", "+025-01-15T10:30:00Z"}) {
    EXPECT_EQ(parse_timestamp(bad), std::nullopt) << bad;
  }
}

TEST(JsonWriter, PutsCommasBetweenValuesOnly) {
  std::string out;
  support::JsonWriter json(out);
  json.begin_array();
  json.begin_object();
  json.end_object();
  json.begin_object();
  json.field("a", 1);
  json.field("b", std::optional<double>{});
  json.field("c", kNan);
  json.field("d", true);
  json.key("e");
  json.begin_array();
  json.value(kNan);
  json.value(-0.5);
  json.value(1700000000.0);
  json.value(1e22);
  json.value(0.1 + 0.2);
  json.end_array();
  json.end_object();
  json.raw("{}");
  json.end_array();

  EXPECT_EQ(out,
            R"([{},{"a":1,"d":true,"e":[null,-0.5,1700000000,1e+22,0.30000000000000004]},{}])");
}

}  // namespace
}  // namespace ltb
