// The dates of HTTP headers.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace ltb::llm {

/// A date in any of the three forms of RFC 9110. `now` decides the century of a two-digit year.
/// Milliseconds, since the clock's own nanoseconds end in 2262.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_http_date(
    std::string_view text, std::chrono::system_clock::time_point now) noexcept;

}  // namespace ltb::llm
