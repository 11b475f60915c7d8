// The command line of llm_benchmark: each flag with its help text and how its value is read.

#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <system_error>
#include <utility>

#include "dataset.hpp"
#include "slo_option.hpp"

namespace llm_benchmark {
namespace {

constexpr std::uint64_t kMaxRequests = 1'000'000'000'000;
constexpr unsigned kMaxConcurrency = 1024;
constexpr double kMaxRate = 100'000;
constexpr double kMaxSeconds = 30.0 * 24 * 3600;
constexpr unsigned kMaxRetries = 10;
constexpr unsigned kUsualRetries = 2;
constexpr std::uint32_t kMaxTokens = 10'000'000;
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
  std::optional<unsigned> concurrency{};
};

[[noreturn]] void refuse(std::string_view flag, std::string_view value,
                         const std::string& expected) {
  throw UsageError(std::string(flag) + " \"" + std::string(value) + "\": expected " + expected);
}

/// Reads the value of a flag and stores it, or throws UsageError.
using Store = std::function<void(std::string_view flag, std::string_view value)>;

/// The number that all of `value` is; throws UsageError unless there is one and it is valid.
template <typename Number, typename IsValid>
Number number(std::string_view flag, std::string_view value, const std::string& expected,
              IsValid is_valid) {
  Number number{};
  const char* end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc{} || rest != end || !is_valid(number)) refuse(flag, value, expected);
  return number;
}

template <typename Target>
Store text(Target& target) {
  return [&target](std::string_view, std::string_view value) { target = std::string(value); };
}

template <typename Number, typename Target>
Store whole(Target& target, Number low, Number high) {
  return [&target, low, high](std::string_view flag, std::string_view value) {
    target = number<Number>(
        flag, value,
        "a whole number between " + std::to_string(low) + " and " + std::to_string(high),
        [low, high](Number n) { return low <= n && n <= high; });
  };
}

Store above_zero(std::optional<double>& target, double high, std::string expected) {
  return [&target, high, expected](std::string_view flag, std::string_view value) {
    target = number<double>(flag, value, expected, [high](double n) { return n > 0 && n <= high; });
  };
}

template <typename Target>
Store seconds(Target& target) {
  return [&target](std::string_view flag, std::string_view value) {
    std::optional<double> read;
    above_zero(read, kMaxSeconds, "seconds above 0 and up to 2592000 (30 days), such as 60")(flag,
                                                                                             value);
    target = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(*read));
  };
}

Arrival arrival(std::string_view flag, std::string_view value) {
  if (value == "poisson") return Arrival::Poisson;
  if (value == "constant") return Arrival::Constant;
  refuse(flag, value, "poisson or constant");
}

std::string provider(std::string_view flag, std::string_view value) {
  if (value == "simulated" || value == "openai" || value == "anthropic") return std::string(value);
  refuse(flag, value, "simulated, openai or anthropic");
}

void add_models(std::vector<std::string>& models, std::string_view flag, std::string_view list) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    if (comma == begin) refuse(flag, list, "a model name, or several with commas between");
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

void add_slo(std::vector<ltb::Slo>& slos, std::string_view flag, std::string_view text) {
  ltb::Slo slo = parse_slo(text);
  if (std::ranges::find(slos, slo.name, &ltb::Slo::name) != slos.end()) {
    refuse(flag, text, "another name than that of an earlier one");
  }
  if (slos.size() == kMaxSlos) refuse(flag, text, "at most 16 of them");
  slos.push_back(std::move(slo));
}

/// The flags under one heading of the help text.
class FlagGroup {
 public:
  FlagGroup(CLI::App& app, std::string heading) : app_(app), heading_(std::move(heading)) {}

