// The command line of llm_benchmark, read by hand: a dozen flags are not worth a library.

#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <system_error>

namespace llm_benchmark {
namespace {

constexpr std::uint64_t kMaxRequests = 1'000'000'000'000;
constexpr unsigned kMaxConcurrency = 1024;
constexpr double kMaxRate = 100'000;
constexpr double kMaxSeconds = 30.0 * 24 * 3600;

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

std::chrono::nanoseconds seconds(std::string_view flag, std::string_view value) {
  const double number = real_number(flag, value, kMaxSeconds,
                                    "seconds above 0 and up to 2592000 (30 days), such as 60");
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(number));
}

ProviderKind provider_kind(std::string_view value) {
  if (value == "simulated") return ProviderKind::Simulated;
  if (value == "openai") return ProviderKind::OpenAi;
  refuse("--provider", value, "simulated or openai");
}

void add_models(std::vector<std::string>& models, std::string_view list) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    if (comma == begin) refuse("--model", list, "a model name, or several with commas between");
    models.emplace_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
}

/// How a flag with a value is stored.
struct ValueFlag {
  std::string_view name;
  std::function<void(Options&, std::string_view)> store;
};

const std::vector<ValueFlag>& value_flags() {
  static const std::vector<ValueFlag> flags{
      {"--dataset", [](Options& o, std::string_view v) { o.dataset = std::string(v); }},
      {"--requests",
       [](Options& o, std::string_view v) {
         o.requests = whole_number("--requests", v, 1, kMaxRequests);
       }},
      {"--duration", [](Options& o, std::string_view v) { o.duration = seconds("--duration", v); }},
      {"--concurrency",
       [](Options& o, std::string_view v) {
         o.concurrency =
             static_cast<unsigned>(whole_number("--concurrency", v, 1, kMaxConcurrency));
       }},
      {"--rate",
       [](Options& o, std::string_view v) {
         o.rate =
             real_number("--rate", v, kMaxRate, "requests per second above 0 and up to 100000");
       }},
      {"--provider", [](Options& o, std::string_view v) { o.provider = provider_kind(v); }},
      {"--base-url", [](Options& o, std::string_view v) { o.base_url = v; }},
      {"--model", [](Options& o, std::string_view v) { add_models(o.models, v); }},
      {"--api-key-env",
       [](Options& o, std::string_view v) {
         o.api_key_env = v;
         o.api_key_env_given = true;
       }},
      {"--timeout",
       [](Options& o, std::string_view v) {
         o.timeout = std::chrono::ceil<std::chrono::milliseconds>(seconds("--timeout", v));
       }},
      {"--seed",
       [](Options& o, std::string_view v) {
         o.seed = whole_number("--seed", v, 0, std::numeric_limits<std::uint64_t>::max());
       }},
      {"--json", [](Options& o, std::string_view v) { o.json = std::string(v); }},
  };
  return flags;
}

bool Options::*switch_flag(std::string_view name) {
  if (name == "--stay") return &Options::stay;
  if (name == "--quiet") return &Options::quiet;
  if (name == "--help" || name == "-h") return &Options::help;
  return nullptr;
}

/// Flags that make no sense together are told apart from flags that are merely wrong.
void check_combination(const Options& options) {
  if (options.provider == ProviderKind::OpenAi) {
    if (options.base_url.empty()) {
      throw UsageError("--provider openai needs --base-url, such as http://127.0.0.1:8000/v1");
    }
    if (options.models.empty()) {
      throw UsageError("--provider openai needs --model, the name of a model the server has");
    }
    return;
  }
  const auto refuse_without_openai = [](bool given, const std::string& flag) {
    if (given)
      throw UsageError(flag + " is for --provider openai; the simulated providers ignore it");
  };
  refuse_without_openai(!options.base_url.empty(), "--base-url");
  refuse_without_openai(!options.models.empty(), "--model");
  refuse_without_openai(options.api_key_env_given, "--api-key-env");
}

/// Enough requests in flight that a usual latency does not hold the asked rate back.
unsigned concurrency_for(double rate) {
  return static_cast<unsigned>(std::clamp(std::ceil(rate * 4), 8.0, 256.0));
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments,
                      const std::filesystem::path& default_dataset) {
  Options options;
  options.dataset = default_dataset;
  bool concurrency_given = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
    const std::string_view name = argument.substr(0, equals);
    if (bool Options::*const flag = switch_flag(name)) {
      if (equals != argument.npos) throw UsageError(std::string(name) + " takes no value");
      options.*flag = true;
      continue;
    }
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
    flag->store(options, value);
    concurrency_given = concurrency_given || name == "--concurrency";
  }
  if (options.help) return options;
  check_combination(options);
  if (options.rate && !concurrency_given) options.concurrency = concurrency_for(*options.rate);
  return options;
}

std::string usage(const std::filesystem::path& default_dataset) {
  return R"(llm_benchmark asks language models the questions of a data set, scores the answers,
and lets you watch: Prometheus metrics, an event stream and a live dashboard.

usage: llm_benchmark [flags]

What is asked
  --dataset FILE      JSON Lines: id, prompt, optional expected (text, or a list of accepted texts)
                      default: )" +
         default_dataset.string() + R"(
  --requests N        end after N requests (default: go round the data set until Ctrl-C)
  --duration SECONDS  start no request after this time
  --concurrency N     requests in flight at most (default 8; with --rate: what the rate needs)
  --rate R            start R requests per second instead of as fast as the concurrency lets them

Who is asked
  --provider KIND     simulated (default: three invented providers, no network, no key) or openai
  --base-url URL      openai: an OpenAI-compatible server, such as http://127.0.0.1:8000/v1
  --model NAME        openai: the model; several with commas, or give the flag again
  --api-key-env NAME  openai: environment variable that holds the key (default OPENAI_API_KEY)
  --timeout SECONDS   for one whole request (default 60)
  --seed N            simulated: another number gives another run (default 1)

What comes out
  --stay              keep metrics, events and dashboard up after the run, until Ctrl-C
  --quiet             no progress line
  --json FILE         write the summary as JSON too
  --help              this text

The monitoring is set by LTB_ variables, such as LTB_DASHBOARD_PORT=3001 (0 picks a free port).
Exit code: 0 done or stopped, 1 no request succeeded, 2 wrong flag, variable or data set, 3 a listener cannot start.
)";
}

}  // namespace llm_benchmark
