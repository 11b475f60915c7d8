// The decoder of events: reads what the encoder writes, and says which field is wrong otherwise.
#include "events/event_id.hpp"
#include "support/json_parse.hpp"
#include "support/timestamp.hpp"
#include "support/utf8.hpp"

#include <ltb/event.hpp>

#include <limits>
#include <stdexcept>

namespace ltb {
namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& field, const std::string& found,
                         const std::string& expected) {
  throw std::invalid_argument("event JSON: field \"" + field + "\" is " + found + ": expected " +
                              expected);
}

std::string shown(const Json& value) {
  if (value.is_string()) {
    return '"' + support::escape_for_log(value.get_ref<const std::string&>(), 80) + '"';
  }
  return support::escape_for_log(value.dump(-1, ' ', false, Json::error_handler_t::replace), 80);
}

// One JSON object, with the path to it for messages.
class Object {
 public:
  Object(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json_.is_object()) refuse(path_.empty() ? "(all)" : path_, shown(json_), "an object");
  }

  [[nodiscard]] std::string path_of(const char* name) const {
    return path_.empty() ? name : path_ + '.' + name;
  }

  // nullptr when absent; null is the same as absent.
  [[nodiscard]] const Json* find(const char* name) const {
    const auto at = json_.find(name);
    return at == json_.end() || at->is_null() ? nullptr : &*at;
  }

  [[nodiscard]] const Json& at(const char* name, const char* expected) const {
    const Json* value = find(name);
    if (value == nullptr) refuse(path_of(name), "absent", expected);
    return *value;
  }

  [[nodiscard]] Object object(const char* name) const {
    return Object(at(name, "an object"), path_of(name));
  }

  void read(const char* name, std::string& out) const { out = text(name, at(name, "a text")); }
  void read(const char* name, std::optional<std::string>& out) const {
    if (const Json* value = find(name)) out = text(name, *value);
  }
  void read(const char* name, std::uint64_t& out) const {
    out = count(name, at(name, "a whole number, 0 or more"));
  }
  void read(const char* name, std::optional<std::uint64_t>& out) const {
    if (const Json* value = find(name)) out = count(name, *value);
  }
  void read(const char* name, std::optional<std::uint32_t>& out) const {
    const Json* value = find(name);
    if (value == nullptr) return;
    const std::uint64_t number = count(name, *value);
    if (number > std::numeric_limits<std::uint32_t>::max()) {
      refuse(path_of(name), shown(*value), "a whole number up to 4294967295");
    }
    out = static_cast<std::uint32_t>(number);
  }
  void read(const char* name, double& out) const { out = number(name, at(name, "a number")); }
  void read(const char* name, std::optional<double>& out) const {
    if (const Json* value = find(name)) out = number(name, *value);
  }
  void read(const char* name, std::optional<bool>& out) const {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_boolean()) refuse(path_of(name), shown(*value), "true or false");
    out = value->get<bool>();
  }

  // A number that the encoder leaves out when it is not finite.
  [[nodiscard]] double number_or_nan(const char* name) const {
    const Json* value = find(name);
    return value != nullptr ? number(name, *value) : std::numeric_limits<double>::quiet_NaN();
  }

  template <typename Parse>
  [[nodiscard]] auto read_name(const char* name, Parse parse, const char* expected) const {
    const Json& value = at(name, expected);
    if (value.is_string()) {
      if (const auto parsed = parse(value.get_ref<const std::string&>())) return *parsed;
    }
    refuse(path_of(name), shown(value), expected);
  }

  [[nodiscard]] std::chrono::system_clock::time_point time(const char* name) const {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) {
      if (const auto time = support::parse_timestamp(value->get_ref<const std::string&>())) {
        return *time;
      }
    }
    refuse(path_of(name), shown(*value), "an RFC 3339 time, for example 2025-01-15T10:30:00.123Z");
  }

 private:
  [[nodiscard]] std::string text(const char* name, const Json& value) const {
    if (!value.is_string()) refuse(path_of(name), shown(value), "a text");
    return value.get<std::string>();
  }
  [[nodiscard]] std::uint64_t count(const char* name, const Json& value) const {
    if (!value.is_number_unsigned()) {
      refuse(path_of(name), shown(value), "a whole number, 0 or more");
    }
    return value.get<std::uint64_t>();
  }
  [[nodiscard]] double number(const char* name, const Json& value) const {
    if (!value.is_number()) refuse(path_of(name), shown(value), "a number");
    return value.get<double>();
  }

  const Json& json_;
  std::string path_;
};