  /// `store` is called with each value that was given, in order.
  void value(const std::string& name, const std::string& placeholder, const Store& store,
             const std::string& description) {
    const auto store_all = [name, store](const CLI::results_t& values) {
      for (const std::string& value : values) {
        if (value.empty() || value.starts_with("--")) {
          throw UsageError(name + " needs a value, but \"" + value + "\" came after it");
        }
        store(name, value);
      }
      return true;
    };
    app_.add_option(name, store_all, description)
        ->group(heading_)
        ->type_name(placeholder)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  /// Sets `target` to `value` when the flag is given.
  template <typename Target>
  void flag(const std::string& name, Target& target, bool value, const std::string& description) {
    app_.add_flag_callback(
            name, [&target, value] { target = value; }, description)
        ->group(heading_)
        ->disable_flag_override();
  }

 private:
  CLI::App& app_;
  std::string heading_;
};

void add_load_flags(CLI::App& app, Typed& t, const std::filesystem::path& default_dataset) {
  FlagGroup group(app, "What is asked");
  Options& o = t.options;
  group.value("--dataset", "FILE", text(o.dataset),
              "JSON Lines, a JSON array, .csv or .tsv in one of the shapes listed below\n"
              "default: " +
                  default_dataset.string());
  group.value("--requests", "N", whole<std::uint64_t>(o.requests, 1, kMaxRequests),
              "end after N requests (default: go round the data set until Ctrl-C)");
  group.value("--duration", "SECONDS", seconds(o.duration), "start no request after this time");
  group.value("--concurrency", "N", whole<unsigned>(t.concurrency, 1, kMaxConcurrency),
              "requests in flight at most (default 8; with --rate: what the rate needs)");
  group.value("--rate", "R",
              above_zero(o.rate, kMaxRate, "requests per second above 0 and up to 100000"),
              "open loop: R requests per second on average, whether or not earlier ones are\n"
              "answered; latency counts from when each was due, the wait for a free worker\n"
              "is shown apart as queue time");
  group.value(
      "--arrival", "KIND", [&](auto flag, auto v) { t.arrival = arrival(flag, v); },
      "with --rate: poisson (default) or constant");
  group.value("--warm-up", "N", whole<std::uint64_t>(o.warm_up, 0, 1'000'000),
              "N requests to each target first, not monitored: they count nowhere and do not\n"
              "change the random numbers of the run");
  group.value("--seed", "N",
              whole<std::uint64_t>(o.seed, 0, std::numeric_limits<std::uint64_t>::max()),
              "another number gives another run of the simulated providers, the arrivals and\n"
              "the jitter of retries, independent of every other number's (default 1)");
}

void add_server_flags(CLI::App& app, Typed& t) {
  FlagGroup group(app, "Who is asked");
  Options& o = t.options;
  group.value(
      "--target", "[NAME=]PROVIDER:MODEL@URL[,key-env=VARIABLE]",
      [&](auto, auto v) { add_target(o.targets, parse_target(v)); },
      "one model on one server; repeat it to compare several. PROVIDER (openai or\n"
      "anthropic: the API it speaks) ends at the first colon, URL begins after the\n"
      "@ before http; between them MODEL may hold : / , and @. NAME is the label\n"
      "`provider` (default: PROVIDER). Keys come from OPENAI_API_KEY or\n"
      "ANTHROPIC_API_KEY if set, or from VARIABLE.\n"
      "Example: vllm=openai:org/model:7b@http://127.0.0.1:8000/v1");
  group.value(
      "--provider", "KIND", [&](auto flag, auto v) { t.provider = provider(flag, v); },
      "the short form for one server: openai or anthropic, with the next three\n"
      "(default: simulated, three invented providers without network or key)");
  group.value("--base-url", "URL", text(t.base_url),
              "the server, such as http://127.0.0.1:8000/v1 or https://api.openai.com/v1; a\n"
              "query is kept (Azure's ?api-version=...), user:password@ goes into a header");
  group.value(
      "--model", "NAME", [&](auto flag, auto v) { add_models(t.models, flag, v); },
      "the model; several with commas, or give the flag again");
  group.value("--api-key-env", "NAME", text(t.key_env), "environment variable that holds the key");
  group.value("--ca-file", "FILE", text(o.ca_file),
              "https: trust the certificates in FILE (PEM) beside those of the system");
}

void add_call_flags(CLI::App& app, Typed& t) {
  FlagGroup group(app, "How it is asked");
  Options& o = t.options;
  group.flag("--stream", t.stream, true, "stream the answers: time to first token is measured");
  group.flag("--no-stream", t.stream, false,
             "do not (default: simulated providers stream, others do not)");
  group.value("--retries", "N", whole<unsigned>(t.retries, 0, kMaxRetries),
              "attempts after a failed one (rate_limit, overloaded, server_error, network or\n"
              "timeout, and no content yet), with growing waits and Retry-After (default 2;\n"
              "simulated 0)");
  group.value("--timeout", "SECONDS", seconds(o.timeout), "for one whole attempt (default 60)");
  group.value("--first-byte-timeout", "SECONDS", seconds(o.first_byte_timeout),
              "for an attempt to get the first byte of its answer (default: as --timeout)");
  group.value("--max-tokens", "N", whole<std::uint32_t>(o.max_tokens, 1, kMaxTokens),
              "longest answer, in tokens (default: the server's; Anthropic: 1024)");
  group.value(
      "--temperature", "T",
      [&](auto flag, auto v) {
        o.temperature = number<double>(flag, v, "a number from 0 to 2",
                                       [](double n) { return n >= 0 && n <= 2; });
      },
      "0 to 2 (default: the server's)");
}

void add_result_flags(CLI::App& app, Typed& t) {
  FlagGroup judged(app, "What is made of it");
  Options& o = t.options;
  judged.value("--prices", "FILE", text(o.prices),
               "prices for calls whose cost the server does not report: our JSON or\n"
               "LiteLLM's; builtin: a small table of well-known models");
  judged.value(
      "--slo", "NAME:latency=2s,ttft=500ms,tpot=50ms[,provider=NAME][,model=NAME]",
      [&](auto flag, auto v) { add_slo(o.slos, flag, v); },
      "count the calls that keep these bounds (one or more of the three); repeatable");
  judged.value("--budget", "USD",
               above_zero(o.budget_usd, kMaxBudget, "US dollars above 0 and up to 1000000000"),
               "alert at 80 % and 100 % of it; nothing is stopped");
  FlagGroup output(app, "What comes out");
  output.flag("--stay", o.stay, true,
              "keep metrics, events and dashboard up after the run, until Ctrl-C");
  output.flag("--quiet", o.quiet, true, "no progress line");
  output.value("--json", "FILE", text(o.json), "write the summary as JSON, too");
  app.set_help_flag("-h,--help", "this text")->group("What comes out");
}

constexpr const char* kAbout =
    "llm_benchmark asks language models the questions of a data set, scores the answers,\n"
    "and lets you watch: Prometheus metrics, an event stream and a live dashboard.";
constexpr const char* kFooter =
    R"(Each number of the summary follows from the event stream; examples/README.md says how.
The monitoring is set by LTB_ variables, such as LTB_DASHBOARD_PORT=3001 (0 picks a free port).
Exit code: 0 done or stopped, 1 no request succeeded, 2 wrong flag, variable or data set, 3 a listener cannot start.
)";

