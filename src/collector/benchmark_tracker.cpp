#include "collector/benchmark_tracker.hpp"

#include "metrics/default_buckets.hpp"
#include "metrics/number_text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ltb::collector {
namespace {

using std::chrono::duration;

double seconds_between(support::SteadyTime from, support::SteadyTime to) {
  return std::max(0.0, duration<double>(to - from).count());
}

std::span<const double> run_bounds(const metrics::MetricStore& store) {
  const auto& configured = store.options().histogram_buckets;
  const auto found = configured.find("llm_benchmark_duration_seconds");
  if (found != configured.end()) return found->second;
  return metrics::kRunSeconds;
}

}  // namespace

BenchmarkTracker::BenchmarkTracker(metrics::MetricStore& store, const support::Clock& clock,
                                   std::chrono::seconds stalled_after,
                                   std::chrono::seconds retention,
                                   std::function<std::uint64_t()> total_cost_nano)
    : store_(store),
      clock_(clock),
      stalled_after_(stalled_after),
      retention_(retention),
      total_cost_nano_(std::move(total_cost_nano)),
      run_layout_(run_bounds(store), 1e9),
      progress_(store.add_family("llm_benchmark_progress", "Progress of a benchmark run, 0 to 100.",
                                 MetricType::Gauge)),
      examples_(store.add_family("llm_benchmark_examples", "Examples of a benchmark run.",
                                 MetricType::Gauge)),
      processed_(
          store.add_family("llm_benchmark_examples_processed",
                           "Examples of a benchmark run that are through, failed ones included.",
                           MetricType::Gauge)),
      running_(store.add_family("llm_benchmark_running", "1 while a benchmark runs, 0 afterwards.",
                                MetricType::Gauge)),
      eta_(store.add_family("llm_benchmark_eta_seconds",
                            "Seconds until a benchmark run is expected to end.",
                            MetricType::Gauge)),
      duration_(store.add_family("llm_benchmark_duration_seconds",
                                 "Duration of completed benchmark runs.", MetricType::Histogram)),
      completed_total_(store.add_family("llm_benchmark_examples_completed_total",
                                        "Benchmark examples that went well, by benchmark name.",
                                        MetricType::Counter)),
      failed_total_(store.add_family("llm_benchmark_examples_failed_total",
                                     "Benchmark examples that failed, by benchmark name.",
                                     MetricType::Counter)) {}

void BenchmarkTracker::apply(EventType type, BenchmarkPayload& event) {
  if (event.eta_seconds && !(std::isfinite(*event.eta_seconds) && *event.eta_seconds >= 0))
    event.eta_seconds.reset();
  const auto now = clock_.steady_now();
  support::MutexLock lock(mutex_);
  Benchmark& run = find_or_make(event, type == EventType::BenchmarkStarted);
  if (!run.running && type != EventType::BenchmarkCompleted) return book_straggler(event);
  const bool overtaken =
      type != EventType::BenchmarkCompleted && event.completed_examples < run.completed;
  run.last_event = now;
  run.stalled = false;
  if (event.current_provider) run.current_provider = event.current_provider;
  count(run, event);

  double progress = run.progress;
  if (run.total > 0) {
    progress = 100.0 * static_cast<double>(run.completed) / static_cast<double>(run.total);
  } else if (type == EventType::BenchmarkCompleted) {
    progress = 100;
  }
  if (type == EventType::BenchmarkCompleted) {
    event.eta_seconds = run.eta = 0;
    end(run, now);
  } else {
    estimate(run, event, now);
  }
  // The caller's own percentage stands, but for one that is not set (NaN is none either).
  if (!(event.progress_percent > 0) || type == EventType::BenchmarkCompleted)
    event.progress_percent = progress;
  event.progress_percent = std::clamp(event.progress_percent, 0.0, 100.0);
  run.progress = overtaken ? std::clamp(progress, 0.0, 100.0) : event.progress_percent;
  show(run);
}

// Progress that arrives after the end, from another thread: it is shown to the listeners and
// changes nothing.
void BenchmarkTracker::book_straggler(BenchmarkPayload& event) {
  double progress = event.progress_percent;
  if (!(progress > 0))
    progress = event.total_examples == 0 ? 0
                                         : 100.0 * static_cast<double>(event.completed_examples) /
                                               static_cast<double>(event.total_examples);
  event.progress_percent = std::clamp(progress, 0.0, 100.0);
}

