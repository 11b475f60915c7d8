// A clock that stands still until a test moves it.
#pragma once

#include "support/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ltb::tests {

/// Both clocks advance together; jump() moves the wall clock alone, sleep() is a machine that is
/// suspended. Any thread.
class ManualClock final : public support::Clock {
 public:
  /// 2023-11-14T22:00:00Z: a multiple of every history step up to two hours.
  static constexpr std::int64_t kStartSeconds = 1'700'000'000 - 1'700'000'000 % 3600;

  [[nodiscard]] support::SteadyTime steady_now() const noexcept override {
    return support::SteadyTime{std::chrono::nanoseconds{steady_ns_.load()}};
  }
  [[nodiscard]] support::SystemTime system_now() const noexcept override {
    return support::SystemTime{std::chrono::nanoseconds{system_ns_.load()}};
  }
  void advance(std::chrono::nanoseconds by) noexcept {
    steady_ns_ += by.count();
    system_ns_ += by.count();
  }
  [[nodiscard]] std::chrono::nanoseconds slept() const noexcept override {
    return std::chrono::nanoseconds{slept_ns_.load()};
  }
  void sleep(std::chrono::nanoseconds by) noexcept {
    system_ns_ += by.count();
    slept_ns_ += by.count();
  }
  void jump(std::chrono::nanoseconds by) noexcept { system_ns_ += by.count(); }

 private:
  std::atomic<std::int64_t> steady_ns_{5'000'000'000'000};
  std::atomic<std::int64_t> system_ns_{kStartSeconds * 1'000'000'000};
  std::atomic<std::int64_t> slept_ns_{0};
};

}  // namespace ltb::tests
