// Every option of the library, with its default, unit and range.
#pragma once

#include <ltb/export.hpp>
#include <ltb/price_table.hpp>
#include <ltb/slo.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace ltb {

/// When the collector raises alerts and considers a provider unhealthy. Rates are over the last 60
/// seconds.
struct AlertThresholds {
  /// Share of failed calls (0..1) from which a provider is `degraded` and a warning is raised.
  /// Default 0.10.
  double error_rate = 0.10;
  /// Share of failed calls (0..1) from which a provider is `unavailable` and an error is raised.
  /// Default 0.50.
  double critical_error_rate = 0.50;
  /// Calls that must have finished in the window before a rate says anything. Default 10; at
  /// least 1.
  std::uint64_t minimum_requests = 10;
  /// Share of rate-limited calls (0..1) from which a provider is `rate_limited`. Default 0.10.
  double rate_limited_rate = 0.10;
  /// A running benchmark without an event for this long is stalled. Default 60 s; 0 turns the alert
  /// off.
  std::chrono::seconds benchmark_stalled_after{60};
};

/// Limits on clients. Exceeding one produces a clear response and is counted.
struct ServerLimits {
  std::size_t max_connections = 512;  ///< Per listener. 1..100,000.
  /// Of one address (of one IPv6 network, /64), per listener, and WebSocket clients in all.
  /// 0..100,000; 0: half of max_connections and of max_websocket_clients, at least 16. Clients
  /// behind one proxy count together.
  std::size_t max_connections_per_peer = 0;
  std::size_t max_websocket_clients = 256;  ///< All listeners together. 1..100,000.
  std::size_t max_header_bytes =
      8 * 1024;  ///< Request line and headers. 512..1 MiB; one past it: 431.
  std::size_t max_target_bytes = 4 * 1024;  ///< Request target. 64..1 MiB; one past it: 414.
  std::size_t max_websocket_message_bytes =
      64 * 1024;  ///< From a client. 128..16 MiB; one past it: close 1009.
  std::chrono::milliseconds header_timeout{10'000};  ///< To send a whole request head.
  std::chrono::milliseconds idle_timeout{60'000};    ///< Keep-alive connection without a request.
  std::chrono::milliseconds write_timeout{
      20'000};  ///< A response (or WebSocket data) that makes no progress.
  std::chrono::milliseconds websocket_idle_timeout{60'000};  ///< Silent peer, pings unanswered.
};

/// Configuration of a MonitoringSystem: plain fields with builders that return a changed copy, so
/// that they chain and never dangle. Checked as a whole by validate(), which MonitoringSystem's
/// constructor calls.
struct LTB_MONITORING_EXPORT MonitoringConfig {
  /// Default: true. Variable LTB_PROMETHEUS_ENABLED.
  bool prometheus_enabled = true;
  /// Default: 9090; 0 picks a free port. LTB_PROMETHEUS_PORT.
  std::uint16_t prometheus_port = 9090;
  /// Default: true. /metrics answers in OpenMetrics 1.0 when the Accept header prefers it, as
  /// Prometheus' does: with exemplars (the request id of a recent call in each bucket of
  /// llm_request_duration_seconds) and `_created` samples, which Prometheus stores as a series
  /// beside each counter, histogram and summary. False: always the text format 0.0.4, and no
  /// exemplars are kept. LTB_OPENMETRICS.
  bool openmetrics_enabled = true;
  /// Default: true. LTB_WEBSOCKET_ENABLED.
  bool websocket_enabled = true;
  /// Default: 8080; 0 picks a free port. LTB_WEBSOCKET_PORT.
  std::uint16_t websocket_port = 8080;
  /// Default: true. LTB_DASHBOARD_ENABLED.
  bool dashboard_enabled = true;
  /// Default: 3000; 0 picks a free port. LTB_DASHBOARD_PORT.
  std::uint16_t dashboard_port = 3000;
  /// How the page reaches the event stream, for example "wss://proxy.example/ws". Default: empty,
  /// which means the page's own host and port. LTB_WEBSOCKET_URL.
  std::string websocket_url{};
  /// How long history is kept, 1 s to 7 days. Default: 1 hour. More keeps more memory, up to
  /// `max_history_bytes`. LTB_RETENTION_PERIOD (whole seconds).
  std::chrono::seconds retention_period{3600};
  /// Default: false. Adds per-request token and error-duration histograms, and a MetricRecorded
  /// event for every latency, token and cost recording of scopes that succeed and of the record_*
  /// calls. LTB_DETAILED_METRICS.
  bool detailed_metrics = false;

  /// Address all listeners bind. Default: "127.0.0.1". LTB_BIND_ADDRESS.
  std::string bind_address = "127.0.0.1";
  /// The same for one listener; empty means `bind_address`. LTB_PROMETHEUS_BIND_ADDRESS,
  /// LTB_WEBSOCKET_BIND_ADDRESS, LTB_DASHBOARD_BIND_ADDRESS.
  std::string prometheus_bind_address{};
  std::string websocket_bind_address{};
  std::string dashboard_bind_address{};
  /// When set, every route but the health checks and the page's own files asks for `Authorization:
  /// Bearer <token>`; the page takes it from its address, `/#token=...`, and a WebSocket may bring
  /// it as a protocol (docs/protocol.md). Default: empty. LTB_AUTH_TOKEN. Never logged.
  std::string auth_token{};
  /// PEM files of a certificate (with its chain) and of its private key: then all listeners speak
  /// TLS 1.2 or later (https, wss). Read at each start(), which throws std::system_error naming the
  /// file and what is wrong with it; so does a build without TLS. Default: empty, plain HTTP.
  /// LTB_TLS_CERT, LTB_TLS_KEY.
  std::string tls_certificate{};
  std::string tls_key{};
  /// Origins (for example "https://bench.example") that may use the WebSocket and the API besides
  /// the page's own host and loopback. LTB_ALLOWED_ORIGINS (comma-separated).
  std::vector<std::string> allowed_origins{};
  /// Names by which requests may reach this machine, as in the Host header, on all three listeners:
  /// "bench.example", ".example.com" for that name and all below it, or "*" for any. Addresses,
  /// loopback names and the hosts of `allowed_origins` are always allowed; any other name is
  /// refused with 403, because a web page could point its own name here (DNS rebinding). A
  /// Prometheus that scrapes by a service name needs it, or the token: with `auth_token` set, no
  /// name is refused. Default: empty. LTB_ALLOWED_HOSTS (comma-separated).
  std::vector<std::string> allowed_hosts{};
  /// Serve the page's files from this folder, falling back to the embedded files.
  /// Default: empty. LTB_DASHBOARD_DIRECTORY.
  std::string dashboard_directory{};
  /// Threads that serve the listeners, 1..64. Default: 1. LTB_IO_THREADS.
  unsigned io_threads = 1;
  /// Events kept for receivers, `since=` and /api/v1/events; 16..1,048,576. Default: 8,192.
  /// LTB_EVENT_HISTORY.
  std::size_t event_history = 8192;
  /// Bytes that the events kept for receivers may take together, 1 MiB to 1 TiB; beyond it slow
  /// receivers lose the oldest. Default: 16 MiB. LTB_MAX_EVENT_BYTES.
  std::size_t max_event_bytes = std::size_t{16} * 1024 * 1024;
  /// Label sets of one kind (provider-model pairs, evaluation metrics, benchmarks, a user metric's
  /// labels), 1..1,000,000; beyond it one `_overflow_` series takes all others. Families with an
  /// additional fixed label (status, error_type) have proportionally more series. Default: 1,000.
  /// LTB_MAX_SERIES_PER_FAMILY.
  std::size_t max_series_per_family = 1000;
  /// Bytes a label value (a provider, a model, ...) may have before it is cut, 16..4,096. Default:
  /// 256. LTB_MAX_LABEL_BYTES.
  std::size_t max_label_bytes = 256;
  /// Bytes all history may take together, at least 1 MiB. Default: 128 MiB. Beyond it the oldest is
  /// forgotten first. LTB_MAX_HISTORY_BYTES.
  std::size_t max_history_bytes = std::size_t{128} * 1024 * 1024;
  /// Upper bounds, ascending, for histogram families by name, in place of the built-in ones.
  /// Default: none.
  std::map<std::string, std::vector<double>> histogram_buckets{};
  /// Prices for calls whose cost the provider does not report. Default: none, or the file of
  /// LTB_PRICE_TABLE ("builtin" means PriceTable::built_in()).
  std::optional<PriceTable> price_table{};
  /// At most 16 service-level objectives. Default: none.
  std::vector<Slo> slos{};
  /// USD that may be spent since the system was made; an alert is raised at 80 % and at 100 %.
  /// Nothing is stopped. Default: none. LTB_BUDGET_USD.
  std::optional<double> budget_usd{};
  AlertThresholds alerts{};
  ServerLimits limits{};
  /// Where the library writes its few log lines. Default: none; nothing is logged.
  std::shared_ptr<spdlog::logger> logger{};

  [[nodiscard]] MonitoringConfig with_prometheus(bool enabled) const;
  [[nodiscard]] MonitoringConfig with_prometheus_port(std::uint16_t port) const;
  [[nodiscard]] MonitoringConfig with_openmetrics(bool enabled) const;
  [[nodiscard]] MonitoringConfig with_websocket(bool enabled) const;
  [[nodiscard]] MonitoringConfig with_websocket_port(std::uint16_t port) const;
  [[nodiscard]] MonitoringConfig with_dashboard(bool enabled) const;
  [[nodiscard]] MonitoringConfig with_dashboard_port(std::uint16_t port) const;
  [[nodiscard]] MonitoringConfig with_websocket_url(std::string url) const;
  [[nodiscard]] MonitoringConfig with_retention_period(std::chrono::seconds period) const;
  [[nodiscard]] MonitoringConfig with_detailed_metrics(bool enabled) const;
  [[nodiscard]] MonitoringConfig with_bind_address(std::string address) const;
  [[nodiscard]] MonitoringConfig with_prometheus_bind_address(std::string address) const;
  [[nodiscard]] MonitoringConfig with_websocket_bind_address(std::string address) const;
  [[nodiscard]] MonitoringConfig with_dashboard_bind_address(std::string address) const;
  [[nodiscard]] MonitoringConfig with_auth_token(std::string token) const;
  [[nodiscard]] MonitoringConfig with_tls(std::string certificate, std::string key) const;
  [[nodiscard]] MonitoringConfig with_allowed_origins(std::vector<std::string> origins) const;
  [[nodiscard]] MonitoringConfig with_allowed_hosts(std::vector<std::string> hosts) const;
  [[nodiscard]] MonitoringConfig with_dashboard_directory(std::string directory) const;
  [[nodiscard]] MonitoringConfig with_io_threads(unsigned threads) const;
  [[nodiscard]] MonitoringConfig with_event_history(std::size_t events) const;
  [[nodiscard]] MonitoringConfig with_max_event_bytes(std::size_t bytes) const;
  [[nodiscard]] MonitoringConfig with_max_series_per_family(std::size_t series) const;
  [[nodiscard]] MonitoringConfig with_max_label_bytes(std::size_t bytes) const;
  [[nodiscard]] MonitoringConfig with_max_history_bytes(std::size_t bytes) const;
  [[nodiscard]] MonitoringConfig with_histogram_buckets(std::string family,
                                                        std::vector<double> upper_bounds) const;
  [[nodiscard]] MonitoringConfig with_price_table(PriceTable table) const;
  /// Adds one.
  [[nodiscard]] MonitoringConfig with_slo(Slo level) const;
  [[nodiscard]] MonitoringConfig with_budget(double usd) const;
  [[nodiscard]] MonitoringConfig with_alerts(AlertThresholds thresholds) const;
  [[nodiscard]] MonitoringConfig with_limits(ServerLimits limits) const;
  [[nodiscard]] MonitoringConfig with_logger(std::shared_ptr<spdlog::logger> logger) const;

  /// Reads the `LTB_` variables named above over `base`. Throws std::invalid_argument naming the
  /// variable, its value and what was expected; nothing is half-applied. A variable that is unset
  /// or empty changes nothing. Reads the environment once, so no other thread may change it
  /// meanwhile.
  [[nodiscard]] static MonitoringConfig from_env(const MonitoringConfig& base);
  [[nodiscard]] static MonitoringConfig from_env();

  /// Throws std::invalid_argument naming the field, its value and the range.
  void validate() const;
};

}  // namespace ltb
