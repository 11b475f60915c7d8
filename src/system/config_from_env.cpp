// MonitoringConfig::from_env(): the LTB_ variables, each checked where it is read.
#include <ltb/config.hpp>

#include "support/utf8.hpp"
#include "system/config_text.hpp"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ltb {
namespace {

[[noreturn]] void refuse(const char* name, std::string_view value, const std::string& expected) {
  throw std::invalid_argument(std::string(name) + "=\"" + support::escape_for_log(value) +
                              "\": expected " + expected);
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

void read(const char* name, bool& field) {
  const auto value = variable(name);
  if (!value) return;
  if (*value == "true" || *value == "1" || *value == "yes" || *value == "on") {
    field = true;
  } else if (*value == "false" || *value == "0" || *value == "no" || *value == "off") {
    field = false;
  } else {
    refuse(name, *value, "true or false");
  }
}

std::uint64_t read_number(const char* name, const std::string& value, std::uint64_t least,
                          std::uint64_t most, const std::string& what) {
  std::uint64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc{} || stopped != end || number < least || number > most)
    refuse(name, value,
           what + " between " + std::to_string(least) + " and " + std::to_string(most));
  return number;
}

template <typename Number>
void read(const char* name, Number& field, std::uint64_t least, std::uint64_t most,
          const std::string& what = "a whole number") {
  if (const auto value = variable(name))
    field = static_cast<Number>(read_number(name, *value, least, most, what));
}

void read_port(const char* name, std::uint16_t& field) {
  read(name, field, 0, 65'535, "a port");
}

void read(const char* name, std::string& field) {
  if (auto value = variable(name)) field = std::move(*value);
}

void read_address(const char* name, std::string& field) {
  auto value = variable(name);
  if (!value) return;
  if (!system::is_bind_address(*value)) refuse(name, *value, std::string(system::kAddressExpected));
  field = std::move(*value);
}

void read_token(const char* name, std::string& field) {
  auto value = variable(name);
  if (!value) return;
  if (!system::is_auth_token(*value))  // never show it: it is a secret
    throw std::invalid_argument(std::string(name) + ": expected " +
                                std::string(system::kTokenExpected));
  field = std::move(*value);
}

void read_list(const char* name, std::vector<std::string>& field,
               bool (*is_valid)(std::string_view), std::string_view expected) {
  const auto value = variable(name);
  if (!value) return;
  field.clear();
  for (std::string_view rest = *value; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item.empty()) continue;
    if (!is_valid(item)) refuse(name, item, std::string(expected));
    field.emplace_back(item);
  }
}

}  // namespace

MonitoringConfig MonitoringConfig::from_env() {
  return from_env(MonitoringConfig{});
}

MonitoringConfig MonitoringConfig::from_env(const MonitoringConfig& base) {
  MonitoringConfig config = base;
  read("LTB_PROMETHEUS_ENABLED", config.prometheus_enabled);
  read_port("LTB_PROMETHEUS_PORT", config.prometheus_port);
  read("LTB_OPENMETRICS", config.openmetrics_enabled);
  read("LTB_WEBSOCKET_ENABLED", config.websocket_enabled);
  read_port("LTB_WEBSOCKET_PORT", config.websocket_port);
  read("LTB_DASHBOARD_ENABLED", config.dashboard_enabled);
  read_port("LTB_DASHBOARD_PORT", config.dashboard_port);
  read("LTB_WEBSOCKET_URL", config.websocket_url);
  if (variable("LTB_WEBSOCKET_URL") && !system::is_websocket_url(config.websocket_url))
    refuse("LTB_WEBSOCKET_URL", config.websocket_url, std::string(system::kUrlExpected));
  std::int64_t retention = config.retention_period.count();
  read("LTB_RETENTION_PERIOD", retention, 1, 604'800, "whole seconds");
  config.retention_period = std::chrono::seconds{retention};
  read("LTB_DETAILED_METRICS", config.detailed_metrics);
  read_address("LTB_BIND_ADDRESS", config.bind_address);
  read_address("LTB_PROMETHEUS_BIND_ADDRESS", config.prometheus_bind_address);
  read_address("LTB_WEBSOCKET_BIND_ADDRESS", config.websocket_bind_address);
  read_address("LTB_DASHBOARD_BIND_ADDRESS", config.dashboard_bind_address);
  read_token("LTB_AUTH_TOKEN", config.auth_token);
  read("LTB_TLS_CERT", config.tls_certificate);
  read("LTB_TLS_KEY", config.tls_key);
  read_list("LTB_ALLOWED_ORIGINS", config.allowed_origins, system::is_origin,
            system::kOriginExpected);
  read_list("LTB_ALLOWED_HOSTS", config.allowed_hosts, system::is_host, system::kHostExpected);
  read("LTB_DASHBOARD_DIRECTORY", config.dashboard_directory);
  read("LTB_IO_THREADS", config.io_threads, 1, 64);
  read("LTB_EVENT_HISTORY", config.event_history, 16, 1'048'576);
  read("LTB_MAX_EVENT_BYTES", config.max_event_bytes, 1 << 20, std::uint64_t{1} << 40);
  read("LTB_MAX_SERIES_PER_FAMILY", config.max_series_per_family, 1, 1'000'000);
  read("LTB_MAX_LABEL_BYTES", config.max_label_bytes, 16, 4096);
  read("LTB_MAX_HISTORY_BYTES", config.max_history_bytes, 1 << 20, std::uint64_t{1} << 40);
  if (const auto prices = variable("LTB_PRICE_TABLE")) {
    try {
      config.price_table =
          *prices == "builtin" ? PriceTable::built_in() : PriceTable::load(*prices);
    } catch (const std::invalid_argument& error) {
      refuse("LTB_PRICE_TABLE", *prices,
             std::string("\"builtin\" or a readable price file; ") + error.what());
    }
  }
  if (const auto budget = variable("LTB_BUDGET_USD")) {
    double usd = 0;
    const char* end = budget->data() + budget->size();
    const auto [stopped, error] = std::from_chars(budget->data(), end, usd);
    if (error != std::errc{} || stopped != end || !(usd > 0 && usd <= 1e9))
      refuse("LTB_BUDGET_USD", *budget, "a number of dollars above 0 and up to 1000000000");
    config.budget_usd = usd;
  }
  return config;
}

}  // namespace ltb
