// Metric values: the naming rules, and the five high-level metrics.
#include <ltb/metric.hpp>

#include "metrics/default_buckets.hpp"
#include "support/number_text.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace ltb {
namespace {

constexpr std::array<std::string_view, 4> kTypeNames = {"counter", "gauge", "histogram", "summary"};

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_legal_metric_name(std::string_view name) noexcept {
  if (name.empty() || !(is_letter(name[0]) || name[0] == ':')) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

bool is_legal_label_name(std::string_view name) noexcept {
  if (name.empty() || !is_letter(name[0]) || name.substr(0, 2) == "__") return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

std::string quoted(std::string_view text) {
  return '"' + support::escape_for_log(text) + '"';
}

double checked(double value, const char* what) {
  if (std::isfinite(value) && value >= 0) return value;
  throw std::invalid_argument(std::string(what) + " " + support::number_text(value) +
                              ": expected a finite number, 0 or more");
}

Metric with_provider(const char* name, MetricType type, MetricValue value,
                     const std::string& provider, const std::string& model) {
  return Metric(name, type, std::move(value))
      .with_label("provider", provider)
      .with_label("model", model);
}

}  // namespace

std::string_view to_string(MetricType type) noexcept {
  const auto index = static_cast<std::size_t>(type);
  return index < kTypeNames.size() ? kTypeNames[index] : "unknown";
}

Metric::Metric(std::string name, MetricType type, MetricValue value)
    : name_(std::move(name)),
      type_(type),
      value_(std::move(value)),
      timestamp_(std::chrono::system_clock::now()) {
  if (!is_legal_metric_name(name_)) {
    throw std::invalid_argument(
        "metric name " + quoted(name_) +
        ": expected [a-zA-Z_:][a-zA-Z0-9_:]*, for example \"llm_requests_total\"");
  }
  if (static_cast<std::size_t>(type_) != value_.index()) {
    throw std::invalid_argument("metric " + quoted(name_) + ": its type is " +
                                std::string(to_string(type_)) + " but its value is a " +
                                std::string(to_string(static_cast<MetricType>(value_.index()))) +
                                "; both must be the same");
  }
  // What an explicit +Inf bucket says, `count` says too; one that says otherwise stays, and is
  // refused when it is published.
  if (auto* histogram = std::get_if<HistogramValue>(&value_))
    if (auto& buckets = histogram->buckets;
        !buckets.empty() && buckets.back().le == std::numeric_limits<double>::infinity() &&
        buckets.back().count == histogram->count)
      buckets.pop_back();
}

Metric& Metric::with_label(std::string name, std::string_view value) & {
  if (!is_legal_label_name(name)) {
    throw std::invalid_argument("metric " + quoted(name_) + ": label name " + quoted(name) +
                                ": expected [a-zA-Z_][a-zA-Z0-9_]* not starting with \"__\"");
  }
  // Prometheus adds these two itself, so that a label of this name would show twice in one sample.
  if ((type_ == MetricType::Histogram && name == "le") ||
      (type_ == MetricType::Summary && name == "quantile")) {
    throw std::invalid_argument("metric " + quoted(name_) + ": label name " + quoted(name) +
                                " is reserved in a " + std::string(to_string(type_)) +
                                "; choose another name");
  }
  std::string text = support::to_valid_utf8(value);
  const auto at =
      std::lower_bound(labels_.begin(), labels_.end(), name,
                       [](const auto& label, const std::string& key) { return label.first < key; });
  const bool is_there = at != labels_.end() && at->first == name;
  if (text.empty()) {
    if (is_there) labels_.erase(at);
  } else if (is_there) {
    at->second = std::move(text);
  } else {
    labels_.emplace(at, std::move(name), std::move(text));
  }
  return *this;
}

Metric&& Metric::with_label(std::string name, std::string_view value) && {
  return std::move(with_label(std::move(name), value));
}

Metric& Metric::with_help(std::string_view help) & {
  help_ = support::to_valid_utf8(help);
  return *this;
}

Metric&& Metric::with_help(std::string_view help) && {
  return std::move(with_help(help));
}

std::string_view Metric::label(std::string_view name) const noexcept {
  for (const auto& [key, value] : labels_) {
    if (key == name) return value;
  }
  return {};
}

RequestMetric::RequestMetric(std::string provider, std::string model, std::string status)
    : provider_(std::move(provider)), model_(std::move(model)), status_(std::move(status)) {}

Metric RequestMetric::to_metric() const {
  return with_provider("llm_requests_total", MetricType::Counter, Counter{1}, provider_, model_)
      .with_label("status", status_);
}

LatencyMetric::LatencyMetric(std::string provider, std::string model, double latency_seconds)
    : provider_(std::move(provider)),
      model_(std::move(model)),
      latency_seconds_(checked(latency_seconds, "LatencyMetric: latency in seconds")) {}

Metric LatencyMetric::to_metric() const {
  HistogramValue value{.buckets = {}, .count = 1, .sum = latency_seconds_};
  value.buckets.reserve(metrics::kRequestSeconds.size());
  for (const double le : metrics::kRequestSeconds) {
    value.buckets.push_back({.le = le, .count = latency_seconds_ <= le ? 1u : 0u});
  }
  return with_provider("llm_request_duration_seconds", MetricType::Histogram, std::move(value),
                       provider_, model_);
}

TokenMetric::TokenMetric(std::string provider, std::string model, std::uint64_t input_tokens,
                         std::uint64_t output_tokens)
    : provider_(std::move(provider)),
      model_(std::move(model)),
      input_tokens_(input_tokens),
      output_tokens_(output_tokens) {}

std::vector<Metric> TokenMetric::to_metrics() const {
  std::vector<Metric> metrics;
  metrics.reserve(2);
  metrics.push_back(with_provider("llm_tokens_input_total", MetricType::Counter,
                                  Counter{input_tokens_}, provider_, model_));
  metrics.push_back(with_provider("llm_tokens_output_total", MetricType::Counter,
                                  Counter{output_tokens_}, provider_, model_));
  return metrics;
}

CostMetric::CostMetric(std::string provider, std::string model, double cost_usd)
    : provider_(std::move(provider)),
      model_(std::move(model)),
      cost_usd_(checked(cost_usd, "CostMetric: cost in USD")) {}

Metric CostMetric::to_metric() const {
  // Through whole nano-dollars, as the store counts, so that 0.0135 USD is 13500 and not
  // 13500.000000000002.
  const double nano = std::round(cost_usd_ * 1e9);
  const double micro = std::isfinite(nano) ? nano / 1e3 : std::numeric_limits<double>::max();
  return with_provider("llm_cost_usd_total", MetricType::Counter, Counter{micro}, provider_,
                       model_);
}

ErrorMetric::ErrorMetric(std::string provider, std::string_view error_type)
    : provider_(std::move(provider)),
      error_type_(parse_error_type(error_type).value_or(ErrorType::Other)) {}

ErrorMetric& ErrorMetric::with_model(std::string model) & {
  model_ = std::move(model);
  return *this;
}

ErrorMetric&& ErrorMetric::with_model(std::string model) && {
  return std::move(with_model(std::move(model)));
}

// By value as with_model(): one shape for all the builders.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
ErrorMetric& ErrorMetric::with_message(std::string message) & {
  message_ = support::to_valid_utf8(message);
  return *this;
}

ErrorMetric&& ErrorMetric::with_message(std::string message) && {
  return std::move(with_message(std::move(message)));
}

Metric ErrorMetric::to_metric() const {
  return with_provider("llm_errors_total", MetricType::Counter, Counter{1}, provider_, model_)
      .with_label("error_type", to_string(error_type_));
}

}  // namespace ltb
