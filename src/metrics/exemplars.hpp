// For each bucket of a histogram, one recent observation with the id of its request.
#pragma once

#include "support/clock.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::metrics {

struct Exemplar {
  std::string request_id;
  std::uint64_t value = 0;  ///< In the histogram's integer units.
  support::SystemTime time{};
};

/// Thread safety: any thread, every member. Nobody waits: a recorder that meets another, or a
/// reader, leaves its observation out, and a reader that meets a recorder goes without.
class Exemplars {
 public:
  /// Longer ids are left out. OpenMetrics allows 128 characters for names and values together.
  static constexpr std::size_t kMostIdBytes = 64;
  /// A bucket keeps its exemplar this long; meanwhile recording reads one word only.
  static constexpr std::chrono::milliseconds kRest{1000};

  /// Throws std::bad_alloc.
  explicit Exemplars(std::uint32_t buckets) : slots_(std::make_unique<Slot[]>(buckets)) {}

  /// Whether offer() would take one now, most likely. `now` is the clock's steady time.
  [[nodiscard]] bool wants(std::uint32_t bucket, support::SteadyTime now) const noexcept {
    // relaxed: only when to look closer; the lock in offer() orders the rest.
    return now.time_since_epoch().count() >= slots_[bucket].due.load(std::memory_order_relaxed);
  }
  /// `request_id` is valid UTF-8; without one nothing is kept.
  void offer(std::uint32_t bucket, std::uint64_t value, std::string_view request_id,
             support::SteadyTime now, const support::Clock& clock) noexcept;

  [[nodiscard]] std::optional<Exemplar> read(std::uint32_t bucket) const;

 private:
  struct Slot {
    std::atomic<support::SteadyTime::rep> due{INT64_MIN};
    std::atomic<bool> busy{false};  // a lock that is only ever tried
    std::uint8_t id_bytes = 0;      // 0: nothing kept yet
    std::array<char, kMostIdBytes> id{};
    std::uint64_t value = 0;
    support::SystemTime time{};
  };

  std::unique_ptr<Slot[]> slots_;
};

}  // namespace ltb::metrics
