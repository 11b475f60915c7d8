// The hot paths, each in a function of its own that callgrind counts the instructions of;
// everything around them is set up and warmed outside. Usage: hot_paths PATH; prints the operations
// that the counted function does.
#include "benchmarks/support/render_stores.hpp"
#include "benchmarks/support/sample_calls.hpp"
#include "events/event_bus_core.hpp"
#include "exporter/text_format.hpp"

#include <ltb/event_bus.hpp>

#include <cstring>
#include <iostream>

using namespace ltb;

namespace {

constexpr int kOperations = 1000;
const std::vector<std::uint64_t> kDurations = bench::call_durations();

metrics::CallRecord finished_call(std::uint64_t duration) {
  metrics::CallRecord call;
  call.duration_ns = duration;
  call.usage = &bench::call_usage();
  call.cost = ExactCost{.nano_usd = 207'000};
  call.was_active = true;
  return call;
}

MonitoringEvent completed_event() {
  auto event =
      MonitoringEvent::request_completed(bench::kProvider, bench::kModel, "req_0123456789abcdef",
                                         1.234, bench::call_usage(), bench::kCallCost);
  event.timestamp = std::chrono::system_clock::time_point{std::chrono::seconds{1}};
  return event;
}

}  // namespace

// C names that callgrind can be told. noinline: they must be there to be entered and left.
extern "C" {

[[gnu::noinline]] void counted_record(metrics::RequestSeries& series) {
  for (int i = 0; i < kOperations; ++i) {
    series.started();
    series.record(finished_call(kDurations[static_cast<std::size_t>(i)]));
  }
}

[[gnu::noinline]] void counted_look_up(metrics::MetricStore& store) {
  for (int i = 0; i < kOperations; ++i) (void)store.request_series(bench::kProvider, bench::kModel);
}

[[gnu::noinline]] void counted_publish(EventBus& bus) {
  for (int i = 0; i < kOperations; ++i) bus.publish(completed_event());
}

[[gnu::noinline]] void counted_render(const metrics::MetricStore& store) {
  const std::string text = exporter::render_text(store);
  asm volatile("" : : "g"(text.data()) : "memory");
}
}

int main(int argc, char** argv) {
  const std::string_view path = argc > 1 ? argv[1] : "";
  int operations = kOperations;
  if (path == "record" || path == "look_up") {
    metrics::MetricStore store{{}};
    auto& series = store.request_series(bench::kProvider, bench::kModel);
    series.record(finished_call(1));
    path == "record" ? counted_record(series) : counted_look_up(store);
  } else if (path == "publish") {
    EventBus bus;
    const auto receiver = bus.subscribe();
    bus.publish(completed_event());
    counted_publish(bus);
  } else if (path == "render_counter") {
    const bench::CounterStore store(kOperations);
    (void)exporter::render_text(store.metrics);
    counted_render(store.metrics);
  } else if (path == "render_histogram") {
    const bench::HistogramStore store(kOperations);
    (void)exporter::render_text(store.metrics);
    counted_render(store.metrics);
  } else {
    std::cerr << "hot_paths: no path \"" << path
              << "\": expected record, look_up, publish, render_counter or render_histogram\n";
    return 2;
  }
  std::cout << operations << '\n';
}
