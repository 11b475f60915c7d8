// What is known of each benchmark: progress, pace, ETA, cost, and its series on /metrics.
#pragma once

#include "collector/run_pace.hpp"
#include "collector/run_record.hpp"
#include "collector/run_registry.hpp"
#include "metrics/metric_store.hpp"
#include "support/clock.hpp"
#include "support/mutex.hpp"

#include <ltb/collector.hpp>
#include <ltb/event.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ltb::collector {

/// Thread safety: every member from any thread. The events returned are for the caller to publish,
/// after it released its locks.
class BenchmarkTracker {
 public:
  BenchmarkTracker(metrics::MetricStore& store, const support::Clock& clock,
                   std::chrono::seconds stalled_after, std::chrono::seconds retention,
                   std::shared_ptr<RunRegistry> runs);
  ~BenchmarkTracker();
  BenchmarkTracker(const BenchmarkTracker&) = delete;
  BenchmarkTracker& operator=(const BenchmarkTracker&) = delete;

  using Events = std::vector<MonitoringEvent>;

  /// A BenchmarkRun begins; one with the same id that is in progress ends.
  [[nodiscard]] Events begin(const std::shared_ptr<RunRecord>& record);
  /// A BenchmarkRun advanced.
  [[nodiscard]] MonitoringEvent progress(const RunRecord& record);
  /// A BenchmarkRun ends; RunRecord::end() was called.
  [[nodiscard]] Events end(const RunRecord& record, bool abandoned);
  /// Books a published benchmark event and completes it: progress, and an ETA when the caller gave
  /// none.
  [[nodiscard]] Events apply(EventType type, BenchmarkPayload& event);
  /// An alert for each benchmark that newly stalled, and the progress that was coalesced.
  [[nodiscard]] Events tick();
  /// Running ones first, then finished ones, newest first.
  [[nodiscard]] std::vector<BenchmarkStatus> statuses();

 private:
  enum Gauge : std::size_t { kProgress, kExamples, kProcessed, kRunning, kEta, kGaugeCount };
  using GaugeValues = std::array<std::atomic<double>, kGaugeCount>;
  struct Benchmark {
    std::shared_ptr<RunRecord> record;  // which run this is; never null
    std::string id, name;               // as labels show them
    bool by_hand = false;               // known from published events only
    bool has_start = true;              // false: first heard of later on
    bool running = true;
    bool stalled = false;
    bool stall_alerted = false;
    std::uint64_t total = 0;                  // as declared; 0: unknown
    std::uint64_t completed = 0, failed = 0;  // as of the last look
    std::uint64_t brought = 0;                // completed before it was heard of
    std::uint64_t booked_successes = 0, booked_failures = 0;
    std::uint64_t published = 0;            // completed examples in its last progress event
    std::optional<double> told_progress{};  // the caller's own percentage
    std::optional<double> told_eta{};       // the caller's own estimate, as of last_event
    support::SteadyTime last_event{}, ended{};
    RunPace pace;
    std::shared_ptr<GaugeValues> gauges = std::make_shared<GaugeValues>();
    std::array<metrics::Series*, kGaugeCount> shown{};  // null: not on /metrics
    std::shared_ptr<metrics::Words> durations{};        // of all runs with this id and name
    metrics::Series* durations_shown = nullptr;

    /// The total, raised when more were processed than declared; 0 when unknown.
    [[nodiscard]] std::uint64_t known_total() const {
      return total > 0 ? std::max(total, completed) : 0;
    }
  };
  // Examples by benchmark name: counters that outlive the single runs.
  struct ExampleCounts {
    metrics::Words words{2};  // 0: successful, 1: failed
  };

  Benchmark& add(std::shared_ptr<RunRecord> record, bool by_hand, Events& events)
      LTB_REQUIRES(mutex_);
  [[nodiscard]] Benchmark* find(const RunRecord& record) LTB_REQUIRES(mutex_);
  Benchmark& find_or_add(EventType type, const BenchmarkPayload& event, Events& events)
      LTB_REQUIRES(mutex_);
  void take_estimates(Benchmark& run, const BenchmarkPayload& event) LTB_REQUIRES(mutex_);
  void replace(Benchmark& old, Events& events) LTB_REQUIRES(mutex_);
  void finish(Benchmark& run, support::SteadyTime now) LTB_REQUIRES(mutex_);
  void forget(Benchmark& run) LTB_REQUIRES(mutex_);
  void make_room() LTB_REQUIRES(mutex_);
  void refresh() noexcept;
  void look_at_all(support::SteadyTime now) LTB_REQUIRES(mutex_);
  void look(Benchmark& run, support::SteadyTime now) LTB_REQUIRES(mutex_);
  void show(Benchmark& run, support::SteadyTime now) LTB_REQUIRES(mutex_);
  void show_gauge(Benchmark& run, Gauge gauge, std::optional<double> value) LTB_REQUIRES(mutex_);
  void observe_duration(Benchmark& run) LTB_REQUIRES(mutex_);
  void count_examples(const std::string& name, std::uint64_t successes, std::uint64_t failures)
      LTB_REQUIRES(mutex_);
  [[nodiscard]] std::optional<double> progress_of(const Benchmark& run) const LTB_REQUIRES(mutex_);
  [[nodiscard]] std::optional<double> eta_of(const Benchmark& run, support::SteadyTime now) const
      LTB_REQUIRES(mutex_);
  [[nodiscard]] BenchmarkStatus status_of(const Benchmark& run, support::SteadyTime now) const
      LTB_REQUIRES(mutex_);
  [[nodiscard]] MonitoringEvent event_of(EventType type, const RunRecord& record,
                                         const Benchmark* run, support::SteadyTime now) const
      LTB_REQUIRES(mutex_);

  metrics::MetricStore& store_;
  const support::Clock& clock_;
  const std::chrono::seconds stalled_after_;
  const std::chrono::seconds silent_after_;
  const std::chrono::seconds retention_;
  const std::shared_ptr<RunRegistry> runs_;
  const metrics::BucketLayout run_layout_;
  std::array<metrics::Family*, kGaugeCount> families_{};
  metrics::Family& duration_;
  metrics::Family& completed_total_;
  metrics::Family& failed_total_;
  support::Mutex mutex_;
  std::map<std::string, std::unique_ptr<Benchmark>, std::less<>> benchmarks_ LTB_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<ExampleCounts>, std::less<>> counts_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::collector
