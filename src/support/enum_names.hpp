// Enumerators and their names, for enumerations without gaps that begin at 0.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace ltb::support {

/// "unknown" for a value outside the enumeration.
template <std::size_t N, typename Enum>
[[nodiscard]] std::string_view name_of(const std::array<std::string_view, N>& names,
                                       Enum value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view("unknown");
}

template <typename Enum, std::size_t N>
[[nodiscard]] std::optional<Enum> find_name(const std::array<std::string_view, N>& names,
                                            std::string_view text) noexcept {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace ltb::support
