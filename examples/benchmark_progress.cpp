// The progress of a benchmark, in two ways: an object that does the sums, and events by hand.

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <ltb/monitoring.hpp>
#include <string_view>
#include <thread>

namespace {

constexpr std::array<std::string_view, 5> kExamples{"one", "two", "three", "four", "five"};

/// Stands for the work of one example. The fourth one fails.
bool process(std::string_view example) {
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  return example != "four";
}

/// The usual way: BenchmarkRun counts, limits how many events are sent, and works out the time
/// left.
void run_with_object(ltb::MonitoringSystem& monitoring) {
  ltb::BenchmarkRun run = monitoring.begin_benchmark("bench_1", "MMLU", kExamples.size());
  run.set_current_provider("openai");
  for (const std::string_view example : kExamples) {
    if (process(example)) {
      run.advance();
    } else {
      run.fail_example();
    }
  }
  run.complete();
}

/// By hand: one event per step, as a program does that has its own bookkeeping. It moves metrics
/// and pages alike.
void run_with_events(ltb::MonitoringSystem& monitoring) {
  constexpr std::string_view kId = "bench_2";
  constexpr std::string_view kName = "HellaSwag";
  ltb::EventBus& bus = monitoring.event_bus();
  bus.publish(ltb::MonitoringEvent::benchmark_started(kId, kName, kExamples.size()));
  for (std::size_t i = 0; i < kExamples.size(); ++i) {
    process(kExamples[i]);
    bus.publish(ltb::MonitoringEvent::benchmark_progress(kId, kName, i + 1, kExamples.size()));
  }
  bus.publish(ltb::MonitoringEvent::evaluation_completed("eval_1", "faithfulness", "openai",
                                                         "gpt-4", 0.92));
  bus.publish(ltb::MonitoringEvent::benchmark_completed(kId, kName, kExamples.size()));
}

int run() {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig::from_env()};
  monitoring.start();

  // Watching is optional; it shows here what a page would get.
  const ltb::Subscription watch =
      monitoring.event_bus().on_event([](const ltb::MonitoringEvent& event) {
        if (const ltb::BenchmarkPayload* benchmark = event.benchmark()) {
          std::cout << to_string(event.event_type) << ' ' << benchmark->name << ' '
                    << benchmark->completed_examples << '/' << benchmark->total_examples << '\n';
        }
      });

  run_with_object(monitoring);
  run_with_events(monitoring);

  for (const ltb::BenchmarkStatus& status : monitoring.collector().benchmarks()) {
    std::cout << status.name << ": " << to_string(status.state) << ", " << status.completed_examples
              << " of " << status.total_examples << ", " << status.failed_examples << " failed\n";
  }
  return 0;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << "benchmark_progress: " << error.what() << '\n';
    return 1;
  }
}
