// Rendering /metrics: ours, prometheus-cpp's serializer, and the limits (a flat arena, memcpy).
#include "benchmarks/support/render_stores.hpp"
#include "exporter/text_format.hpp"
#include "net/gzip.hpp"

#include <benchmark/benchmark.h>
#include <prometheus/text_serializer.h>

#include <charconv>
#include <cstring>

namespace ltb::bench {
namespace {

constexpr std::size_t kCounters = 10'000;
constexpr std::size_t kHistograms = 1'000;

template <typename Store>
void render_ours(benchmark::State& state, const Store& store) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string text = exporter::render_text(store.metrics);
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

void render_theirs(benchmark::State& state, prometheus::Registry& registry) {
  const prometheus::TextSerializer serializer;
  for (auto _ : state) {
    const std::string text = serializer.Serialize(registry.Collect());
    benchmark::DoNotOptimize(text.data());
  }
}

void BM_RenderCounters(benchmark::State& state) {
  const CounterStore store(kCounters);
  render_ours(state, store);
}
BENCHMARK(BM_RenderCounters)->Unit(benchmark::kMicrosecond);

void BM_ArenaCounters(benchmark::State& state) {
  const CounterStore store(kCounters);
  const Arena arena(exporter::render_text(store.metrics));
  for (auto _ : state) benchmark::DoNotOptimize(arena.render().data());
}
BENCHMARK(BM_ArenaCounters)->Unit(benchmark::kMicrosecond);

void BM_CopyOfCounters(benchmark::State& state) {
  const CounterStore store(kCounters);
  const std::string text = exporter::render_text(store.metrics);
  for (auto _ : state) {
    std::string copy(text);
    benchmark::DoNotOptimize(copy.data());
  }
}
BENCHMARK(BM_CopyOfCounters)->Unit(benchmark::kMicrosecond);

// What one task of the I/O thread takes when a scrape is compressed, and the whole of it.
void BM_GzipSlice(benchmark::State& state) {
  const CounterStore store(kCounters);
  const auto text = std::make_shared<const std::string>(
      exporter::render_text(store.metrics).substr(0, net::GzipEncoder::kSlice));
  for (auto _ : state) {
    net::GzipEncoder encoder(text);
    encoder.step();
    benchmark::DoNotOptimize(encoder.take().data());
  }
}
BENCHMARK(BM_GzipSlice)->Unit(benchmark::kMicrosecond);

void BM_GzipCounters(benchmark::State& state) {
  const CounterStore store(kCounters);
  const auto text = std::make_shared<const std::string>(exporter::render_text(store.metrics));
  std::size_t bytes = 0;
  for (auto _ : state) {
    net::GzipEncoder encoder(text);
    while (!encoder.step()) {
    }
    bytes = encoder.take().size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_GzipCounters)->Unit(benchmark::kMicrosecond);

void BM_PrometheusCounters(benchmark::State& state) {
  PrometheusCounters theirs(kCounters);
  render_theirs(state, *theirs.registry);
}
BENCHMARK(BM_PrometheusCounters)->Unit(benchmark::kMicrosecond);

void BM_RenderHistograms(benchmark::State& state) {
  const HistogramStore store(kHistograms);
  render_ours(state, store);
}
BENCHMARK(BM_RenderHistograms)->Unit(benchmark::kMicrosecond);

void BM_ArenaHistograms(benchmark::State& state) {
  const HistogramStore store(kHistograms);
  const Arena arena(exporter::render_text(store.metrics));
  for (auto _ : state) benchmark::DoNotOptimize(arena.render().data());
}
BENCHMARK(BM_ArenaHistograms)->Unit(benchmark::kMicrosecond);

void BM_PrometheusHistograms(benchmark::State& state) {
  PrometheusHistograms theirs(kHistograms);
  render_theirs(state, *theirs.registry);
}
BENCHMARK(BM_PrometheusHistograms)->Unit(benchmark::kMicrosecond);

// Counters that the host published as metrics of its own.
void BM_RenderUserCounters(benchmark::State& state) {
  const UserCounterStore store(kCounters);
  render_ours(state, store);
}
BENCHMARK(BM_RenderUserCounters)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ltb::bench
