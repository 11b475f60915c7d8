// The one bookkeeping: every event and every scope ends here, and every question about them is
// answered here.
#pragma once

#include "collector/benchmark_tracker.hpp"
#include "collector/budget_monitor.hpp"
#include "collector/call_judge.hpp"
#include "collector/evaluation_pairs.hpp"
#include "collector/history_book.hpp"
#include "collector/provider_health.hpp"
#include "collector/run_registry.hpp"
#include "events/event_bus_core.hpp"
#include "metrics/metric_store.hpp"
#include "support/clock.hpp"
#include "support/log_limit.hpp"
#include "support/mutex.hpp"

#include <ltb/collector.hpp>
#include <ltb/config.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::collector {

/// Thread safety: every member from any thread.
class CollectorCore final : public events::EventSink {
 public:
  CollectorCore(metrics::MetricStore& store, events::EventBusCore& bus, const support::Clock& clock,
                const MonitoringConfig& config, const support::Log& log);
  ~CollectorCore() override { runs_->clear(); }

  /// Books a hand-published event, on the publisher's thread.
  void apply(MonitoringEvent& event) noexcept override;
  void refused_numbers(unsigned count) noexcept override {
    for (; count > 0; --count) store_.count_rejected();
  }

  /// Samples history; judges health and benchmarks and publishes what changed. Called about four
  /// times a second while the system runs. Every question samples history by itself, so totals are
  /// right without it; what windows hold is known only where it was called.
  void tick() noexcept;
  /// The first part of it.
  void sample() { history_.sample(); }

  [[nodiscard]] const CallJudge& judge() const noexcept { return judge_; }

  // -- for BenchmarkRun --
  [[nodiscard]] RunRegistry& runs() noexcept { return *runs_; }
  /// Publishes BenchmarkStarted, after the end of a run with the same id. Throws std::bad_alloc.
  [[nodiscard]] std::shared_ptr<RunRecord> begin_run(std::string benchmark_id, std::string name,
                                                     std::uint64_t total_examples);
  /// Publishes BenchmarkProgress.
  void show_run(const RunRecord& run) noexcept;
  /// Publishes BenchmarkCompleted, once RunRecord::end() said that it is this caller's task.
  void end_run(const RunRecord& run, bool abandoned) noexcept;

  /// Books a finished call, whoever brings it (a scope, the separate calls, a published event): its
  /// numbers, those of its run (may be null), the service levels it kept, and itself as an example
  /// of its duration. Its price is found already. `request_id()` is asked only where an example is
  /// wanted.
  template <typename RequestId>
  void book(metrics::RequestSeries& series, const metrics::CallRecord& call, RequestId&& request_id,
            support::SteadyTime now, RunRecord* run) noexcept {
    // First: a sample that finds the call in the series finds its service levels too.
    judge_.count_slos(series, call);
    series.record(call);
    if (run != nullptr) run->record(call);
    series.offer_exemplar(call, request_id, now, clock_);
  }

  [[nodiscard]] CallTotals totals();
  [[nodiscard]] std::vector<ProviderStats> provider_stats();
  [[nodiscard]] std::optional<ProviderStats> provider_stats(std::string_view provider);
  [[nodiscard]] std::vector<ModelStats> model_stats();
  [[nodiscard]] std::optional<ModelStats> model_stats(std::string_view provider,
                                                      std::string_view model);
  [[nodiscard]] Percentiles percentiles(std::string_view provider, std::string_view model,
                                        std::chrono::seconds window);
  [[nodiscard]] HistorySeries history(const HistoryQuery& query);
  [[nodiscard]] std::uint64_t history_cuts() const noexcept { return history_.cuts(); }
  [[nodiscard]] std::vector<BenchmarkStatus> benchmarks() { return benchmarks_.statuses(); }

 private:
  void apply_request(EventType type, RequestPayload& request) noexcept;
  void count_attempts(metrics::RequestSeries& series, const RequestPayload& request) noexcept;
  void apply_evaluation(EventType type, const EvaluationPayload& evaluation);
  void publish(std::vector<MonitoringEvent> events) noexcept;
  [[nodiscard]] std::uint64_t total_cost_nano() const;

  metrics::MetricStore& store_;
  events::EventBusCore& bus_;
  const support::Clock& clock_;
  support::Log log_;
  const CallJudge judge_;
  HistoryBook history_;
  const std::shared_ptr<RunRegistry> runs_ = std::make_shared<RunRegistry>();
  BenchmarkTracker benchmarks_;
  ProviderHealthMonitor health_;
  BudgetMonitor budget_;
  support::LogLimit refused_metrics_;
  support::Mutex evaluations_mutex_;
  EvaluationPairs evaluations_ LTB_GUARDED_BY(evaluations_mutex_);
};

}  // namespace ltb::collector
