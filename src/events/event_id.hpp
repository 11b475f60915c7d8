// Event ids as text: "evt_123".
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::events {

inline constexpr std::string_view kEventIdPrefix = "evt_";

[[nodiscard]] inline std::string event_id_text(std::uint64_t id) {
  return std::string(kEventIdPrefix) + std::to_string(id);
}

/// Nothing when the text is no event id.
[[nodiscard]] inline std::optional<std::uint64_t> parse_event_id(std::string_view text) noexcept {
  if (text.substr(0, kEventIdPrefix.size()) != kEventIdPrefix) return std::nullopt;
  text.remove_prefix(kEventIdPrefix.size());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace ltb::events
