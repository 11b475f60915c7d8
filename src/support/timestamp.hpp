// Time stamps on the wire: RFC 3339, UTC, milliseconds.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::support {

/// "2025-01-15T10:30:00.123Z", the milliseconds rounded down. A time outside of 1700..2260 is
/// written as the nearest one within.
using TimestampText = std::array<char, 24>;
[[nodiscard]] TimestampText timestamp_chars(std::chrono::system_clock::time_point time) noexcept;
[[nodiscard]] std::string timestamp_text(std::chrono::system_clock::time_point time);

/// Reads an RFC 3339 time with any offset and up to nine digits of a second; nothing when it is
/// none, or not within 1700..2260, which is what the system clock can hold.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_timestamp(
    std::string_view text) noexcept;

}  // namespace ltb::support
