// Text from servers that is almost right, made right: a byte that is wrong costs one character and
// not the answer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace llm_benchmark {

/// The text with each invalid part of UTF-8 replaced by U+FFFD, as the WHATWG Encoding Standard
/// decodes it (one replacement for each maximal subpart).
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

/// Reads JSON. Where the strict reading fails it is repaired and read once more: invalid UTF-8 and
/// lone surrogates (\ud83d) become U+FFFD, control characters in strings are escaped, and NaN,
/// Infinity and numbers beyond the range of a double become null. What still is not JSON is a
/// discarded value.
[[nodiscard]] nlohmann::json read_json(std::string_view text);

}  // namespace llm_benchmark
