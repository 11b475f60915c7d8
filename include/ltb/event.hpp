// The eleven events, their payloads, and the factories that make them.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/export.hpp>
#include <ltb/metric.hpp>
#include <ltb/provider_health.hpp>
#include <ltb/usage.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ltb {

/// What happened. The enumerators are the wire names (`"event_type":"RequestCompleted"`).
enum class EventType : std::uint8_t {
  RequestStarted,
  RequestCompleted,
  RequestFailed,
  BenchmarkStarted,
  BenchmarkProgress,
  BenchmarkCompleted,
  EvaluationStarted,
  EvaluationCompleted,
  ProviderStatus,
  MetricRecorded,
  SystemAlert,
};

/// How many event types there are.
inline constexpr std::size_t kEventTypeCount = 11;

/// The wire name, for example "RequestCompleted". Any thread; never fails.
[[nodiscard]] LTB_MONITORING_EXPORT std::string_view to_string(EventType type) noexcept;
/// The type of a wire name; std::nullopt for an unknown name. Any thread; never fails.
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<EventType> parse_event_type(
    std::string_view text) noexcept;

/// How much an alert matters.
enum class AlertSeverity : std::uint8_t { Info, Warning, Error, Critical };
/// "info", "warning", "error" or "critical".
[[nodiscard]] LTB_MONITORING_EXPORT std::string_view to_string(AlertSeverity severity) noexcept;
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<AlertSeverity> parse_alert_severity(
    std::string_view text) noexcept;

/// Payload of the three request events. Durations in seconds, cost in USD; what is not known is
/// absent.
struct RequestPayload {
  std::string provider{};
  std::string model{};
  std::string request_id{};  ///< The same in started and completed or failed; made by the factory
                             ///< or the bus when empty.
  std::optional<double> latency{};
  std::optional<TokenUsage> tokens{};
  std::optional<double> cost{};
  std::optional<std::string> error{};  ///< The provider's message, for people.
  std::optional<ErrorType> error_type{};
  std::optional<std::string> error_code{};  ///< The provider's own code.
  std::optional<double> time_to_first_token{};
  std::optional<double> time_per_output_token{};
  std::optional<bool> streamed{};
  std::optional<std::string> finish_reason{};
  std::optional<std::uint32_t> attempts{};
  /// The errors of the attempts before the last one, each type once with its count.
  std::vector<std::pair<ErrorType, std::uint32_t>> attempt_errors{};
  std::optional<double> queue_time{};  ///< Wait before it was sent; within `latency` when the call
                                       ///< had an intended send time.

  friend bool operator==(const RequestPayload&, const RequestPayload&) = default;
};

/// Payload of the three benchmark events.
struct BenchmarkPayload {
  std::string benchmark_id{};
  std::string name{};
  std::uint64_t total_examples = 0;      ///< 0: unknown.
  std::uint64_t completed_examples = 0;  ///< Examples processed, including failed ones.
  /// 0..100, clamped; computed by the bus from the two counts when not set; 0 when the total is
  /// unknown.
  double progress_percent = 0;
  std::optional<std::uint64_t> failed_examples{};
  std::optional<std::string> current_provider{};
  /// Computed from the observed pace by the bus of a MonitoringSystem when the caller gives none
  /// and the total is known; absent until it can be estimated.
  std::optional<double> eta_seconds{};

  friend bool operator==(const BenchmarkPayload&, const BenchmarkPayload&) = default;
};

/// Payload of the two evaluation events.
struct EvaluationPayload {
  std::string evaluation_id{};
  std::string metric_name{};
  std::string provider{};
  std::string model{};
  std::optional<double> score{};  ///< Absent in EvaluationStarted.
  std::optional<std::string> details{};

  friend bool operator==(const EvaluationPayload&, const EvaluationPayload&) = default;
};

/// Payload of ProviderStatus.
struct ProviderPayload {
  std::string provider{};
  ProviderHealth status = ProviderHealth::Healthy;
  std::optional<std::string> message{};
  std::uint64_t active_requests = 0;
  std::optional<double> avg_latency_ms{};

  friend bool operator==(const ProviderPayload&, const ProviderPayload&) = default;
};

/// Payload of MetricRecorded.
struct MetricPayload {
  Metric metric;

  friend bool operator==(const MetricPayload&, const MetricPayload&) = default;
};

/// Payload of SystemAlert.
struct AlertPayload {
  AlertSeverity severity = AlertSeverity::Info;
  std::string title{};
  std::string message{};
  std::optional<std::string> provider{};

  friend bool operator==(const AlertPayload&, const AlertPayload&) = default;
};

using EventPayload = std::variant<RequestPayload, BenchmarkPayload, EvaluationPayload,
                                  ProviderPayload, MetricPayload, AlertPayload>;

