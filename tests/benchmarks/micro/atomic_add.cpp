// The yardstick in every program: one uncontended relaxed atomic addition.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>

namespace {

void BM_AtomicAdd(benchmark::State& state) {
  alignas(64) std::atomic<std::uint64_t> counter{0};
  for (auto _ : state) benchmark::DoNotOptimize(counter.fetch_add(1, std::memory_order_relaxed));
}
BENCHMARK(BM_AtomicAdd);

}  // namespace
