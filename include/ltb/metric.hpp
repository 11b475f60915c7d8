// Metric values: what a user publishes and what MonitoringSystem::get_metrics() returns.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/export.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ltb {

namespace detail {
template <typename Number>
concept Arithmetic = std::is_arithmetic_v<Number>;
}

/// The four metric types of Prometheus.
enum class MetricType : std::uint8_t {
  Counter,    ///< Only grows: requests, tokens, cost, errors.
  Gauge,      ///< Goes up and down: active requests, queue depth.
  Histogram,  ///< A distribution in cumulative buckets.
  Summary,    ///< A distribution as ready-made quantiles.
};

/// "counter", "gauge", "histogram" or "summary". Any thread; never fails.
[[nodiscard]] LTB_MONITORING_EXPORT std::string_view to_string(MetricType type) noexcept;

/// A counter's value. Published, it is an increment; read back, it is the total.
struct Counter {
  double value = 0;
  constexpr Counter() = default;
  template <detail::Arithmetic Number>
  constexpr explicit Counter(Number number) : value(static_cast<double>(number)) {}
  friend bool operator==(const Counter&, const Counter&) = default;
};

/// A gauge's value. Published, it replaces the last one.
struct Gauge {
  double value = 0;
  constexpr Gauge() = default;
  template <detail::Arithmetic Number>
  constexpr explicit Gauge(Number number) : value(static_cast<double>(number)) {}
  friend bool operator==(const Gauge&, const Gauge&) = default;
};

/// One cumulative bucket: how many observations were at most `le`.
struct HistogramBucket {
  double le = 0;
  std::uint64_t count = 0;
  friend bool operator==(const HistogramBucket&, const HistogramBucket&) = default;
};

/// A distribution. Buckets ascend by `le` and their counts never fall; `count` holds the +Inf
/// bucket. An explicit last bucket of `le` = infinity must say the same as `count`; it is left out
/// of the Metric made of this. Published, counts and sum are added to the series.
struct HistogramValue {
  std::vector<HistogramBucket> buckets{};
  std::uint64_t count = 0;
  double sum = 0;
  friend bool operator==(const HistogramValue&, const HistogramValue&) = default;
};

/// One quantile of a summary, `quantile` in 0..1, each at most once.
struct SummaryQuantile {
  double quantile = 0;
  double value = 0;
  friend bool operator==(const SummaryQuantile&, const SummaryQuantile&) = default;
};

/// Ready-made quantiles. Published, the quantiles replace the last ones; count and sum are added.
struct SummaryValue {
  std::vector<SummaryQuantile> quantiles{};
  std::uint64_t count = 0;
  double sum = 0;
  friend bool operator==(const SummaryValue&, const SummaryValue&) = default;
};

/// A value of one of the four types.
using MetricValue = std::variant<Counter, Gauge, HistogramValue, SummaryValue>;

/// A named value with labels.
///
/// Names follow Prometheus' grammar: `[a-zA-Z_:][a-zA-Z0-9_:]*` for metrics,
/// `[a-zA-Z_][a-zA-Z0-9_]*` (not starting with `__`) for labels. Label values are any UTF-8 text;
/// invalid bytes become U+FFFD. Thread safety: distinct objects: safe; shared objects: unsafe while
/// one is written. Source: Prometheus data model.
class LTB_MONITORING_EXPORT Metric {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  /// Throws std::invalid_argument naming the metric when the name is not legal or `type` and
  /// `value` disagree.
  Metric(std::string name, MetricType type, MetricValue value);

  /// Adds a label, or replaces the value of one that is there; an empty value removes it, since for
  /// Prometheus a label without a value is absent. Throws std::invalid_argument for an illegal
  /// name.
  Metric& with_label(std::string name, std::string_view value) &;
  Metric&& with_label(std::string name, std::string_view value) &&;

  /// The text of the HELP line of the metric's family; the first one published wins.
  Metric& with_help(std::string_view help) &;
  Metric&& with_help(std::string_view help) &&;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] MetricType type() const noexcept { return type_; }
  [[nodiscard]] const MetricValue& value() const noexcept { return value_; }
  [[nodiscard]] const Labels& labels() const noexcept { return labels_; }  ///< Sorted by name.
  [[nodiscard]] const std::string& help() const noexcept { return help_; }
  /// The value of one label; empty when it is not there.
  [[nodiscard]] std::string_view label(std::string_view name) const noexcept;
  /// When the value was made.
  [[nodiscard]] std::chrono::system_clock::time_point timestamp() const noexcept {
    return timestamp_;
  }
  void set_timestamp(std::chrono::system_clock::time_point timestamp) noexcept {
    timestamp_ = timestamp;
  }

  /// Equal names, types, values, labels and help texts; when the values were made does not count.
  friend bool operator==(const Metric& a, const Metric& b) {
    return std::tie(a.name_, a.type_, a.value_, a.labels_, a.help_) ==
           std::tie(b.name_, b.type_, b.value_, b.labels_, b.help_);
  }

 private:
  std::string name_;
  MetricType type_;
  MetricValue value_;
  Labels labels_;
  std::string help_;
  std::chrono::system_clock::time_point timestamp_;
};

/// One finished call, as a counter increment of `llm_requests_total`.
class LTB_MONITORING_EXPORT RequestMetric {
 public:
  RequestMetric(std::string provider, std::string model, std::string status = "success");
  [[nodiscard]] Metric to_metric() const;

 private:
  std::string provider_, model_, status_;
};

/// One duration in seconds, as a histogram of one observation of `llm_request_duration_seconds`.
/// Throws std::invalid_argument when the latency is negative or not finite.
class LTB_MONITORING_EXPORT LatencyMetric {
 public:
  LatencyMetric(std::string provider, std::string model, double latency_seconds);
  [[nodiscard]] Metric to_metric() const;

 private:
  std::string provider_, model_;
  double latency_seconds_;
};

/// Tokens of one call, as increments of `llm_tokens_input_total` and `llm_tokens_output_total`, in
/// this order.
class LTB_MONITORING_EXPORT TokenMetric {
 public:
  TokenMetric(std::string provider, std::string model, std::uint64_t input_tokens,
              std::uint64_t output_tokens);
  [[nodiscard]] std::vector<Metric> to_metrics() const;

 private:
  std::string provider_, model_;
  std::uint64_t input_tokens_, output_tokens_;
};

/// Cost of one call in USD, as an increment of `llm_cost_usd_total`, which counts micro-dollars.
/// Throws std::invalid_argument when the cost is negative or not finite.
class LTB_MONITORING_EXPORT CostMetric {
 public:
  CostMetric(std::string provider, std::string model, double cost_usd);
  [[nodiscard]] Metric to_metric() const;

 private:
  std::string provider_, model_;
  double cost_usd_;
};

/// One error, as an increment of `llm_errors_total`. A type outside the closed set counts as
/// `other`; the message is for people and never becomes a label.
class LTB_MONITORING_EXPORT ErrorMetric {
 public:
  ErrorMetric(std::string provider, std::string_view error_type);
  ErrorMetric& with_model(std::string model) &;
  ErrorMetric&& with_model(std::string model) &&;
  ErrorMetric& with_message(std::string message) &;
  ErrorMetric&& with_message(std::string message) &&;
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] Metric to_metric() const;

 private:
  std::string provider_, model_ = "unknown", message_;
  ErrorType error_type_;
};

}  // namespace ltb
