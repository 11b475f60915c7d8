// What a person sees while it runs: one line that is rewritten, and messages that do not tear it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <ltb/monitoring.hpp>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace llm_benchmark {

/// Rewrites a progress line on stdout while it lives, when asked to. Thread safety: any thread.
class Console {
 public:
  /// `monitoring` outlives this object. `requests` is the planned number, when there is one.
  Console(const ltb::MonitoringSystem& monitoring, std::optional<std::uint64_t> requests,
          bool show_progress);
  /// Wipes the line.
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Writes a line to stderr.
  void complain(const std::string& message);

 private:
  void rewrite(const std::stop_token& stop);

  const ltb::MonitoringSystem& monitoring_;
  const std::optional<std::uint64_t> requests_;
  const bool show_progress_;
  std::mutex mutex_;  // One writer at a time.
  std::condition_variable_any tick_;
  std::jthread thread_;
};

/// The progress line of these numbers, for example "120/360  8.1/s  3 in flight  2 errors
/// P95 1.25 s  TTFT 0.31 s  $0.012345"; TTFT is the median. What is not known yet is left out.
[[nodiscard]] std::string progress_line(const ltb::CallTotals& totals,
                                        std::optional<std::uint64_t> requests);

}  // namespace llm_benchmark
