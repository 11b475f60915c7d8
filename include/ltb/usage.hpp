// Tokens of one call, as the provider reported them.
#pragma once

#include <cstdint>
#include <optional>

namespace ltb {

/// Tokens of one call. A value type; distinct objects may be used from any thread. The optional
/// counts are parts of the two wholes: a usage whose parts exceed them cannot be right. It is not
/// recorded, and counted in `llm_monitor_series_rejected_total{reason="invalid"}`.
struct TokenUsage {
  /// Prompt tokens, cached ones included.
  std::uint64_t input_tokens = 0;
  /// Generated tokens, reasoning ones included.
  std::uint64_t output_tokens = 0;
  /// The part of the input read from the provider's cache.
  std::optional<std::uint64_t> cached_tokens{};
  /// The part of the output spent on reasoning.
  std::optional<std::uint64_t> reasoning_tokens{};
  /// The part of the input written to the provider's cache, however long it is kept.
  std::optional<std::uint64_t> cache_written_tokens{};
  /// The part of cache_written_tokens that is kept for one hour.
  std::optional<std::uint64_t> cache_written_1h_tokens{};

  /// Input and output together.
  [[nodiscard]] std::uint64_t total_tokens() const noexcept { return input_tokens + output_tokens; }

  friend bool operator==(const TokenUsage&, const TokenUsage&) = default;
};

}  // namespace ltb
