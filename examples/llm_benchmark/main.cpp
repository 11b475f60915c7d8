// llm_benchmark: reads the wishes, puts the parts together, reports how it went.

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <ltb/monitoring.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "benchmark_job.hpp"
#include "console.hpp"
#include "dataset.hpp"
#include "options.hpp"
#include "random.hpp"
#include "run_tally.hpp"
#include "stop_signal.hpp"
#include "summary.hpp"
#include "target_factory.hpp"
#include "warm_up.hpp"

namespace {

using namespace llm_benchmark;

constexpr int kExitNothingSucceeded = 1;
constexpr int kExitUsage = 2;
constexpr int kExitListener = 3;

/// Ends the program with this code after its message was shown.
class Failure : public std::runtime_error {
 public:
  Failure(int exit_code, const std::string& message)
      : std::runtime_error(message), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

/// Beside the program when it is there (a build or an installation), else in the source tree.
std::filesystem::path default_dataset() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    auto beside = program.parent_path() / "data" / "questions.jsonl";
    if (std::filesystem::exists(beside, error)) return beside;
  }
  return LTB_EXAMPLE_DATASET;
}

Dataset load(const std::filesystem::path& file) {
  Dataset dataset;
  try {
    dataset = load_dataset(file);
  } catch (const std::runtime_error& error) {
    throw Failure(kExitUsage, std::string(error.what()) + " (name another one with --dataset)");
  }
  const std::string problems = problems_of(dataset, file);
  if (dataset.questions.empty()) {
    throw Failure(kExitUsage, "data set " + file.string() + ": holds no usable question" +
                                  (problems.empty() ? "" : ": " + problems) +
                                  "\nknown shapes, one object a line or in an array:\n" +
                                  std::string(known_shapes()));
  }
  if (!problems.empty()) {
    std::cerr << "llm_benchmark: data set " << file.string() << ": omitted: " << problems << '\n';
  }
  for (const std::string& notice : dataset.notices) {
    std::cerr << "llm_benchmark: data set " << file.string() << ": " << notice << '\n';
  }
  return dataset;
}

std::vector<Target> targets_of(const Options& options, const Dataset& dataset,
                               const std::stop_token& stop) {
  try {
    return make_targets(options, dataset.questions, stop);
  } catch (const std::invalid_argument& error) {
    throw Failure(kExitUsage, error.what());
  }
}

ltb::PriceTable prices_of(const std::string& prices) {
  if (prices == "builtin") return ltb::PriceTable::built_in();
  try {
    return ltb::PriceTable::load(prices);
  } catch (const std::invalid_argument& error) {
    throw Failure(kExitUsage, "--prices \"" + prices + "\": " + error.what());
  }
}

/// The library writes nothing by itself; its warnings go where ours go.
std::unique_ptr<ltb::MonitoringSystem> make_monitoring(const Options& options) {
  auto logger = std::make_shared<spdlog::logger>("monitoring",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::warn);
  try {
    auto config =
        ltb::MonitoringConfig::from_env(ltb::MonitoringConfig{}.with_logger(std::move(logger)));
    // After the variables: a flag is the nearer wish.
    if (!options.prices.empty()) config = config.with_price_table(prices_of(options.prices));
    for (const ltb::Slo& slo : options.slos) config = config.with_slo(slo);
    if (options.budget_usd) config = config.with_budget(*options.budget_usd);
    return std::make_unique<ltb::MonitoringSystem>(std::move(config));
  } catch (const std::invalid_argument& error) {
    throw Failure(kExitUsage, error.what());
  }
}

void start(ltb::MonitoringSystem& monitoring) {
  try {
    monitoring.start();
  } catch (const std::system_error& error) {
    throw Failure(kExitListener, error.what());
  }
}

/// What a browser on this machine types to get to a listener.
std::string address(const ltb::MonitoringConfig& config, const std::string& own, unsigned port) {
  std::string host = own.empty() ? config.bind_address : own;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = '[' + host + ']';
  return host + ':' + std::to_string(port);
}

void print_listeners(const ltb::MonitoringSystem& monitoring) {
  const ltb::MonitoringConfig& config = monitoring.config();
  const auto line = [&config](const char* name, const char* scheme, const std::string& bound,
                              unsigned port, const char* path, const char* variable) {
    std::cout << name;
    if (port == 0) {
      std::cout << "off (" << variable << ")\n";
    } else {
      std::cout << scheme << address(config, bound, port) << path << '\n';
    }
  };
  const bool has_tls = !config.tls_certificate.empty();
  const char* http = has_tls ? "https://" : "http://";
  line("Metrics    ", http, config.prometheus_bind_address, monitoring.prometheus_port(),
       "/metrics", "LTB_PROMETHEUS_ENABLED");
  line("Events     ", has_tls ? "wss://" : "ws://", config.websocket_bind_address,
       monitoring.websocket_port(), "/ws", "LTB_WEBSOCKET_ENABLED");
  line("Dashboard  ", http, config.dashboard_bind_address, monitoring.dashboard_port(), "/",
       "LTB_DASHBOARD_ENABLED");
  std::cout << std::flush;
}

