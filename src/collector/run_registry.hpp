// Which benchmark run a call belongs to that nobody attributed: the one that is current on the
// thread, else the only one in progress.
#pragma once

#include "collector/run_record.hpp"
#include "support/mutex.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace ltb::collector {

/// The runs in progress of one system. Thread safety: every member from any thread. A thread waits
/// here only while runs are in progress, and then for a few instructions.
class RunRegistry {
 public:
  /// Without memory, calls cannot be attributed to the run, and it says so.
  void add(const std::shared_ptr<RunRecord>& run) noexcept;
  void remove(const RunRecord& run) noexcept;
  /// When the system ends: a run holds its registry, and here the registry holds its runs.
  void clear() noexcept;

  /// The run of a call that starts now on this thread and names none; null when there is none, or
  /// when it is ambiguous: then every run in progress has unattributed calls. A silent run
  /// (RunRecord::is_silent) does not get a call that another one may have.
  [[nodiscard]] std::shared_ptr<RunRecord> run_of_new_call(const support::Clock& clock) noexcept;

 private:
  [[nodiscard]] std::shared_ptr<RunRecord> only_run(const support::Clock& clock) noexcept;

  std::atomic<std::size_t> count_{0};
  support::Mutex mutex_;
  std::vector<std::shared_ptr<RunRecord>> runs_ LTB_GUARDED_BY(mutex_);
};

/// A run that is current on the thread that made it so; shared by the guard and that thread's list,
/// so that a guard destroyed on another thread does no harm.
struct CurrentRunEntry {
  explicit CurrentRunEntry(std::shared_ptr<RunRecord> current) : run(std::move(current)) {}
  const std::shared_ptr<RunRecord> run;
  std::atomic<bool> active{true};
};

/// Makes the run current on this thread. Null without memory.
[[nodiscard]] std::shared_ptr<CurrentRunEntry> push_current_run(
    std::shared_ptr<RunRecord> run) noexcept;
void drop_current_run(CurrentRunEntry& entry) noexcept;

}  // namespace ltb::collector
