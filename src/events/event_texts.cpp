#include "events/event_texts.hpp"

#include "support/utf8.hpp"

#include <ltb/event_bus.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ltb::events {
namespace {

template <typename Visit>
void visit_one(Visit& visit, auto& text) {
  if constexpr (requires { text.has_value(); }) {
    if (text) visit(*text);
  } else {
    visit(text);
  }
}

// Calls visit(text) for each text of the payload, but those of a Metric, which changes by its own
// functions only.
template <typename Event, typename Visit>
void visit_texts(Event& event, Visit visit) {
  const auto all = [&visit](auto&... texts) { (visit_one(visit, texts), ...); };
  if (auto* request = std::get_if<RequestPayload>(&event.payload)) {
    all(request->provider, request->model, request->request_id, request->error, request->error_code,
        request->finish_reason);
  } else if (auto* benchmark = std::get_if<BenchmarkPayload>(&event.payload)) {
    all(benchmark->benchmark_id, benchmark->name, benchmark->current_provider);
  } else if (auto* evaluation = std::get_if<EvaluationPayload>(&event.payload)) {
    all(evaluation->evaluation_id, evaluation->metric_name, evaluation->provider, evaluation->model,
        evaluation->details);
  } else if (auto* provider = std::get_if<ProviderPayload>(&event.payload)) {
    all(provider->provider, provider->message);
  } else if (auto* alert = std::get_if<AlertPayload>(&event.payload)) {
    all(alert->title, alert->message, alert->provider);
  }
}

std::size_t cut_metric(Metric& metric) {
  const auto is_long = [](std::string_view text) { return text.size() > kMaxEventTextBytes; };
  const auto prefix = [](std::string_view text) {
    return std::string(support::utf8_prefix(text, kMaxEventTextBytes));
  };
  std::size_t cut = 0;
  if (is_long(metric.help())) {
    metric.with_help(prefix(metric.help()));
    ++cut;
  }
  for (std::size_t i = 0; i < metric.labels().size(); ++i) {
    const auto& [name, value] = metric.labels()[i];
    if (!is_long(value)) continue;
    metric.with_label(name, prefix(value));
    ++cut;
  }
  return cut;
}

std::size_t heap_bytes(const std::string& text) noexcept {
  return text.capacity() > std::string().capacity() ? text.capacity() + 1 : 0;
}

std::size_t metric_bytes(const Metric& metric) noexcept {
  std::size_t bytes = heap_bytes(metric.name()) + heap_bytes(metric.help());
  for (const auto& [name, value] : metric.labels())
    bytes += sizeof(std::pair<std::string, std::string>) + heap_bytes(name) + heap_bytes(value);
  if (const auto* histogram = std::get_if<HistogramValue>(&metric.value()))
    bytes += histogram->buckets.capacity() * sizeof(HistogramBucket);
  if (const auto* summary = std::get_if<SummaryValue>(&metric.value()))
    bytes += summary->quantiles.capacity() * sizeof(summary->quantiles.front());
  return bytes;
}

}  // namespace

std::size_t cut_long_texts(MonitoringEvent& event) {
  std::size_t cut = 0;
  visit_texts(event, [&cut](std::string& text) {
    if (text.size() <= kMaxEventTextBytes) return;
    // A copy, because resize() would keep the memory of the long one.
    text = std::string(support::utf8_prefix(text, kMaxEventTextBytes));
    ++cut;
  });
  if (auto* metric = std::get_if<MetricPayload>(&event.payload)) cut += cut_metric(metric->metric);
  return cut;
}

std::size_t held_bytes(const MonitoringEvent& event) noexcept {
  std::size_t bytes = sizeof(MonitoringEvent) + 32;  // and its control block
  visit_texts(event, [&bytes](const std::string& text) { bytes += heap_bytes(text); });
  if (const auto* metric = event.metric()) bytes += metric_bytes(metric->metric);
  return bytes;
}

}  // namespace ltb::events
