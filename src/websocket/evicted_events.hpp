// What left the log: how many events of each type, and which ids, for readers that come back late.
#pragma once

#include "events/event_mask.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace ltb::websocket {

/// Distinct objects: safe. Shared objects: unsafe.
class EvictedEvents {
 public:
  using Counts = std::array<std::uint64_t, kEventTypeCount>;

  /// Ids must grow. Never throws: without memory for an id, later answers estimate it.
  void add(std::size_t type, std::uint64_t id) noexcept;

  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  /// How many of each type had an id above `id`. Exact for a type while at most kKnownIds of it
  /// were evicted, and for any `id` from the oldest id known on; otherwise at most what the
  /// distance between the ids allows.
  [[nodiscard]] Counts after(std::uint64_t id) const noexcept;

  /// Ids kept per type: 64 KiB.
  static constexpr std::size_t kKnownIds = 8192;

 private:
  Counts counts_{};
  std::array<std::deque<std::uint64_t>, kEventTypeCount> ids_;  // the newest, ascending
};

}  // namespace ltb::websocket
