// The monitored program that browser tests direct: a real MonitoringSystem whose calls, benchmarks
// and alerts come as commands on standard input, one JSON object a line. Each is answered with one
// line, "done" or "refused: why".
//
//   {"do":"calls","provider":"p","model":"m","count":5,"latency":0.5,"fail":"timeout","input":10,"output":5,"cost":0.01}
//   "usage":false: the call reports no tokens; "cost":null: it has no known cost
//   {"do":"limits","provider":"p","model":"m","requests_limit":500,"requests_remaining":120}
//   {"do":"benchmark","id":"b","name":"MMLU","total":100,"completed":40}      total 0: unknown
//   "done":true completes it, whatever its total
//   {"do":"alerts","count":1,"title":"t","message":"m"}
//   {"do":"load","providers":60,"rate":200,"streamed":true}      goes on until another load; rate 0
//   ends it
//
// Flags: --slo-latency SECONDS, --slo-ttft SECONDS, --stalled-after SECONDS, --budget USD.
#include <ltb/monitoring.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(seconds));
}

// Calls that overlap, at a steady rate: what a busy benchmark publishes. The same seed, the same
// calls.
class Load {
 public:
  Load(ltb::MonitoringSystem& monitoring, const json& wish)
      : monitoring_(monitoring),
        providers_(wish.value("providers", std::uint64_t{3})),
        rate_(wish.value("rate", 200.0)),
        streamed_(wish.value("streamed", true)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

 private:
  struct Ending {
    Clock::time_point at;
    ltb::MonitoringEvent event;
    friend bool operator<(const Ending& a, const Ending& b) { return a.at > b.at; }
  };

  void run(const std::stop_token& stop) {
    const Clock::time_point start = Clock::now();
    for (std::uint64_t made = 0; !stop.stop_requested(); ++made) {
      const auto due = start + nanoseconds_of(static_cast<double>(made) / rate_);
      while (!endings_.empty() && endings_.top().at <= due) {
        std::this_thread::sleep_until(endings_.top().at);
        monitoring_.event_bus().publish(endings_.top().event);
        endings_.pop();
      }
      std::this_thread::sleep_until(due);
      begin(made);
    }
  }

  void begin(std::uint64_t number) {
    const std::string provider = "provider-" + std::to_string(1 + number % providers_);
    const std::string model = number % 3 == 0 ? "large" : "small";
    const std::string id = "req_" + std::to_string(number);
    monitoring_.event_bus().publish(ltb::MonitoringEvent::request_started(provider, model, id));
    const double latency = std::exp(std::normal_distribution(-0.7, 0.45)(random_));
    ltb::MonitoringEvent end =
        number % 40 == 7
            ? ltb::MonitoringEvent::request_failed(
                  provider, model, id,
                  number % 3 == 0 ? ltb::ErrorType::Timeout : ltb::ErrorType::RateLimit, "no luck",
                  latency)
            : ltb::MonitoringEvent::request_completed(
                  provider, model, id, latency,
                  ltb::TokenUsage{.input_tokens = 40 + number % 7, .output_tokens = 90}, 0.0004);
    if (streamed_) {
      std::get<ltb::RequestPayload>(end.payload).time_to_first_token = latency * 0.2;
    }
    endings_.push({Clock::now() + nanoseconds_of(latency), std::move(end)});
  }

  ltb::MonitoringSystem& monitoring_;
  const std::uint64_t providers_;
  const double rate_;
  const bool streamed_;
  std::mt19937_64 random_{1};
  std::priority_queue<Ending> endings_;
  std::jthread thread_;  // last: it uses all the others
};

class Stage {
 public:
  explicit Stage(ltb::MonitoringSystem& monitoring) : monitoring_(monitoring) {}

  void perform(const json& wish) {
    const auto what = wish.at("do").get<std::string>();
    if (what == "calls") return calls(wish);
    if (what == "limits") return limits(wish);
    if (what == "benchmark") return benchmark(wish);
    if (what == "alerts") return alerts(wish);
    if (what != "load") throw std::invalid_argument("no such command: " + what);
    load_.reset();
    if (wish.at("rate").get<double>() > 0) load_.emplace(monitoring_, wish);
  }

