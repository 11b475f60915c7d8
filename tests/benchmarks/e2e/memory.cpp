// What a series, a thread and an hour of history cost in memory, and how far a sketch is off.
#include "benchmarks/support/process.hpp"
#include "benchmarks/support/sample_calls.hpp"
#include "benchmarks/support/windows.hpp"
#include "metrics/sketch.hpp"
#include "unit/support/core_stage.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

namespace ltb::bench {
namespace {

MonitoringConfig roomy() {
  MonitoringConfig config;
  config.max_series_per_family = 1'000'000;
  config.max_history_bytes = std::size_t{4} << 30;
  return config;
}

/// A streamed call, so that every histogram and sketch of the series is in use.
void call(const tests::CoreStage& stage, const std::string& model, std::uint64_t duration) {
  RequestScope scope = core::MonitoringCore::begin_request(stage.core, kProvider, model);
  stage.advance(std::chrono::nanoseconds{duration / 4});
  scope.on_chunk();
  stage.advance(std::chrono::nanoseconds{duration / 4});
  scope.on_chunk();
  scope.finish(call_usage(), kCallCost);
}

/// `models` models, each used by `threads` threads one after the other that all live at once.
Samples series_memory(std::size_t models, int threads) {
  const double before = resident_bytes();
  const tests::CoreStage stage(roomy());
  const auto record_all = [&] {
    for (std::size_t i = 0; i < models; ++i) call(stage, model_name(i), 1'000'000'000);
  };
  // Every thread keeps its place among the shards until all are done.
  std::function<void(int)> nest = [&](int left) {
    record_all();
    if (left > 1) std::thread([&] { nest(left - 1); }).join();
  };
  nest(threads);
  stage.tick();
  const double bytes = resident_bytes() - before;
  const auto series = static_cast<double>(stage.store().series_count());
  return {{"bytes", bytes},
          {"series", series},
          {"bytes_per_model", bytes / static_cast<double>(models)},
          {"bytes_per_series", bytes / series}};
}

/// The history of some models with a call a second each and durations as real ones are spread.
Samples history_memory(std::chrono::seconds kept) {
  constexpr std::size_t kModels = 8;
  const double before = resident_bytes();
  auto config = roomy();
  config.retention_period = kept;
  const tests::CoreStage stage(config);
  const auto durations = call_durations();
  Cycle next(durations);
  for (std::int64_t second = 0; second < kept.count(); ++second) {
    for (std::size_t i = 0; i < kModels; ++i) {
      metrics::CallRecord record;
      record.duration_ns = next.next();
      record.usage = &call_usage();
      stage.store().request_series(kProvider, model_name(i)).record(record);
    }
    stage.advance(std::chrono::seconds{1});
    stage.tick();
  }
  const double bytes = resident_bytes() - before;
  return {{"bytes", bytes}, {"bytes_per_model", bytes / kModels}};
}

/// The largest relative error of a value read back from the sketch, from 1 us to 48 h.
Samples sketch_error() {
  double worst = 0;
  for (double ns = 1e3; ns < 1.728e14; ns *= 1.0001) {
    const auto value = static_cast<std::uint64_t>(ns);
    const double read = metrics::SketchLayout::seconds_of(metrics::SketchLayout::index_of(value));
    worst = std::max(worst, std::abs(read * 1e9 / static_cast<double>(value) - 1));
  }
  return {{"percent", worst * 100}};
}

}  // namespace
}  // namespace ltb::bench

int main() {
  return ltb::bench::guarded_main("memory", [] {
    using namespace ltb::bench;
    Rounds rounds;
    rounds.add("sketch", sketch_error);
    for (const std::size_t models : {10, 100, 1000, 4000})
      for (const int threads : {1, 4})
        rounds.add("models " + std::to_string(models) + " threads " + std::to_string(threads),
                   [=] { return series_memory(models, threads); });
    rounds.add("models 100 threads 64", [] { return series_memory(100, 64); });
    for (const int minutes : {5, 15, 30, 60, 120, 240})
      rounds.add("history " + std::to_string(minutes) + " min",
                 [=] { return history_memory(std::chrono::minutes{minutes}); });
    rounds.run_apart();
    rounds.print();
  });
}
