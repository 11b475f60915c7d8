// Ids of calls that came without one.
#pragma once

#include <string>

namespace ltb::events {

/// "req_" and 16 hex digits, unique among all systems and processes. Any thread, no lock; throws
/// only std::bad_alloc.
[[nodiscard]] std::string new_request_id();

}  // namespace ltb::events
