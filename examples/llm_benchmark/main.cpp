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

#include "base_url.hpp"
#include "benchmark_job.hpp"
#include "console.hpp"
#include "dataset.hpp"
#include "openai_provider.hpp"
#include "options.hpp"
#include "simulated_provider.hpp"
#include "stop_signal.hpp"
#include "summary.hpp"

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
  for (const LineProblem& problem : dataset.problems) {
    std::cerr << "llm_benchmark: " << file.string() << ':' << problem.line << ": " << problem.what
              << "; this line is left out\n";
  }
  if (dataset.questions.empty()) {
    throw Failure(kExitUsage, "data set " + file.string() +
                                  ": holds no usable question (expected lines such as " +
                                  R"({"id":"1","prompt":"...","expected":"..."}))");
  }
  return dataset;
}

std::string api_key(const Options& options) {
  const char* key = std::getenv(options.api_key_env.c_str());
  if (key != nullptr) return key;
  if (options.api_key_env_given) {
    throw Failure(kExitUsage, "--api-key-env " + options.api_key_env + ": no such variable is set");
  }
  return {};  // Local servers want no key.
}

std::vector<Target> openai_targets(const Options& options, const std::stop_token& stop) {
  std::shared_ptr<OpenAiProvider> provider;
  try {
    provider = std::make_shared<OpenAiProvider>(parse_base_url(options.base_url), api_key(options),
                                                options.timeout, stop);
    provider->validate_config();
  } catch (const std::invalid_argument& error) {
    throw Failure(kExitUsage, error.what());
  }
  std::vector<Target> targets;
  for (const std::string& model : options.models) targets.push_back({provider, model});
  return targets;
}

std::vector<Target> simulated_targets(const Options& options,
                                      const std::vector<Question>& questions,
                                      const std::stop_token& stop) {
  const Wait wait = [stop](std::chrono::nanoseconds time) {
    return wait_until(stop, std::chrono::steady_clock::now() + time);
  };
  std::vector<Target> targets;
  for (const SimulatedModel& model : default_simulated_models()) {
    targets.push_back(
        {std::make_shared<SimulatedProvider>(model, questions, options.seed, wait), model.model});
  }
  return targets;
}

/// The library writes nothing by itself; its warnings go where ours go.
std::unique_ptr<ltb::MonitoringSystem> make_monitoring() {
  auto logger = std::make_shared<spdlog::logger>("monitoring",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::warn);
  try {
    return std::make_unique<ltb::MonitoringSystem>(
        ltb::MonitoringConfig::from_env(ltb::MonitoringConfig{}.with_logger(std::move(logger))));
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
  line("Metrics    ", "http://", config.prometheus_bind_address, monitoring.prometheus_port(),
       "/metrics", "LTB_PROMETHEUS_ENABLED");
  line("Events     ", "ws://", config.websocket_bind_address, monitoring.websocket_port(), "/ws",
       "LTB_WEBSOCKET_ENABLED");
  line("Dashboard  ", "http://", config.dashboard_bind_address, monitoring.dashboard_port(), "/",
       "LTB_DASHBOARD_ENABLED");
  std::cout << std::flush;
}

void print_plan(const Options& options, const Dataset& dataset,
                const std::vector<Target>& targets) {
  std::cout << (options.provider == ProviderKind::Simulated
                    ? "Providers  simulated, answers, prices and failures are invented:"
                    : "Providers  at " + options.base_url + ':');
  for (const Target& target : targets) {
    std::cout << ' ' << target.provider->name() << '/' << target.model;
  }
  std::cout << "\nData set   " << dataset.name << ", " << dataset.questions.size()
            << " questions\n";
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
  return {
      .name = dataset.name + (options.provider == ProviderKind::Simulated ? " (simulated)" : ""),
      .id = dataset.name,
      .requests = options.requests,
      .duration = options.duration,
      .concurrency = options.concurrency,
      .rate = options.rate,
      .timeout = options.timeout};
}

Summary run_job(const Options& options, const Dataset& dataset, std::vector<Target> targets,
                ltb::MonitoringSystem& monitoring, const std::stop_token& stop) {
  const auto begin = std::chrono::steady_clock::now();
  const bool show_progress = !options.quiet && isatty(STDOUT_FILENO) != 0;
  Console console(monitoring, options.requests, show_progress);
  // The failures of the simulated providers are part of the show; those of real ones need a person.
  const bool tell_errors = options.provider != ProviderKind::Simulated;
  BenchmarkJob job(job_options(options, dataset), dataset.questions, std::move(targets), monitoring,
                   stop, [&console, tell_errors](const std::string& message) {
                     if (tell_errors) console.complain(message + " (told once, counted always)");
                   });
  job.run();
  return make_summary(monitoring, job.scores(), std::chrono::steady_clock::now() - begin);
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
  std::vector<Target> targets = options.provider == ProviderKind::OpenAi
                                    ? openai_targets(options, signal.token())
                                    : simulated_targets(options, dataset.questions, signal.token());
  const auto system = make_monitoring();
  ltb::MonitoringSystem& monitoring = *system;
  for (Target& target : targets) {
    target.provider = std::make_shared<ltb::MonitoredProvider>(target.provider, monitoring);
  }
  start(monitoring);
  print_listeners(monitoring);
  print_plan(options, dataset, targets);

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
