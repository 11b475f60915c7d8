// The events still at hand, for rooms that may not know who keeps them.
#pragma once

#include "events/event_mask.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ltb::events {

struct EventQuery {
  std::optional<std::uint64_t>
      since{};  ///< The first `limit` events after this id; absent: the newest `limit`.
  std::size_t limit = 100;
  EventMask types = kAllEvents;
};

struct EventPage {
  std::string epoch{};                ///< Of the running system whose ids these are.
  std::uint64_t last_event_id = 0;    ///< The newest event of all.
  std::uint64_t skipped = 0;          ///< Events after `since` that are not kept any more.
  std::vector<std::string> events{};  ///< JSON objects, ascending.
};

/// Any thread.
class EventHistory {
 public:
  virtual ~EventHistory() = default;
  [[nodiscard]] virtual EventPage events(const EventQuery& query) const = 0;
};

}  // namespace ltb::events
