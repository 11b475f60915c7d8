// MonitoringConfig: defaults, builders, and what validate() refuses in which words.
#include <ltb/config.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;

std::string why_refused(const MonitoringConfig& config) {
  try {
    config.validate();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Config, HasTheDefaultsOfTheGuide) {
  const MonitoringConfig config;

  EXPECT_TRUE(config.prometheus_enabled);
  EXPECT_EQ(config.prometheus_port, 9090);
  EXPECT_TRUE(config.websocket_enabled);
  EXPECT_EQ(config.websocket_port, 8080);
  EXPECT_TRUE(config.dashboard_enabled);
  EXPECT_EQ(config.dashboard_port, 3000);
  EXPECT_EQ(config.retention_period, 1h);
  EXPECT_FALSE(config.detailed_metrics);
  EXPECT_EQ(config.bind_address, "127.0.0.1");
  EXPECT_EQ(config.auth_token, "");
  EXPECT_EQ(config.io_threads, 1u);
  EXPECT_EQ(why_refused(config), "accepted");
}

TEST(Config, BuildersChainAndChangeTheirFieldAlone) {
  AlertThresholds alerts;
  alerts.error_rate = 0.2;
  ServerLimits limits;
  limits.max_connections = 7;
  const MonitoringConfig base;
  const MonitoringConfig config =
      base.with_prometheus(false)
          .with_prometheus_port(9091)
          .with_openmetrics(false)
          .with_websocket(false)
          .with_websocket_port(8081)
          .with_dashboard(false)
          .with_dashboard_port(3001)
          .with_websocket_url("wss://proxy.example/ws")
          .with_retention_period(2h)
          .with_detailed_metrics(true)
          .with_bind_address("0.0.0.0")
          .with_prometheus_bind_address("127.0.0.2")
          .with_websocket_bind_address("127.0.0.3")
          .with_dashboard_bind_address("127.0.0.4")
          .with_auth_token("secret")
          .with_tls("/srv/cert.pem", "/srv/key.pem")
          .with_allowed_origins({"https://a.example"})
          .with_allowed_hosts({"llm-benchmark"})
          .with_dashboard_directory("/srv/page")
          .with_io_threads(3)
          .with_event_history(64)
          .with_max_series_per_family(50)
          .with_max_label_bytes(32)
          .with_max_history_bytes(2 << 20)
          .with_histogram_buckets("llm_request_duration_seconds", {1, 2})
          .with_alerts(alerts)
          .with_limits(limits);

  EXPECT_FALSE(config.prometheus_enabled);
  EXPECT_EQ(config.prometheus_port, 9091);
  EXPECT_FALSE(config.openmetrics_enabled);
  EXPECT_FALSE(config.websocket_enabled);
  EXPECT_EQ(config.websocket_port, 8081);
  EXPECT_FALSE(config.dashboard_enabled);
  EXPECT_EQ(config.dashboard_port, 3001);
  EXPECT_EQ(config.websocket_url, "wss://proxy.example/ws");
  EXPECT_EQ(config.retention_period, 2h);
  EXPECT_TRUE(config.detailed_metrics);
  EXPECT_EQ(config.bind_address, "0.0.0.0");
  EXPECT_EQ(config.prometheus_bind_address, "127.0.0.2");
  EXPECT_EQ(config.websocket_bind_address, "127.0.0.3");
  EXPECT_EQ(config.dashboard_bind_address, "127.0.0.4");
  EXPECT_EQ(config.tls_certificate, "/srv/cert.pem");
  EXPECT_EQ(config.tls_key, "/srv/key.pem");
  EXPECT_EQ(config.auth_token, "secret");
  EXPECT_EQ(config.allowed_origins, std::vector<std::string>{"https://a.example"});
  EXPECT_EQ(config.allowed_hosts, std::vector<std::string>{"llm-benchmark"});
  EXPECT_EQ(config.dashboard_directory, "/srv/page");
  EXPECT_EQ(config.io_threads, 3u);
  EXPECT_EQ(config.event_history, 64u);
  EXPECT_EQ(config.max_series_per_family, 50u);
  EXPECT_EQ(config.max_label_bytes, 32u);
  EXPECT_EQ(config.max_history_bytes, 2u << 20);
  EXPECT_EQ(config.histogram_buckets.at("llm_request_duration_seconds"),
            (std::vector<double>{1, 2}));
  EXPECT_EQ(config.alerts.error_rate, 0.2);
  EXPECT_EQ(config.limits.max_connections, 7u);
  EXPECT_EQ(why_refused(config), "accepted");
  EXPECT_EQ(base.prometheus_port, 9090) << "the base stays as it was";
}

TEST(Config, RefusalsNameFieldValueAndRange) {
  const MonitoringConfig base;
  const std::vector<std::pair<MonitoringConfig, std::string>> cases{
      {base.with_retention_period(0s),
       "MonitoringConfig::retention_period = 0: expected 1 to 604800"},
      {base.with_retention_period(604'801s),
       "MonitoringConfig::retention_period = 604801: expected 1 to 604800"},
      {base.with_io_threads(0), "MonitoringConfig::io_threads = 0: expected 1 to 64"},
      {base.with_io_threads(65), "MonitoringConfig::io_threads = 65: expected 1 to 64"},
      {base.with_event_history(15), "MonitoringConfig::event_history = 15: expected 16 to 1048576"},
      {base.with_max_series_per_family(0),
       "MonitoringConfig::max_series_per_family = 0: expected 1 to 1000000"},
      {base.with_max_label_bytes(4097),
       "MonitoringConfig::max_label_bytes = 4097: expected 16 to 4096"},
      {base.with_max_history_bytes(1),
       "MonitoringConfig::max_history_bytes = 1: expected at least 1048576"},
      {base.with_websocket_url("http://x"),
       "MonitoringConfig::websocket_url = \"http://x\": expected a URL that starts with ws:// or "
       "wss://"},
      {base.with_allowed_origins({"https://ok.example", "bench.example"}),
       "MonitoringConfig::allowed_origins = \"bench.example\": expected scheme://host[:port], for "
       "example https://bench.example"},
      {base.with_allowed_origins({"https://x/"}),
       "MonitoringConfig::allowed_origins = \"https://x/\": expected scheme://host[:port], for "
       "example https://bench.example"},
      {base.with_allowed_origins({"https://"}),
       "MonitoringConfig::allowed_origins = \"https://\": expected scheme://host[:port], for "
       "example https://bench.example"},
      {base.with_allowed_origins({"https://x:65536"}),
       "MonitoringConfig::allowed_origins = \"https://x:65536\": expected scheme://host[:port], "
       "for "
       "example https://bench.example"},
      {base.with_allowed_origins({"https://*.example"}),
       "MonitoringConfig::allowed_origins = \"https://*.example\": expected scheme://host[:port], "
       "for example https://bench.example"},
      {base.with_allowed_hosts({"ok.example", "bench.example:3000"}),
       "MonitoringConfig::allowed_hosts = \"bench.example:3000\": expected a name or address "
       "without "
       "port, .example.com for all names below it, or *"},
      {base.with_dashboard_port(9090),
       "MonitoringConfig::dashboard_port = 9090: expected a port other than prometheus_port, which "
       "is the same (0 picks a free one)"},
      {base.with_histogram_buckets("my_histogram", {1}),
       "MonitoringConfig::histogram_buckets = \"my_histogram\": expected the name of one of the "
       "library's histogram families"},
      {base.with_histogram_buckets("llm_request_duration_seconds", {1, 1}),
       "MonitoringConfig::histogram_buckets = \"llm_request_duration_seconds\": expected good "
       "bounds "
       "(histogram buckets: upper bound 1 after 1: expected ascending bounds)"}};
  for (const auto& [config, expected] : cases) EXPECT_EQ(why_refused(config), expected);
}

TEST(Config, ARefusedTokenIsNeverShown) {
  for (const char* token : {"two words", "tab\t", "h\xc3\xa9", "line\nfeed"}) {
    const std::string why = why_refused(MonitoringConfig{}.with_auth_token(token));
    EXPECT_EQ(why, "MonitoringConfig::auth_token: expected printable ASCII without spaces");
  }
}

TEST(Config, EveryThresholdAndLimitIsChecked) {
  const std::vector<std::pair<std::string, std::function<void(MonitoringConfig&)>>> cases{
      {"alerts.error_rate = NaN", [](auto& c) { c.alerts.error_rate = std::nan(""); }},
      {"alerts.critical_error_rate = 1.5", [](auto& c) { c.alerts.critical_error_rate = 1.5; }},
      {"alerts.rate_limited_rate = -0.1", [](auto& c) { c.alerts.rate_limited_rate = -0.1; }},
      {"alerts.minimum_requests = 0", [](auto& c) { c.alerts.minimum_requests = 0; }},
      {"alerts.benchmark_stalled_after = -1",
       [](auto& c) { c.alerts.benchmark_stalled_after = -1s; }},
      {"limits.max_connections = 0", [](auto& c) { c.limits.max_connections = 0; }},
      {"limits.max_websocket_clients = 0", [](auto& c) { c.limits.max_websocket_clients = 0; }},
      {"limits.max_header_bytes = 511", [](auto& c) { c.limits.max_header_bytes = 511; }},
      {"limits.max_target_bytes = 63", [](auto& c) { c.limits.max_target_bytes = 63; }},
      {"limits.max_websocket_message_bytes = 127",
       [](auto& c) { c.limits.max_websocket_message_bytes = 127; }},
      {"limits.header_timeout = 9 ms", [](auto& c) { c.limits.header_timeout = 9ms; }},
      {"limits.idle_timeout = -1 ms", [](auto& c) { c.limits.idle_timeout = -1ms; }},
      {"limits.write_timeout = 0 ms", [](auto& c) { c.limits.write_timeout = 0ms; }},
      {"limits.websocket_idle_timeout = 86400001 ms",
       [](auto& c) { c.limits.websocket_idle_timeout = 86'400'001ms; }}};
  for (const auto& [expected, change] : cases) {
    MonitoringConfig config;
    change(config);
    EXPECT_TRUE(why_refused(config).starts_with("MonitoringConfig::" + expected + ": expected "))
        << why_refused(config);
  }
}

TEST(Config, PortsMayBeEqualWhereTheyCannotMeet) {
  const MonitoringConfig same = MonitoringConfig{}.with_dashboard_port(9090);

  EXPECT_EQ(why_refused(same.with_prometheus(false)), "accepted");
  EXPECT_EQ(why_refused(same.with_dashboard_bind_address("127.0.0.2")), "accepted");
  EXPECT_EQ(
      why_refused(
          MonitoringConfig{}.with_prometheus_port(0).with_websocket_port(0).with_dashboard_port(0)),
      "accepted");
}

TEST(Config, EdgesOfTheRangesAreAccepted) {
  const MonitoringConfig base;
  for (const MonitoringConfig& config :
       {base.with_retention_period(1s), base.with_retention_period(168h), base.with_io_threads(64),
        base.with_event_history(16), base.with_event_history(1 << 20),
        base.with_max_series_per_family(1), base.with_max_label_bytes(16),
        base.with_max_history_bytes(1 << 20), base.with_websocket_url("ws://h"),
        base.with_allowed_origins({"http://[::1]:3000"})})
    EXPECT_EQ(why_refused(config), "accepted");
}

}  // namespace
}  // namespace ltb
