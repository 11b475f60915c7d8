// The built-in price list: well-known models, list prices for standard processing of text, in USD
// per 1,000,000 tokens.
#include <ltb/price_table.hpp>

#include <array>
#include <cstdint>
#include <optional>

namespace ltb {
namespace {

constexpr std::string_view kDate = "2026-10-26";

constexpr double kNone = -1;  // no such price: cached tokens cost what others do

/// What a call with a long prompt costs more: all prices of input, and those of output.
struct LongPrompt {
  std::uint64_t above_input_tokens = 0;
  double input_factor = 1;
  double output_factor = 1;
};
constexpr LongPrompt kOpenAiLong{272'000, 2, 1.5};
constexpr LongPrompt kHaikuLong{100'000, 5, 5};
constexpr LongPrompt kGeminiLong{200'000, 2, 1.5};

struct Row {
  std::string_view model;
  double input;
  double output;
  double cache_read;
  double cache_write = kNone;
  LongPrompt long_prompt{};
};

// Every name in full, dated snapshots too: as prefixes, "gpt-4o" would price gpt-4o-audio-preview,
// and "gpt-5" GPT-5.4. A model that is not here is counted as unpriced, which can be seen; a wrong
// price cannot. Where a provider asks more for long prompts, this is the price of a short one.
constexpr auto kRows = std::to_array<Row>({
    // https://developers.openai.com/api/docs/pricing
    {"gpt-6.1-sol", 2, 10, 0.10, 2.50, kOpenAiLong},
    {"gpt-6.1-terra", 1, 5, 0.05, 1.25, kOpenAiLong},
    {"gpt-6-astra", 10, 50, 1, kNone, kOpenAiLong},
    {"gpt-6-sol", 2, 10, 0.20, 2.50, kOpenAiLong},
    {"gpt-6-luna", 0.10, 0.50, 0.01, 0.125, kOpenAiLong},
    {"gpt-5.6-terra", 2, 12, 0.20, 2.50, kOpenAiLong},
    {"gpt-5.6-luna", 0.20, 1.20, 0.02, 0.25, kOpenAiLong},
    {"gpt-5.5", 5, 30, 0.50, kNone, kOpenAiLong},
    {"gpt-5.4", 2.50, 15, 0.25, kNone, kOpenAiLong},
    {"gpt-5.4-mini", 0.75, 4.50, 0.075},
    {"gpt-5.4-nano", 0.20, 1.25, 0.02},
    {"gpt-5.2", 1.75, 14, 0.175},
    {"gpt-5.2-2025-12-11", 1.75, 14, 0.175},
    {"gpt-5.1", 1.25, 10, 0.125},
    {"gpt-5.1-2025-11-13", 1.25, 10, 0.125},
    {"gpt-5", 1.25, 10, 0.125},
    {"gpt-5-2025-08-07", 1.25, 10, 0.125},
    {"gpt-5-mini", 0.25, 2, 0.025},
    {"gpt-5-mini-2025-08-07", 0.25, 2, 0.025},
    {"gpt-5-nano", 0.05, 0.40, 0.005},
    {"gpt-5-nano-2025-08-07", 0.05, 0.40, 0.005},
    {"gpt-4.1", 2, 8, 0.50},
    {"gpt-4.1-2025-04-14", 2, 8, 0.50},
    {"gpt-4.1-mini", 0.40, 1.60, 0.10},
    {"gpt-4.1-mini-2025-04-14", 0.40, 1.60, 0.10},
    {"gpt-4.1-nano", 0.10, 0.40, 0.025},
    {"gpt-4.1-nano-2025-04-14", 0.10, 0.40, 0.025},
    {"gpt-4o", 2.50, 10, 1.25},
    {"gpt-4o-2024-11-20", 2.50, 10, 1.25},
    {"gpt-4o-2024-08-06", 2.50, 10, 1.25},
    {"gpt-4o-2024-05-13", 5, 15, kNone},
    {"gpt-4o-mini", 0.15, 0.60, 0.075},
    {"gpt-4o-mini-2024-07-18", 0.15, 0.60, 0.075},
    {"o4-mini", 1.10, 4.40, 0.275},
    {"o4-mini-2025-04-16", 1.10, 4.40, 0.275},
    {"o3", 2, 8, 0.50},
    {"o3-2025-04-16", 2, 8, 0.50},
    {"o3-mini", 1.10, 4.40, 0.55},
    {"o3-mini-2025-01-31", 1.10, 4.40, 0.55},
    {"o1", 15, 60, 7.50},
    {"o1-2024-12-17", 15, 60, 7.50},
    {"gpt-4-turbo", 10, 30, kNone},
    {"gpt-4-turbo-2024-04-09", 10, 30, kNone},
    {"gpt-4", 30, 60, kNone},
    {"gpt-4-0613", 30, 60, kNone},
    {"gpt-3.5-turbo", 0.50, 1.50, kNone},
    {"gpt-3.5-turbo-0125", 0.50, 1.50, kNone},
    // https://platform.claude.com/docs/en/about-claude/pricing (cache writes: of five minutes;
    // for one hour they cost twice the input)
    {"claude-fable-5-1", 10, 50, 0.25, 12.50},
    {"claude-fable-5", 10, 50, 1, 12.50},
    {"claude-opus-5-5", 4, 20, 0.20, 5},
    {"claude-opus-5", 5, 25, 0.50, 6.25},
    {"claude-opus-4-8", 5, 25, 0.50, 6.25},
    {"claude-opus-4-7", 5, 25, 0.50, 6.25},
    {"claude-opus-4-6", 5, 25, 0.50, 6.25},
    {"claude-opus-4-5", 5, 25, 0.50, 6.25},
    {"claude-opus-4-5-20251101", 5, 25, 0.50, 6.25},
    {"claude-opus-4-1", 15, 75, 1.50, 18.75},
    {"claude-opus-4-1-20250805", 15, 75, 1.50, 18.75},
    {"claude-opus-4-0", 15, 75, 1.50, 18.75},
    {"claude-opus-4-20250514", 15, 75, 1.50, 18.75},
    {"claude-sonnet-5-5", 2, 10, 0.10, 2.50},
    {"claude-sonnet-5", 2, 10, 0.20, 2.50},
    {"claude-sonnet-4-6", 3, 15, 0.30, 3.75},
    {"claude-sonnet-4-5", 3, 15, 0.30, 3.75},
    {"claude-sonnet-4-5-20250929", 3, 15, 0.30, 3.75},
    {"claude-sonnet-4-0", 3, 15, 0.30, 3.75},
    {"claude-sonnet-4-20250514", 3, 15, 0.30, 3.75},
    {"claude-3-7-sonnet-latest", 3, 15, 0.30, 3.75},
    {"claude-3-7-sonnet-20250219", 3, 15, 0.30, 3.75},
    {"claude-haiku-5-5", 0.10, 0.50, 0.01, 0.125, kHaikuLong},
    {"claude-haiku-4-5", 1, 5, 0.10, 1.25},
    {"claude-haiku-4-5-20251001", 1, 5, 0.10, 1.25},
    {"claude-3-5-haiku-latest", 0.80, 4, 0.08, 1},
    {"claude-3-5-haiku-20241022", 0.80, 4, 0.08, 1},
    {"claude-3-haiku-20240307", 0.25, 1.25, 0.03, 0.30},
    // https://ai.google.dev/gemini-api/docs/pricing
    {"gemini-3.5-flash", 1.50, 9, 0.15},
    {"gemini-3.1-pro-preview", 2, 12, 0.20, kNone, kGeminiLong},
    {"gemini-2.5-pro", 1.25, 10, 0.125, kNone, kGeminiLong},
    {"gemini-2.5-flash", 0.30, 2.50, 0.03},
    {"gemini-2.5-flash-lite", 0.10, 0.40, 0.01},
    {"gemini-2.0-flash", 0.10, 0.40, 0.025},
});

std::optional<double> times(std::optional<double> price, double factor) {
  return price ? std::optional(*price * factor) : std::nullopt;
}

ModelPrice to_price(const Row& row) {
  ModelPrice price;
  price.model = row.model;
  price.match = PriceMatch::Exact;
  price.input = row.input;
  price.output = row.output;
  if (row.cache_read >= 0) price.cache_read = row.cache_read;
  if (row.cache_write >= 0) price.cache_write = row.cache_write;
  if (row.model.starts_with("claude-")) price.cache_write_1h = 2 * row.input;
  if (const LongPrompt& more = row.long_prompt; more.above_input_tokens > 0) {
    price.tiers.push_back({.above_input_tokens = more.above_input_tokens,
                           .input = price.input * more.input_factor,
                           .output = price.output * more.output_factor,
                           .cache_read = times(price.cache_read, more.input_factor),
                           .cache_write = times(price.cache_write, more.input_factor),
                           .cache_write_1h = times(price.cache_write_1h, more.input_factor)});
  }
  return price;
}

}  // namespace

PriceTable PriceTable::built_in() {
  PriceTable table;
  for (const Row& row : kRows) table.add(to_price(row));
  return table;
}

std::string_view PriceTable::built_in_date() noexcept {
  return kDate;
}

}  // namespace ltb
