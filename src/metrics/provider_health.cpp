#include <ltb/provider_health.hpp>

#include "support/enum_names.hpp"

#include <array>

namespace ltb {
namespace {

constexpr std::array<std::string_view, kProviderHealthCount> kNames = {
    "healthy", "degraded", "unavailable", "rate_limited"};

}  // namespace

std::string_view to_string(ProviderHealth health) noexcept {
  return support::name_of(kNames, health);
}

std::optional<ProviderHealth> parse_provider_health(std::string_view text) noexcept {
  return support::find_name<ProviderHealth>(kNames, text);
}

}  // namespace ltb