// Counts only grow, in whatever order the events come.
void BenchmarkTracker::count(Benchmark& run, BenchmarkPayload& event) {
  const std::uint64_t failed = std::max(run.failed, event.failed_examples.value_or(0));
  const std::uint64_t completed = std::max(run.completed, event.completed_examples);
  const std::uint64_t newly_failed = failed - run.failed;
  const std::uint64_t newly_through = completed - run.completed;
  count_examples(run.name, newly_through - std::min(newly_through, newly_failed), newly_failed);
  run.failed = failed;
  run.completed = completed;
  run.total = std::max(event.total_examples, completed);
  if (event.failed_examples || failed > 0) event.failed_examples = failed;
}

void BenchmarkTracker::estimate(Benchmark& run, BenchmarkPayload& event, support::SteadyTime now) {
  if (run.pace.size() > 512) run.pace.pop_front();
  run.pace.emplace_back(now, run.completed);
  while (run.pace.size() > 2 && now - run.pace[1].first > std::chrono::seconds{60})
    run.pace.pop_front();
  if (!event.eta_seconds) {
    const double pace = pace_of(run);
    if (pace <= 0 || run.total == 0) return;
    event.eta_seconds = static_cast<double>(run.total - run.completed) / pace;
  }
  run.eta = event.eta_seconds;
}

void BenchmarkTracker::end(Benchmark& run, support::SteadyTime now) {
  if (!std::exchange(run.running, false)) return;
  run.ended = now;
  run.cost_at_end = total_cost_nano_();
  observe_duration(run);
}

BenchmarkTracker::Benchmark& BenchmarkTracker::find_or_make(const BenchmarkPayload& event,
                                                            bool restart) {
  // As the labels show them: two ids that look alike there must not make the same series twice.
  const std::size_t most = store_.options().max_label_bytes;
  const std::string id = metrics::clean_label(event.benchmark_id, most);
  const std::string name = metrics::clean_label(event.name, most);
  const auto found = benchmarks_.find(id);
  if (found != benchmarks_.end()) {
    if (!restart && found->second->name == name) return *found->second;
    forget(*found->second);
    benchmarks_.erase(found);
  }
  make_room();
  auto run = std::make_unique<Benchmark>();
  run->id = id;
  run->name = name;
  run->started = run->last_event = clock_.steady_now();
  run->started_at = clock_.system_now();
  run->cost_at_start = total_cost_nano_();
  run->gauges = std::make_shared<Gauges>();
  run->pace.emplace_back(run->started,
                         event.completed_examples);  // what was done before is no pace
  add_gauge(*run, progress_, run->gauges->progress);
  add_gauge(*run, examples_, run->gauges->examples);
  add_gauge(*run, processed_, run->gauges->processed);
  add_gauge(*run, running_, run->gauges->running);
  return *(benchmarks_[id] = std::move(run));
}

void BenchmarkTracker::add_gauge(Benchmark& run, metrics::Family& family,
                                 std::atomic<double>& value) {
  run.series.emplace_back(&family, family.add({{"benchmark_id", run.id}, {"name", run.name}},
                                              metrics::GaugeCell{&value}, run.gauges));
}

void BenchmarkTracker::forget(Benchmark& run) {
  for (const auto& [family, series] : run.series) family->remove(series);
  run.series.clear();
}

// As many benchmarks as a family may have label sets; the oldest finished one, else the oldest,
// makes room.
void BenchmarkTracker::make_room() {
  if (benchmarks_.size() < store_.options().max_series_per_family) return;
  const auto oldest =
      std::min_element(benchmarks_.begin(), benchmarks_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second->running, a.second->last_event) <
               std::pair(b.second->running, b.second->last_event);
      });
  forget(*oldest->second);
  benchmarks_.erase(oldest);
}

void BenchmarkTracker::show(Benchmark& run) {
  const auto set = [](std::atomic<double>& gauge, double value) {
    gauge.store(value, std::memory_order_relaxed);
  };
  set(run.gauges->progress, run.progress);
  set(run.gauges->examples, static_cast<double>(run.total));
  set(run.gauges->processed, static_cast<double>(run.completed));
  set(run.gauges->running, run.running ? 1 : 0);
  if (!run.eta) return;
  set(run.gauges->eta, *run.eta);
  if (!run.shows_eta) {  // no series before there is an estimate: a gauge has no way to say "not
                         // known"
    run.shows_eta = true;
    add_gauge(run, eta_, run.gauges->eta);
  }
}

void BenchmarkTracker::observe_duration(Benchmark& run) {
  auto words = std::make_shared<metrics::Words>(run_layout_.count() + 1);
  const auto nanoseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(run.ended - run.started).count());
  const auto writer = words->writer();
  writer.add(run_layout_.index_of(nanoseconds), 1);
  writer.add(run_layout_.count(), nanoseconds);
  run.series.emplace_back(
      &duration_, duration_.add({{"benchmark_id", run.id}, {"name", run.name}},
                                metrics::HistogramCell{words.get(), 0, &run_layout_, 9}, words));
}

