// MonitoringConfig: builders and the check of the whole.
#include <ltb/config.hpp>

#include "metrics/bucket_layout.hpp"
#include "metrics/labels.hpp"
#include "net/access.hpp"
#include "support/number_text.hpp"
#include "support/utf8.hpp"
#include "system/config_text.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace ltb {
namespace {

template <typename Value, typename Field>
MonitoringConfig changed(const MonitoringConfig& config, Field MonitoringConfig::*field,
                         Value value) {
  MonitoringConfig copy = config;
  copy.*field = std::move(value);
  return copy;
}

[[noreturn]] void refuse(std::string_view field, const std::string& value,
                         const std::string& expected) {
  throw std::invalid_argument("MonitoringConfig::" + std::string(field) + " = " + value +
                              ": expected " + expected);
}

template <typename Number>
void check_range(std::string_view field, Number value, Number least, Number most) {
  if (value < least || value > most)
    refuse(field, std::to_string(value), std::to_string(least) + " to " + std::to_string(most));
}

void check_share(std::string_view field, double value) {
  if (!(value >= 0 && value <= 1))
    refuse(field, support::number_text(value), "a share from 0 to 1");
}

std::string quoted(std::string_view text) {
  // Not "\"" + ...: g++ 12 at -O3 takes that for overlapping copies and warns (its bug 105329).
  return '"' + support::escape_for_log(text) + '"';
}

void check_texts(const MonitoringConfig& config) {
  const auto expected = [](std::string_view text) { return std::string(text); };
  if (!system::is_websocket_url(config.websocket_url))
    refuse("websocket_url", quoted(config.websocket_url), expected(system::kUrlExpected));
  if (!system::is_auth_token(config.auth_token))  // never show it: it is a secret
    throw std::invalid_argument("MonitoringConfig::auth_token: expected " +
                                expected(system::kTokenExpected));
  if (config.tls_certificate.empty() != config.tls_key.empty())
    refuse(config.tls_key.empty() ? "tls_key" : "tls_certificate", "\"\"",
           "a file: both tls_certificate and tls_key, or neither");
  for (const std::string& origin : config.allowed_origins)
    if (!system::is_origin(origin))
      refuse("allowed_origins", quoted(origin), expected(system::kOriginExpected));
  for (const std::string& host : config.allowed_hosts)
    if (!system::is_host(host))
      refuse("allowed_hosts", quoted(host), expected(system::kHostExpected));
}

void check_slos(const std::vector<Slo>& levels) {
  constexpr std::size_t kMost = 16;
  if (levels.size() > kMost)
    refuse("slos", std::to_string(levels.size()) + " entries", "at most 16");
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Slo& level = levels[i];
    const std::string where = "slos[" + std::to_string(i) + "]";
    if (level.name.empty() || level.name.size() > 64 || !support::is_valid_utf8(level.name))
      refuse(where + ".name", quoted(level.name), "1 to 64 bytes of UTF-8");
    for (std::size_t k = 0; k < i; ++k)
      if (levels[k].name == level.name)
        refuse(where + ".name", quoted(level.name), "a name that no other level has");
    if (!level.latency && !level.time_to_first_token && !level.time_per_output_token)
      refuse(where, quoted(level.name),
             "at least one bound (latency, time_to_first_token, time_per_output_token)");
    for (const auto& bound :
         {level.latency, level.time_to_first_token, level.time_per_output_token})
      if (bound && bound->count() <= 0) refuse(where, quoted(level.name), "bounds above 0");
  }
}

