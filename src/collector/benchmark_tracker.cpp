#include "collector/benchmark_tracker.hpp"

#include <ltb/config.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace ltb::collector {
namespace {

MonitoringEvent abandoned_alert(const RunRecord& run, const char* how) {
  const auto now = run.examples();
  std::string text = "benchmark \"" + run.name + "\" (" + run.id + ") " + how + " at " +
                     std::to_string(now.completed);
  text += run.total > 0 ? " of " + std::to_string(run.total) + " examples" : " examples";
  return MonitoringEvent::alert(AlertSeverity::Warning, "Benchmark abandoned", text);
}

}  // namespace

BenchmarkTracker::BenchmarkTracker(metrics::MetricStore& store, const support::Clock& clock,
                                   std::chrono::seconds stalled_after,
                                   std::chrono::seconds retention,
                                   std::shared_ptr<RunRegistry> runs)
    : store_(store),
      clock_(clock),
      stalled_after_(stalled_after),
      silent_after_(stalled_after.count() > 0 ? stalled_after
                                              : AlertThresholds{}.benchmark_stalled_after),
      retention_(retention),
      runs_(std::move(runs)),
      run_layout_(metrics::histogram_layout(store.options().histogram_buckets,
                                            "llm_benchmark_duration_seconds")),
      duration_(store.add_family("llm_benchmark_duration_seconds",
                                 "Duration of completed benchmark runs.", MetricType::Histogram)),
      completed_total_(store.add_family("llm_benchmark_examples_completed_total",
                                        "Benchmark examples that succeeded, by benchmark name.",
                                        MetricType::Counter)),
      failed_total_(store.add_family("llm_benchmark_examples_failed_total",
                                     "Benchmark examples that failed, by benchmark name.",
                                     MetricType::Counter)) {
  const auto gauge = [&](Gauge which, const char* name, const char* help) {
    families_[which] = &store.add_family(name, help, MetricType::Gauge);
  };
  gauge(kProgress, "llm_benchmark_progress",
        "Progress of a benchmark run, 0 to 100; absent while its total is unknown.");
  gauge(kExamples, "llm_benchmark_examples", "Examples of a benchmark run; absent while unknown.");
  gauge(kProcessed, "llm_benchmark_examples_processed",
        "Examples of a benchmark run that were processed, including failed.");
  gauge(kRunning, "llm_benchmark_running", "1 while a benchmark runs, 0 afterwards.");
  gauge(kEta, "llm_benchmark_eta_seconds",
        "Seconds until a benchmark run is expected to end; absent while unknown.");
  store_.before_reading([this] { refresh(); });
}

BenchmarkTracker::~BenchmarkTracker() {
  store_.before_reading(nullptr);
}

BenchmarkTracker::Events BenchmarkTracker::begin(const std::shared_ptr<RunRecord>& record) {
  Events events;
  support::MutexLock lock(mutex_);
  Benchmark& run = add(record, false, events);
  show(run, record->started);
  events.push_back(event_of(EventType::BenchmarkStarted, *record, &run, record->started));
  // Under the lock: a run that replaces this one at once takes it out again.
  runs_->add(record);
  return events;
}

MonitoringEvent BenchmarkTracker::progress(const RunRecord& record) {
  const auto now = clock_.steady_now();
  support::MutexLock lock(mutex_);
  Benchmark* run = find(record);
  if (run != nullptr) {
    look(*run, now);
    run->published = run->completed;
  }
  return event_of(EventType::BenchmarkProgress, record, run, now);
}

BenchmarkTracker::Events BenchmarkTracker::end(const RunRecord& record, bool abandoned) {
  const auto now = clock_.steady_now();
  Events events;
  support::MutexLock lock(mutex_);
  Benchmark* run = find(record);
  if (run != nullptr) {
    finish(*run, now);
    observe_duration(*run);
  }
  events.push_back(event_of(EventType::BenchmarkCompleted, record, run, now));
  if (abandoned) events.push_back(abandoned_alert(record, "ended without complete()"));
  return events;
}

