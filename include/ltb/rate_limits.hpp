// The rate limits of a provider, as its responses report them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ltb {

/// What a provider's response headers say about its limits. Unset if not reported.
struct RateLimits {
  std::optional<std::uint64_t> requests_limit{};
  std::optional<std::uint64_t> requests_remaining{};
  std::optional<std::uint64_t> tokens_limit{};
  std::optional<std::uint64_t> tokens_remaining{};
  /// When the tighter of the two windows starts anew.
  std::optional<std::chrono::system_clock::time_point> reset_at{};

  friend bool operator==(const RateLimits&, const RateLimits&) = default;
};

}  // namespace ltb
