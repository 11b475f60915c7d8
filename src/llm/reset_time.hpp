// When a rate limit starts anew and how long to wait, in every spelling that servers use. Exact:
// whole nanoseconds, no floating point.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace ltb::llm {

using SystemTime = std::chrono::system_clock::time_point;

/// The time of a reset: RFC 3339, an HTTP date, an epoch in seconds to nanoseconds, or the time
/// until then ("6m0s", "120ms", "17" seconds). Nothing when it cannot be read or lies more than a
/// year away, which no rate limit does.
[[nodiscard]] std::optional<SystemTime> parse_reset(std::string_view text, SystemTime now) noexcept;

/// The wait in the value of a `retry-after` header: seconds or an HTTP date as RFC 9110 says, else
/// anything that parse_reset() reads. Rounded up to a millisecond; what is over is 0.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_wait(std::string_view text,
                                                                        SystemTime now) noexcept;

/// From now until then, rounded up to a millisecond; 0 when it is over.
[[nodiscard]] std::chrono::milliseconds wait_until(SystemTime then, SystemTime now) noexcept;

}  // namespace ltb::llm
