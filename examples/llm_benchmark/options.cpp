// The command line of llm_benchmark, read by hand: a few dozen flags are not worth a library.

#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <system_error>
#include <utility>

#include "slo_option.hpp"

namespace llm_benchmark {
namespace {

constexpr std::uint64_t kMaxRequests = 1'000'000'000'000;
constexpr unsigned kMaxConcurrency = 1024;
constexpr double kMaxRate = 100'000;
constexpr double kMaxSeconds = 30.0 * 24 * 3600;
constexpr std::uint64_t kMaxWarmUp = 1'000'000;
constexpr unsigned kMaxRetries = 10;
constexpr unsigned kUsualRetries = 2;
constexpr std::uint64_t kMaxTokens = 10'000'000;
constexpr double kMaxTemperature = 2;
constexpr double kMaxBudget = 1e9;
constexpr std::size_t kMaxSlos = 16;  // As many as the monitoring takes.

/// What was typed, before it is known whether it goes together.
struct Typed {
  Options options{};
  std::string provider = "simulated";
  std::string base_url{};
  std::vector<std::string> models{};
  std::optional<std::string> key_env{};
  std::optional<bool> stream{};
  std::optional<unsigned> retries{};
  std::optional<Arrival> arrival{};
  bool concurrency_given = false;
};

[[noreturn]] void refuse(std::string_view flag, std::string_view value,
                         const std::string& expected) {
  throw UsageError(std::string(flag) + " \"" + std::string(value) + "\": expected " + expected);
}

std::uint64_t whole_number(std::string_view flag, std::string_view value, std::uint64_t low,
                           std::uint64_t high) {
  std::uint64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc{} || rest != end || number < low || number > high) {
    refuse(flag, value,
           "a whole number between " + std::to_string(low) + " and " + std::to_string(high));
  }
  return number;
}

double real_number(std::string_view flag, std::string_view value, double high,
                   const std::string& expected) {
  double number = 0;
  const char* end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc{} || rest != end || !std::isfinite(number) || number <= 0 ||
      number > high) {
    refuse(flag, value, expected);
  }
  return number;
}

/// 0 is a temperature too, and the one most asked for.
double temperature(std::string_view value) {
  double number = -1;
  const char* end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc{} || rest != end || !(number >= 0 && number <= kMaxTemperature)) {
    refuse("--temperature", value, "a number from 0 to 2");
  }
  return number;
}

std::chrono::nanoseconds seconds(std::string_view flag, std::string_view value) {
  const double number = real_number(flag, value, kMaxSeconds,
                                    "seconds above 0 and up to 2592000 (30 days), such as 60");
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(number));
}

std::chrono::milliseconds milliseconds(std::string_view flag, std::string_view value) {
  return std::chrono::ceil<std::chrono::milliseconds>(seconds(flag, value));
}

Arrival arrival(std::string_view value) {
  if (value == "poisson") return Arrival::Poisson;
  if (value == "constant") return Arrival::Constant;
  refuse("--arrival", value, "poisson or constant");
}

std::string provider(std::string_view value) {
  if (value != "simulated" && value != "openai" && value != "anthropic") {
    refuse("--provider", value, "simulated, openai or anthropic");
  }
  return std::string(value);
}

void add_models(std::vector<std::string>& models, std::string_view list) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    if (comma == begin) refuse("--model", list, "a model name, or several with commas between");
    models.emplace_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
}

void add_target(std::vector<TargetSpec>& targets, TargetSpec target) {
  for (const TargetSpec& other : targets) {
    if (other.name == target.name && other.model == target.model) {
      throw UsageError("two targets are called " + target.name + '/' + target.model +
                       ": give one another name, such as other=" +
                       std::string(to_string(target.api)) + ':' + target.model + "@...");
    }
  }
  targets.push_back(std::move(target));
}

void add_slo(std::vector<ltb::ServiceLevel>& slos, std::string_view text) {
  ltb::ServiceLevel slo = parse_slo(text);
  if (std::ranges::find(slos, slo.name, &ltb::ServiceLevel::name) != slos.end()) {
    refuse("--slo", text, "another name than that of an earlier one");
  }
  if (slos.size() == kMaxSlos) refuse("--slo", text, "at most 16 of them");
  slos.push_back(std::move(slo));
}