void check_limits(const ServerLimits& limits) {
  using Size = std::size_t;
  check_range<Size>("limits.max_connections", limits.max_connections, 1, 100'000);
  check_range<Size>("limits.max_connections_per_peer", limits.max_connections_per_peer, 0, 100'000);
  check_range<Size>("limits.max_websocket_clients", limits.max_websocket_clients, 1, 100'000);
  check_range<Size>("limits.max_header_bytes", limits.max_header_bytes, 512, 1 << 20);
  check_range<Size>("limits.max_target_bytes", limits.max_target_bytes, 64, 1 << 20);
  check_range<Size>("limits.max_websocket_message_bytes", limits.max_websocket_message_bytes, 128,
                    16 << 20);
  const std::pair<std::string_view, std::chrono::milliseconds> timeouts[] = {
      {"limits.header_timeout", limits.header_timeout},
      {"limits.idle_timeout", limits.idle_timeout},
      {"limits.write_timeout", limits.write_timeout},
      {"limits.websocket_idle_timeout", limits.websocket_idle_timeout}};
  for (const auto& [name, value] : timeouts)
    if (value.count() < 10 || value.count() > 86'400'000)
      refuse(name, std::to_string(value.count()) + " ms", "10 ms to 24 hours");
}

// Two listeners on one address and port can never both bind: say so before anything is opened.
void check_ports(const MonitoringConfig& config) {
  struct Listener {
    std::string_view name;
    bool enabled;
    std::uint16_t port;
    const std::string& address;
  };
  const auto address = [&](const std::string& own) -> const std::string& {
    return own.empty() ? config.bind_address : own;
  };
  const Listener listeners[] = {{"prometheus_port", config.prometheus_enabled,
                                 config.prometheus_port, address(config.prometheus_bind_address)},
                                {"websocket_port", config.websocket_enabled, config.websocket_port,
                                 address(config.websocket_bind_address)},
                                {"dashboard_port", config.dashboard_enabled, config.dashboard_port,
                                 address(config.dashboard_bind_address)}};
  for (const Listener& a : listeners)
    for (const Listener& b : listeners)
      if (&a < &b && a.enabled && b.enabled && a.port != 0 && a.port == b.port &&
          a.address == b.address)
        refuse(b.name, std::to_string(b.port),
               "a port other than " + std::string(a.name) +
                   ", which is the same (0 picks a free one)");
}

void check_histogram_buckets(const std::map<std::string, std::vector<double>>& configured) {
  for (const auto& [family, bounds] : configured) {
    try {
      (void)metrics::histogram_layout(configured, family);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(std::string("MonitoringConfig::") + error.what());
    }
  }
}

void check_addresses(const MonitoringConfig& config) {
  const auto check = [](std::string_view field, const std::string& address) {
    if (!system::is_bind_address(address))
      refuse(field, quoted(address), std::string(system::kAddressExpected));
  };
  check("bind_address", config.bind_address);
  const auto check_own = [&](std::string_view field, const std::string& address) {
    if (!address.empty()) check(field, address);
  };
  check_own("prometheus_bind_address", config.prometheus_bind_address);
  check_own("websocket_bind_address", config.websocket_bind_address);
  check_own("dashboard_bind_address", config.dashboard_bind_address);
}

// A host that a browser takes: it refuses empty labels, and numbers at the end that are not an IPv4
// address.
bool is_url_host(std::string_view host) {
  if (host.find(':') != std::string_view::npos) return true;  // IPv6, parsed already
  if (host.starts_with('.') || host.find("..") != std::string_view::npos) return false;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.find_first_not_of("0123456789") != std::string_view::npos) return true;
  return system::is_bind_address(host);
}

}  // namespace

namespace system {

bool is_websocket_url(std::string_view text) {
  if (text.empty()) return true;
  const std::size_t scheme = text.starts_with("ws://") ? 5 : text.starts_with("wss://") ? 6 : 0;
  if (scheme == 0 || !support::is_valid_utf8(text)) return false;
  const auto is_bad = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f ||
           std::string_view("\"<>\\#").find(c) != std::string_view::npos;
  };
  if (std::any_of(text.begin(), text.end(), is_bad)) return false;
  text.remove_prefix(scheme);
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  const auto parsed = net::parse_authority(authority);  // knows no user names
  return parsed && parsed->port != 0 && !authority.ends_with(':') && is_url_host(parsed->host);
}

bool is_bind_address(std::string_view text) {
  if (text == "localhost") return true;
  boost::system::error_code error;
  (void)boost::asio::ip::make_address(std::string(text), error);
  return !error && text.find('\0') == std::string_view::npos;
}

bool is_auth_token(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c <= 0x7e; });
}

bool is_origin(std::string_view text) {
  const auto origin = net::parse_origin(text);  // what requests are compared with
  return origin && origin->port != 0 && (origin->scheme == "http" || origin->scheme == "https");
}

bool is_host(std::string_view text) {
  return net::parse_host_pattern(text).has_value();
}

}  // namespace system

#define LTB_BUILDER(builder, type, field)                              \
  MonitoringConfig MonitoringConfig::builder(type value) const {       \
    return changed(*this, &MonitoringConfig::field, std::move(value)); \
  }