/// One thing that happened. A value until it is published; from then on shared and immutable.
///
/// The factories copy their arguments, replace invalid UTF-8 by U+FFFD, and may throw only
/// std::bad_alloc. Numbers that are NaN or infinite are left out of JSON; a system that
/// books the event refuses them, and negative ones: the field is absent from then on, and each is
/// counted. Thread
/// safety: distinct objects: safe; shared objects: unsafe while one is written.
struct LTB_MONITORING_EXPORT MonitoringEvent {
  EventType event_type;
  EventPayload payload;
  std::uint64_t id = 0;  ///< Given by EventBus::publish, growing by one per event; 0 before. On the
                         ///< wire "evt_<id>".
  std::chrono::system_clock::time_point
      timestamp{};  ///< Given by EventBus::publish when it is not set.

  /// Throws std::invalid_argument when the payload is not the one of this type.
  MonitoringEvent(EventType type, EventPayload data);

  /// RequestStarted with a new request_id.
  [[nodiscard]] static MonitoringEvent request(std::string_view provider, std::string_view model);
  [[nodiscard]] static MonitoringEvent request_started(std::string_view provider,
                                                       std::string_view model,
                                                       std::string_view request_id);
  /// `latency_seconds` from call to last byte. `cost_usd` absent when no price is known.
  [[nodiscard]] static MonitoringEvent request_completed(
      std::string_view provider, std::string_view model, std::string_view request_id,
      double latency_seconds, std::optional<TokenUsage> tokens = std::nullopt,
      std::optional<double> cost_usd = std::nullopt);
  [[nodiscard]] static MonitoringEvent request_failed(
      std::string_view provider, std::string_view model, std::string_view request_id,
      ErrorType error_type, std::string_view message = {},
      std::optional<double> latency_seconds = std::nullopt);

  [[nodiscard]] static MonitoringEvent benchmark_started(std::string_view benchmark_id,
                                                         std::string_view name,
                                                         std::uint64_t total_examples);
  [[nodiscard]] static MonitoringEvent benchmark_progress(std::string_view benchmark_id,
                                                          std::string_view name,
                                                          std::uint64_t completed_examples,
                                                          std::uint64_t total_examples);
  [[nodiscard]] static MonitoringEvent benchmark_completed(std::string_view benchmark_id,
                                                           std::string_view name,
                                                           std::uint64_t total_examples);

  [[nodiscard]] static MonitoringEvent evaluation_started(std::string_view evaluation_id,
                                                          std::string_view metric_name,
                                                          std::string_view provider,
                                                          std::string_view model);
  [[nodiscard]] static MonitoringEvent evaluation_completed(std::string_view evaluation_id,
                                                            std::string_view metric_name,
                                                            std::string_view provider,
                                                            std::string_view model, double score,
                                                            std::string_view details = {});

  [[nodiscard]] static MonitoringEvent provider_status(std::string_view provider,
                                                       ProviderHealth status,
                                                       std::string_view message = {});
  [[nodiscard]] static MonitoringEvent metric_recorded(Metric metric);
  [[nodiscard]] static MonitoringEvent alert(AlertSeverity severity, std::string_view title,
                                             std::string_view message,
                                             std::string_view provider = {});

  /// The payload when it is of this kind, else nullptr.
  [[nodiscard]] const RequestPayload* request_payload() const noexcept {
    return std::get_if<RequestPayload>(&payload);
  }
  [[nodiscard]] const BenchmarkPayload* benchmark() const noexcept {
    return std::get_if<BenchmarkPayload>(&payload);
  }
  [[nodiscard]] const EvaluationPayload* evaluation() const noexcept {
    return std::get_if<EvaluationPayload>(&payload);
  }
  [[nodiscard]] const ProviderPayload* provider() const noexcept {
    return std::get_if<ProviderPayload>(&payload);
  }
  [[nodiscard]] const MetricPayload* metric() const noexcept {
    return std::get_if<MetricPayload>(&payload);
  }
  [[nodiscard]] const AlertPayload* alert_payload() const noexcept {
    return std::get_if<AlertPayload>(&payload);
  }

  friend bool operator==(const MonitoringEvent&, const MonitoringEvent&) = default;
};

/// The event as the JSON object of docs/protocol.md, in one line. Any thread; throws only
/// std::bad_alloc.
[[nodiscard]] LTB_MONITORING_EXPORT std::string to_json(const MonitoringEvent& event);

/// Reads back what to_json() writes. Throws std::invalid_argument that names the field, its value
/// and what was expected. Unknown fields are ignored.
[[nodiscard]] LTB_MONITORING_EXPORT MonitoringEvent event_from_json(std::string_view json);

}  // namespace ltb
