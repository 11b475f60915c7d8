// Reading three quantiles of a window that calls fell into all the time.
#include "benchmarks/support/sample_calls.hpp"
#include "unit/support/core_stage.hpp"

#include <benchmark/benchmark.h>

namespace ltb::bench {
namespace {

// p50, p95 and p99 of the last `seconds`, of a series with 100 calls a second for ten minutes.
void BM_ThreeQuantiles(benchmark::State& state) {
  tests::CoreStage stage;
  const auto durations = call_durations();
  Cycle next(durations);
  auto& series = stage.store().request_series(kProvider, kModel);
  for (int second = 0; second < 600; ++second) {
    for (int i = 0; i < 100; ++i) {
      metrics::CallRecord call;
      call.duration_ns = next.next();
      series.record(call);
    }
    stage.tick();
    stage.advance(std::chrono::seconds{1});
  }
  const std::chrono::seconds window{state.range(0)};
  for (auto _ : state)
    benchmark::DoNotOptimize(stage.collector().percentiles(kProvider, kModel, window));
}
BENCHMARK(BM_ThreeQuantiles)->ArgName("seconds")->Arg(60)->Arg(300);

}  // namespace
}  // namespace ltb::bench