void print_plan(const Options& options, const Dataset& dataset,
                const std::vector<Target>& targets) {
  std::cout << (options.is_simulated()
                    ? "Providers  simulated, answers, prices and failures are invented:"
                    : "Providers ");
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::cout << (options.is_simulated() ? " "
                  : i == 0               ? " "
                                         : "\n           ")
              << targets[i].provider->name() << '/' << targets[i].model;
    if (options.is_simulated()) continue;
    const TargetSpec& target = options.targets[i];
    std::cout << " (" << to_string(target.api) << " at " << target.url.endpoint("") << ')';
  }
  std::cout << "\nData set   " << dataset.name << ", " << dataset.questions.size()
            << " questions\n";
  if (options.rate) {
    std::cout << "Load       open loop, " << *options.rate << "/s, "
              << (options.arrival == Arrival::Poisson ? "Poisson" : "constant")
              << " arrivals, at most " << options.concurrency << " in flight\n";
  }
  if (!options.requests && !options.duration) std::cout << "Runs until Ctrl-C.\n";
  std::cout << std::flush;
}

/// Written beside and renamed, so that a reader never sees half a file.
void write_json(const std::filesystem::path& file, const std::string& text) {
  auto part = file;
  part += ".part";
  std::ofstream output(part, std::ios::binary);
  output << text << std::flush;
  std::error_code error;
  if (output) std::filesystem::rename(part, file, error);
  if (!output || error) {
    throw Failure(kExitUsage, "--json " + file.string() + ": cannot be written" +
                                  (error ? ": " + error.message() : std::string{}));
  }
}

/// A folder that is not there is told before the work, not after it.
void check_json_folder(const std::filesystem::path& file) {
  if (file.empty()) return;
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error) || std::filesystem::is_directory(file, error)) {
    throw Failure(kExitUsage,
                  "--json " + file.string() + ": expected a file in a folder that exists");
  }
}

JobOptions job_options(const Options& options, const Dataset& dataset) {
  return {.name = dataset.name + (options.is_simulated() ? " (simulated)" : ""),
          .id = dataset.name,
          .requests = options.requests,
          .duration = options.duration,
          .concurrency = options.concurrency,
          .rate = options.rate,
          .arrival = options.arrival,
          .seed = stream_seed(options.seed, Stream::Arrivals),
          .stream = options.stream};
}

void run_warm_up(const Options& options, const Dataset& dataset, const std::vector<Target>& targets,
                 const std::stop_token& stop) {
  if (options.warm_up == 0) return;
  std::cout << "Warm-up    " << options.warm_up
            << " requests to each target, in none of the numbers ..." << std::flush;
  const auto results = warm_up(
      {.requests = options.warm_up, .concurrency = options.concurrency, .stream = options.stream},
      dataset.questions, make_warm_up_targets(options, dataset.questions, targets, stop), stop);
  std::cout << " done\n" << std::flush;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].failed == 0) continue;
    std::cerr << "llm_benchmark: warm-up of " << targets[i].provider->name() << '/'
              << targets[i].model << ": " << results[i].failed << " of " << options.warm_up
              << " failed, the first: " << results[i].first_error << '\n';
  }
}

Summary run_job(const Options& options, const Dataset& dataset, std::vector<Target> targets,
                ltb::MonitoringSystem& monitoring, const std::stop_token& stop) {
  const bool show_progress = !options.quiet && isatty(STDOUT_FILENO) != 0;
  const RunTally tally(monitoring.event_bus());
  Console console(monitoring, options.requests, show_progress);
  // The failures of the simulated providers are part of the show; those of real ones need a person.
  const bool tell_errors = !options.is_simulated();
  const JobListener listener{
      .on_new_error =
          [&console, tell_errors](const std::string& message) {
            if (tell_errors) console.complain(message + " (told once, counted always)");
          },
      .on_notice = [&console](const std::string& message) { console.complain(message); }};
  BenchmarkJob job(job_options(options, dataset), dataset.questions, std::move(targets), monitoring,
                   stop, listener);
  job.run();
  Summary summary = make_summary(monitoring, tally, job.scores(), options.rate.has_value());
  summary.never_sent = job.never_sent();
  return summary;
}

bool some_succeeded(const SummaryRow& total) {
  return total.errors + total.cancelled < total.requests;
}

int run(const std::vector<std::string>& arguments) {
  const auto usual_dataset = default_dataset();
  const Options options = parse_options(arguments, usual_dataset);
  if (options.help) {
    std::cout << usage(usual_dataset);
    return EXIT_SUCCESS;
  }
  check_json_folder(options.json);
  const Dataset dataset = load(options.dataset);
  const StopSignal signal;
  std::vector<Target> targets = targets_of(options, dataset, signal.token());
  const auto system = make_monitoring(options);
  ltb::MonitoringSystem& monitoring = *system;
  start(monitoring);
  print_listeners(monitoring);
  print_plan(options, dataset, targets);
  run_warm_up(options, dataset, targets, signal.token());
  for (Target& target : targets) {
    target.provider = std::make_shared<ltb::MonitoredProvider>(target.provider, monitoring);
  }

  const Summary summary = run_job(options, dataset, std::move(targets), monitoring, signal.token());
  std::cout << to_table(summary) << std::flush;
  if (!options.json.empty()) write_json(options.json, to_json(summary));
  if (options.stay && !signal.token().stop_requested()) {
    std::cout << "The run is over; metrics, events and dashboard stay up until Ctrl-C.\n"
              << std::flush;
    wait_for_stop(signal.token());
  }
  monitoring.stop();
  return signal.token().stop_requested() || some_succeeded(summary.total) ? EXIT_SUCCESS
                                                                          : kExitNothingSucceeded;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const UsageError& error) {
    std::cerr << "llm_benchmark: " << error.what()
              << "\n  (llm_benchmark --help lists the flags)\n";
    return kExitUsage;
  } catch (const Failure& error) {
    std::cerr << "llm_benchmark: " << error.what() << '\n';
    return error.exit_code();
  } catch (const std::exception& error) {
    std::cerr << "llm_benchmark: " << error.what() << '\n';
    return kExitNothingSucceeded;
  }
}
