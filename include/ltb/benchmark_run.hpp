// One benchmark run, as the code that runs it reports it.
#pragma once

#include <ltb/export.hpp>
#include <ltb/request_scope.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace ltb {

namespace collector {
struct CurrentRunEntry;
class RunRecord;
}  // namespace collector
namespace core {
class MonitoringCore;
}

/// Keeps a benchmark run current on the thread that called BenchmarkRun::make_current(), until it
/// is destroyed. Guards nest: the innermost run that is still in progress is the current one.
///
/// Thread safety: destroy it on the thread that made it; on another one it ends all the same, at
/// that thread's next call. Lifetime: may outlive the run and the MonitoringSystem. Nothing here
/// throws.
class LTB_MONITORING_EXPORT CurrentRun {
 public:
  CurrentRun(const CurrentRun&) = delete;
  CurrentRun& operator=(const CurrentRun&) = delete;
  ~CurrentRun();

 private:
  friend class BenchmarkRun;
  explicit CurrentRun(std::shared_ptr<collector::CurrentRunEntry> entry) noexcept;
  std::shared_ptr<collector::CurrentRunEntry> entry_;
};

/// Publishes BenchmarkStarted when made (by MonitoringSystem::begin_benchmark), BenchmarkProgress
/// as it advances, and BenchmarkCompleted at its end. Progress events are coalesced: the first at
/// once, then at most one per 100 ms, and always the one of the last example; what a started system
/// has not published after that, it publishes within 250 ms. MetricCollector::benchmarks(), the API
/// and /metrics read the run's own counters and are exact at any time. Destroyed without
/// complete(), or replaced by a run with the same id, the run ends as it is and an alert is raised.
///
/// Which calls belong to the run, for its cost, tokens, rates and percentiles: those begun by
/// begin_request(), by observe(run, ...) or by a wrapper made with the run; those that start on a
/// thread where the run is current; and every other call that starts while no other run is in
/// progress. While several runs are in progress, a call without any of these belongs to none of
/// them: see BenchmarkStatus::has_unattributed_calls. A run known from published events that has
/// been silent for AlertThresholds::benchmark_stalled_after is not counted among these. A call
/// belongs to the run in which it started, also when it ends after the run.
///
/// Thread safety: complete(), move and destruction from one thread; all other functions from any
/// thread.
/// Lifetime: may outlive the MonitoringSystem. Nothing here throws.
class LTB_MONITORING_EXPORT BenchmarkRun {
 public:
  BenchmarkRun(BenchmarkRun&& other) noexcept;
  BenchmarkRun& operator=(BenchmarkRun&& other) noexcept;
  ~BenchmarkRun();

  /// Records `count` successful examples. Lock-free; does nothing after the end of the run.
  void advance(std::uint64_t count = 1) noexcept;
  /// Records one failed example.
  void fail_example() noexcept;
  /// The provider the run works on now, for display.
  void set_current_provider(std::string_view provider) noexcept;
  /// Ends the run. Idempotent.
  void complete() noexcept;

  /// MonitoringSystem::begin_request() for a call of this run. After the end of the run the call is
  /// recorded and belongs to no run.
  [[nodiscard]] RequestScope begin_request(std::string_view provider,
                                           std::string_view model) noexcept;
  /// While the returned guard lives, calls that start on this thread belong to this run. Costs one
  /// allocation. Without memory nothing becomes current.
  [[nodiscard]] CurrentRun make_current() noexcept;

  /// Examples processed, including failed ones.
  [[nodiscard]] std::uint64_t completed_examples() const noexcept;
  [[nodiscard]] std::uint64_t failed_examples() const noexcept;
  /// As given to begin_benchmark(); 0 when unknown.
  [[nodiscard]] std::uint64_t total_examples() const noexcept;

 private:
  friend class CallSource;
  friend class core::MonitoringCore;
  BenchmarkRun(std::shared_ptr<core::MonitoringCore> core,
               std::shared_ptr<collector::RunRecord> record) noexcept;
  void count(std::uint64_t succeeded, std::uint64_t failed) noexcept;
  void end(bool abandoned) noexcept;

  // Both are null when the run was moved from, or when there was no memory for it.
  std::shared_ptr<core::MonitoringCore> core_;
  std::shared_ptr<collector::RunRecord> record_;
};

}  // namespace ltb
