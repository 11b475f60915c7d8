// Events as JSON, for the rooms that put them into something larger.
#pragma once

#include <ltb/event.hpp>

#include <string>

namespace ltb::events {

/// Appends the JSON object of docs/protocol.md, in one line. Throws only std::bad_alloc.
void append_json(std::string& out, const MonitoringEvent& event);

}  // namespace ltb::events