BenchmarkTracker::Events BenchmarkTracker::apply(EventType type, BenchmarkPayload& event) {
  const bool is_end = type == EventType::BenchmarkCompleted;
  if (event.eta_seconds && !(std::isfinite(*event.eta_seconds) && *event.eta_seconds >= 0))
    event.eta_seconds.reset();
  const auto now = clock_.steady_now();
  Events events;
  support::MutexLock lock(mutex_);
  Benchmark& run = find_or_add(type, event, events);
  // Progress that arrives after the end, from another thread: listeners see it, nothing changes.
  if (!run.running && !is_end) return events;
  const bool overtaken = !is_end && event.completed_examples < run.record->examples().completed;
  if (event.total_examples > 0) run.total = event.total_examples;
  run.record->raise(event.completed_examples, event.failed_examples.value_or(0), now);
  run.last_event = now;
  if (run.by_hand) run.record->set_silent_at(now + silent_after_);
  look(run, now);
  if (!overtaken) take_estimates(run, event);
  if (is_end) {
    run.told_eta.reset();
    run.told_progress.reset();
    if (run.record->end()) {
      finish(run, now);
      observe_duration(run);
    }
    event.progress_percent = progress_of(run).value_or(0);
  }
  if (event.failed_examples || run.failed > 0) event.failed_examples = run.failed;
  event.eta_seconds = run.total > 0 || run.told_eta ? eta_of(run, now) : std::nullopt;
  show(run, now);
  return events;
}

// What the publisher of an event says of the run itself, in place of what is computed.
void BenchmarkTracker::take_estimates(Benchmark& run, const BenchmarkPayload& event) {
  if (event.current_provider) run.record->set_current_provider(*event.current_provider);
  run.told_eta = event.eta_seconds;
  run.told_progress.reset();
  if (event.progress_percent > 0) run.told_progress = std::min(event.progress_percent, 100.0);
}

BenchmarkTracker::Benchmark& BenchmarkTracker::find_or_add(EventType type,
                                                           const BenchmarkPayload& event,
                                                           Events& events) {
  const std::size_t most = store_.options().max_label_bytes;
  const auto found = benchmarks_.find(metrics::clean_label(event.benchmark_id, most));
  if (found != benchmarks_.end() && type != EventType::BenchmarkStarted &&
      (found->second->running || found->second->name == metrics::clean_label(event.name, most)))
    return *found->second;
  auto record = std::make_shared<RunRecord>(runs_, event.benchmark_id, event.name,
                                            event.total_examples, clock_);
  const bool is_start = type == EventType::BenchmarkStarted;
  // What it spent before it was heard of is not known.
  if (!is_start) record->note_unattributed();
  record->raise(event.completed_examples, 0, record->started);
  Benchmark& run = add(record, true, events);
  run.has_start = is_start;
  runs_->add(record);
  return run;
}

// A run with the same id makes place. The histogram of durations continues where the name is the
// same: begun anew, a second run's count of 1 would look to Prometheus like the first one's.
BenchmarkTracker::Benchmark& BenchmarkTracker::add(std::shared_ptr<RunRecord> record, bool by_hand,
                                                   Events& events) {
  // As the labels show them: two ids that look alike there must not make the same series twice.
  const std::size_t most = store_.options().max_label_bytes;
  auto run = std::make_unique<Benchmark>();
  run->id = metrics::clean_label(record->id, most);
  run->name = metrics::clean_label(record->name, most);
  run->by_hand = by_hand;
  run->total = record->total;
  run->brought = run->completed = run->published = by_hand ? record->examples().completed : 0;
  run->last_event = record->started;
  run->pace.start(record->started, run->completed);
  run->record = std::move(record);
  if (const auto found = benchmarks_.find(run->id); found != benchmarks_.end()) {
    Benchmark& old = *found->second;
    replace(old, events);
    if (old.name == run->name) {
      run->durations = std::move(old.durations);
      run->durations_shown = std::exchange(old.durations_shown, nullptr);
    }
    forget(old);
    benchmarks_.erase(found);
  }
  make_room();
  Benchmark& added = *run;
  benchmarks_[added.id] = std::move(run);
  return added;
}

// The histogram is of runs that were done: one that is replaced leaves no duration.
void BenchmarkTracker::replace(Benchmark& old, Events& events) {
  if (!old.record->end()) return;
  const auto now = clock_.steady_now();
  finish(old, now);
  if (old.by_hand) return;  // published anew: that is how its caller starts over
  events.push_back(event_of(EventType::BenchmarkCompleted, *old.record, &old, now));
  events.push_back(abandoned_alert(*old.record, "was replaced by a run with the same id"));
}

BenchmarkTracker::Benchmark* BenchmarkTracker::find(const RunRecord& record) {
  const auto found =
      benchmarks_.find(metrics::clean_label(record.id, store_.options().max_label_bytes));
  if (found == benchmarks_.end() || found->second->record.get() != &record) return nullptr;
  return found->second.get();
}

void BenchmarkTracker::finish(Benchmark& run, support::SteadyTime now) {
  look(run, now);
  runs_->remove(*run.record);
  run.running = run.stalled = false;
  run.ended = now;
  show(run, now);
}

