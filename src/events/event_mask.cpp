#include "events/event_mask.hpp"

namespace ltb::events {

std::string all_event_type_names() {
  std::string names;
  for (std::size_t i = 0; i < kEventTypeCount; ++i) {
    if (i > 0) names += ", ";
    names += to_string(static_cast<EventType>(i));
  }
  return names;
}

std::variant<EventMask, std::string> parse_event_types(std::string_view list) {
  if (list.empty()) return kAllEvents;
  EventMask mask = 0;
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    const auto type = parse_event_type(name);
    if (!type) return std::string(name);
    mask |= mask_of(*type);
    if (comma == std::string_view::npos) return mask;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace ltb::events
