// Price files: our own shape {"prices": [...]} and LiteLLM's {"model": {"input_cost_per_token":
// ...}}.
#include "metrics/price_file.hpp"

#include "metrics/price_table.hpp"
#include "support/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ltb::metrics {
namespace {

using Json = nlohmann::json;
using Add = std::function<void(const ModelPrice&)>;

constexpr std::size_t kMaxBytes = std::size_t{16} * 1024 * 1024;  // LiteLLM's whole list has 2
constexpr std::size_t kMaxEntries = 100'000;
constexpr int kMaxDepth = 32;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw std::invalid_argument(where + ": " + what);
}

/// A value as a message shows it: short, printable.
std::string shown(const Json& value) {
  if (value.is_string())
    return '"' + support::escape_for_log(value.get_ref<const std::string&>(), 60) + '"';
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return value.dump();
}

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
        fail(name,
             place_of(text, i) + ": nested deeper than " + std::to_string(kMaxDepth) + " levels");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

Json parse_json(std::string_view text, const std::string& name) {
  if (text.size() > kMaxBytes) {
    fail(name,
         std::to_string(text.size()) + " bytes: expected at most " + std::to_string(kMaxBytes));
  }
  check_depth(text, name);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..."
    std::string_view what = error.what();
    if (const auto details = what.find(": "); details != std::string_view::npos)
      what.remove_prefix(details + 2);
    fail(name, "broken JSON at " + place_of(text, error.byte == 0 ? 0 : error.byte - 1) + ": " +
                   support::escape_for_log(what));
  } catch (const Json::exception& error) {  // a number that no double can hold
    std::string_view what = error.what();
    if (const auto details = what.find("] "); details != std::string_view::npos)
      what.remove_prefix(details + 2);
    fail(name, "broken JSON: " + support::escape_for_log(what));
  }
}

/// Adds a price; what the table refuses gets the entry in front.
void add_entry(const Add& add, const std::string& where, const ModelPrice& price) {
  try {
    add(price);
  } catch (const std::invalid_argument& error) {
    fail(where, error.what());
  }
}

// Our own shape
// -----------------------------------------------------------------------------------------------------

constexpr std::string_view kOwnFields =
    "provider, model, match, input, output, cache_read, cache_write, reasoning, comment";

bool is_own_field(std::string_view field) {
  constexpr std::array<std::string_view, 9> kFields = {"provider",    "model",     "match",
                                                       "input",       "output",    "cache_read",
                                                       "cache_write", "reasoning", "comment"};
  return std::find(kFields.begin(), kFields.end(), field) != kFields.end();
}

std::string own_text(const Json& entry, const char* field, const std::string& where) {
  const auto found = entry.find(field);
  if (found == entry.end()) return {};
  if (!found->is_string())
    fail(where, std::string(field) + "=" + shown(*found) + ": expected a string");
  return found->get<std::string>();
}

std::optional<double> own_price(const Json& entry, const char* field, const std::string& where) {
  const auto found = entry.find(field);
  if (found == entry.end() || found->is_null()) return std::nullopt;
  if (!found->is_number()) {
    fail(where, std::string(field) + "=" + shown(*found) +
                    ": expected a number, USD per 1,000,000 tokens");
  }
  return found->get<double>();
}

double required_price(const Json& entry, const char* field, const std::string& where) {
  const auto price = own_price(entry, field, where);
  if (!price)
    fail(where, std::string(field) + " is missing: expected a number, USD per 1,000,000 tokens");
  return *price;
}

PriceMatch own_match(const Json& entry, const std::string& where) {
  if (!entry.contains("match")) return PriceMatch::Prefix;
  const std::string text = own_text(entry, "match", where);
  if (text == "exact") return PriceMatch::Exact;
  if (text == "prefix") return PriceMatch::Prefix;
  if (text == "regex") return PriceMatch::Regex;
  fail(where, "match=" + shown(entry["match"]) + ": expected \"exact\", \"prefix\" or \"regex\"");
}

void read_own_entry(const Json& entry, std::string where, const Add& add) {
  if (!entry.is_object()) fail(where, shown(entry) + ": expected an object");
  ModelPrice price;
  price.model = own_text(entry, "model", where);
  if (price.model.empty()) fail(where, "model is missing: expected the name of a model");
  where += " (\"" + support::escape_for_log(price.model, 60) + "\")";
  for (const auto& item : entry.items()) {
    if (!is_own_field(item.key())) {
      fail(where, support::escape_for_log(item.key(), 60) + "=" + shown(item.value()) +
                      ": no such field: expected " + std::string(kOwnFields));
    }
  }
  price.provider = own_text(entry, "provider", where);
  price.match = own_match(entry, where);
  price.input = required_price(entry, "input", where);
  price.output = required_price(entry, "output", where);
  price.cache_read = own_price(entry, "cache_read", where);
  price.cache_write = own_price(entry, "cache_write", where);
  price.reasoning = own_price(entry, "reasoning", where);
  add_entry(add, where, price);
}

