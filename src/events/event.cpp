// The events: wire names, hygiene of what enters, and the factories.
#include <ltb/event.hpp>

#include "events/progress.hpp"
#include "events/request_id.hpp"
#include "support/enum_names.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace ltb {
namespace {

constexpr std::array<std::string_view, kEventTypeCount> kEventTypes = {
    "RequestStarted",    "RequestCompleted",   "RequestFailed",     "BenchmarkStarted",
    "BenchmarkProgress", "BenchmarkCompleted", "EvaluationStarted", "EvaluationCompleted",
    "ProviderStatus",    "MetricRecorded",     "SystemAlert"};
constexpr std::array<std::string_view, 4> kSeverities = {"info", "warning", "error", "critical"};

void repair(std::string& text) {
  if (!support::is_valid_utf8(text)) text = support::to_valid_utf8(text);
}

void repair(std::optional<std::string>& text) {
  if (text) repair(*text);
}

void clean(RequestPayload& data) {
  for (std::string* text : {&data.provider, &data.model, &data.request_id}) repair(*text);
  for (auto* text : {&data.error, &data.error_code, &data.finish_reason}) repair(*text);
}

void clean(BenchmarkPayload& data) {
  repair(data.benchmark_id);
  repair(data.name);
  repair(data.current_provider);
}

void clean(EvaluationPayload& data) {
  for (std::string* text : {&data.evaluation_id, &data.metric_name, &data.provider, &data.model}) {
    repair(*text);
  }
  repair(data.details);
}

void clean(ProviderPayload& data) {
  repair(data.provider);
  repair(data.message);
}

void clean(MetricPayload&) noexcept {}  // Metric keeps its own rules

void clean(AlertPayload& data) {
  repair(data.title);
  repair(data.message);
  repair(data.provider);
}

std::optional<std::string> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

RequestPayload request_payload_of(std::string_view provider, std::string_view model,
                                  std::string_view request_id) {
  RequestPayload data;
  data.provider = provider;
  data.model = model;
  data.request_id = request_id.empty() ? events::new_request_id() : std::string(request_id);
  return data;
}

BenchmarkPayload benchmark_payload_of(std::string_view benchmark_id, std::string_view name,
                                      std::uint64_t completed, std::uint64_t total) {
  BenchmarkPayload data;
  data.benchmark_id = benchmark_id;
  data.name = name;
  data.total_examples = total;
  data.completed_examples = completed;
  data.progress_percent = events::progress_percent(completed, total).value_or(0);
  return data;
}

EvaluationPayload evaluation_payload_of(std::string_view evaluation_id,
                                        std::string_view metric_name, std::string_view provider,
                                        std::string_view model) {
  EvaluationPayload data;
  data.evaluation_id = evaluation_id;
  data.metric_name = metric_name;
  data.provider = provider;
  data.model = model;
  return data;
}

}  // namespace

std::string_view to_string(EventType type) noexcept {
  return support::name_of(kEventTypes, type);
}

std::optional<EventType> parse_event_type(std::string_view text) noexcept {
  return support::find_name<EventType>(kEventTypes, text);
}

std::string_view to_string(AlertSeverity severity) noexcept {
  return support::name_of(kSeverities, severity);
}

std::optional<AlertSeverity> parse_alert_severity(std::string_view text) noexcept {
  return support::find_name<AlertSeverity>(kSeverities, text);
}

namespace {

// Which alternative of EventPayload an event type carries.
std::size_t payload_index(EventType type) noexcept {
  switch (type) {
    case EventType::RequestStarted:
    case EventType::RequestCompleted:
    case EventType::RequestFailed:
      return 0;
    case EventType::BenchmarkStarted:
    case EventType::BenchmarkProgress:
    case EventType::BenchmarkCompleted:
      return 1;
    case EventType::EvaluationStarted:
    case EventType::EvaluationCompleted:
      return 2;
    case EventType::ProviderStatus:
      return 3;
    case EventType::MetricRecorded:
      return 4;
    case EventType::SystemAlert:
      return 5;
  }
  return std::variant_npos;
}

}  // namespace

