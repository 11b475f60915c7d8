// MonitoringConfig::from_env(): every variable, and what a bad one is answered with.
#include <ltb/config.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;

constexpr const char* kVariables[] = {"LTB_PROMETHEUS_ENABLED",
                                      "LTB_PROMETHEUS_PORT",
                                      "LTB_OPENMETRICS",
                                      "LTB_WEBSOCKET_ENABLED",
                                      "LTB_WEBSOCKET_PORT",
                                      "LTB_DASHBOARD_ENABLED",
                                      "LTB_DASHBOARD_PORT",
                                      "LTB_WEBSOCKET_URL",
                                      "LTB_RETENTION_PERIOD",
                                      "LTB_DETAILED_METRICS",
                                      "LTB_BIND_ADDRESS",
                                      "LTB_PROMETHEUS_BIND_ADDRESS",
                                      "LTB_WEBSOCKET_BIND_ADDRESS",
                                      "LTB_DASHBOARD_BIND_ADDRESS",
                                      "LTB_AUTH_TOKEN",
                                      "LTB_TLS_CERT",
                                      "LTB_TLS_KEY",
                                      "LTB_ALLOWED_ORIGINS",
                                      "LTB_DASHBOARD_DIRECTORY",
                                      "LTB_IO_THREADS",
                                      "LTB_EVENT_HISTORY",
                                      "LTB_MAX_SERIES_PER_FAMILY",
                                      "LTB_MAX_LABEL_BYTES",
                                      "LTB_MAX_EVENT_BYTES",
                                      "LTB_MAX_HISTORY_BYTES"};

