// Quick start: start the monitoring, watch some calls in three ways, read the numbers back.
//
//   ./quick_start          then open the printed addresses; LTB_DASHBOARD_PORT=0 and the like pick
//   free ports

#include <chrono>
#include <exception>
#include <iostream>
#include <ltb/monitoring.hpp>
#include <string>
#include <thread>

namespace {

struct Answer {
  std::string text;
  unsigned input_tokens;
  unsigned output_tokens;
};

/// Stands for the client of an LLM provider: takes a moment, then answers.
Answer ask_model(const std::string& question) {
  std::this_thread::sleep_for(std::chrono::milliseconds{30});
  return {"You asked: " + question, 12, 34};
}

int run() {
  // Ports 9090, 8080 and 3000 unless LTB_ variables say otherwise.
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig::from_env()};
  monitoring.start();
  std::cout << "Metrics    http://127.0.0.1:" << monitoring.prometheus_port() << "/metrics\n"
            << "Events     ws://127.0.0.1:" << monitoring.websocket_port() << "/ws\n"
            << "Dashboard  http://127.0.0.1:" << monitoring.dashboard_port() << "/\n";

  // 1. Wrap one call. Leaving it ends the watch; an exception would be counted and passed on
  // unchanged.
  const Answer first = ltb::observe(monitoring, "openai", "gpt-4", [](ltb::RequestScope& scope) {
    Answer answer = ask_model("What is the capital of France?");
    scope.set_usage({.input_tokens = answer.input_tokens, .output_tokens = answer.output_tokens});
    scope.set_cost(0.0024);
    return answer;
  });
  std::cout << first.text << '\n';

  // 2. By hand, when start and end are in different places or on different threads.
  ltb::RequestScope scope = monitoring.begin_request("openai", "gpt-4");
  const Answer second = ask_model("What is the capital of Japan?");
  scope.finish({.input_tokens = second.input_tokens, .output_tokens = second.output_tokens},
               0.0024);

  // 3. Separate recordings, when a program already measures by itself.
  monitoring.record_request("anthropic", "claude-3");
  const auto start = std::chrono::steady_clock::now();
  const Answer third = ask_model("What is the capital of Peru?");
  const std::chrono::duration<double> latency = std::chrono::steady_clock::now() - start;
  monitoring.record_latency("anthropic", latency.count());
  monitoring.record_tokens("anthropic", third.input_tokens, third.output_tokens);
  monitoring.record_cost("anthropic", 0.0031);

  for (const ltb::ProviderStats& stats : monitoring.get_all_provider_stats()) {
    std::cout << stats.provider << ": " << stats.total_requests << " requests, "
              << stats.failed_requests << " failed, " << stats.total_input_tokens.value_or(0)
              << " tokens in, " << stats.total_output_tokens.value_or(0) << " out, $"
              << stats.total_cost.value_or(0) << '\n';
  }
  return 0;
}  // The destructor closes the listeners.

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << "quick_start: " << error.what() << '\n';  // A taken port, a wrong LTB_ variable.
    return 1;
  }
}