void BenchmarkTracker::count_examples(const std::string& name, std::uint64_t well,
                                      std::uint64_t failed) {
  std::string label = name;
  if (!counts_.contains(label) && counts_.size() >= store_.options().max_series_per_family)
    label = metrics::kOverflow;
  auto& counts = counts_[label];
  if (!counts) {
    counts = std::make_shared<ExampleCounts>();
    completed_total_.add({{"name", label}}, metrics::CounterCell{&counts->words, 0, 0}, counts);
    failed_total_.add({{"name", label}}, metrics::CounterCell{&counts->words, 1, 0}, counts);
  }
  const auto writer = counts->words.writer();
  writer.add(0, well);
  writer.add(1, failed);
}

double BenchmarkTracker::pace_of(const Benchmark& run) const {
  if (run.pace.size() < 2) return 0;
  const double seconds = seconds_between(run.pace.front().first, run.pace.back().first);
  if (seconds <= 0) return 0;
  return static_cast<double>(run.pace.back().second - run.pace.front().second) / seconds;
}

std::vector<MonitoringEvent> BenchmarkTracker::tick() {
  const auto now = clock_.steady_now();
  std::vector<MonitoringEvent> alerts;
  support::MutexLock lock(mutex_);
  for (auto place = benchmarks_.begin(); place != benchmarks_.end();) {
    Benchmark& run = *place->second;
    if (!run.running && now - run.ended > retention_) {
      forget(run);
      place = benchmarks_.erase(place);
      continue;
    }
    if (run.running && !run.stalled && stalled_after_.count() > 0 &&
        now - run.last_event >= stalled_after_) {
      run.stalled = true;
      alerts.push_back(MonitoringEvent::alert(
          AlertSeverity::Warning, "Benchmark stalled",
          "benchmark \"" + run.name + "\" (" + run.id + "): no event for " +
              std::to_string(static_cast<std::int64_t>(seconds_between(run.last_event, now))) +
              " s at " + std::to_string(run.completed) + " of " + std::to_string(run.total) +
              " examples",
          run.current_provider.value_or("")));
    }
    ++place;
  }
  return alerts;
}

std::vector<BenchmarkStatus> BenchmarkTracker::statuses() const {
  const auto now = clock_.steady_now();
  std::vector<BenchmarkStatus> all;
  support::MutexLock lock(mutex_);
  const std::uint64_t cost_now =
      total_cost_nano_();  // under the lock: after every run's cost at its start
  for (const auto& [id, run] : benchmarks_) {
    BenchmarkStatus status;
    status.benchmark_id = run->id;
    status.name = run->name;
    status.state = !run->running  ? BenchmarkState::Completed
                   : run->stalled ? BenchmarkState::Stalled
                                  : BenchmarkState::Running;
    status.total_examples = run->total;
    status.completed_examples = run->completed;
    status.failed_examples = run->failed;
    status.progress_percent = run->progress;
    status.current_provider = run->current_provider;
    status.elapsed_seconds = seconds_between(run->started, run->running ? now : run->ended);
    status.idle_seconds = run->running ? seconds_between(run->last_event, now) : 0;
    status.examples_per_second = run->running && !run->stalled ? pace_of(*run)
                                 : status.elapsed_seconds > 0 && !run->running
                                     ? static_cast<double>(run->completed) / status.elapsed_seconds
                                     : 0;
    if (run->running && run->eta) {
      status.eta_seconds = std::max(0.0, *run->eta - status.idle_seconds);
    } else if (!run->running) {
      status.eta_seconds = 0;
    }
    const std::uint64_t cost_then = run->running ? cost_now : run->cost_at_end;
    status.cost = static_cast<double>(cost_then - std::min(cost_then, run->cost_at_start)) / 1e9;
    if (run->completed > 0 && run->total > 0)
      status.projected_cost =
          status.cost * static_cast<double>(run->total) / static_cast<double>(run->completed);
    status.started_at = run->started_at;
    all.push_back(std::move(status));
  }
  std::stable_sort(all.begin(), all.end(), [](const BenchmarkStatus& a, const BenchmarkStatus& b) {
    const bool a_done = a.state == BenchmarkState::Completed;
    const bool b_done = b.state == BenchmarkState::Completed;
    if (a_done != b_done) return b_done;
    return a.started_at > b.started_at;
  });
  return all;
}

}  // namespace ltb::collector