struct FromEnv : ::testing::Test {
  FromEnv() { clear(); }
  ~FromEnv() override { clear(); }
  static void clear() {
    for (const char* name : kVariables) unsetenv(name);
  }
  static void set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
  static std::string why_refused(const char* name, const std::string& value) {
    clear();
    set(name, value);
    try {
      (void)MonitoringConfig::from_env();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  }
};

TEST_F(FromEnv, WithoutVariablesItIsTheBase) {
  const MonitoringConfig config = MonitoringConfig::from_env(
      MonitoringConfig{}.with_prometheus_port(1234).with_allowed_origins({"https://a.example"}));

  EXPECT_EQ(config.prometheus_port, 1234);
  EXPECT_EQ(config.allowed_origins.size(), 1u);
  EXPECT_EQ(MonitoringConfig::from_env().prometheus_port, 9090);
}

TEST_F(FromEnv, EmptyVariablesChangeNothing) {
  for (const char* name : kVariables) set(name, "");

  const MonitoringConfig config =
      MonitoringConfig::from_env(MonitoringConfig{}.with_auth_token("t").with_io_threads(4));

  EXPECT_EQ(config.auth_token, "t");
  EXPECT_EQ(config.io_threads, 4u);
  EXPECT_EQ(config.bind_address, "127.0.0.1");
}

TEST_F(FromEnv, ReadsEveryVariable) {
  set("LTB_PROMETHEUS_ENABLED", "false");
  set("LTB_PROMETHEUS_PORT", "9091");
  set("LTB_OPENMETRICS", "no");
  set("LTB_WEBSOCKET_ENABLED", "0");
  set("LTB_WEBSOCKET_PORT", "0");
  set("LTB_DASHBOARD_ENABLED", "off");
  set("LTB_DASHBOARD_PORT", "65535");
  set("LTB_WEBSOCKET_URL", "wss://proxy.example/ws");
  set("LTB_RETENTION_PERIOD", "7200");
  set("LTB_DETAILED_METRICS", "true");
  set("LTB_BIND_ADDRESS", "0.0.0.0");
  set("LTB_PROMETHEUS_BIND_ADDRESS", "127.0.0.2");
  set("LTB_WEBSOCKET_BIND_ADDRESS", "127.0.0.3");
  set("LTB_DASHBOARD_BIND_ADDRESS", "127.0.0.4");
  set("LTB_AUTH_TOKEN", "secret");
  set("LTB_TLS_CERT", "/srv/cert.pem");
  set("LTB_TLS_KEY", "/srv/key.pem");
  set("LTB_ALLOWED_ORIGINS", " https://a.example ,, http://b.example:81");
  set("LTB_ALLOWED_HOSTS", "llm-benchmark, .svc.cluster.local");
  set("LTB_DASHBOARD_DIRECTORY", "/srv/page");
  set("LTB_IO_THREADS", "64");
  set("LTB_EVENT_HISTORY", "16");
  set("LTB_MAX_SERIES_PER_FAMILY", "1000000");
  set("LTB_MAX_LABEL_BYTES", "16");
  set("LTB_MAX_HISTORY_BYTES", "1048576");

  const MonitoringConfig config = MonitoringConfig::from_env();

  EXPECT_FALSE(config.prometheus_enabled);
  EXPECT_EQ(config.prometheus_port, 9091);
  EXPECT_FALSE(config.openmetrics_enabled);
  EXPECT_FALSE(config.websocket_enabled);
  EXPECT_EQ(config.websocket_port, 0);
  EXPECT_FALSE(config.dashboard_enabled);
  EXPECT_EQ(config.dashboard_port, 65535);
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
  EXPECT_EQ(config.allowed_origins,
            (std::vector<std::string>{"https://a.example", "http://b.example:81"}));
  EXPECT_EQ(config.allowed_hosts,
            (std::vector<std::string>{"llm-benchmark", ".svc.cluster.local"}));
  EXPECT_EQ(config.dashboard_directory, "/srv/page");
  EXPECT_EQ(config.io_threads, 64u);
  EXPECT_EQ(config.event_history, 16u);
  EXPECT_EQ(config.max_series_per_family, 1'000'000u);
  EXPECT_EQ(config.max_label_bytes, 16u);
  EXPECT_EQ(config.max_history_bytes, 1u << 20);
  EXPECT_NO_THROW(config.validate());
}

TEST_F(FromEnv, AcceptsTheUsualWordsForTrueAndFalse) {
  for (const char* text : {"true", "1", "yes", "on"}) {
    set("LTB_DETAILED_METRICS", text);
    EXPECT_TRUE(MonitoringConfig::from_env().detailed_metrics) << text;
  }
  for (const char* text : {"false", "0", "no", "off"}) {
    set("LTB_PROMETHEUS_ENABLED", text);
    EXPECT_FALSE(MonitoringConfig::from_env().prometheus_enabled) << text;
  }
}

TEST_F(FromEnv, RefusalsNameVariableValueAndRange) {
  EXPECT_EQ(why_refused("LTB_RETENTION_PERIOD", "2h"),
            "LTB_RETENTION_PERIOD=\"2h\": expected whole seconds between 1 and 604800");
  EXPECT_EQ(why_refused("LTB_RETENTION_PERIOD", "0"),
            "LTB_RETENTION_PERIOD=\"0\": expected whole seconds between 1 and 604800");
  EXPECT_EQ(why_refused("LTB_DETAILED_METRICS", "maybe"),
            "LTB_DETAILED_METRICS=\"maybe\": expected true or false");
  EXPECT_EQ(why_refused("LTB_IO_THREADS", "65"),
            "LTB_IO_THREADS=\"65\": expected a whole number between 1 and 64");
  for (const char* name : {"LTB_PROMETHEUS_PORT", "LTB_WEBSOCKET_PORT", "LTB_DASHBOARD_PORT"})
    for (const char* value :
         {"65536", "-1", "+1", "9090 ", " 9090", "0x50", "80.5", "port", "99999999999999999999999"})
      EXPECT_EQ(why_refused(name, value),
                std::string(name) + "=\"" + value + "\": expected a port between 0 and 65535");
  for (const char* name : {"LTB_EVENT_HISTORY", "LTB_MAX_SERIES_PER_FAMILY", "LTB_MAX_LABEL_BYTES",
                           "LTB_MAX_HISTORY_BYTES", "LTB_MAX_EVENT_BYTES"})
    EXPECT_TRUE(why_refused(name, "0").starts_with(std::string(name) +
                                                   "=\"0\": expected a whole number between "))
        << why_refused(name, "0");
}

TEST_F(FromEnv, TextsThatCannotWorkAreRefusedByTheNameOfTheirVariable) {
  EXPECT_EQ(
      why_refused("LTB_WEBSOCKET_URL", "http://x"),
      "LTB_WEBSOCKET_URL=\"http://x\": expected a URL such as wss://proxy.example:8443/ws: ws:// "
      "or wss://, a host, a port from 1 to 65535 if any, no user name, no fragment");
  EXPECT_EQ(why_refused("LTB_BIND_ADDRESS", "bench.example"),
            "LTB_BIND_ADDRESS=\"bench.example\": expected an IPv4 or IPv6 address, for example "
            "127.0.0.1, or localhost");
  EXPECT_EQ(why_refused("LTB_ALLOWED_ORIGINS", "https://a.example,b.example"),
            "LTB_ALLOWED_ORIGINS=\"b.example\": expected scheme://host[:port], for example "
            "https://bench.example");
  EXPECT_EQ(why_refused("LTB_AUTH_TOKEN", "two words"),
            "LTB_AUTH_TOKEN: expected printable ASCII without spaces")
      << "a secret is never shown";
}

TEST_F(FromEnv, HostileValuesAreEscapedInTheMessage) {
  EXPECT_EQ(why_refused("LTB_IO_THREADS", "1\n\x1b[31m\""),
            "LTB_IO_THREADS=\"1\\n\\x1b[31m\\\"\": expected a whole number between 1 and 64");
}

TEST_F(FromEnv, NothingIsHalfApplied) {
  const MonitoringConfig base = MonitoringConfig{}.with_prometheus_port(1);
  MonitoringConfig config = base;
  set("LTB_PROMETHEUS_PORT", "9091");
  set("LTB_MAX_HISTORY_BYTES", "lots");

  EXPECT_THROW(config = MonitoringConfig::from_env(base), std::invalid_argument);

  EXPECT_EQ(config.prometheus_port, 1);
}

}  // namespace
}  // namespace ltb
