// The configuration from the environment: a variable is read within its range or refused by name.
#include "fuzz/support.hpp"
#include "net/access.hpp"

#include <ltb/config.hpp>

#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace {

using namespace ltb;
using namespace ltb::fuzz;

// The process' environment is replaced as a whole: setenv() never frees what it was given.
class Environment {
 public:
  explicit Environment(Input& input) : before_(environ) {
    while (!input.empty()) {
      std::string line(input.line());
      line = line.substr(0, line.find('\0'));
      // A file system is nothing to play with: only prices that are built in or missing.
      constexpr std::string_view kPrices = "LTB_PRICE_TABLE=";
      if (line.starts_with(kPrices) && line != "LTB_PRICE_TABLE=builtin")
        line.insert(kPrices.size(), "/nonexistent/");
      if (line.starts_with("LTB_")) lines_.push_back(std::move(line));
    }
    for (std::string& line : lines_) pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
    environ = pointers_.data();
  }
  ~Environment() { environ = before_; }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] bool names(std::string_view message) const {
    for (const std::string& line : lines_) {
      if (message.starts_with(line.substr(0, line.find('=')))) return true;
    }
    return false;
  }

 private:
  char** before_;
  std::vector<std::string> lines_;
  std::vector<char*> pointers_;
};

void check_ranges(const MonitoringConfig& config) {
  require(config.retention_period.count() >= 1 && config.retention_period.count() <= 604'800,
          "history is kept for 1 s to 7 days");
  require(config.io_threads >= 1 && config.io_threads <= 64, "1 to 64 threads");
  require(config.event_history >= 16 && config.event_history <= 1'048'576, "events kept");
  require(config.max_series_per_family >= 1 && config.max_series_per_family <= 1'000'000, "series");
  require(config.max_label_bytes >= 16 && config.max_label_bytes <= 4096, "label bytes");
  require(config.max_history_bytes >= 1U << 20, "history bytes");
  if (config.budget_usd) require(*config.budget_usd > 0 && *config.budget_usd <= 1e9, "budget");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const Environment environment(input);
  MonitoringConfig config;
  try {
    config = MonitoringConfig::from_env();
  } catch (const std::invalid_argument& error) {
    require(is_printable(error.what()), "a refusal is readable");
    require(environment.names(error.what()), "a refusal begins with the name of the variable");
    return 0;
  }
  check_ranges(config);
  for (const char c : config.auth_token) require(c > 0x20 && c < 0x7f, "a token is printable");
  try {
    config.validate();
  } catch (const std::invalid_argument& error) {
    require(is_printable(error.what()), "a refusal is readable");
    return 0;
  }
  for (const std::string& origin : config.allowed_origins)
    require(net::parse_origin(origin).has_value(), "an origin that is taken can be compared");
  for (const std::string& host : config.allowed_hosts)
    require(net::parse_host_pattern(host).has_value(), "a host that is taken can be compared");
  return 0;
}