LTB_BUILDER(with_prometheus, bool, prometheus_enabled)
LTB_BUILDER(with_prometheus_port, std::uint16_t, prometheus_port)
LTB_BUILDER(with_openmetrics, bool, openmetrics_enabled)
LTB_BUILDER(with_websocket, bool, websocket_enabled)
LTB_BUILDER(with_websocket_port, std::uint16_t, websocket_port)
LTB_BUILDER(with_dashboard, bool, dashboard_enabled)
LTB_BUILDER(with_dashboard_port, std::uint16_t, dashboard_port)
LTB_BUILDER(with_websocket_url, std::string, websocket_url)
LTB_BUILDER(with_retention_period, std::chrono::seconds, retention_period)
LTB_BUILDER(with_detailed_metrics, bool, detailed_metrics)
LTB_BUILDER(with_bind_address, std::string, bind_address)
LTB_BUILDER(with_prometheus_bind_address, std::string, prometheus_bind_address)
LTB_BUILDER(with_websocket_bind_address, std::string, websocket_bind_address)
LTB_BUILDER(with_dashboard_bind_address, std::string, dashboard_bind_address)
LTB_BUILDER(with_auth_token, std::string, auth_token)
LTB_BUILDER(with_allowed_origins, std::vector<std::string>, allowed_origins)
LTB_BUILDER(with_allowed_hosts, std::vector<std::string>, allowed_hosts)
LTB_BUILDER(with_dashboard_directory, std::string, dashboard_directory)
LTB_BUILDER(with_io_threads, unsigned, io_threads)
LTB_BUILDER(with_event_history, std::size_t, event_history)
LTB_BUILDER(with_max_event_bytes, std::size_t, max_event_bytes)
LTB_BUILDER(with_max_series_per_family, std::size_t, max_series_per_family)
LTB_BUILDER(with_max_label_bytes, std::size_t, max_label_bytes)
LTB_BUILDER(with_max_history_bytes, std::size_t, max_history_bytes)
LTB_BUILDER(with_price_table, PriceTable, price_table)
LTB_BUILDER(with_budget, double, budget_usd)
LTB_BUILDER(with_alerts, AlertThresholds, alerts)
LTB_BUILDER(with_limits, ServerLimits, limits)
LTB_BUILDER(with_logger, std::shared_ptr<spdlog::logger>, logger)
#undef LTB_BUILDER

MonitoringConfig MonitoringConfig::with_tls(std::string certificate, std::string key) const {
  MonitoringConfig copy = *this;
  copy.tls_certificate = std::move(certificate);
  copy.tls_key = std::move(key);
  return copy;
}

MonitoringConfig MonitoringConfig::with_slo(Slo level) const {
  MonitoringConfig copy = *this;
  copy.slos.push_back(std::move(level));
  return copy;
}

MonitoringConfig MonitoringConfig::with_histogram_buckets(std::string family,
                                                          std::vector<double> upper_bounds) const {
  MonitoringConfig copy = *this;
  copy.histogram_buckets[std::move(family)] = std::move(upper_bounds);
  return copy;
}

void MonitoringConfig::validate() const {
  check_range<std::int64_t>("retention_period", retention_period.count(), 1, 604'800);
  check_range<unsigned>("io_threads", io_threads, 1, 64);
  check_range<std::size_t>("event_history", event_history, 16, 1'048'576);
  check_range<std::size_t>("max_event_bytes", max_event_bytes, 1 << 20, std::size_t{1} << 40);
  check_range<std::size_t>("max_series_per_family", max_series_per_family, 1, 1'000'000);
  check_range<std::size_t>("max_label_bytes", max_label_bytes, 16, 4096);
  if (max_history_bytes < (1 << 20))
    refuse("max_history_bytes", std::to_string(max_history_bytes), "at least 1048576");
  check_share("alerts.error_rate", alerts.error_rate);
  check_share("alerts.critical_error_rate", alerts.critical_error_rate);
  check_share("alerts.rate_limited_rate", alerts.rate_limited_rate);
  if (alerts.minimum_requests == 0) refuse("alerts.minimum_requests", "0", "at least 1");
  check_range<std::int64_t>("alerts.benchmark_stalled_after",
                            alerts.benchmark_stalled_after.count(), 0, 86'400);
  if (budget_usd && !(*budget_usd > 0 && *budget_usd <= 1e9))
    refuse("budget_usd", support::number_text(*budget_usd),
           "more than 0 and at most 1,000,000,000");
  check_slos(slos);
  check_limits(limits);
  check_texts(*this);
  check_addresses(*this);
  check_ports(*this);
  check_histogram_buckets(histogram_buckets);
}

}  // namespace ltb
