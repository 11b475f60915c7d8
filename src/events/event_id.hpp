// Event ids as text: "evt_123".
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::events {

inline constexpr std::string_view kEventIdPrefix = "evt_";

/// Room enough for any event id.
inline constexpr std::size_t kEventIdBytes = kEventIdPrefix.size() + 20;

/// Writes an event id and returns the text, which lies in `buffer`.
[[nodiscard]] inline std::string_view write_event_id(char (&buffer)[kEventIdBytes],
                                                     std::uint64_t id) noexcept {
  kEventIdPrefix.copy(buffer, kEventIdPrefix.size());
  const char* end = std::to_chars(buffer + kEventIdPrefix.size(), buffer + kEventIdBytes, id).ptr;
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

[[nodiscard]] inline std::string event_id_text(std::uint64_t id) {
  char buffer[kEventIdBytes];
  return std::string(write_event_id(buffer, id));
}

/// std::nullopt when the text is not an event id.
[[nodiscard]] inline std::optional<std::uint64_t> parse_event_id(std::string_view text) noexcept {
  if (text.substr(0, kEventIdPrefix.size()) != kEventIdPrefix) return std::nullopt;
  text.remove_prefix(kEventIdPrefix.size());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace ltb::events
