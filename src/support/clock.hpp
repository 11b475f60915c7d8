// Time, injectable: steady for durations, system for time stamps.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <ratio>
#include <type_traits>

namespace ltb::support {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

/// 0 when `to` is not after `from`. Between any two time points, the ends of time too.
[[nodiscard]] inline std::uint64_t nanoseconds_between(SteadyTime from, SteadyTime to) noexcept {
  if (to <= from) return 0;
  static_assert(std::is_same_v<SteadyTime::period, std::nano>);
  return static_cast<std::uint64_t>(to.time_since_epoch().count()) -
         static_cast<std::uint64_t>(from.time_since_epoch().count());
}

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
  /// How long the machine has slept since it was booted: the steady clock stands still meanwhile. 0
  /// where the platform does not report it.
  [[nodiscard]] virtual std::chrono::nanoseconds slept() const noexcept {
#if defined(CLOCK_BOOTTIME) && defined(CLOCK_MONOTONIC)
    for (int i = 0; i < 3; ++i) {  // again when the thread was interrupted between the two
      const auto before = read(CLOCK_MONOTONIC);
      const auto since_boot = read(CLOCK_BOOTTIME);
      if (read(CLOCK_MONOTONIC) - before < std::chrono::milliseconds{10})
        return since_boot - before;
    }
    return {};
#else
    return {};
#endif
  }

 private:
  [[nodiscard]] static std::chrono::nanoseconds read(clockid_t clock) noexcept {
    std::timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  }
};

}  // namespace ltb::support
