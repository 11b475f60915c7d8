// Price files in LiteLLM's shape: {"model": {"input_cost_per_token": ..., "mode": "chat", ...}}.
#include "llm/price_json.hpp"
#include "llm/price_table.hpp"
#include "support/utf8.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace ltb::llm {
namespace {

using Json = nlohmann::json;

/// The prices by the number of input tokens above which they apply; 0: those of the entry.
using Tiers = std::map<std::uint64_t, PriceTier>;

struct Field {
  std::string_view name;
  std::optional<double> PriceTier::*price;
};
constexpr std::array<Field, 6> kFields = {
    {{"input_cost_per_token", &PriceTier::input},
     {"output_cost_per_token", &PriceTier::output},
     {"cache_read_input_token_cost", &PriceTier::cache_read},
     {"cache_creation_input_token_cost", &PriceTier::cache_write},
     {"cache_creation_input_token_cost_above_1hr", &PriceTier::cache_write_1h},
     {"output_cost_per_reasoning_token", &PriceTier::reasoning}}};

/// USD per token there, USD per 1,000,000 here.
double to_price(const Json& value, const std::string& field, const std::string& where) {
  constexpr double kTokens = 1e6;
  const double usd = value.is_number() ? value.get<double>() : -1;
  if (!std::isfinite(usd) || usd < 0 || usd * kTokens > kMaxPrice) {
    fail_price(where,
               field + "=" + shown(value) + ": expected a number between 0 and 1, USD per token");
  }
  return usd * kTokens;
}

/// The threshold in the name of a field: takes "_above_200k_tokens" off its end. 0 when there is
/// none.
std::uint64_t take_threshold(std::string_view& name) {
  constexpr std::string_view kAbove = "_above_";
  constexpr std::string_view kTokens = "k_tokens";
  const std::size_t at = name.rfind(kAbove);
  if (at == std::string_view::npos || !name.ends_with(kTokens)) return 0;
  const char* const first = name.data() + at + kAbove.size();
  const char* const last = name.data() + name.size() - kTokens.size();
  std::uint32_t thousands = 0;
  if (const auto [end, error] = std::from_chars(first, last, thousands);
      first >= last || error != std::errc{} || end != last)
    return 0;
  name.remove_suffix(name.size() - at);
  return std::uint64_t{thousands} * 1000;
}

/// The prices per token of an object; those without a threshold in their name apply above `base`.
void read_token_prices(const Json& entry, std::uint64_t base, const std::string& where,
                       Tiers& tiers) {
  for (const auto& item : entry.items()) {
    if (item.value().is_null()) continue;
    std::string_view name = item.key();
    const std::uint64_t above = take_threshold(name);
    for (const Field& field : kFields) {
      if (field.name == name)
        tiers[above != 0 ? above : base].*field.price = to_price(item.value(), item.key(), where);
    }
  }
}

/// Qwen's models: [{"range": [0, 128000], "input_cost_per_token": ...}, ...].
void read_ranges(const Json& entry, const std::string& where, Tiers& tiers) {
  const auto ranges = entry.find("tiered_pricing");
  if (ranges == entry.end() || !ranges->is_array()) return;
  for (const Json& one : *ranges) {
    if (!one.is_object() || !one.contains("range")) continue;
    const Json& range = one["range"];
    if (!range.is_array() || range.empty() || !range.front().is_number()) continue;
    const double from = range.front().get<double>();
    if (from >= 0 && from < 1e12)
      read_token_prices(one, static_cast<std::uint64_t>(from), where, tiers);
  }
}

bool has_positive(const Json& value) {
  if (value.is_number()) return value.get<double>() > 0;
  if (!value.is_structured()) return false;
  for (const Json& one : value)
    if (has_positive(one)) return true;
  return false;
}

/// Whether something else than tokens of text has a price: a query, an image, a pixel, a second,
/// a token of audio.
bool has_other_unit(const Json& entry) {
  for (const auto& item : entry.items()) {
    const std::string& key = item.key();
    if (key.find("cost_per_") == std::string::npos) continue;
    if (key.starts_with("input_cost_per_token") || key.starts_with("output_cost_per_token") ||
        key.starts_with("output_cost_per_reasoning_token"))
      continue;
    if (has_positive(item.value())) return true;
  }
  return false;
}

/// Many entries hold 0.0 beside the real price in another unit: what a 0 is worth.
class ZeroJudge {
 public:
  ZeroJudge(const Json& entry, const std::string& mode)
      : is_embedding_(mode == "embedding"),
        may_be_free_((mode.empty() || mode == "chat" || mode == "completion" ||
                      mode == "responses" || is_embedding_) &&
                     !has_other_unit(entry)) {}

