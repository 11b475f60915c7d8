// Sets of event types: what a client or a query wants to see.
#pragma once

#include <ltb/event.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace ltb::events {

/// One bit per EventType.
using EventMask = std::uint16_t;

inline constexpr EventMask kAllEvents = (1u << kEventTypeCount) - 1;

[[nodiscard]] constexpr EventMask mask_of(EventType type) noexcept {
  return static_cast<EventMask>(1u << static_cast<unsigned>(type));
}

/// "RequestStarted, RequestCompleted, ...", for messages.
[[nodiscard]] std::string all_event_type_names();

/// Reads "RequestCompleted,RequestFailed"; an empty text means all. The string is the name that is
/// no event type.
[[nodiscard]] std::variant<EventMask, std::string> parse_event_types(std::string_view list);

}  // namespace ltb::events
