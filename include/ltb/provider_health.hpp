// The health of a provider.
#pragma once

#include <ltb/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ltb {

/// How a provider is doing.
enum class ProviderHealth : std::uint8_t { Healthy, Degraded, Unavailable, RateLimited };
inline constexpr std::size_t kProviderHealthCount = 4;
/// "healthy", "degraded", "unavailable" or "rate_limited".
[[nodiscard]] LTB_MONITORING_EXPORT std::string_view to_string(ProviderHealth health) noexcept;
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<ProviderHealth> parse_provider_health(
    std::string_view text) noexcept;

}  // namespace ltb
