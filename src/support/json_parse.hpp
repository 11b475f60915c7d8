// Parses JSON that somebody else wrote.
#pragma once

#include <nlohmann/json.hpp>

#include <string_view>

namespace ltb::support {

/// Throws std::invalid_argument that says what is wrong and where, also when values nest deeper
/// than `max_depth`: nlohmann writes a value by recursion, so that a deep one would exhaust the
/// stack when it is echoed.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, int max_depth = 64);

}  // namespace ltb::support
