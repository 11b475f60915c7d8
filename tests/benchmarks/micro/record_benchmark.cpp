// Recording calls: through a handle, from strings, and as people do it with prometheus-cpp.
#include "benchmarks/support/prometheus_calls.hpp"
#include "benchmarks/support/sample_calls.hpp"
#include "events/event_bus_core.hpp"
#include "metrics/metric_store.hpp"

#include <ltb/event_bus.hpp>
#include <ltb/monitoring_system.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>

#include <memory>

namespace ltb::bench {
namespace {

using metrics::CallRecord;
using metrics::MetricStore;
using metrics::RequestSeries;

const std::vector<std::uint64_t> kDurations = call_durations();

// Shared by the threads of a benchmark; other series lie around the one that is used.
struct Stores {
  MetricStore store{{}};
  RequestSeries* series = nullptr;
  EventBus bus;
  PrometheusFamilies families;
  std::unique_ptr<PrometheusKept> kept;

  Stores() {
    for (std::size_t i = 0; i < 100; ++i) {
      (void)store.request_series(kProvider, model_name(i));
      families.record(kProvider, model_name(i), 1);
    }
    series = &store.request_series(kProvider, kModel);
    kept = std::make_unique<PrometheusKept>(families);
  }
};
Stores& stores() {
  static Stores all;
  return all;
}

CallRecord finished_call(std::uint64_t duration) {
  CallRecord call;
  call.duration_ns = duration;
  call.usage = &call_usage();
  call.cost = ExactCost{.nano_usd = 207'000};
  call.was_active = true;
  return call;
}

void BM_RecordHandle(benchmark::State& state) {
  RequestSeries& series = *stores().series;
  Cycle durations(kDurations);
  for (auto _ : state) {
    series.started();
    series.record(finished_call(durations.next()));
  }
}
BENCHMARK(BM_RecordHandle)->Threads(1)->Threads(2);

void BM_RecordHandleAndEvent(benchmark::State& state) {
  RequestSeries& series = *stores().series;
  auto& events = events::EventBusAccess::core(stores().bus);
  Cycle durations(kDurations);
  for (auto _ : state) {
    series.started();
    series.record(finished_call(durations.next()));
    if (events.has_listeners()) state.SkipWithError("somebody listens");
    events.publish_if_observed([]() -> MonitoringEvent { std::abort(); });
  }
}
BENCHMARK(BM_RecordHandleAndEvent);

void BM_RecordFromStrings(benchmark::State& state) {
  MonitoringSystem monitoring(
      MonitoringConfig{}.with_websocket(false).with_dashboard(false).with_prometheus(false));
  const TokenUsage usage = call_usage();
  for (auto _ : state) {
    RequestScope scope = monitoring.begin_request(kProvider, kModel);
    scope.finish(usage, kCallCost);
  }
}
BENCHMARK(BM_RecordFromStrings);

void BM_PrometheusAddEachTime(benchmark::State& state) {
  PrometheusFamilies& families = stores().families;
  Cycle durations(kDurations);
  const std::string provider = kProvider;
  const std::string model = kModel;
  for (auto _ : state)
    families.record(provider, model, static_cast<double>(durations.next()) * 1e-9);
}
BENCHMARK(BM_PrometheusAddEachTime);

void BM_PrometheusKept(benchmark::State& state) {
  PrometheusKept& kept = *stores().kept;
  Cycle durations(kDurations);
  for (auto _ : state) kept.record(static_cast<double>(durations.next()) * 1e-9);
}
BENCHMARK(BM_PrometheusKept)->Threads(1)->Threads(2);

void BM_LookUp(benchmark::State& state) {
  MetricStore& store = stores().store;
  const std::string provider = kProvider;
  const std::string model = kModel;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&provider);
    benchmark::DoNotOptimize(&store.request_series(provider, model));
  }
}
BENCHMARK(BM_LookUp)->Threads(1)->Threads(2);

void BM_PrometheusLookUp(benchmark::State& state) {
  auto& family = stores().families.input;
  const std::string provider = kProvider;
  const std::string model = kModel;
  for (auto _ : state)
    benchmark::DoNotOptimize(&family.Add({{"provider", provider}, {"model", model}}));
}
BENCHMARK(BM_PrometheusLookUp)->Threads(1)->Threads(2);

void BM_InterTokenThroughScope(benchmark::State& state) {
  MonitoringSystem monitoring(
      MonitoringConfig{}.with_websocket(false).with_dashboard(false).with_prometheus(false));
  RequestScope scope = monitoring.begin_request(kProvider, kModel);
  for (auto _ : state) scope.on_chunk();
}
BENCHMARK(BM_InterTokenThroughScope);

// The same for who has read the clock already.
void BM_InterTokenTimedThroughScope(benchmark::State& state) {
  MonitoringSystem monitoring(
      MonitoringConfig{}.with_websocket(false).with_dashboard(false).with_prometheus(false));
  RequestScope scope = monitoring.begin_request(kProvider, kModel);
  Cycle durations(kDurations);
  auto arrived = std::chrono::steady_clock::now();
  for (auto _ : state) scope.on_chunk(arrived += std::chrono::nanoseconds(durations.next()));
}
BENCHMARK(BM_InterTokenTimedThroughScope);

// What on_chunk() without a time cannot do without.
void BM_SteadyClock(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(BM_SteadyClock);

void BM_InterTokenObserve(benchmark::State& state) {
  RequestSeries& series = *stores().series;
  Cycle durations(kDurations);
  for (auto _ : state) series.inter_token(durations.next());
}
BENCHMARK(BM_InterTokenObserve);

void BM_WindowRecord(benchmark::State& state) {
  RequestSeries& series = *stores().series;
  Cycle durations(kDurations);
  for (auto _ : state) series.latency_sketch.record(durations.next());
}
BENCHMARK(BM_WindowRecord);

}  // namespace
}  // namespace ltb::bench