void read_own(const Json& prices, const std::string& name, const Add& add) {
  if (!prices.is_array()) fail(name, "prices=" + shown(prices) + ": expected an array of objects");
  if (prices.size() > kMaxEntries) {
    fail(name, "prices has " + std::to_string(prices.size()) + " entries: expected at most 100000");
  }
  for (std::size_t i = 0; i < prices.size(); ++i) {
    read_own_entry(prices[i], name + ": prices[" + std::to_string(i) + "]", add);
  }
}

// LiteLLM's shape
// ---------------------------------------------------------------------------------------------------

/// USD per token there, USD per 1,000,000 here.
std::optional<double> litellm_price(const Json& entry, const char* field,
                                    const std::string& where) {
  constexpr double kTokens = 1e6;
  const auto found = entry.find(field);
  if (found == entry.end() || found->is_null()) return std::nullopt;
  const double value = found->is_number() ? found->get<double>() : -1;
  if (!std::isfinite(value) || value < 0 || value * kTokens > kMaxPrice) {
    fail(where, std::string(field) + "=" + shown(*found) +
                    ": expected a number between 0 and 1, USD per token");
  }
  return value * kTokens;
}

/// LiteLLM's key is the model ("gpt-4o") or "provider/model" ("gemini/gemini-2.5-pro"). An entry is
/// kept for the key under its provider and under any; the bare model only under the provider in the
/// key, because "azure/gpt-4o" says nothing about gpt-4o elsewhere.
void add_litellm(const std::string& key, const std::string& provider, ModelPrice price,
                 const std::string& where, const Add& add) {
  price.match = PriceMatch::Exact;
  price.model = key;
  add_entry(add, where, price);
  if (!provider.empty()) {
    price.provider = provider;
    add_entry(add, where, price);
  }
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == key.size()) return;
  const std::string_view front = std::string_view(key).substr(0, slash);
  // "vertex_ai/..." has the provider "vertex_ai-language-models", "bedrock/..." has
  // "bedrock_converse".
  if (!provider.empty() && !provider.starts_with(front)) return;
  price.provider = front;
  price.model = key.substr(slash + 1);
  add_entry(add, where, price);
}

bool read_litellm_entry(const std::string& key, const Json& entry, const std::string& name,
                        const Add& add) {
  if (!entry.is_object() || key == "sample_spec") return false;
  const std::string where = name + ": \"" + support::escape_for_log(key, 60) + '"';
  const auto input = litellm_price(entry, "input_cost_per_token", where);
  const auto output = litellm_price(entry, "output_cost_per_token", where);
  if (!input && !output) return false;  // priced per image, second or character
  ModelPrice price;
  price.input = input.value_or(0);
  price.output = output.value_or(0);
  price.cache_read = litellm_price(entry, "cache_read_input_token_cost", where);
  price.cache_write = litellm_price(entry, "cache_creation_input_token_cost", where);
  price.reasoning = litellm_price(entry, "output_cost_per_reasoning_token", where);
  add_litellm(key, own_text(entry, "litellm_provider", where), std::move(price), where, add);
  return true;
}

void read_litellm(const Json& root, const std::string& name, const Add& add) {
  if (root.size() > kMaxEntries) {
    fail(name, std::to_string(root.size()) + " entries: expected at most 100000");
  }
  bool any = false;
  for (const auto& item : root.items()) {
    any = read_litellm_entry(item.key(), item.value(), name, add) || any;
  }
  if (!any) {
    fail(name,
         "no price found: expected {\"prices\": [...]} (USD per 1,000,000 tokens) or LiteLLM's "
         "{\"model\": {\"input_cost_per_token\": ...}}");
  }
}

}  // namespace

std::string read_price_file(const std::string& path) {
  const std::string where = "price file \"" + support::escape_for_log(path) + '"';
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(where, "cannot open: " + std::generic_category().message(errno));
  std::string text;
  std::array<char, 65536> block{};
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxBytes) fail(where, "larger than " + std::to_string(kMaxBytes) + " bytes");
  }
  if (file.bad()) fail(where, "cannot read: " + std::generic_category().message(errno));
  return text;
}

void read_prices(std::string_view json, std::string_view name, const Add& add) {
  const std::string where = support::escape_for_log(name);
  const Json root = parse_json(json, where);
  if (!root.is_object()) {
    fail(where, shown(root) + ": expected an object, {\"prices\": [...]} or LiteLLM's price list");
  }
  const auto prices = root.find("prices");
  if (prices != root.end()) {
    read_own(*prices, where, add);
  } else {
    read_litellm(root, where, add);
  }
}

}  // namespace ltb::metrics
