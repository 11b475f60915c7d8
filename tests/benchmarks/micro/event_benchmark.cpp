// Publishing, dispatching and encoding events.
#include "benchmarks/support/sample_calls.hpp"
#include "events/event_bus_core.hpp"
#include "events/subscribers.hpp"

#include <ltb/event_bus.hpp>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace ltb::bench {
namespace {

MonitoringEvent completed_event() {
  return MonitoringEvent::request_completed(kProvider, kModel, "req_0123456789abcdef", 1.234,
                                            call_usage(), kCallCost);
}

// As MonitoringCore does it: whether anybody listens is asked before the event is built.
void BM_PublishNobody(benchmark::State& state) {
  EventBus bus;
  auto& core = events::EventBusAccess::core(bus);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&core);
    core.publish_if_observed([] { return completed_event(); });
  }
}
BENCHMARK(BM_PublishNobody);

void BM_BuildEvent(benchmark::State& state) {
  for (auto _ : state) {
    auto event = completed_event();
    event.timestamp = std::chrono::system_clock::now();
    benchmark::DoNotOptimize(std::make_shared<const MonitoringEvent>(std::move(event)));
  }
}
BENCHMARK(BM_BuildEvent);

void BM_PublishToReceivers(benchmark::State& state) {
  EventBus bus;
  std::vector<EventReceiver> receivers;
  for (int i = 0; i < state.range(0); ++i) receivers.push_back(bus.subscribe());
  for (auto _ : state) bus.publish(completed_event());
}
BENCHMARK(BM_PublishToReceivers)->ArgName("receivers")->Arg(1)->Arg(4);

MonitoringEvent small_event() {
  MonitoringEvent event(EventType::ProviderStatus, ProviderPayload{});
  event.timestamp = std::chrono::system_clock::time_point{std::chrono::seconds{1}};
  return event;
}

// What is common to all of BM_PublishToSubscribers: making the event.
void BM_BuildSmallEvent(benchmark::State& state) {
  for (auto _ : state) {
    auto event = small_event();
    benchmark::DoNotOptimize(event);
  }
}
BENCHMARK(BM_BuildSmallEvent);

/// A subscriber that counts, in a cache line of its own as a host's would lie.
struct alignas(64) Count {
  std::uint64_t events = 0;
};

void BM_PublishToSubscribers(benchmark::State& state) {
  EventBus bus;
  std::vector<Count> counts(4);
  std::vector<Subscription> subscriptions;
  for (int i = 0; i < state.range(0); ++i)
    subscriptions.push_back(
        bus.on_event([&count = counts[i]](const MonitoringEvent&) { ++count.events; }));
  for (auto _ : state) bus.publish(small_event());
  benchmark::DoNotOptimize(counts);
}
BENCHMARK(BM_PublishToSubscribers)->ArgName("subscribers")->Arg(0)->Arg(1)->Arg(4);

// Calling them alone, with an event that is there.
void BM_Dispatch(benchmark::State& state) {
  events::Subscribers subscribers;
  std::vector<Count> counts(4);
  for (int i = 0; i < state.range(0); ++i)
    (void)subscribers.add([&count = counts[i]](const MonitoringEvent&) { ++count.events; });
  const MonitoringEvent event = small_event();
  for (auto _ : state) {
    subscribers.call_all(event);
    benchmark::ClobberMemory();
  }
  if (state.range(0) > 0 && counts[0].events < static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("not every event was seen");
}
BENCHMARK(BM_Dispatch)->ArgName("subscribers")->DenseRange(0, 4);

void BM_JsonOfEvent(benchmark::State& state) {
  const MonitoringEvent event = [] {
    auto made = completed_event();
    made.id = 123'456;
    made.timestamp = std::chrono::system_clock::now();
    return made;
  }();
  for (auto _ : state) benchmark::DoNotOptimize(to_json(event));
}
BENCHMARK(BM_JsonOfEvent);

// The same text as people write it: a tree, then dump().
void BM_JsonByNlohmann(benchmark::State& state) {
  const MonitoringEvent event = completed_event();
  const auto& data = *event.request_payload();
  for (auto _ : state) {
    nlohmann::json payload{{"provider", data.provider},
                           {"model", data.model},
                           {"request_id", data.request_id},
                           {"latency", *data.latency},
                           {"tokens",
                            {{"input_tokens", data.tokens->input_tokens},
                             {"output_tokens", data.tokens->output_tokens},
                             {"total_tokens", data.tokens->total_tokens()}}},
                           {"cost", *data.cost}};
    nlohmann::json json{{"event_type", "RequestCompleted"},
                        {"timestamp", "2026-01-02T03:04:05.678Z"},
                        {"id", "evt_123456"},
                        {"payload", {{"type", "Request"}, {"data", std::move(payload)}}}};
    benchmark::DoNotOptimize(json.dump());
  }
}
BENCHMARK(BM_JsonByNlohmann);

}  // namespace
}  // namespace ltb::bench