/// How a flag with a value is stored.
struct ValueFlag {
  std::string_view name;
  std::function<void(Typed&, std::string_view)> store;
};

/// What is asked, and how fast.
std::vector<ValueFlag> load_flags() {
  return {
      {"--dataset", [](Typed& t, std::string_view v) { t.options.dataset = std::string(v); }},
      {"--requests",
       [](Typed& t, std::string_view v) {
         t.options.requests = whole_number("--requests", v, 1, kMaxRequests);
       }},
      {"--duration",
       [](Typed& t, std::string_view v) { t.options.duration = seconds("--duration", v); }},
      {"--concurrency",
       [](Typed& t, std::string_view v) {
         t.options.concurrency =
             static_cast<unsigned>(whole_number("--concurrency", v, 1, kMaxConcurrency));
         t.concurrency_given = true;
       }},
      {"--rate",
       [](Typed& t, std::string_view v) {
         t.options.rate =
             real_number("--rate", v, kMaxRate, "requests per second above 0 and up to 100000");
       }},
      {"--arrival", [](Typed& t, std::string_view v) { t.arrival = arrival(v); }},
      {"--warm-up",
       [](Typed& t, std::string_view v) {
         t.options.warm_up = whole_number("--warm-up", v, 0, kMaxWarmUp);
       }},
      {"--seed",
       [](Typed& t, std::string_view v) {
         t.options.seed = whole_number("--seed", v, 0, std::numeric_limits<std::uint64_t>::max());
       }},
  };
}

/// Who is asked, and how.
std::vector<ValueFlag> target_flags() {
  return {
      {"--target",
       [](Typed& t, std::string_view v) { add_target(t.options.targets, parse_target(v)); }},
      {"--provider", [](Typed& t, std::string_view v) { t.provider = provider(v); }},
      {"--base-url", [](Typed& t, std::string_view v) { t.base_url = v; }},
      {"--model", [](Typed& t, std::string_view v) { add_models(t.models, v); }},
      {"--api-key-env", [](Typed& t, std::string_view v) { t.key_env = std::string(v); }},
      {"--retries",
       [](Typed& t, std::string_view v) {
         t.retries = static_cast<unsigned>(whole_number("--retries", v, 0, kMaxRetries));
       }},
      {"--timeout",
       [](Typed& t, std::string_view v) { t.options.timeout = milliseconds("--timeout", v); }},
      {"--first-byte-timeout",
       [](Typed& t, std::string_view v) {
         t.options.first_byte_timeout = milliseconds("--first-byte-timeout", v);
       }},
      {"--ca-file", [](Typed& t, std::string_view v) { t.options.ca_file = v; }},
      {"--max-tokens",
       [](Typed& t, std::string_view v) {
         t.options.max_tokens =
             static_cast<std::uint32_t>(whole_number("--max-tokens", v, 1, kMaxTokens));
       }},
      {"--temperature",
       [](Typed& t, std::string_view v) { t.options.temperature = temperature(v); }},
  };
}

/// What is made of it.
std::vector<ValueFlag> result_flags() {
  return {
      {"--prices", [](Typed& t, std::string_view v) { t.options.prices = v; }},
      {"--slo", [](Typed& t, std::string_view v) { add_slo(t.options.slos, v); }},
      {"--budget",
       [](Typed& t, std::string_view v) {
         t.options.budget_usd =
             real_number("--budget", v, kMaxBudget, "US dollars above 0 and up to 1000000000");
       }},
      {"--json", [](Typed& t, std::string_view v) { t.options.json = std::string(v); }},
  };
}

