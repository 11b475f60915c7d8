// Price files: reads the JSON and our own shape {"prices": [...]}.
#include "llm/price_file.hpp"

#include "llm/price_json.hpp"
#include "support/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace ltb::llm {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = std::size_t{16} * 1024 * 1024;  // LiteLLM's whole list has 2
constexpr int kMaxDepth = 32;

/// Line and column, both from 1, of a byte.
std::string place_of(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t last = before.rfind('\n');
  const std::size_t column = last == std::string_view::npos ? byte + 1 : byte - last;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// Refuses what is nested too deep before a tree is made of it.
void check_depth(std::string_view text, const std::string& name) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) {
        fail_price(name, place_of(text, i) + ": nested deeper than " + std::to_string(kMaxDepth) +
                             " levels");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

Json parse_json(std::string_view text, const std::string& name) {
  if (text.size() > kMaxBytes) {
    fail_price(name, std::to_string(text.size()) + " bytes: expected at most " +
                         std::to_string(kMaxBytes));
  }
  check_depth(text, name);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..."
    std::string_view what = error.what();
    if (const auto details = what.find(": "); details != std::string_view::npos)
      what.remove_prefix(details + 2);
    fail_price(name, "broken JSON at " + place_of(text, error.byte == 0 ? 0 : error.byte - 1) +
                         ": " + support::escape_for_log(what));
  } catch (const Json::exception& error) {  // a number that no double can hold
    std::string_view what = error.what();
    if (const auto details = what.find("] "); details != std::string_view::npos)
      what.remove_prefix(details + 2);
    fail_price(name, "broken JSON: " + support::escape_for_log(what));
  }
}

// Our own shape
// -----------------------------------------------------------------------------------------------------

using Fields = std::span<const std::string_view>;

constexpr auto kOwnFields = std::to_array<std::string_view>(
    {"provider", "model", "match", "input", "output", "cache_read", "cache_write", "cache_write_1h",
     "reasoning", "tiers", "comment"});
constexpr auto kTierFields =
    std::to_array<std::string_view>({"above_input_tokens", "input", "output", "cache_read",
                                     "cache_write", "cache_write_1h", "reasoning", "comment"});

/// Refuses a field that is not one of these: most likely a misspelt price.
void check_fields(const Json& entry, Fields known, const std::string& where) {
  for (const auto& item : entry.items()) {
    if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
    std::string expected;
    for (const std::string_view field : known)
      expected.append(expected.empty() ? "" : ", ").append(field);
    fail_price(where, support::escape_for_log(item.key(), 60) + "=" + shown(item.value()) +
                          ": no such field: expected " + expected);
  }
}

std::optional<double> own_price(const Json& entry, const char* field, const std::string& where) {
  const auto found = entry.find(field);
  if (found == entry.end() || found->is_null()) return std::nullopt;
  if (!found->is_number()) {
    fail_price(where, std::string(field) + "=" + shown(*found) +
                          ": expected a number, USD per 1,000,000 tokens");
  }
  return found->get<double>();
}

double required_price(const Json& entry, const char* field, const std::string& where) {
  const auto price = own_price(entry, field, where);
  if (!price)
    fail_price(where,
               std::string(field) + " is missing: expected a number, USD per 1,000,000 tokens");
  return *price;
}

PriceMatch own_match(const Json& entry, const std::string& where) {
  if (!entry.contains("match")) return PriceMatch::Prefix;
  const std::string text = text_field(entry, "match", where);
  if (text == "exact") return PriceMatch::Exact;
  if (text == "prefix") return PriceMatch::Prefix;
  if (text == "regex") return PriceMatch::Regex;
  fail_price(where,
             "match=" + shown(entry["match"]) + ": expected \"exact\", \"prefix\" or \"regex\"");
}

/// The prices that an entry and a tier may both have.
template <typename Prices>
void read_optional_prices(const Json& entry, const std::string& where, Prices& prices) {
  prices.cache_read = own_price(entry, "cache_read", where);
  prices.cache_write = own_price(entry, "cache_write", where);
  prices.cache_write_1h = own_price(entry, "cache_write_1h", where);
  prices.reasoning = own_price(entry, "reasoning", where);
}

