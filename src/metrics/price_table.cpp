// Which price applies to a model, and what a call costs: integers from the price to the sum.
#include "metrics/price_table.hpp"

#include "metrics/price_file.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <utility>

namespace ltb {
namespace {

using metrics::kMaxPrice;
using metrics::kMaxPriceText;
using metrics::PriceEntry;

__extension__ using Wide = unsigned __int128;

constexpr double kPicoPerMillion = 1e6;  // USD per 1,000,000 tokens -> pico-dollars per token

bool is_separator(char c) noexcept {
  return c == '-' || c == ':' || c == '@' || c == '/';  // not '.': gpt-4.1 is no gpt-4
}

[[noreturn]] void refuse(const ModelPrice& price, const std::string& problem) {
  throw std::invalid_argument("price of \"" + support::escape_for_log(price.model) +
                              "\": " + problem);
}

/// The price in pico-dollars a token; `value` becomes what those stand for.
std::uint64_t to_pico(const ModelPrice& price, const char* field, double& value) {
  if (!std::isfinite(value) || value < 0 || value > kMaxPrice) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.10g", value);
    refuse(price, std::string(field) + "=" + text.data() +
                      ": expected USD per 1,000,000 tokens between 0 and 1000000");
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

PriceEntry make_entry(ModelPrice price) {
  metrics::PicoPrices pico;
  pico.input = to_pico(price, "input", price.input);
  pico.output = to_pico(price, "output", price.output);
  pico.cache_read = price.cache_read ? to_pico(price, "cache_read", *price.cache_read) : pico.input;
  pico.reasoning = price.reasoning ? to_pico(price, "reasoning", *price.reasoning) : pico.output;
  pico.cache_write =
      price.cache_write ? to_pico(price, "cache_write", *price.cache_write) : pico.input;
  return {std::move(price), pico};
}

metrics::NamePattern compile(const ModelPrice& price) {
  try {
    return metrics::NamePattern(price.model);
  } catch (const std::invalid_argument& error) {
    refuse(price, std::string("match=\"regex\": ") + error.what());
  }
}

}  // namespace

void PriceTable::Entries::put(metrics::TextMap<std::size_t>& map, const PriceEntry& entry) {
  const auto [where, added] = map.try_emplace(entry.price.model, entries_.size());
  if (added) {
    entries_.push_back(entry);
  } else {
    entries_[where->second] = entry;
  }
}

void PriceTable::Entries::put_pattern(Index& index, const PriceEntry& entry,
                                      metrics::NamePattern expression) {
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
    metrics::NamePattern expression = compile(price);
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
  const PriceEntry* best = nullptr;
  if (const auto found = index.exact.find(model); found != index.exact.end()) {
    best = &entries_[found->second];
  } else {
    // The longest prefix that ends where the name does, or before a separator.
    for (std::size_t end = std::min(model.size(), index.longest_prefix); end > 0; --end) {
      if (end < model.size() && !is_separator(model[end])) continue;
      const auto prefix = index.prefix.find(model.substr(0, end));
      if (prefix == index.prefix.end()) continue;
      best = &entries_[prefix->second];
      break;
    }
  }
  if (model.size() > kMaxPriceText) return best;
  const std::size_t to_beat = best != nullptr ? best->price.model.size() : 0;
  for (const Pattern& pattern : index.patterns) {
    const PriceEntry& entry = entries_[pattern.entry];
    if (entry.price.model.size() <= to_beat) break;  // sorted: none of the rest is longer
    if (pattern.expression.matches(model)) return &entry;
  }
  return best;
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
  return parse(metrics::read_price_file(path), path);
}

PriceTable PriceTable::parse(std::string_view json, std::string_view name) {
  PriceTable table;
  metrics::read_prices(json, name, [&](const ModelPrice& price) { table.add(price); });
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
  const std::uint64_t cached = std::min(usage.cached_tokens.value_or(0), usage.input_tokens);
  const std::uint64_t written =
      std::min(usage.cache_written_tokens.value_or(0), usage.input_tokens - cached);
  const std::uint64_t reasoning = std::min(usage.reasoning_tokens.value_or(0), usage.output_tokens);
  // At most 2 * 2^64 * 10^12: far below 2^128.
  const Wide pico = Wide{usage.input_tokens - cached - written} * entry->pico.input +
                    Wide{cached} * entry->pico.cache_read +
                    Wide{written} * entry->pico.cache_write +
                    Wide{usage.output_tokens - reasoning} * entry->pico.output +
                    Wide{reasoning} * entry->pico.reasoning;
  const Wide nano = pico / 1000;
  if (nano > std::numeric_limits<std::uint64_t>::max()) {
    return ExactCost{std::numeric_limits<std::uint64_t>::max(), 999};
  }
  return ExactCost{static_cast<std::uint64_t>(nano), static_cast<std::uint32_t>(pico % 1000)};
}

}  // namespace ltb
