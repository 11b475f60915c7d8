// Which price applies to a model, and what a call costs: integers from the price to the sum.
#include "llm/price_table.hpp"

#include "llm/price_file.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace ltb {
namespace {

using llm::kMaxPrice;
using llm::kMaxPriceText;
using llm::PriceEntry;

__extension__ using Wide = unsigned __int128;

constexpr double kPicoPerMillion = 1e6;  // USD per 1,000,000 tokens -> pico-dollars per token

bool is_separator(char c) noexcept {
  return c == '-' || c == ':' || c == '@' || c == '/';  // not '.': gpt-4.1 is not a gpt-4
}

[[noreturn]] void refuse(const ModelPrice& price, const std::string& problem) {
  throw std::invalid_argument("price of \"" + support::escape_for_log(price.model) +
                              "\": " + problem);
}

/// The price in pico-dollars a token; `value` becomes what those stand for.
std::uint64_t to_pico(const ModelPrice& price, const std::string& field, double& value) {
  if (!std::isfinite(value) || value < 0 || value > kMaxPrice) {
    std::array<char, 32> text{};  // by std::to_chars: the host's locale may have a comma
    std::to_chars(text.data(), text.data() + text.size() - 1, value, std::chars_format::general,
                  10);
    refuse(price,
           field + "=" + text.data() + ": expected USD per 1,000,000 tokens between 0 and 1000000");
  }
  const auto pico = static_cast<std::uint64_t>(std::llround(value * kPicoPerMillion));
  value = static_cast<double>(pico) / kPicoPerMillion;
  return pico;
}

void check_texts(const ModelPrice& price) {
  if (price.model.empty()) refuse(price, "model=\"\": expected 1 to 256 bytes");
  if (price.model.size() > kMaxPriceText) {
    refuse(price, "model of " + std::to_string(price.model.size()) + " bytes: expected 1 to 256");
  }
  if (price.provider.size() > kMaxPriceText) {
    refuse(price,
           "provider of " + std::to_string(price.provider.size()) + " bytes: expected 0 to 256");
  }
  if (price.match > PriceMatch::Regex) {
    refuse(price, "match=" + std::to_string(static_cast<int>(price.match)) +
                      ": expected PriceMatch::Exact, Prefix or Regex");
  }
}

/// The prices that were given, in pico-dollars a token.
struct GivenPrices {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::optional<std::uint64_t> cache_read{};
  std::optional<std::uint64_t> cache_write{};
  std::optional<std::uint64_t> cache_write_1h{};
  std::optional<std::uint64_t> reasoning{};

  [[nodiscard]] llm::PicoPrices complete() const noexcept {
    const std::uint64_t write = cache_write.value_or(input);
    return {.input = input,
            .output = output,
            .cache_read = cache_read.value_or(input),
            .cache_write = write,
            .cache_write_1h = cache_write_1h.value_or(write),
            .reasoning = reasoning.value_or(output)};
  }
};

/// Takes over the prices of an entry or a tier that are not absent; `where` stands before the field
/// in messages.
template <typename Prices>
void take_optional(const ModelPrice& price, const std::string& where, Prices& from,
                   GivenPrices& given) {
  const auto take = [&](const char* field, std::optional<double>& value,
                        std::optional<std::uint64_t>& pico) {
    if (value) pico = to_pico(price, where + field, *value);
  };
  take("cache_read", from.cache_read, given.cache_read);
  take("cache_write", from.cache_write, given.cache_write);
  take("cache_write_1h", from.cache_write_1h, given.cache_write_1h);
  take("reasoning", from.reasoning, given.reasoning);
}

void check_tiers(const ModelPrice& price) {
  constexpr std::size_t kMostTiers = 16;
  if (price.tiers.size() > kMostTiers)
    refuse(price, std::to_string(price.tiers.size()) + " tiers: expected at most 16");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < price.tiers.size(); ++i) {
    const std::uint64_t above = price.tiers[i].above_input_tokens;
    if (above <= below) {
      refuse(price, "tiers[" + std::to_string(i) + "].above_input_tokens=" + std::to_string(above) +
                        ": expected more than " + std::to_string(below));
    }
    below = above;
  }
}

PriceEntry make_entry(ModelPrice price) {
  check_tiers(price);
  GivenPrices given;
  given.input = to_pico(price, "input", price.input);
  given.output = to_pico(price, "output", price.output);
  take_optional(price, {}, price, given);
  PriceEntry entry;
  entry.pico = given.complete();
  for (std::size_t i = 0; i < price.tiers.size(); ++i) {
    PriceTier& tier = price.tiers[i];
    const std::string where = "tiers[" + std::to_string(i) + "].";
    if (tier.input) given.input = to_pico(price, where + "input", *tier.input);
    if (tier.output) given.output = to_pico(price, where + "output", *tier.output);
    take_optional(price, where, tier, given);
    entry.tiers.push_back({tier.above_input_tokens, given.complete()});
  }
  entry.price = std::move(price);
  return entry;
}

llm::NamePattern compile(const ModelPrice& price) {
  try {
    return llm::NamePattern(price.model);
  } catch (const std::invalid_argument& error) {
    refuse(price, std::string("match=\"regex\": ") + error.what());
  }
}

}  // namespace

void PriceTable::Entries::put(llm::TextMap<std::size_t>& map, const PriceEntry& entry) {
  const auto [where, added] = map.try_emplace(entry.price.model, entries_.size());
  if (added) {
    entries_.push_back(entry);
  } else {
    entries_[where->second] = entry;
  }
}