RequestPayload request_from(const Object& data) {
  RequestPayload out;
  data.read("provider", out.provider);
  data.read("model", out.model);
  data.read("request_id", out.request_id);
  data.read("latency", out.latency);
  if (data.find("tokens") != nullptr) {
    const Object tokens = data.object("tokens");
    TokenUsage usage;
    tokens.read("input_tokens", usage.input_tokens);
    tokens.read("output_tokens", usage.output_tokens);
    tokens.read("cached_tokens", usage.cached_tokens);
    tokens.read("reasoning_tokens", usage.reasoning_tokens);
    tokens.read("cache_written_tokens", usage.cache_written_tokens);
    tokens.read("cache_written_1h_tokens", usage.cache_written_1h_tokens);
    out.tokens = usage;
  }
  data.read("cost", out.cost);
  data.read("error", out.error);
  if (data.find("error_type") != nullptr) {
    out.error_type = data.read_name("error_type", parse_error_type,
                                    "one of the error types, for example \"rate_limit\"");
  }
  data.read("error_code", out.error_code);
  data.read("time_to_first_token", out.time_to_first_token);
  data.read("time_per_output_token", out.time_per_output_token);
  data.read("streamed", out.streamed);
  data.read("finish_reason", out.finish_reason);
  data.read("attempts", out.attempts);
  if (data.find("attempt_errors") != nullptr) {
    const Object errors = data.object("attempt_errors");
    for (std::size_t i = 0; i < kErrorTypeCount; ++i) {
      const auto type = static_cast<ErrorType>(i);
      std::optional<std::uint32_t> count;
      errors.read(std::string(to_string(type)).c_str(), count);
      if (count) out.attempt_errors.emplace_back(type, *count);
    }
  }
  data.read("queue_time", out.queue_time);
  return out;
}

BenchmarkPayload benchmark_from(const Object& data) {
  BenchmarkPayload out;
  data.read("benchmark_id", out.benchmark_id);
  data.read("name", out.name);
  data.read("total_examples", out.total_examples);
  data.read("completed_examples", out.completed_examples);
  data.read("progress_percent", out.progress_percent);
  data.read("failed_examples", out.failed_examples);
  data.read("current_provider", out.current_provider);
  data.read("eta_seconds", out.eta_seconds);
  return out;
}

EvaluationPayload evaluation_from(const Object& data) {
  EvaluationPayload out;
  data.read("evaluation_id", out.evaluation_id);
  data.read("metric_name", out.metric_name);
  data.read("provider", out.provider);
  data.read("model", out.model);
  data.read("score", out.score);
  data.read("details", out.details);
  return out;
}

ProviderPayload provider_from(const Object& data) {
  ProviderPayload out;
  data.read("provider", out.provider);
  out.status = data.read_name("status", parse_provider_health,
                              "\"healthy\", \"degraded\", \"unavailable\" or \"rate_limited\"");
  data.read("message", out.message);
  data.read("active_requests", out.active_requests);
  data.read("avg_latency_ms", out.avg_latency_ms);
  return out;
}

const Json& array_at(const Object& object, const char* name) {
  const Json& value = object.at(name, "an array");
  if (!value.is_array()) refuse(object.path_of(name), shown(value), "an array");
  return value;
}

HistogramValue histogram_from(const Object& value) {
  HistogramValue out;
  for (const Json& item : array_at(value, "buckets")) {
    const Object bucket(item, value.path_of("buckets"));
    bucket.read("le", out.buckets.emplace_back().le);
    bucket.read("count", out.buckets.back().count);
  }
  value.read("count", out.count);
  out.sum = value.number_or_nan("sum");
  return out;
}

SummaryValue summary_from(const Object& value) {
  SummaryValue out;
  for (const Json& item : array_at(value, "quantiles")) {
    const Object quantile(item, value.path_of("quantiles"));
    quantile.read("quantile", out.quantiles.emplace_back().quantile);
    out.quantiles.back().value = quantile.number_or_nan("value");
  }
  value.read("count", out.count);
  out.sum = value.number_or_nan("sum");
  return out;
}

std::optional<MetricType> parse_metric_type(std::string_view text) noexcept {
  for (const MetricType type :
       {MetricType::Counter, MetricType::Gauge, MetricType::Histogram, MetricType::Summary}) {
    if (to_string(type) == text) return type;
  }
  return std::nullopt;
}

