// Counts how often a recording thread has to wait for a lock while the series it records into are
// being scraped: ours, and prometheus-cpp's. Every pthread_mutex_lock of the program is looked at.
#include "benchmarks/support/process.hpp"
#include "benchmarks/support/prometheus_calls.hpp"
#include "benchmarks/support/windows.hpp"
#include "exporter/text_format.hpp"
#include "unit/support/core_stage.hpp"

#include <prometheus/text_serializer.h>

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <thread>

namespace {

thread_local constinit bool is_recorder = false;
std::atomic<std::uint64_t> waits{0};

using LockFunction = int (*)(pthread_mutex_t*);
LockFunction real_lock() {
  static const auto function =
      reinterpret_cast<LockFunction>(::dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return function;
}

}  // namespace

// In place of the C library's: std::mutex comes here, in this program and in its libraries.
extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) {
  if (is_recorder) {
    if (::pthread_mutex_trylock(mutex) == 0) return 0;
    waits.fetch_add(1, std::memory_order_relaxed);
  }
  return real_lock()(mutex);
}

namespace ltb::bench {
namespace {

/// Scrapes `scrapes` times while two threads record; returns what the recorders waited.
Samples count_waits(int scrapes, const std::function<void(std::size_t)>& record,
                    const std::function<std::size_t()>& scrape) {
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> records{0};
  std::atomic<double> longest{0};
  std::latch ready(3);
  const auto work = [&](std::size_t first) {
    is_recorder = true;
    double worst = 0;
    std::uint64_t count = 0;
    ready.arrive_and_wait();
    for (std::size_t i = first; !done.load(std::memory_order_relaxed); ++i, ++count) {
      const double before = thread_cpu_seconds();
      record(i);
      worst = std::max(worst, thread_cpu_seconds() - before);
    }
    records.fetch_add(count);
    longest = std::max(longest.load(), worst);
    is_recorder = false;
  };
  std::thread one(work, 0);
  std::thread two(work, 5000);
  ready.arrive_and_wait();
  waits = 0;
  std::size_t bytes = 0;
  for (int i = 0; i < scrapes; ++i) bytes = scrape();
  const auto waited = waits.load();
  done = true;
  one.join();
  two.join();
  return {{"waits", static_cast<double>(waited)},
          {"records", static_cast<double>(records.load())},
          {"bytes", static_cast<double>(bytes)}};
}

// Every pair of provider and model has over ten series, so that this many series come of it.
constexpr std::size_t kSeriesPerModel = 10;

Samples ours(std::size_t series, int scrapes) {
  MonitoringConfig config;
  config.max_series_per_family = 1'000'000;
  const tests::CoreStage stage(config);
  const std::size_t models = series / kSeriesPerModel;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < models; ++i) {
    names.push_back(model_name(i));
    core::MonitoringCore::begin_request(stage.core, kProvider, names.back())
        .finish(call_usage(), kCallCost);
  }
  if (stage.store().series_count() < series) throw std::runtime_error("too few series");
  return count_waits(
      scrapes,
      [&](std::size_t i) {
        core::MonitoringCore::begin_request(stage.core, kProvider, names[i % models])
            .finish(call_usage(), kCallCost);
      },
      [&] { return exporter::render_text(stage.store()).size(); });
}

Samples prometheus_cpp(std::size_t series, int scrapes) {
  PrometheusFamilies families;
  const std::size_t models = series / 5;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < models; ++i) {
    names.push_back(model_name(i));
    families.record(kProvider, names.back(), 1);
  }
  const prometheus::TextSerializer serializer;
  return count_waits(
      scrapes, [&](std::size_t i) { families.record(kProvider, names[i % models], 1); },
      [&] { return serializer.Serialize(families.registry->Collect()).size(); });
}

}  // namespace
}  // namespace ltb::bench

int main(int argc, char** argv) {
  return ltb::bench::guarded_main("blocked", [&] {
    const bool only_ours = argc > 1 && std::string_view(argv[1]) == "--only-ours";
    ltb::bench::Rounds rounds;
    for (const std::size_t series : {std::size_t{10'000}, std::size_t{100'000}}) {
      const std::string size = std::to_string(series / 1000) + 'k';
      const int scrapes = series > 50'000 ? 3 : 10;
      rounds.add("ours " + size, [=] { return ltb::bench::ours(series, scrapes); });
      if (!only_ours)
        rounds.add("prometheus-cpp " + size,
                   [=] { return ltb::bench::prometheus_cpp(series, scrapes); });
    }
    rounds.run(argc > 1 && !only_ours ? std::atoi(argv[1]) : 1);
    rounds.print();
    if (only_ours && !rounds.all_zero("waits"))
      throw std::runtime_error("a core had to wait for a lock while a scrape ran");
  });
}