const std::vector<ValueFlag>& value_flags() {
  static const std::vector<ValueFlag> flags = [] {
    std::vector<ValueFlag> all = load_flags();
    for (const auto& more : {target_flags(), result_flags()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return flags;
}

/// Whether it is a flag without a value; then it is stored.
bool take_switch(std::string_view name, bool has_value, Typed& typed) {
  const auto set = [&](auto& place, bool value) {
    if (has_value) throw UsageError(std::string(name) + " takes no value");
    place = value;
    return true;
  };
  if (name == "--stream") return set(typed.stream, true);
  if (name == "--no-stream") return set(typed.stream, false);
  if (name == "--stay") return set(typed.options.stay, true);
  if (name == "--quiet") return set(typed.options.quiet, true);
  if (name == "--help" || name == "-h") return set(typed.options.help, true);
  return false;
}

/// `--provider openai --base-url URL --model NAME`, the short form, as targets.
void add_short_form(Typed& typed) {
  const Api api = typed.provider == "anthropic" ? Api::Anthropic : Api::OpenAi;
  const std::string flag = "--provider " + typed.provider;
  if (typed.base_url.empty()) {
    throw UsageError(flag + " needs --base-url, such as http://127.0.0.1:8000/v1");
  }
  if (typed.models.empty()) {
    throw UsageError(flag + " needs --model, the name of a model the server has");
  }
  for (const std::string& model : typed.models) {
    add_target(typed.options.targets,
               {.name = typed.provider,
                .api = api,
                .model = model,
                .url = parse_base_url(typed.base_url),
                .key_env = typed.key_env.value_or(std::string(usual_key_variable(api))),
                .key_env_given = typed.key_env.has_value()});
  }
}

/// Flags that make no sense together are told apart from flags that are merely wrong.
void check_combination(Typed& typed) {
  const bool short_form = typed.provider != "simulated";
  const auto refuse_if = [](bool given, const std::string& what) {
    if (given) throw UsageError(what);
  };
  if (!typed.options.targets.empty()) {
    refuse_if(short_form || !typed.base_url.empty() || !typed.models.empty() || typed.key_env,
              "--target says all that --provider, --base-url, --model and --api-key-env say: give "
              "either the one or the others");
  } else if (!short_form) {
    const std::string tail = " is for --provider openai or anthropic; the simulated ones ignore it";
    refuse_if(!typed.base_url.empty(), "--base-url" + tail);
    refuse_if(!typed.models.empty(), "--model" + tail);
    refuse_if(typed.key_env.has_value(), "--api-key-env" + tail);
    refuse_if(typed.options.max_tokens.has_value(), "--max-tokens" + tail);
    refuse_if(typed.options.temperature.has_value(), "--temperature" + tail);
    refuse_if(!typed.options.ca_file.empty(),
              "--ca-file is for targets with an https URL; the simulated ones ignore it");
  } else {
    add_short_form(typed);
  }
  refuse_if(typed.arrival && !typed.options.rate,
            "--arrival needs --rate: without one, requests start as others end");
}

/// Enough requests in flight that a usual latency does not hold the asked rate back.
unsigned concurrency_for(double rate) {
  return static_cast<unsigned>(std::clamp(std::ceil(rate * 4), 8.0, 256.0));
}

Options finished(Typed typed) {
  check_combination(typed);
  Options options = std::move(typed.options);
  options.arrival = typed.arrival.value_or(Arrival::Poisson);
  options.stream = typed.stream.value_or(options.is_simulated());
  options.retries = typed.retries.value_or(options.is_simulated() ? 0 : kUsualRetries);
  if (options.rate && !typed.concurrency_given) {
    options.concurrency = concurrency_for(*options.rate);
  }
  return options;
}

Typed read_arguments(const std::vector<std::string>& arguments) {
  Typed typed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
    const std::string_view name = argument.substr(0, equals);
    if (take_switch(name, equals != argument.npos, typed)) continue;
    const auto flag = std::ranges::find(value_flags(), name, &ValueFlag::name);
    if (flag == value_flags().end()) {
      throw UsageError("unknown argument \"" + std::string(argument) + "\"");
    }
    std::string_view value;
    if (equals != argument.npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      throw UsageError(std::string(name) + " needs a value after it");
    }
    if (value.empty()) throw UsageError(std::string(name) + " needs a value that is not empty");
    flag->store(typed, value);
  }
  return typed;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments,
                      const std::filesystem::path& default_dataset) {
  try {
    Typed typed = read_arguments(arguments);
    if (typed.options.dataset.empty()) typed.options.dataset = default_dataset;
    return typed.options.help ? typed.options : finished(std::move(typed));
  } catch (const std::invalid_argument& error) {  // Of a part that is read elsewhere.
    throw UsageError(error.what());
  }
}

}  // namespace llm_benchmark
