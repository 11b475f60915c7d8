// Reads price files: our own JSON shape and LiteLLM's.
#pragma once

#include <ltb/price_table.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace ltb::llm {

/// The whole file. Throws std::invalid_argument naming it when it cannot be read or is too large.
[[nodiscard]] std::string read_price_file(const std::string& path);

/// Calls `add` for each price in the text, in its order. Throws std::invalid_argument that names
/// the file (`name`), the entry, the field, its value and what was expected; what `add` refuses is
/// told with the entry in front.
void read_prices(std::string_view json, std::string_view name,
                 const std::function<void(const ModelPrice&)>& add);

}  // namespace ltb::llm