void PriceTable::Entries::put_pattern(Index& index, const PriceEntry& entry,
                                      llm::NamePattern expression) {
  auto& patterns = index.patterns;
  const auto& text = entry.price.model;
  const auto same = std::find_if(patterns.begin(), patterns.end(), [&](const Pattern& pattern) {
    return entries_[pattern.entry].price.model == text;
  });
  std::size_t number = entries_.size();
  if (same != patterns.end()) {
    number = same->entry;
    patterns.erase(same);
    entries_[number] = entry;
  } else {
    entries_.push_back(entry);
  }
  const auto place = std::find_if(patterns.begin(), patterns.end(), [&](const Pattern& pattern) {
    return entries_[pattern.entry].price.model.size() <= text.size();
  });
  patterns.insert(place, Pattern{std::move(expression), number});
}

void PriceTable::Entries::add(const ModelPrice& price) {
  check_texts(price);
  const PriceEntry entry = make_entry(price);
  if (price.match == PriceMatch::Regex) {
    llm::NamePattern expression = compile(price);
    put_pattern(by_provider_[price.provider], entry, std::move(expression));
    return;
  }
  Index& index = by_provider_[price.provider];
  if (price.match == PriceMatch::Exact) {
    put(index.exact, entry);
  } else {
    put(index.prefix, entry);
    index.longest_prefix = std::max(index.longest_prefix, price.model.size());
  }
}

const PriceEntry* PriceTable::Entries::find_in(const Index& index, std::string_view model) const {
  if (const auto found = index.exact.find(model); found != index.exact.end())
    return &entries_[found->second];
  // The longest prefix that ends where the name does, or before a separator.
  for (std::size_t end = std::min(model.size(), index.longest_prefix); end > 0; --end) {
    if (end < model.size() && !is_separator(model[end])) continue;
    const auto prefix = index.prefix.find(model.substr(0, end));
    if (prefix != index.prefix.end()) return &entries_[prefix->second];
  }
  if (model.size() > kMaxPriceText) return nullptr;
  for (const Pattern& pattern : index.patterns)  // the longest text first
    if (pattern.expression.matches(model)) return &entries_[pattern.entry];
  return nullptr;
}

const PriceEntry* PriceTable::Entries::find(std::string_view provider,
                                            std::string_view model) const {
  if (!provider.empty()) {
    if (const auto own = by_provider_.find(provider); own != by_provider_.end()) {
      if (const PriceEntry* entry = find_in(own->second, model)) return entry;
    }
  }
  const auto any = by_provider_.find(std::string_view{});
  return any != by_provider_.end() ? find_in(any->second, model) : nullptr;
}

PriceTable::PriceTable() = default;
PriceTable::PriceTable(const PriceTable&) = default;
PriceTable& PriceTable::operator=(const PriceTable&) = default;
PriceTable::PriceTable(PriceTable&&) noexcept = default;
PriceTable& PriceTable::operator=(PriceTable&&) noexcept = default;
PriceTable::~PriceTable() = default;

PriceTable PriceTable::load(const std::string& path) {
  return parse(llm::read_price_file(path), path);
}

PriceTable PriceTable::parse(std::string_view json, std::string_view name) {
  PriceTable table;
  llm::read_prices(json, name, [&](const ModelPrice& price) { table.add(price); });
  return table;
}

void PriceTable::add(const ModelPrice& price) {
  // Copies share their entries until one of them changes.
  if (!entries_) {
    auto made = std::make_shared<Entries>();
    made->add(price);
    entries_ = std::move(made);
  } else if (entries_.use_count() > 1) {
    auto own = std::make_shared<Entries>(*entries_);
    own->add(price);
    entries_ = std::move(own);
  } else {
    entries_->add(price);
  }
}

std::size_t PriceTable::size() const noexcept {
  return entries_ ? entries_->size() : 0;
}

std::optional<ModelPrice> PriceTable::find(std::string_view provider,
                                           std::string_view model) const {
  const PriceEntry* entry = entries_ ? entries_->find(provider, model) : nullptr;
  if (entry == nullptr) return std::nullopt;
  return entry->price;
}

std::optional<ExactCost> PriceTable::cost(std::string_view provider, std::string_view model,
                                          const TokenUsage& usage) const {
  const PriceEntry* entry = entries_ ? entries_->find(provider, model) : nullptr;
  if (entry == nullptr) return std::nullopt;
  if (usage.input_tokens > 0 && !entry->price.input_known) return std::nullopt;
  if (usage.output_tokens > 0 && !entry->price.output_known) return std::nullopt;
  const llm::PicoPrices* prices = &entry->pico;
  for (const llm::PicoTier& tier : entry->tiers)
    if (usage.input_tokens > tier.above_input_tokens) prices = &tier.pico;
  const std::uint64_t cached = std::min(usage.cached_tokens.value_or(0), usage.input_tokens);
  const std::uint64_t written =
      std::min(usage.cache_written_tokens.value_or(0), usage.input_tokens - cached);
  const std::uint64_t hour = std::min(usage.cache_written_1h_tokens.value_or(0), written);
  const std::uint64_t reasoning = std::min(usage.reasoning_tokens.value_or(0), usage.output_tokens);
  // At most 2 * 2^64 * 10^12: far below 2^128.
  const Wide pico = Wide{usage.input_tokens - cached - written} * prices->input +
                    Wide{cached} * prices->cache_read + Wide{written - hour} * prices->cache_write +
                    Wide{hour} * prices->cache_write_1h +
                    Wide{usage.output_tokens - reasoning} * prices->output +
                    Wide{reasoning} * prices->reasoning;
  const Wide nano = pico / 1000;
  if (nano > std::numeric_limits<std::uint64_t>::max()) {
    return ExactCost{std::numeric_limits<std::uint64_t>::max(), 999};
  }
  return ExactCost{static_cast<std::uint64_t>(nano), static_cast<std::uint32_t>(pico % 1000)};
}

}  // namespace ltb
