#include "collector/run_registry.hpp"

#include <algorithm>
#include <utility>

namespace ltb::collector {
namespace {

using CurrentRuns = std::vector<std::shared_ptr<CurrentRunEntry>>;

// Null while no run was ever current on this thread, and again once its thread-local objects are
// gone: reading it costs one load at any time.
thread_local constinit CurrentRuns* current_runs = nullptr;

struct CurrentRunsOwner {
  CurrentRuns runs;
  CurrentRunsOwner() noexcept { current_runs = &runs; }
  ~CurrentRunsOwner() { current_runs = nullptr; }
};

void forget_inactive(CurrentRuns& runs) noexcept {
  while (!runs.empty() && !runs.back()->active.load(std::memory_order_acquire)) runs.pop_back();
}

}  // namespace

void RunRegistry::add(const std::shared_ptr<RunRecord>& run) noexcept {
  support::MutexLock lock(mutex_);
  try {
    runs_.push_back(run);
  } catch (...) {  // no memory
    run->note_unattributed();
  }
  count_.store(runs_.size(), std::memory_order_relaxed);
}

void RunRegistry::remove(const RunRecord& run) noexcept {
  std::shared_ptr<RunRecord> removed;  // destroyed outside the lock
  support::MutexLock lock(mutex_);
  const auto found =
      std::find_if(runs_.begin(), runs_.end(), [&](const auto& one) { return one.get() == &run; });
  if (found == runs_.end()) return;
  removed = std::move(*found);
  runs_.erase(found);
  count_.store(runs_.size(), std::memory_order_relaxed);
}

void RunRegistry::clear() noexcept {
  std::vector<std::shared_ptr<RunRecord>> removed;  // destroyed outside the lock
  support::MutexLock lock(mutex_);
  runs_.swap(removed);
  count_.store(0, std::memory_order_relaxed);
}

std::shared_ptr<RunRecord> RunRegistry::run_of_new_call(const support::Clock& clock) noexcept {
  if (current_runs != nullptr) {
    forget_inactive(*current_runs);
    for (auto entry = current_runs->rbegin(); entry != current_runs->rend(); ++entry) {
      const CurrentRunEntry& one = **entry;
      if (one.active.load(std::memory_order_acquire) && one.run->registry.get() == this &&
          !one.run->has_ended())
        return one.run;
    }
  }
  // relaxed: a call that starts while a run begins on another thread is of either side.
  if (count_.load(std::memory_order_relaxed) == 0) return nullptr;
  return only_run(clock);
}

std::shared_ptr<RunRecord> RunRegistry::only_run(const support::Clock& clock) noexcept {
  support::MutexLock lock(mutex_);
  if (runs_.size() == 1) return runs_.front();
  const auto now = clock.steady_now();
  std::shared_ptr<RunRecord> only;
  std::size_t heard = 0;
  for (const auto& run : runs_) {
    if (run->is_silent(now)) continue;
    only = ++heard == 1 ? run : nullptr;
  }
  for (const auto& run : runs_)
    if (run != only) run->note_unattributed();
  return only;
}

std::shared_ptr<CurrentRunEntry> push_current_run(std::shared_ptr<RunRecord> run) noexcept {
  try {
    thread_local CurrentRunsOwner owner;
    if (current_runs == nullptr) return nullptr;  // the thread is ending
    auto entry = std::make_shared<CurrentRunEntry>(std::move(run));
    forget_inactive(*current_runs);
    current_runs->push_back(entry);
    return entry;
  } catch (...) {  // no memory
    return nullptr;
  }
}

void drop_current_run(CurrentRunEntry& entry) noexcept {
  entry.active.store(false, std::memory_order_release);
  if (current_runs != nullptr) forget_inactive(*current_runs);
}

}  // namespace ltb::collector
