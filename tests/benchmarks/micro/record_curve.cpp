// The cost of a record against threads and series: handles drawn at random from ever more series.
#include "benchmarks/support/sample_calls.hpp"
#include "metrics/metric_store.hpp"

#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <mutex>

namespace ltb::bench {
namespace {

using metrics::MetricStore;
using metrics::RequestSeries;

struct Field {
  std::unique_ptr<MetricStore> store;
  std::vector<RequestSeries*> draw;  // a power of two of handles, in random order
};

// `series` as /metrics shows them; every model has over twenty.
const Field& field_of(std::size_t series) {
  static std::mutex mutex;
  static std::map<std::size_t, Field> fields;
  const std::lock_guard lock(mutex);
  Field& field = fields[series];
  if (field.store) return field;
  field.store =
      std::make_unique<MetricStore>(metrics::StoreOptions{.max_series_per_family = 1'000'000});
  std::vector<RequestSeries*> models;
  do {
    models.push_back(&field.store->request_series(kProvider, model_name(models.size())));
  } while (field.store->series_count() < series);
  std::mt19937_64 random(1);
  field.draw.resize(1 << 14);
  for (auto& handle : field.draw) handle = models[random() % models.size()];
  return field;
}

void BM_RecordAcross(benchmark::State& state) {
  const Field& field = field_of(static_cast<std::size_t>(state.range(0)));
  const auto durations = call_durations();
  Cycle duration(durations);
  Cycle series(field.draw);
  for (auto _ : state) {
    metrics::CallRecord call;
    call.duration_ns = duration.next();
    call.usage = &call_usage();
    call.cost = ExactCost{.nano_usd = 207'000};
    call.was_active = true;
    RequestSeries& one = *series.next();
    one.started();
    one.record(call);
  }
}
BENCHMARK(BM_RecordAcross)
    ->ArgName("series")
    ->Arg(10)
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Threads(1)
    ->Threads(2)
    ->Threads(4)
    ->Threads(8);

}  // namespace
}  // namespace ltb::bench
