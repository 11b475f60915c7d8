// The whole library in one object: listeners, event bus, metrics, collector.
#pragma once

#include <ltb/benchmark_run.hpp>
#include <ltb/collector.hpp>
#include <ltb/config.hpp>
#include <ltb/event_bus.hpp>
#include <ltb/export.hpp>
#include <ltb/metric.hpp>
#include <ltb/request_scope.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace ltb {

namespace detail {
struct MonitoringSystemAccess;
}  // namespace detail

/// Watches the calls of one program and shows them on three listeners.
///
/// Recording works from construction on, whether or not the system was started, and so do totals;
/// start() opens the listeners and begins to sample the numbers four times a second, which every
/// answer about a stretch of time needs: rates, percentiles of a window, history, the health of
/// providers and alerts. Thread safety: every member from any thread, also from a subscriber, but
/// for the destructor. Two systems in one process are independent of each other.
class LTB_MONITORING_EXPORT MonitoringSystem {
 public:
  /// Validates the configuration and opens nothing. Throws std::invalid_argument as
  /// MonitoringConfig::validate() does.
  explicit MonitoringSystem(MonitoringConfig config = {});
  /// Calls stop(), then ends the subscribers: waits for those that run in other threads, and
  /// releases them all. Wrappers, scopes and receivers may outlive the system.
  ~MonitoringSystem();
  MonitoringSystem(const MonitoringSystem&) = delete;
  MonitoringSystem& operator=(const MonitoringSystem&) = delete;

  /// Binds every enabled listener, or none and throws std::system_error naming listener, address,
  /// reason and remedy. Does nothing when it runs already. May be called again after stop(), whose
  /// end it waits for; in a subscriber on one of the library's own threads, which cannot wait for
  /// itself, it throws std::system_error (resource_deadlock_would_occur) instead.
  void start();
  /// The same without exceptions; `error` is clear on success. last_start_error() has
  /// the text.
  void start(std::error_code& error) noexcept;
  [[nodiscard]] std::string last_start_error() const;
  /// Closes the listeners, the WebSockets with code 1001, and the receivers, and returns when all
  /// threads are joined, within 2 s; called by a subscriber on one of the library's own threads
  /// (alerts come there) it returns at once, and the next stop() or start() elsewhere, or the
  /// destructor, joins. Twice, or in several threads at once, is one stop.
  void stop() noexcept;
  [[nodiscard]] bool is_running() const noexcept;

  /// The port actually bound; 0 when the listener is disabled or the system does not run.
  [[nodiscard]] std::uint16_t prometheus_port() const noexcept;
  [[nodiscard]] std::uint16_t websocket_port() const noexcept;
  [[nodiscard]] std::uint16_t dashboard_port() const noexcept;
  [[nodiscard]] const MonitoringConfig& config() const noexcept;

  /// Begins one call: counts it as active and publishes RequestStarted. Never throws; without
  /// memory the scope returned records nothing and the loss is counted.
  [[nodiscard]] RequestScope begin_request(std::string_view provider,
                                           std::string_view model) noexcept;
  /// Begins one benchmark run and publishes BenchmarkStarted. `total_examples` of 0 means unknown.
  /// If a run with this id is in progress, the new one replaces it: the old one ends, with an
  /// alert, and what it reports afterwards is ignored. Never throws; without memory the returned
  /// run records nothing and the loss is counted.
  [[nodiscard]] BenchmarkRun begin_benchmark(std::string_view benchmark_id, std::string_view name,
                                             std::uint64_t total_examples) noexcept;

  // The separate calls report a call number by number. Those of one thread belong together: all
  // calls for one call to a provider are made on one thread; to start it on one and end it on
  // another, use begin_request(). They are plain additions: nothing here is priced by the price
  // table. A call counts as lacking usage, or a known cost, until record_tokens() or record_cost()
  // came for it, before its end or right after (until the thread's next call to that provider). A
  // thread keeps its last 1,024 calls; those it forgets, and those it leaves open when it ends, are
  // no longer in flight.

  /// A call started: active + 1, RequestStarted.
  void record_request(std::string_view provider, std::string_view model) noexcept;
  /// A call succeeded after `latency_seconds`: RequestCompleted. It is the call this thread last
  /// started for the provider (and the model, when one is named) and has not ended: active - 1.
  /// When there is none, it is a call to the model named, or to "unknown". A latency that is
  /// negative, NaN or infinite is refused and counted; the call ends all the same, without one.
  void record_latency(std::string_view provider, double latency_seconds) noexcept;
  void record_latency(std::string_view provider, std::string_view model,
                      double latency_seconds) noexcept;
  /// Adds tokens to the call this thread last started or ended for the provider (and the model);
  /// without one, to the model named or to "unknown".
  void record_tokens(std::string_view provider, std::uint64_t input_tokens,
                     std::uint64_t output_tokens) noexcept;
  void record_tokens(std::string_view provider, std::string_view model, std::uint64_t input_tokens,
                     std::uint64_t output_tokens) noexcept;
  /// Adds cost in USD, exact to the nano-dollar, to the same call. Negative, NaN, infinite: refused
  /// and counted.
  void record_cost(std::string_view provider, double cost_usd) noexcept;
  void record_cost(std::string_view provider, std::string_view model, double cost_usd) noexcept;
  /// A call failed: RequestFailed, counted as error, or as cancelled for ErrorType::Cancelled.
  /// Which call: as record_latency() says. `message` goes into the event only.
  void record_error(std::string_view provider, ErrorType type,
                    std::string_view message = {}) noexcept;
  void record_error(std::string_view provider, std::string_view model, ErrorType type,
                    std::string_view message = {}) noexcept;
  /// The same with the type's text ("rate_limit"). A text outside the closed set counts as `other`
  /// and goes into the event as its code.
  void record_error(std::string_view provider, std::string_view error_type) noexcept;

  [[nodiscard]] EventBus& event_bus() noexcept;
  [[nodiscard]] const MetricCollector& collector() const noexcept;

  /// One row per provider, sorted by name.
  [[nodiscard]] std::vector<ProviderStats> get_all_provider_stats() const;
  [[nodiscard]] std::optional<ProviderStats> get_provider_stats(std::string_view provider) const;
  /// Every series as a value, sorted by name and labels: what /metrics shows, excluding the
  /// library's own metrics (llm_monitor_*, process_*, llm_build_info).
  [[nodiscard]] std::vector<Metric> get_metrics() const;
  /// The metrics labelled with this provider.
  [[nodiscard]] std::vector<Metric> get_provider_metrics(std::string_view provider) const;
  /// The text of /metrics (Prometheus text format 0.0.4), for a server of your own. Works without
  /// start().
  [[nodiscard]] std::string render_prometheus() const;

 private:
  friend struct detail::MonitoringSystemAccess;
  friend class CallSource;
  class Impl;
  std::unique_ptr<Impl> impl_;
  std::shared_ptr<core::MonitoringCore> core_;  // the wrappers' too, which may outlive this object
};

}  // namespace ltb