/// Adds every flag; they store into `typed`.
void add_flags(CLI::App& app, Typed& typed, const std::filesystem::path& default_dataset) {
  app.set_help_flag();
  add_load_flags(app, typed, default_dataset);
  add_server_flags(app, typed);
  add_call_flags(app, typed);
  add_result_flags(app, typed);
  app.get_formatter()->column_width(24);
  app.footer("Shapes of a data set, an entry each; id is optional, other fields are ignored\n" +
             std::string(known_shapes()) + '\n' + kFooter);
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

/// Refuses flags that are right alone and contradict each other.
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

/// Enough requests in flight to keep the rate at a usual latency.
unsigned concurrency_for(double rate) {
  return static_cast<unsigned>(std::clamp(std::ceil(rate * 4), 8.0, 256.0));
}

Options finished(Typed typed) {
  check_combination(typed);
  Options options = std::move(typed.options);
  options.arrival = typed.arrival.value_or(Arrival::Poisson);
  options.stream = typed.stream.value_or(options.is_simulated());
  options.retries = typed.retries.value_or(options.is_simulated() ? 0 : kUsualRetries);
  if (options.rate) options.concurrency = concurrency_for(*options.rate);
  if (typed.concurrency) options.concurrency = *typed.concurrency;
  return options;
}

Typed read_arguments(const std::vector<std::string>& arguments,
                     const std::filesystem::path& default_dataset) {
  Typed typed;
  CLI::App app(kAbout, "llm_benchmark");
  add_flags(app, typed, default_dataset);
  app.allow_extras();
  for (const std::string& argument : arguments) {
    // CLI11 would take the next argument for the value.
    if (argument.starts_with("--") && argument.ends_with('=')) {
      throw UsageError(argument + " needs a value");
    }
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    typed.options.help = true;
    return typed;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  if (const auto unknown = app.remaining(); !unknown.empty()) {
    throw UsageError("unknown argument \"" + unknown.front() + '"');
  }
  return typed;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments,
                      const std::filesystem::path& default_dataset) {
  try {
    Typed typed = read_arguments(arguments, default_dataset);
    if (typed.options.dataset.empty()) typed.options.dataset = default_dataset;
    return typed.options.help ? typed.options : finished(std::move(typed));
  } catch (const std::invalid_argument& error) {  // Of a part that is read elsewhere.
    throw UsageError(error.what());
  }
}

std::string usage(const std::filesystem::path& default_dataset) {
  Typed typed;
  CLI::App app(kAbout, "llm_benchmark");
  add_flags(app, typed, default_dataset);
  return app.help();
}

}  // namespace llm_benchmark
