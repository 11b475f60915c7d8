// The encoder of events, written out by hand: it runs once per event on the stream's thread, where
// building a tree first would cost twenty times as much.
#include "events/event_json.hpp"

#include "events/event_id.hpp"
#include "support/json_writer.hpp"
#include "support/timestamp.hpp"

#include <cmath>

namespace ltb {
namespace events {
namespace {

using EventWriter = support::BasicJsonWriter<support::BufferOut>;

void write(EventWriter& json, const TokenUsage& tokens) {
  json.begin_object();
  json.field("input_tokens", tokens.input_tokens);
  json.field("output_tokens", tokens.output_tokens);
  json.field("total_tokens", tokens.total_tokens());
  json.field("cached_tokens", tokens.cached_tokens);
  json.field("reasoning_tokens", tokens.reasoning_tokens);
  json.field("cache_written_tokens", tokens.cache_written_tokens);
  json.field("cache_written_1h_tokens", tokens.cache_written_1h_tokens);
  json.end_object();
}

void write(EventWriter& json, const RequestPayload& data) {
  json.field("provider", data.provider);
  json.field("model", data.model);
  json.field("request_id", data.request_id);
  json.field("latency", data.latency);
  if (data.tokens) {
    json.key("tokens");
    write(json, *data.tokens);
  }
  json.field("cost", data.cost);
  json.field("error", data.error);
  if (data.error_type) json.field("error_type", to_string(*data.error_type));
  json.field("error_code", data.error_code);
  json.field("time_to_first_token", data.time_to_first_token);
  json.field("time_per_output_token", data.time_per_output_token);
  json.field("streamed", data.streamed);
  json.field("finish_reason", data.finish_reason);
  json.field("attempts", data.attempts);
  if (!data.attempt_errors.empty()) {
    json.key("attempt_errors");
    json.begin_object();
    for (const auto& [type, count] : data.attempt_errors) json.field(to_string(type), count);
    json.end_object();
  }
  json.field("queue_time", data.queue_time);
}

void write(EventWriter& json, const BenchmarkPayload& data) {
  json.field("benchmark_id", data.benchmark_id);
  json.field("name", data.name);
  json.field("total_examples", data.total_examples);
  json.field("completed_examples", data.completed_examples);
  json.field("progress_percent", std::isfinite(data.progress_percent) ? data.progress_percent : 0);
  json.field("failed_examples", data.failed_examples);
  json.field("current_provider", data.current_provider);
  json.field("eta_seconds", data.eta_seconds);
}

void write(EventWriter& json, const EvaluationPayload& data) {
  json.field("evaluation_id", data.evaluation_id);
  json.field("metric_name", data.metric_name);
  json.field("provider", data.provider);
  json.field("model", data.model);
  json.field("score", data.score);
  json.field("details", data.details);
}

void write(EventWriter& json, const ProviderPayload& data) {
  json.field("provider", data.provider);
  json.field("status", to_string(data.status));
  json.field("message", data.message);
  json.field("active_requests", data.active_requests);
  json.field("avg_latency_ms", data.avg_latency_ms);
}

void write_value(EventWriter& json, const Counter& counter) {
  json.field("value", counter.value);
}
void write_value(EventWriter& json, const Gauge& gauge) {
  json.field("value", gauge.value);
}

void write_value(EventWriter& json, const HistogramValue& histogram) {
  json.key("value");
  json.begin_object();
  json.key("buckets");
  json.begin_array();
  for (const HistogramBucket& bucket : histogram.buckets) {
    if (!std::isfinite(bucket.le)) continue;  // `count` says the same
    json.begin_object();
    json.field("le", bucket.le);
    json.field("count", bucket.count);
    json.end_object();
  }
  json.end_array();
  json.field("count", histogram.count);
  json.field("sum", histogram.sum);
  json.end_object();
}

void write_value(EventWriter& json, const SummaryValue& summary) {
  json.key("value");
  json.begin_object();
  json.key("quantiles");
  json.begin_array();
  for (const SummaryQuantile& quantile : summary.quantiles) {
    if (!std::isfinite(quantile.quantile)) continue;
    json.begin_object();
    json.field("quantile", quantile.quantile);
    json.field("value", quantile.value);
    json.end_object();
  }
  json.end_array();
  json.field("count", summary.count);
  json.field("sum", summary.sum);
  json.end_object();
}

void write_timestamp(EventWriter& json, std::chrono::system_clock::time_point time) {
  const support::TimestampText text = support::timestamp_chars(time);
  json.field("timestamp", std::string_view(text.data(), text.size()));
}

void write(EventWriter& json, const MetricPayload& data) {
  const Metric& metric = data.metric;
  json.key("metric");
  json.begin_object();
  json.field("name", metric.name());
  json.field("metric_type", to_string(metric.type()));
  std::visit([&](const auto& value) { write_value(json, value); }, metric.value());
  json.key("labels");
  json.begin_object();
  for (const auto& [name, value] : metric.labels()) json.field(name, value);
  json.end_object();
  write_timestamp(json, metric.timestamp());
  if (!metric.help().empty()) json.field("help", metric.help());
  json.end_object();
}

void write(EventWriter& json, const AlertPayload& data) {
  json.field("severity", to_string(data.severity));
  json.field("title", data.title);
  json.field("message", data.message);
  json.field("provider", data.provider);
}

// In the order of the alternatives of EventPayload.
constexpr std::string_view kPayloadTypes[] = {"Request",  "Benchmark", "Evaluation",
                                              "Provider", "Metric",    "Alert"};
static_assert(std::size(kPayloadTypes) == std::variant_size_v<EventPayload>);

}  // namespace

void append_json(std::string& out, const MonitoringEvent& event) {
  EventWriter json(out);
  char id[kEventIdBytes];
  json.begin_object();
  json.field("event_type", to_string(event.event_type));
  write_timestamp(json, event.timestamp);
  json.field("id", write_event_id(id, event.id));
  json.key("payload");
  json.begin_object();
  json.field("type", kPayloadTypes[event.payload.index()]);
  json.key("data");
  json.begin_object();
  std::visit([&](const auto& data) { write(json, data); }, event.payload);
  json.end_object();
  json.end_object();
  json.end_object();
}

}  // namespace events

std::string to_json(const MonitoringEvent& event) {
  std::string out;
  out.reserve(512);
  events::append_json(out, event);
  return out;
}

}  // namespace ltb
