// What calls cost: prices per token by provider and model, in exact integer arithmetic.
#pragma once

#include <ltb/export.hpp>
#include <ltb/usage.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb {

/// How a price entry's model text is compared with a model's name.
enum class PriceMatch : std::uint8_t {
  Exact,   ///< The same text.
  Prefix,  ///< The name starts with it and continues with a separator (`-`, `:`, `@`, `/`) or ends:
           ///< "gpt-4o" matches "gpt-4o-2024-08-06", "gpt-4" does not match "gpt-4.1"; a longer
           ///< entry ("gpt-4o-mini") wins over it.
  Regex,   ///< ECMAScript regular expression without back-references that matches the whole name
           ///< (names up to 256 bytes).
};

/// Other prices of an entry for calls with a long prompt; units as in ModelPrice. A price that is
/// absent is that of the tier below, or of the entry.
struct PriceTier {
  /// The whole call costs this when it has more input tokens (cached ones included); 1 or more.
  std::uint64_t above_input_tokens = 0;
  std::optional<double> input{};
  std::optional<double> output{};
  std::optional<double> cache_read{};
  std::optional<double> cache_write{};
  std::optional<double> cache_write_1h{};
  std::optional<double> reasoning{};
};

/// Prices of one entry, USD per 1,000,000 tokens; 0..1,000,000, at most 6 decimals (a pico-dollar a
/// token).
struct ModelPrice {
  std::string provider{};  ///< Empty: any provider.
  std::string model{};     ///< What `match` compares; 1 to 256 bytes.
  PriceMatch match = PriceMatch::Prefix;
  double input = 0;
  double output = 0;
  /// Of cached input tokens; `input` when absent.
  std::optional<double> cache_read{};
  /// Of input tokens written to the cache; `input` when absent.
  std::optional<double> cache_write{};
  /// Of input tokens written to the cache for one hour; `cache_write` when absent.
  std::optional<double> cache_write_1h{};
  /// Of reasoning output tokens; `output` when absent.
  std::optional<double> reasoning{};
  /// For long prompts: ascending by `above_input_tokens`, at most 16.
  std::vector<PriceTier> tiers{};
  /// False: the price of the input is not known, and a call with input tokens has no cost.
  bool input_known = true;
  /// False: the price of the output is not known, and a call with output tokens has no cost.
  bool output_known = true;
};

/// An exact amount of money: `nano_usd` nano-dollars and `pico_part` (0..999) pico-dollars.
struct ExactCost {
  std::uint64_t nano_usd = 0;
  std::uint32_t pico_part = 0;

  [[nodiscard]] double usd() const noexcept {
    return (static_cast<double>(nano_usd) + static_cast<double>(pico_part) * 1e-3) * 1e-9;
  }
  friend bool operator==(const ExactCost&, const ExactCost&) = default;
};

/// A set of prices. Immutable once it is handed to a MonitoringConfig; cheap to copy (shared
/// inside).
///
/// Of several entries that match, an entry for the provider beats one for any provider, then exact
/// beats prefix beats regex, then the longest model text wins, then the entry added last. Thread
/// safety: const members from any thread; add() from one, before the table is shared.
class LTB_MONITORING_EXPORT PriceTable {
 public:
  PriceTable();
  PriceTable(const PriceTable&);
  PriceTable& operator=(const PriceTable&);
  PriceTable(PriceTable&&) noexcept;
  PriceTable& operator=(PriceTable&&) noexcept;
  ~PriceTable();

  /// A small table of well-known models. Prices change: built_in_date() says of when it is.
  [[nodiscard]] static PriceTable built_in();
  /// The day of the built-in prices, "YYYY-MM-DD".
  [[nodiscard]] static std::string_view built_in_date() noexcept;
  /// Reads a price file: our own shape (docs/providers.md) or LiteLLM's
  /// `model_prices_and_context_window.json`, recognised by their content. Throws
  /// std::invalid_argument naming the file, the entry (and line where the JSON is broken), the
  /// field, its value and what was expected.
  [[nodiscard]] static PriceTable load(const std::string& path);
  /// The same from text; `name` replaces the file's name in messages.
  [[nodiscard]] static PriceTable parse(std::string_view json,
                                        std::string_view name = "price table");

  /// An entry of the same provider, model and match is replaced.
  /// Throws std::invalid_argument naming the field when a price is negative, not finite or too
  /// large, a regular expression is broken, the model is empty, or the tiers do not ascend.
  void add(const ModelPrice& price);

  [[nodiscard]] std::size_t size() const noexcept;
  /// The entry that applies to a model, or nothing.
  [[nodiscard]] std::optional<ModelPrice> find(std::string_view provider,
                                               std::string_view model) const;
  /// The exact cost of a call, or nothing when no price is known for tokens that it has. Cached and
  /// cache-written tokens are parts of the input, reasoning tokens part of the output; values above
  /// their whole are clamped to it.
  [[nodiscard]] std::optional<ExactCost> cost(std::string_view provider, std::string_view model,
                                              const TokenUsage& usage) const;

 private:
  class Entries;
  std::shared_ptr<Entries> entries_;
};

}  // namespace ltb