MetricValue metric_value_from(const Object& metric, MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return Counter{metric.number_or_nan("value")};
    case MetricType::Histogram:
      return histogram_from(metric.object("value"));
    case MetricType::Summary:
      return summary_from(metric.object("value"));
    case MetricType::Gauge:
      break;
  }
  return Gauge{metric.number_or_nan("value")};
}

MetricPayload metric_from(const Object& data) {
  const Object metric = data.object("metric");
  std::string name;
  metric.read("name", name);
  const MetricType type = metric.read_name("metric_type", parse_metric_type,
                                           "\"counter\", \"gauge\", \"histogram\" or \"summary\"");
  Metric out(std::move(name), type, metric_value_from(metric, type));
  if (const Json* labels = metric.find("labels")) {
    if (!labels->is_object()) refuse(metric.path_of("labels"), shown(*labels), "an object");
    for (const auto& [key, value] : labels->items()) {
      if (!value.is_string()) {
        refuse(metric.path_of("labels") + '.' + support::escape_for_log(key, 80), shown(value),
               "a text");
      }
      out.with_label(key, value.get_ref<const std::string&>());
    }
  }
  std::optional<std::string> help;
  metric.read("help", help);
  if (help) out.with_help(*help);
  out.set_timestamp(metric.time("timestamp"));
  return {std::move(out)};
}

AlertPayload alert_from(const Object& data) {
  AlertPayload out;
  out.severity = data.read_name("severity", parse_alert_severity,
                                "\"info\", \"warning\", \"error\" or \"critical\"");
  data.read("title", out.title);
  data.read("message", out.message);
  data.read("provider", out.provider);
  return out;
}

struct PayloadKind {
  std::string_view name;
  EventPayload (*read)(const Object& data);
};

template <auto Read>
EventPayload read_as_payload(const Object& data) {
  return Read(data);
}

const PayloadKind& payload_kind_of(EventType type) noexcept {
  static constexpr PayloadKind kRequest{"Request", read_as_payload<request_from>};
  static constexpr PayloadKind kBenchmark{"Benchmark", read_as_payload<benchmark_from>};
  static constexpr PayloadKind kEvaluation{"Evaluation", read_as_payload<evaluation_from>};
  static constexpr PayloadKind kProvider{"Provider", read_as_payload<provider_from>};
  static constexpr PayloadKind kMetric{"Metric", read_as_payload<metric_from>};
  static constexpr PayloadKind kAlert{"Alert", read_as_payload<alert_from>};
  switch (type) {
    case EventType::RequestStarted:
    case EventType::RequestCompleted:
    case EventType::RequestFailed:
      return kRequest;
    case EventType::BenchmarkStarted:
    case EventType::BenchmarkProgress:
    case EventType::BenchmarkCompleted:
      return kBenchmark;
    case EventType::EvaluationStarted:
    case EventType::EvaluationCompleted:
      return kEvaluation;
    case EventType::ProviderStatus:
      return kProvider;
    case EventType::MetricRecorded:
      return kMetric;
    case EventType::SystemAlert:
      break;
  }
  return kAlert;
}

MonitoringEvent event_from(const Json& json) {
  const Object event(json, "");
  const EventType type =
      event.read_name("event_type", parse_event_type,
                      "one of the eleven event types, for example \"RequestCompleted\"");
  const Object payload = event.object("payload");
  const PayloadKind& kind = payload_kind_of(type);
  std::string kind_name;
  payload.read("type", kind_name);
  if (kind_name != kind.name) {
    refuse("payload.type", '"' + support::escape_for_log(kind_name, 80) + '"',
           '"' + std::string(kind.name) + "\", which " + std::string(to_string(type)) + " has");
  }
  MonitoringEvent out(type, kind.read(payload.object("data")));
  out.timestamp = event.time("timestamp");
  if (const Json* id = event.find("id")) {
    const auto number =
        id->is_string() ? events::parse_event_id(id->get_ref<const std::string&>()) : std::nullopt;
    if (!number) refuse("id", shown(*id), "\"evt_\" and a number");
    out.id = *number;
  }
  return out;
}

}  // namespace

MonitoringEvent event_from_json(std::string_view json) {
  nlohmann::json parsed;
  try {
    parsed = support::parse_json(json);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("event JSON: " + std::string(error.what()) +
                                ": expected one JSON object");
  }
  return event_from(parsed);
}

}  // namespace ltb
