// Ids of calls that came without one.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace ltb::events {

/// What an id is made of, unique among all systems and processes. Any thread, no lock.
[[nodiscard]] std::uint64_t new_request_id_bits() noexcept;
/// "req_" and 16 hex digits.
using RequestIdText = std::array<char, 20>;
[[nodiscard]] RequestIdText request_id_text(std::uint64_t bits) noexcept;
/// The same as a string; throws only std::bad_alloc.
[[nodiscard]] std::string new_request_id();

}  // namespace ltb::events
