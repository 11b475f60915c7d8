// What the tracker reports of a benchmark: its status, its gauges, its events.
#include "collector/benchmark_tracker.hpp"

#include "events/progress.hpp"

#include <algorithm>
#include <utility>

namespace ltb::collector {
namespace {

// A rate over less than this is not meaningful.
constexpr double kShortestRun = 0.1;

double seconds_between(support::SteadyTime from, support::SteadyTime to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

std::optional<double> per_second(std::uint64_t count, double seconds) {
  if (seconds < kShortestRun) return std::nullopt;
  return static_cast<double>(count) / seconds;
}

// The numbers that only the run's own calls make, absent where calls could not be attributed.
// `examples`: those that these calls were for.
void write_calls(BenchmarkStatus& status, const RunRecord& record, std::uint64_t examples) {
  const RunCalls calls = record.calls();
  status.total_requests = calls.finished();
  status.successful_requests = calls.successful;
  status.failed_requests = calls.failed;
  status.cancelled_requests = calls.cancelled;
  status.usage_missing_requests = calls.usage_missing;
  status.unpriced_requests = calls.unpriced;
  status.has_unattributed_calls = record.has_unattributed_calls();
  if (status.has_unattributed_calls) return;
  status.total_input_tokens = calls.input_tokens;
  status.total_output_tokens = calls.output_tokens;
  status.cost_nano_usd = calls.cost_nano;
  if (calls.cost_nano) status.cost = static_cast<double>(*calls.cost_nano) / 1e9;
  if (calls.priced > 0 && examples > 0 && status.total_examples > 0)
    status.projected_cost =
        *status.cost * static_cast<double>(status.total_examples) / static_cast<double>(examples);
  status.requests_per_second = per_second(calls.finished(), status.elapsed_seconds);
  status.latency = record.latency();
  status.time_to_first_token = record.time_to_first_token();
}

}  // namespace

std::optional<double> BenchmarkTracker::progress_of(const Benchmark& run) const {
  return run.told_progress ? run.told_progress : events::progress_percent(run.completed, run.total);
}

// Counted down from the newest progress. Past its end it was wrong: then it is unknown.
std::optional<double> BenchmarkTracker::eta_of(const Benchmark& run,
                                               support::SteadyTime now) const {
  if (!run.running) return 0;
  if (run.told_eta) {
    const double left = *run.told_eta - seconds_between(run.last_event, now);
    return left >= 0 ? std::optional(left) : std::nullopt;
  }
  if (run.total == 0 || run.completed > run.total || run.stalled) return std::nullopt;
  if (run.completed == run.total) return 0;
  const auto pace = run.pace.examples_per_second();
  if (!pace) return std::nullopt;
  const double left = static_cast<double>(run.total - run.completed) / *pace -
                      seconds_between(run.pace.last(), now);
  return left > 0 ? std::optional(left) : std::nullopt;
}

BenchmarkStatus BenchmarkTracker::status_of(const Benchmark& run, support::SteadyTime now) const {
  BenchmarkStatus status;
  status.benchmark_id = run.id;
  status.name = run.name;
  status.state = !run.running  ? BenchmarkState::Completed
                 : run.stalled ? BenchmarkState::Stalled
                               : BenchmarkState::Running;
  status.total_examples = run.known_total();
  status.completed_examples = run.completed;
  status.failed_examples = run.failed;
  status.progress_percent = progress_of(run);
  status.current_provider = run.record->current_provider();
  status.started_at = run.record->started_at;
  status.elapsed_seconds = seconds_between(run.record->started, run.running ? now : run.ended);
  status.idle_seconds = run.running ? seconds_between(run.last_event, now) : 0;
  status.eta_seconds = eta_of(run, now);
  const std::uint64_t examples = run.completed - run.brought;
  if (!run.running) {
    if (examples > 0 || run.brought == 0)
      status.examples_per_second = per_second(examples, status.elapsed_seconds);
  } else if (run.stalled) {
    status.examples_per_second = 0;
  } else {
    status.examples_per_second = run.pace.examples_per_second();
  }
  write_calls(status, *run.record, examples);
  return status;
}

std::vector<BenchmarkStatus> BenchmarkTracker::statuses() {
  const auto now = clock_.steady_now();
  std::vector<BenchmarkStatus> all;
  {
    support::MutexLock lock(mutex_);
    look_at_all(now);
    for (const auto& [id, run] : benchmarks_) all.push_back(status_of(*run, now));
  }
  std::stable_sort(all.begin(), all.end(), [](const BenchmarkStatus& a, const BenchmarkStatus& b) {
    const bool a_done = a.state == BenchmarkState::Completed;
    const bool b_done = b.state == BenchmarkState::Completed;
    if (a_done != b_done) return b_done;
    return a.started_at > b.started_at;
  });
  return all;
}

void BenchmarkTracker::show(Benchmark& run, support::SteadyTime now) {
  show_gauge(run, kProgress, progress_of(run));
  show_gauge(run, kExamples,
             run.total > 0 ? std::optional(static_cast<double>(run.known_total())) : std::nullopt);
  show_gauge(run, kProcessed, static_cast<double>(run.completed));
  show_gauge(run, kRunning, run.running ? 1.0 : 0.0);
  // A run that never had an estimate gets none from its end.
  const bool had_eta = run.running || run.shown[kEta] != nullptr;
  show_gauge(run, kEta, had_eta ? eta_of(run, now) : std::nullopt);
}

// A gauge has no way to say "unknown" but to be absent.
void BenchmarkTracker::show_gauge(Benchmark& run, Gauge gauge, std::optional<double> value) {
  metrics::Series*& shown = run.shown[gauge];
  if (value) {
    (*run.gauges)[gauge].store(*value, std::memory_order_relaxed);
    if (shown == nullptr)
      shown = families_[gauge]->add({{"benchmark_id", run.id}, {"name", run.name}},
                                    metrics::GaugeCell{&(*run.gauges)[gauge]}, run.gauges);
  } else if (shown != nullptr) {
    families_[gauge]->remove(std::exchange(shown, nullptr));
  }
}

MonitoringEvent BenchmarkTracker::event_of(EventType type, const RunRecord& record,
                                           const Benchmark* run, support::SteadyTime now) const {
  BenchmarkPayload payload;
  payload.benchmark_id = record.id;
  payload.name = record.name;
  payload.total_examples = record.total;
  const auto examples = record.examples();
  payload.completed_examples = examples.completed;
  payload.failed_examples = std::min(examples.failed, examples.completed);
  payload.current_provider = record.current_provider();
  payload.progress_percent = events::progress_percent(examples.completed, record.total).value_or(0);
  if (run != nullptr && record.total > 0) payload.eta_seconds = eta_of(*run, now);
  return {type, std::move(payload)};
}

}  // namespace ltb::collector
