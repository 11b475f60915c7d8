// Time, injectable: steady for durations, system for time stamps.
#pragma once

#include <chrono>

namespace ltb::support {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

/// Where the library reads time. Any thread; never fails.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime steady_now() const noexcept {
    return std::chrono::steady_clock::now();
  }
  [[nodiscard]] virtual SystemTime system_now() const noexcept {
    return std::chrono::system_clock::now();
  }
};

}  // namespace ltb::support
