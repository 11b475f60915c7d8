// A `--slo`, taken apart.

#include "slo_option.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace llm_benchmark {
namespace {

using std::chrono::nanoseconds;

constexpr double kMaxSeconds = 24.0 * 3600;

struct Unit {
  std::string_view name;
  double seconds;
};
constexpr std::array kUnits{Unit{"us", 1e-6}, Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"m", 60}};

std::optional<nanoseconds> duration_of(std::string_view text) {
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name = text.substr(static_cast<std::size_t>(rest - text.data()));
  const auto unit = std::ranges::find(kUnits, name, &Unit::name);
  if (unit == kUnits.end()) return std::nullopt;
  const double seconds = number * unit->seconds;
  if (!(seconds > 0 && seconds <= kMaxSeconds)) return std::nullopt;
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
}

std::optional<nanoseconds>* bound_of(ltb::Slo& level, std::string_view key) {
  if (key == "latency") return &level.latency;
  if (key == "ttft") return &level.time_to_first_token;
  if (key == "tpot") return &level.time_per_output_token;
  return nullptr;
}

}  // namespace

ltb::Slo parse_slo(std::string_view text) {
  const auto fail = [text](const std::string& what) {
    throw std::invalid_argument("--slo \"" + std::string(text) + "\": " + what +
                                " (expected NAME:latency=2s,ttft=500ms,tpot=50ms with one bound or "
                                "more, and ,provider=NAME or ,model=NAME if it is not for all)");
  };
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0) fail("it has no name before a colon");
  ltb::Slo level{.name = std::string(text.substr(0, colon))};
  for (std::size_t begin = colon + 1; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = part.find('=');
    if (equals == part.npos) fail("\"" + std::string(part) + "\" is not KEY=VALUE");
    const std::string_view key = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (auto* const bound = bound_of(level, key)) {
      if (*bound) fail("\"" + std::string(key) + "\" comes twice");
      *bound = duration_of(value);
      if (!*bound) {
        fail("\"" + std::string(part) +
             "\" is no time above 0 and up to a day with a unit (us, ms, s, m)");
      }
    } else if (key == "model" || key == "provider") {
      std::string& name = key == "model" ? level.model : level.provider;
      if (value.empty() || !name.empty()) {
        fail("\"" + std::string(key) + "\" is empty or comes twice");
      }
      name = value;
    } else {
      fail("\"" + std::string(key) + "\" is not one of latency, ttft, tpot, provider, model");
    }
  }
  if (!level.latency && !level.time_to_first_token && !level.time_per_output_token) {
    fail("it sets no bound");
  }
  return level;
}

}  // namespace llm_benchmark
