// Ids of calls that came without one.
#pragma once

#include <array>
#include <string>

namespace ltb::events {

/// "req_" and 16 hex digits, unique among all systems and processes. Any thread, no lock.
using RequestIdText = std::array<char, 20>;
[[nodiscard]] RequestIdText new_request_id_text() noexcept;
/// The same as a string; throws only std::bad_alloc.
[[nodiscard]] std::string new_request_id();

}  // namespace ltb::events