void BenchmarkTracker::forget(Benchmark& run) {
  for (std::size_t i = 0; i < kGaugeCount; ++i)
    if (run.shown[i] != nullptr) families_[i]->remove(run.shown[i]);
  if (run.durations_shown != nullptr) duration_.remove(run.durations_shown);
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
  look(*oldest->second, clock_.steady_now());
  if (oldest->second->by_hand) runs_->remove(*oldest->second->record);
  forget(*oldest->second);
  benchmarks_.erase(oldest);
}

void BenchmarkTracker::refresh() noexcept {
  try {
    support::MutexLock lock(mutex_);
    look_at_all(clock_.steady_now());
  } catch (...) {  // no memory: what was shown before stays
    store_.count_rejected();
  }
}

void BenchmarkTracker::look_at_all(support::SteadyTime now) {
  for (auto place = benchmarks_.begin(); place != benchmarks_.end();) {
    Benchmark& run = *place->second;
    look(run, now);
    if (!run.running && now - run.ended > retention_) {
      forget(run);
      place = benchmarks_.erase(place);
      continue;
    }
    show(run, now);
    ++place;
  }
}

// Takes over what the run's own counters say by now. Counts only grow.
void BenchmarkTracker::look(Benchmark& run, support::SteadyTime now) {
  const auto examples = run.record->examples();
  const std::uint64_t failed = std::min(examples.failed, examples.completed);
  const std::uint64_t successes = std::max(examples.completed - failed, run.booked_successes);
  count_examples(run.name, successes - run.booked_successes,
                 std::max(failed, run.booked_failures) - run.booked_failures);
  run.booked_successes = successes;
  run.booked_failures = std::max(failed, run.booked_failures);
  if (examples.completed > run.completed) {
    run.pace.add(run.record->last_progress(), examples.completed);
    run.told_progress.reset();  // that was before
    run.told_eta.reset();
  }
  run.completed = examples.completed;
  run.failed = run.booked_failures;
  run.last_event = std::max(run.last_event, run.record->last_progress());
  run.stalled = run.running && stalled_after_.count() > 0 && now - run.last_event >= stalled_after_;
  if (!run.stalled) run.stall_alerted = false;
}

void BenchmarkTracker::observe_duration(Benchmark& run) {
  if (!run.has_start) return;  // how long it took is not known
  if (!run.durations) {
    run.durations = std::make_shared<metrics::Words>(run_layout_.count() + 1);
    run.durations_shown = duration_.add(
        {{"benchmark_id", run.id}, {"name", run.name}},
        metrics::HistogramCell{run.durations.get(), 0, &run_layout_, 9}, run.durations);
  }
  const std::uint64_t nanoseconds = support::nanoseconds_between(run.record->started, run.ended);
  const auto writer = run.durations->writer();
  writer.add(run_layout_.index_of(nanoseconds), 1);
  writer.add(run_layout_.count(), nanoseconds);
}

void BenchmarkTracker::count_examples(const std::string& name, std::uint64_t successes,
                                      std::uint64_t failures) {
  std::string label = name;
  if (!counts_.contains(label) && counts_.size() >= store_.options().max_series_per_family)
    label = metrics::kOverflow;
  auto& counts = counts_[label];
  if (!counts) {
    counts = std::make_shared<ExampleCounts>();
    completed_total_.add({{"name", label}}, metrics::CounterCell{&counts->words, 0, 0}, counts);
    failed_total_.add({{"name", label}}, metrics::CounterCell{&counts->words, 1, 0}, counts);
  }
  if (successes == 0 && failures == 0) return;
  const auto writer = counts->words.writer();
  writer.add(0, successes);
  writer.add(1, failures);
}

BenchmarkTracker::Events BenchmarkTracker::tick() {
  const auto now = clock_.steady_now();
  Events events;
  support::MutexLock lock(mutex_);
  look_at_all(now);
  for (const auto& [id, entry] : benchmarks_) {
    Benchmark& run = *entry;
    if (!run.running) continue;
    if (!run.by_hand && run.completed > run.published) {
      run.published = run.completed;
      events.push_back(event_of(EventType::BenchmarkProgress, *run.record, &run, now));
    }
    if (!run.stalled || std::exchange(run.stall_alerted, true)) continue;
    const auto idle = std::chrono::duration_cast<std::chrono::seconds>(now - run.last_event);
    std::string text = "benchmark \"" + run.name + "\" (" + run.id + "): no progress for " +
                       std::to_string(idle.count()) + " s at " + std::to_string(run.completed);
    text += run.total > 0 ? " of " + std::to_string(run.known_total()) + " examples" : " examples";
    events.push_back(MonitoringEvent::alert(AlertSeverity::Warning, "Benchmark stalled", text,
                                            run.record->current_provider().value_or("")));
  }
  return events;
}

}  // namespace ltb::collector
