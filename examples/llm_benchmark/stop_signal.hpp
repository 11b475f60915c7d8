// Ctrl-C and SIGTERM, turned into a std::stop_token that everything here waits on.
#pragma once

#include <chrono>
#include <stop_token>
#include <thread>

namespace llm_benchmark {

/// While it lives, the first SIGINT or SIGTERM requests a stop and the second one ends the process
/// at once. The library installs no signal handlers: that is the application's business, and this
/// is this application's way.
///
/// Make it before any other thread (also before MonitoringSystem::start()): it blocks the two
/// signals in the calling thread, and threads started later inherit that. Throws std::system_error
/// when the system refuses.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] std::stop_token token() const noexcept { return stop_.get_token(); }

 private:
  void watch() noexcept;

  std::stop_source stop_;
  int signals_ = -1;  ///< A signalfd: readable when a signal came.
  int quit_ = -1;     ///< An eventfd: readable when the destructor wants the thread to end.
  std::thread thread_;
};

/// Waits until `deadline`; returns early, and false, when a stop is requested.
bool wait_until(const std::stop_token& stop, std::chrono::steady_clock::time_point deadline);
/// Waits until a stop is requested.
void wait_for_stop(const std::stop_token& stop);

}  // namespace llm_benchmark