std::vector<PriceTier> own_tiers(const Json& entry, const std::string& where) {
  std::vector<PriceTier> tiers;
  const auto found = entry.find("tiers");
  if (found == entry.end() || found->is_null()) return tiers;
  if (!found->is_array())
    fail_price(where, "tiers=" + shown(*found) + ": expected an array of objects");
  for (const Json& one : *found) {
    const std::string place = where + ": tiers[" + std::to_string(tiers.size()) + "]";
    if (!one.is_object()) fail_price(place, shown(one) + ": expected an object");
    check_fields(one, kTierFields, place);
    PriceTier tier;
    const auto above = one.find("above_input_tokens");
    if (above == one.end() || !above->is_number_unsigned()) {
      fail_price(place, "above_input_tokens" +
                            (above == one.end() ? " is missing" : "=" + shown(*above)) +
                            ": expected a whole number of tokens, 1 or more");
    }
    tier.above_input_tokens = above->get<std::uint64_t>();
    tier.input = own_price(one, "input", place);
    tier.output = own_price(one, "output", place);
    read_optional_prices(one, place, tier);
    tiers.push_back(tier);
  }
  return tiers;
}

void read_own_entry(const Json& entry, std::string where, const AddPrice& add) {
  if (!entry.is_object()) fail_price(where, shown(entry) + ": expected an object");
  ModelPrice price;
  price.model = text_field(entry, "model", where);
  if (price.model.empty()) fail_price(where, "model is missing: expected the name of a model");
  where += " (\"" + support::escape_for_log(price.model, 60) + "\")";
  check_fields(entry, kOwnFields, where);
  price.provider = text_field(entry, "provider", where);
  price.match = own_match(entry, where);
  price.input = required_price(entry, "input", where);
  price.output = required_price(entry, "output", where);
  read_optional_prices(entry, where, price);
  price.tiers = own_tiers(entry, where);
  add_price(add, where, price);
}

void read_own(const Json& prices, const std::string& name, const AddPrice& add) {
  if (!prices.is_array())
    fail_price(name, "prices=" + shown(prices) + ": expected an array of objects");
  if (prices.size() > kMaxPriceEntries) {
    fail_price(name,
               "prices has " + std::to_string(prices.size()) + " entries: expected at most 100000");
  }
  for (std::size_t i = 0; i < prices.size(); ++i) {
    read_own_entry(prices[i], name + ": prices[" + std::to_string(i) + "]", add);
  }
}

}  // namespace

void fail_price(const std::string& where, const std::string& what) {
  throw std::invalid_argument(where + ": " + what);
}

std::string shown(const Json& value) {
  if (value.is_string())
    return '"' + support::escape_for_log(value.get_ref<const std::string&>(), 60) + '"';
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return value.dump();
}

std::string text_field(const Json& entry, const char* field, const std::string& where) {
  const auto found = entry.find(field);
  if (found == entry.end()) return {};
  if (!found->is_string())
    fail_price(where, std::string(field) + "=" + shown(*found) + ": expected a string");
  return found->get<std::string>();
}

void add_price(const AddPrice& add, const std::string& where, const ModelPrice& price) {
  try {
    add(price);
  } catch (const std::invalid_argument& error) {
    fail_price(where, error.what());
  }
}

std::string read_price_file(const std::string& path) {
  const std::string where = "price file \"" + support::escape_for_log(path) + '"';
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_price(where, "cannot open: " + std::generic_category().message(errno));
  std::string text;
  std::array<char, 65536> block{};
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxBytes)
      fail_price(where, "larger than " + std::to_string(kMaxBytes) + " bytes");
  }
  if (file.bad()) fail_price(where, "cannot read: " + std::generic_category().message(errno));
  return text;
}

void read_prices(std::string_view json, std::string_view name, const AddPrice& add) {
  const std::string where = support::escape_for_log(name);
  const Json root = parse_json(json, where);
  if (!root.is_object()) {
    fail_price(where,
               shown(root) + ": expected an object, {\"prices\": [...]} or LiteLLM's price list");
  }
  const auto prices = root.find("prices");
  if (prices != root.end()) {
    read_own(*prices, where, add);
  } else {
    read_litellm_prices(root, where, add);
  }
}

}  // namespace ltb::llm