  /// Whether a price is known: not missing, and not a 0 beside a price in another unit.
  [[nodiscard]] bool is_known(std::optional<double> price, std::optional<double> other) const {
    if (!price || *price > 0) return price.has_value();
    return may_be_free_ && (is_embedding_ || other.value_or(0) == 0);
  }

 private:
  bool is_embedding_;
  bool may_be_free_;
};

/// LiteLLM's key is the model ("gpt-4o") or "provider/model" ("gemini/gemini-2.5-pro"). An entry is
/// kept for the key under its provider and under any; the bare model only under the provider in the
/// key, because "azure/gpt-4o" says nothing about gpt-4o elsewhere.
void add_under_names(const std::string& key, const std::string& provider, ModelPrice price,
                     const std::string& where, const AddPrice& add) {
  price.match = PriceMatch::Exact;
  price.model = key;
  add_price(add, where, price);
  if (!provider.empty()) {
    price.provider = provider;
    add_price(add, where, price);
  }
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == key.size()) return;
  const std::string_view front = std::string_view(key).substr(0, slash);
  // "vertex_ai/..." has the provider "vertex_ai-language-models", "bedrock/..." has
  // "bedrock_converse".
  if (!provider.empty() && !provider.starts_with(front)) return;
  price.provider = front;
  price.model = key.substr(slash + 1);
  add_price(add, where, price);
}

bool read_entry(const std::string& key, const Json& entry, const std::string& name,
                const AddPrice& add) {
  if (!entry.is_object() || key == "sample_spec") return false;
  const std::string where = name + ": \"" + support::escape_for_log(key, 60) + '"';
  Tiers tiers;
  read_token_prices(entry, 0, where, tiers);
  read_ranges(entry, where, tiers);
  const PriceTier base = tiers[0];
  const ZeroJudge judge(entry, entry.value("mode", Json()).is_string()
                                   ? entry["mode"].get<std::string>()
                                   : std::string());
  ModelPrice price;
  price.input_known = judge.is_known(base.input, base.output);
  price.output_known = judge.is_known(base.output, base.input);
  if (!price.input_known && !price.output_known) return false;  // priced in another unit
  price.input = base.input.value_or(0);
  price.output = base.output.value_or(0);
  price.cache_read = base.cache_read;
  price.cache_write = base.cache_write;
  price.cache_write_1h = base.cache_write_1h;
  price.reasoning = base.reasoning;
  for (const auto& [above, tier] : tiers) {
    if (above == 0) continue;
    price.tiers.push_back(tier);
    price.tiers.back().above_input_tokens = above;
  }
  add_under_names(key, text_field(entry, "litellm_provider", where), std::move(price), where, add);
  return true;
}

}  // namespace

void read_litellm_prices(const Json& root, const std::string& name, const AddPrice& add) {
  if (root.size() > kMaxPriceEntries)
    fail_price(name, std::to_string(root.size()) + " entries: expected at most 100000");
  bool any = false;
  for (const auto& item : root.items())
    any = read_entry(item.key(), item.value(), name, add) || any;
  if (!any) {
    fail_price(name,
               "no price found: expected {\"prices\": [...]} (USD per 1,000,000 tokens) or "
               "LiteLLM's {\"model\": {\"input_cost_per_token\": ...}}");
  }
}

}  // namespace ltb::llm
