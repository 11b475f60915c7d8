// MonitoringConfig: defaults, builders, and what validate() refuses in which words.
#include <ltb/config.hpp>
#include <ltb/monitoring_system.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <set>
#include <sstream>
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
       "MonitoringConfig::websocket_url = \"http://x\": expected a URL such as "
       "wss://proxy.example:8443/ws: ws:// or wss://, a host, a port from 1 to 65535 if any, no "
       "user name, no fragment"},
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
       "MonitoringConfig::histogram_buckets[\"my_histogram\"]: expected one of the library's "
       "histogram families: llm_request_duration_seconds, llm_request_error_duration_seconds, "
       "llm_queue_seconds, llm_time_to_first_token_seconds, llm_inter_token_latency_seconds, "
       "llm_time_per_output_token_seconds, llm_output_tokens_per_second, "
       "llm_request_input_tokens, llm_request_output_tokens, llm_evaluation_duration_seconds, "
       "llm_benchmark_duration_seconds"},
      {base.with_histogram_buckets("llm_request_duration_seconds", {1, 1}),
       "MonitoringConfig::histogram_buckets[\"llm_request_duration_seconds\"]: histogram buckets: "
       "upper bound 1 after 1: expected ascending bounds"},
      {base.with_max_event_bytes(1000),
       "MonitoringConfig::max_event_bytes = 1000: expected 1048576 to 1099511627776"},
      {base.with_bind_address(""),
       "MonitoringConfig::bind_address = \"\": expected an IPv4 or IPv6 address, for example "
       "127.0.0.1, or localhost"},
      {base.with_dashboard_bind_address("bench.example"),
       "MonitoringConfig::dashboard_bind_address = \"bench.example\": expected an IPv4 or IPv6 "
       "address, for example 127.0.0.1, or localhost"},
      {base.with_allowed_origins({"https://x:0"}),
       "MonitoringConfig::allowed_origins = \"https://x:0\": expected scheme://host[:port], for "
       "example https://bench.example"}};
  for (const auto& [config, expected] : cases) EXPECT_EQ(why_refused(config), expected);
}

TEST(Config, AWebSocketUrlIsOneThatABrowserCanConnectTo) {
  for (const char* url :
       {"ws://h", "wss://h:1", "ws://h:65535/ws?a=b", "ws://127.0.0.1:8080/ws", "wss://[::1]:8080/",
        "wss://a-b.example./x", "ws://h?since=1", "ws://10.example"})
    EXPECT_EQ(why_refused(MonitoringConfig{}.with_websocket_url(url)), "accepted") << url;
  for (const char* url : {"ws://",
                          "wss://",
                          "ws:///ws",
                          "ws://:8080/ws",
                          "ws://host:99999/ws",
                          "ws://host:0/ws",
                          "ws://host:/ws",
                          "ws://host:port/ws",
                          "ws://user@host/ws",
                          "ws://user:word@host/ws",
                          "ws://host/ws#part",
                          "ws://ho st/ws",
                          "ws://host\\ws",
                          "ws://[::1/ws",
                          "ws://[host]/ws",
                          "ws://999.1.1.1/ws",
                          "ws://1.2.3/ws",
                          "ws://a..b/ws",
                          "ws://.a/ws",
                          "ws://h:-1",
                          "http://host/ws",
                          "host:8080/ws",
                          "//host/ws",
                          "ws:host",
                          "ws://host/\x7f"})
    EXPECT_TRUE(why_refused(MonitoringConfig{}.with_websocket_url(url))
                    .starts_with("MonitoringConfig::websocket_url = "))
        << url;
}

TEST(Config, EveryHistogramFamilyOnMetricsTakesBoundsInItsOwnUnit) {
  std::set<std::string> families;
  {
    MonitoringSystem system(MonitoringConfig{}.with_detailed_metrics(true));
    system.begin_request("p", "m").finish(TokenUsage{1, 1});
    system.begin_benchmark("b", "b", 1).complete();
    system.event_bus().publish(MonitoringEvent::evaluation_completed("e", "score", "p", "m", 1));
    std::istringstream text(system.render_prometheus());
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("# TYPE llm_") && line.ends_with(" histogram") &&
          !line.starts_with("# TYPE llm_monitor_"))
        families.insert(line.substr(7, line.size() - 7 - std::string(" histogram").size()));
  }
  EXPECT_TRUE(families.contains("llm_queue_seconds"));
  MonitoringConfig all;
  for (const std::string& family : families) all = all.with_histogram_buckets(family, {0.25, 0.5});
  // More tokens than there are nanoseconds in a bound of seconds.
  all = all.with_histogram_buckets("llm_request_input_tokens", {1e12});
  EXPECT_EQ(why_refused(all), "accepted");
  EXPECT_NE(why_refused(all.with_histogram_buckets("llm_queue_seconds", {1e12})), "accepted");

  MonitoringSystem system(MonitoringConfig{}.with_histogram_buckets("llm_queue_seconds", {0.125}));
  (void)system.begin_request("p", "m");
  EXPECT_NE(system.render_prometheus().find(
                "llm_queue_seconds_bucket{provider=\"p\",model=\"m\",le=\"0.125\"} 0"),
            std::string::npos);
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
      {"limits.max_connections_per_peer = 100001",
       [](auto& c) { c.limits.max_connections_per_peer = 100'001; }},
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
        base.with_max_event_bytes(1 << 20), base.with_bind_address("::ffff:127.0.0.1"),
        base.with_bind_address("localhost"), base.with_websocket_bind_address("::"),
        base.with_allowed_origins({"http://[::1]:3000"})})
    EXPECT_EQ(why_refused(config), "accepted");
}

}  // namespace
}  // namespace ltb
