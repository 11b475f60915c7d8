// The inside of a PriceTable: entries as integers, indexed so that a look-up per request stays
// cheap.
#pragma once

#include "llm/name_pattern.hpp"

#include <ltb/price_table.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ltb {
namespace llm {

/// Longest model or provider text of an entry, in bytes. It also bounds the prefixes a look-up
/// tries and the names a regular expression is given.
inline constexpr std::size_t kMaxPriceText = 256;
/// USD per 1,000,000 tokens.
inline constexpr double kMaxPrice = 1'000'000;

/// Pico-dollars per token of one entry; absent prices already replaced by what stands in for them.
struct PicoPrices {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write = 0;
  std::uint64_t cache_write_1h = 0;
  std::uint64_t reasoning = 0;
};

struct PicoTier {
  std::uint64_t above_input_tokens = 0;
  PicoPrices pico{};
};

struct PriceEntry {
  ModelPrice price{};  ///< As added, each price rounded to what is charged.
  PicoPrices pico{};
  std::vector<PicoTier> tiers{};  ///< Ascending.
};

/// Looks a std::string key up by a view, without making a string.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace llm

class PriceTable::Entries {
 public:
  void add(const ModelPrice& price);
  [[nodiscard]] const llm::PriceEntry* find(std::string_view provider,
                                            std::string_view model) const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Pattern {
    llm::NamePattern expression;
    std::size_t entry = 0;
  };
  /// The entries of one provider, or those for any.
  struct Index {
    llm::TextMap<std::size_t> exact{};
    llm::TextMap<std::size_t> prefix{};
    std::size_t longest_prefix = 0;
    std::vector<Pattern> patterns{};  ///< Longest text first, among equals the last added first.
  };

  [[nodiscard]] const llm::PriceEntry* find_in(const Index& index, std::string_view model) const;
  void put(llm::TextMap<std::size_t>& map, const llm::PriceEntry& entry);
  void put_pattern(Index& index, const llm::PriceEntry& entry, llm::NamePattern expression);

  std::vector<llm::PriceEntry> entries_;
  llm::TextMap<Index> by_provider_;  ///< "": any provider.
};

}  // namespace ltb
