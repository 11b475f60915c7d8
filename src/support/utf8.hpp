// Text hygiene: valid UTF-8 inside, escaped text in logs and error bodies.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ltb::support {

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// The text with each invalid sequence replaced by U+FFFD (maximal subparts, as WHATWG does).
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

/// The longest prefix of valid UTF-8 `text` of at most `max_bytes` bytes that does not cut a
/// character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept;

/// Printable ASCII for logs and text/plain bodies: control characters, quotes, backslashes and
/// bytes over 0x7e become \n, \t, \" or \xNN; longer than `max_bytes` input bytes is cut with
/// "...".
[[nodiscard]] std::string escape_for_log(std::string_view text, std::size_t max_bytes = 200);

}  // namespace ltb::support
