// What is known of each benchmark: progress, pace, ETA, cost, and its series on /metrics.
#pragma once

#include "metrics/metric_store.hpp"
#include "support/clock.hpp"
#include "support/mutex.hpp"

#include <ltb/collector.hpp>
#include <ltb/event.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ltb::collector {

/// Thread safety: every member from any thread.
class BenchmarkTracker {
 public:
  /// `total_cost_nano` tells what the whole system spent so far.
  BenchmarkTracker(metrics::MetricStore& store, const support::Clock& clock,
                   std::chrono::seconds stalled_after, std::chrono::seconds retention,
                   std::function<std::uint64_t()> total_cost_nano);

  /// Books a benchmark event and completes it: progress, and an ETA when the caller gave none.
  void apply(EventType type, BenchmarkPayload& benchmark);
  /// Forgets finished benchmarks after the retention period; returns an alert for each that newly
  /// stalled.
  [[nodiscard]] std::vector<MonitoringEvent> tick();
  /// Running ones first, then finished ones, newest first.
  [[nodiscard]] std::vector<BenchmarkStatus> statuses() const;

 private:
  // The gauges of one benchmark. Shared with the series that show them.
  struct Gauges {
    std::atomic<double> progress{0}, examples{0}, processed{0}, running{0}, eta{0};
  };
  struct Benchmark {
    std::string id, name;
    bool running = true;
    bool stalled = false;
    std::uint64_t total = 0, completed = 0, failed = 0;
    double progress = 0;
    std::optional<std::string> current_provider;
    std::optional<double> eta;
    support::SteadyTime started, last_event, ended;
    support::SystemTime started_at;
    std::uint64_t cost_at_start = 0, cost_at_end = 0;
    std::deque<std::pair<support::SteadyTime, std::uint64_t>> pace;  // recent (time, completed)
    std::shared_ptr<Gauges> gauges;
    std::vector<std::pair<metrics::Family*, metrics::Series*>> series;
    bool shows_eta = false;
  };
  // Examples by benchmark name: counters that outlive the single runs.
  struct ExampleCounts {
    metrics::Words words{2};  // 0: completed well, 1: failed
  };

  Benchmark& find_or_make(const BenchmarkPayload& benchmark, bool restart) LTB_REQUIRES(mutex_);
  static void book_straggler(BenchmarkPayload& event);
  void count(Benchmark& benchmark, BenchmarkPayload& event) LTB_REQUIRES(mutex_);
  void estimate(Benchmark& benchmark, BenchmarkPayload& event, support::SteadyTime now)
      LTB_REQUIRES(mutex_);
  void end(Benchmark& benchmark, support::SteadyTime now) LTB_REQUIRES(mutex_);
  void forget(Benchmark& benchmark) LTB_REQUIRES(mutex_);
  void make_room() LTB_REQUIRES(mutex_);
  void show(Benchmark& benchmark) LTB_REQUIRES(mutex_);
  void show_eta(Benchmark& benchmark) LTB_REQUIRES(mutex_);
  void observe_duration(Benchmark& benchmark) LTB_REQUIRES(mutex_);
  void count_examples(const std::string& name, std::uint64_t well, std::uint64_t failed)
      LTB_REQUIRES(mutex_);
  void add_gauge(Benchmark& benchmark, metrics::Family& family, std::atomic<double>& value)
      LTB_REQUIRES(mutex_);
  [[nodiscard]] double pace_of(const Benchmark& benchmark) const LTB_REQUIRES(mutex_);

  metrics::MetricStore& store_;
  const support::Clock& clock_;
  const std::chrono::seconds stalled_after_;
  const std::chrono::seconds retention_;
  const std::function<std::uint64_t()> total_cost_nano_;
  const metrics::BucketLayout run_layout_;
  metrics::Family& progress_;
  metrics::Family& examples_;
  metrics::Family& processed_;
  metrics::Family& running_;
  metrics::Family& eta_;
  metrics::Family& duration_;
  metrics::Family& completed_total_;
  metrics::Family& failed_total_;
  mutable support::Mutex mutex_;
  std::map<std::string, std::unique_ptr<Benchmark>, std::less<>> benchmarks_ LTB_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<ExampleCounts>, std::less<>> counts_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::collector
