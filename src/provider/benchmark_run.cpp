#include <ltb/benchmark_run.hpp>

#include "provider/recorder.hpp"

#include <atomic>
#include <chrono>
#include <utility>

namespace ltb {
namespace detail {

struct BenchmarkRunState {
  std::shared_ptr<Recorder> recorder;
  std::string id;
  std::string name;
  std::uint64_t total = 0;
  std::atomic<std::uint64_t> completed{0};  // failed ones included
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::int64_t> next_publish_ns{
      0};  // steady time before which progress is not published again
  std::atomic<bool> ended{false};
  support::Mutex mutex;
  std::string current_provider LTB_GUARDED_BY(mutex);

  void publish(EventType type) noexcept {
    try {
      BenchmarkPayload payload;
      payload.benchmark_id = id;
      payload.name = name;
      payload.total_examples = total;
      payload.failed_examples = failed.load(std::memory_order_relaxed);
      payload.completed_examples = completed.load(std::memory_order_relaxed);
      {
        support::MutexLock lock(mutex);
        if (!current_provider.empty()) payload.current_provider = current_provider;
      }
      recorder->events().publish(MonitoringEvent(type, std::move(payload)));
    } catch (...) {  // no memory: the next progress tells the same
      recorder->store().count_rejected();
    }
  }

  // At most one progress event per interval, whichever thread comes first; the last example is
  // always told. `before` is how many were through: what comes after the last one, or without a
  // total, is told like any other.
  void publish_progress(std::uint64_t before, std::uint64_t count) noexcept {
    constexpr std::int64_t kIntervalNs = 100'000'000;
    const std::int64_t now = recorder->clock().steady_now().time_since_epoch().count();
    const bool last = before < total && count >= total - before;
    std::int64_t due = next_publish_ns.load(std::memory_order_relaxed);
    if (!last && (now < due || !next_publish_ns.compare_exchange_strong(due, now + kIntervalNs)))
      return;
    publish(EventType::BenchmarkProgress);
  }
};

BenchmarkRun Recorder::begin_benchmark(const std::shared_ptr<Recorder>& recorder,
                                       std::string_view benchmark_id, std::string_view name,
                                       std::uint64_t total_examples) noexcept {
  try {
    auto state = std::make_unique<BenchmarkRunState>();
    state->recorder = recorder;
    state->id = benchmark_id;
    state->name = name;
    state->total = total_examples;
    state->publish(EventType::BenchmarkStarted);
    return BenchmarkRun(std::move(state));
  } catch (...) {
    recorder->store().count_rejected();
    return BenchmarkRun(nullptr);
  }
}

}  // namespace detail

namespace {

void end(detail::BenchmarkRunState* state, bool abandoned) noexcept {
  if (state == nullptr || state->ended.exchange(true)) return;
  state->publish(EventType::BenchmarkCompleted);
  if (!abandoned) return;
  try {
    state->recorder->events().publish(MonitoringEvent::alert(
        AlertSeverity::Warning, "Benchmark abandoned",
        "benchmark \"" + state->name + "\" (" + state->id + ") ended without complete() at " +
            std::to_string(state->completed.load()) + " of " + std::to_string(state->total) +
            " examples"));
  } catch (...) {
    state->recorder->store().count_rejected();
  }
}

}  // namespace

BenchmarkRun::BenchmarkRun(std::unique_ptr<detail::BenchmarkRunState> state) noexcept
    : state_(std::move(state)) {}
BenchmarkRun::BenchmarkRun(BenchmarkRun&& other) noexcept = default;
BenchmarkRun& BenchmarkRun::operator=(BenchmarkRun&& other) noexcept {
  if (this != &other) {
    end(state_.get(), true);
    state_ = std::move(other.state_);
  }
  return *this;
}
BenchmarkRun::~BenchmarkRun() {
  end(state_.get(), true);
}

void BenchmarkRun::advance(std::uint64_t count) noexcept {
  if (!state_ || state_->ended.load(std::memory_order_relaxed)) return;
  const std::uint64_t before = state_->completed.fetch_add(count, std::memory_order_relaxed);
  state_->publish_progress(before, count);
}

void BenchmarkRun::fail_example() noexcept {
  if (!state_ || state_->ended.load(std::memory_order_relaxed)) return;
  state_->failed.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t before = state_->completed.fetch_add(1, std::memory_order_relaxed);
  state_->publish_progress(before, 1);
}

void BenchmarkRun::set_current_provider(std::string_view provider) noexcept {
  if (!state_) return;
  try {
    std::string copy(provider);
    support::MutexLock lock(state_->mutex);
    state_->current_provider.swap(copy);
  } catch (...) {
    state_->recorder->store().count_rejected();
  }
}

void BenchmarkRun::complete() noexcept {
  end(state_.get(), false);
}

std::uint64_t BenchmarkRun::completed_examples() const noexcept {
  return state_ ? state_->completed.load() : 0;
}
std::uint64_t BenchmarkRun::failed_examples() const noexcept {
  return state_ ? state_->failed.load() : 0;
}
std::uint64_t BenchmarkRun::total_examples() const noexcept {
  return state_ ? state_->total : 0;
}

}  // namespace ltb