MonitoringEvent::MonitoringEvent(EventType type, EventPayload data)
    : event_type(type), payload(std::move(data)) {
  if (payload.index() != payload_index(type))
    throw std::invalid_argument("MonitoringEvent: " + std::string(to_string(type)) +
                                " with the payload of another event");
  std::visit([](auto& held) { clean(held); }, payload);
}

MonitoringEvent MonitoringEvent::request(std::string_view provider, std::string_view model) {
  return request_started(provider, model, {});
}

MonitoringEvent MonitoringEvent::request_started(std::string_view provider, std::string_view model,
                                                 std::string_view request_id) {
  return {EventType::RequestStarted, request_payload_of(provider, model, request_id)};
}

MonitoringEvent MonitoringEvent::request_completed(
    std::string_view provider, std::string_view model, std::string_view request_id,
    double latency_seconds, std::optional<TokenUsage> tokens, std::optional<double> cost_usd) {
  RequestPayload data = request_payload_of(provider, model, request_id);
  data.latency = latency_seconds;
  data.tokens = tokens;
  data.cost = cost_usd;
  return {EventType::RequestCompleted, std::move(data)};
}

MonitoringEvent MonitoringEvent::request_failed(std::string_view provider, std::string_view model,
                                                std::string_view request_id, ErrorType error_type,
                                                std::string_view message,
                                                std::optional<double> latency_seconds) {
  RequestPayload data = request_payload_of(provider, model, request_id);
  data.latency = latency_seconds;
  data.error_type = error_type;
  data.error = unless_empty(message);
  return {EventType::RequestFailed, std::move(data)};
}

MonitoringEvent MonitoringEvent::benchmark_started(std::string_view benchmark_id,
                                                   std::string_view name,
                                                   std::uint64_t total_examples) {
  return {EventType::BenchmarkStarted, benchmark_payload_of(benchmark_id, name, 0, total_examples)};
}

MonitoringEvent MonitoringEvent::benchmark_progress(std::string_view benchmark_id,
                                                    std::string_view name,
                                                    std::uint64_t completed_examples,
                                                    std::uint64_t total_examples) {
  return {EventType::BenchmarkProgress,
          benchmark_payload_of(benchmark_id, name, completed_examples, total_examples)};
}

MonitoringEvent MonitoringEvent::benchmark_completed(std::string_view benchmark_id,
                                                     std::string_view name,
                                                     std::uint64_t total_examples) {
  BenchmarkPayload data = benchmark_payload_of(benchmark_id, name, total_examples, total_examples);
  if (total_examples > 0) data.eta_seconds = 0;
  return {EventType::BenchmarkCompleted, std::move(data)};
}

MonitoringEvent MonitoringEvent::evaluation_started(std::string_view evaluation_id,
                                                    std::string_view metric_name,
                                                    std::string_view provider,
                                                    std::string_view model) {
  return {EventType::EvaluationStarted,
          evaluation_payload_of(evaluation_id, metric_name, provider, model)};
}

MonitoringEvent MonitoringEvent::evaluation_completed(std::string_view evaluation_id,
                                                      std::string_view metric_name,
                                                      std::string_view provider,
                                                      std::string_view model, double score,
                                                      std::string_view details) {
  EvaluationPayload data = evaluation_payload_of(evaluation_id, metric_name, provider, model);
  data.score = score;
  data.details = unless_empty(details);
  return {EventType::EvaluationCompleted, std::move(data)};
}

MonitoringEvent MonitoringEvent::provider_status(std::string_view provider, ProviderHealth status,
                                                 std::string_view message) {
  ProviderPayload data;
  data.provider = provider;
  data.status = status;
  data.message = unless_empty(message);
  return {EventType::ProviderStatus, std::move(data)};
}

MonitoringEvent MonitoringEvent::metric_recorded(Metric metric) {
  return {EventType::MetricRecorded, MetricPayload{std::move(metric)}};
}

MonitoringEvent MonitoringEvent::alert(AlertSeverity severity, std::string_view title,
                                       std::string_view message, std::string_view provider) {
  AlertPayload data;
  data.severity = severity;
  data.title = title;
  data.message = message;
  data.provider = unless_empty(provider);
  return {EventType::SystemAlert, std::move(data)};
}

}  // namespace ltb
