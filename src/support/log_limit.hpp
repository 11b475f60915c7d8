// Keeps a log line that may repeat from flooding the log.
#pragma once

#include "support/mutex.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace ltb::support {

/// At most one line per interval, with the number of those left out. Any thread.
class LogLimit {
 public:
  /// Nothing: stay silent. Else how many were left out since the last line.
  std::optional<std::uint64_t> due() noexcept LTB_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (last_ && now - *last_ < kInterval) {
      ++left_out_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(left_out_, 0);
  }

 private:
  static constexpr std::chrono::seconds kInterval{10};
  Mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> last_ LTB_GUARDED_BY(mutex_);
  std::uint64_t left_out_ LTB_GUARDED_BY(mutex_) = 0;
};

}  // namespace ltb::support
