// What the readers of price files share: messages, single fields.
#pragma once

#include <ltb/price_table.hpp>

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>

namespace ltb::llm {

using AddPrice = std::function<void(const ModelPrice&)>;

inline constexpr std::size_t kMaxPriceEntries = 100'000;

/// Throws std::invalid_argument with "where: what".
[[noreturn]] void fail_price(const std::string& where, const std::string& what);
/// A value as a message shows it: short, printable.
[[nodiscard]] std::string shown(const nlohmann::json& value);
/// The text of a field, "" when it is absent. Throws as fail_price().
[[nodiscard]] std::string text_field(const nlohmann::json& entry, const char* field,
                                     const std::string& where);
/// Adds a price; the message of what the table refuses gets the entry in front.
void add_price(const AddPrice& add, const std::string& where, const ModelPrice& price);

/// Reads LiteLLM's list: {"model": {"input_cost_per_token": ...}}.
void read_litellm_prices(const nlohmann::json& root, const std::string& name, const AddPrice& add);

}  // namespace ltb::llm
