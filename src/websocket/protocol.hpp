// The messages of docs/protocol.md: what a client may send, and what it receives.
#pragma once

#include "events/event_mask.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ltb::websocket {

/// docs/protocol.md describes this version.
inline constexpr int kProtocolVersion = 1;

struct Subscribe {
  events::EventMask types = events::kAllEvents;
};
struct Unsubscribe {
  events::EventMask types = 0;
};
struct Ping {
  std::string data = "{}";  ///< JSON, as the client sent it.
};
struct Refused {
  std::string message;  ///< For the client.
};
using ClientMessage = std::variant<Subscribe, Unsubscribe, Ping, Refused>;

/// Never throws but for std::bad_alloc; what is wrong comes back as Refused.
[[nodiscard]] ClientMessage parse_client_message(std::string_view text);

/// What a client asked for in the query of its handshake.
struct Handshake {
  events::EventMask types = events::kAllEvents;
  std::optional<std::uint64_t> since{};
  std::optional<std::string> epoch{};
  std::optional<std::chrono::milliseconds> batch{};
  std::optional<std::chrono::milliseconds> stats{};
};

/// Refused names parameter, value and range. Parameters it does not know are ignored.
[[nodiscard]] std::variant<Handshake, Refused> parse_handshake(std::string_view query);

// Server to client, each one message without a frame.
[[nodiscard]] std::string connected_message(std::uint64_t client_number,
                                            std::uint64_t last_event_id, std::string_view epoch,
                                            std::optional<bool> resumed);
[[nodiscard]] std::string lagged_message(std::uint64_t skipped);
[[nodiscard]] std::string subscribed_message(events::EventMask types);
[[nodiscard]] std::string pong_message(std::string_view data_json);
[[nodiscard]] std::string error_message(std::string_view what);
[[nodiscard]] std::string stats_message(std::string_view overview_json);

}  // namespace ltb::websocket