 private:
  void calls(const json& wish) {
    for (int i = 0; i < wish.value("count", 1); ++i) {
      ltb::RequestScope scope = begin(wish);
      // The call began earlier than it is told, so that nobody has to wait for it.
      scope.set_scheduled_start(Clock::now() - nanoseconds_of(wish.value("latency", 0.5)));
      if (wish.contains("fail")) {
        scope.fail(ltb::parse_error_type(wish.at("fail").get<std::string>()).value(),
                   wish.value("message", "told to fail"));
      } else if (!wish.value("usage", true)) {
        scope.finish();
      } else {
        const ltb::TokenUsage usage{.input_tokens = wish.value("input", std::uint64_t{10}),
                                    .output_tokens = wish.value("output", std::uint64_t{5})};
        const bool is_unpriced = wish.contains("cost") && wish.at("cost").is_null();
        if (is_unpriced) {
          scope.finish(usage);
        } else {
          scope.finish(usage, wish.value("cost", 0.01));
        }
      }
    }
  }

  void limits(const json& wish) {
    const auto number = [&wish](const char* name) -> std::optional<std::uint64_t> {
      if (!wish.contains(name)) return std::nullopt;
      return wish.at(name).get<std::uint64_t>();
    };
    ltb::RateLimits told;
    told.requests_limit = number("requests_limit");
    told.requests_remaining = number("requests_remaining");
    told.tokens_limit = number("tokens_limit");
    told.tokens_remaining = number("tokens_remaining");
    ltb::RequestScope scope = begin(wish);
    scope.set_rate_limits(told);
    scope.finish();
  }

  void benchmark(const json& wish) {
    const auto id = wish.at("id").get<std::string>();
    const auto total = wish.at("total").get<std::uint64_t>();
    auto found = runs_.find(id);
    if (found == runs_.end()) {
      found =
          runs_.emplace(id, monitoring_.begin_benchmark(id, wish.value("name", id), total)).first;
      done_[id] = 0;
    }
    const auto completed = wish.value("completed", std::uint64_t{0});
    if (completed > done_[id])
      found->second.advance(completed - std::exchange(done_[id], completed));
    if ((total > 0 && completed >= total) || wish.value("done", false)) found->second.complete();
  }

  void alerts(const json& wish) {
    for (int i = 0; i < wish.value("count", 1); ++i) {
      monitoring_.event_bus().publish(ltb::MonitoringEvent::alert(
          ltb::AlertSeverity::Warning, wish.value("title", "told to warn"),
          wish.value("message", "number " + std::to_string(i))));
    }
  }

  ltb::RequestScope begin(const json& wish) {
    return monitoring_.begin_request(wish.at("provider").get<std::string>(),
                                     wish.at("model").get<std::string>());
  }

  ltb::MonitoringSystem& monitoring_;
  std::map<std::string, ltb::BenchmarkRun> runs_;
  std::map<std::string, std::uint64_t> done_;
  std::optional<Load> load_;
};

ltb::MonitoringConfig configured(const std::vector<std::string>& arguments) {
  ltb::MonitoringConfig config = ltb::MonitoringConfig::from_env();
  ltb::Slo level{.name = "fast"};
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const double value = std::stod(arguments[i + 1]);
    if (arguments[i] == "--slo-latency") level.latency = nanoseconds_of(value);
    if (arguments[i] == "--slo-ttft") level.time_to_first_token = nanoseconds_of(value);
    if (arguments[i] == "--stalled-after") {
      config.alerts.benchmark_stalled_after = std::chrono::seconds(std::lround(value));
    }
    if (arguments[i] == "--budget") config = config.with_budget(value);
  }
  if (level.latency || level.time_to_first_token) config = config.with_slo(level);
  return config;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    ltb::MonitoringSystem monitoring(configured({argv + 1, argv + argc}));
    monitoring.start();
    const auto address = [](const char* scheme, unsigned port, const char* path) {
      return std::string(scheme) + "127.0.0.1:" + std::to_string(port) + path;
    };
    std::cout << "Metrics    " << address("http://", monitoring.prometheus_port(), "/metrics")
              << "\nDashboard  " << address("http://", monitoring.dashboard_port(), "/")
              << std::endl;
    Stage stage(monitoring);
    for (std::string line; std::getline(std::cin, line);) {
      try {
        stage.perform(json::parse(line));
        std::cout << "done" << std::endl;
      } catch (const std::exception& error) {
        std::cout << "refused: " << error.what() << std::endl;
      }
    }
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "browser_stage: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
