// Servers that broadcast events to WebSocket clients: the library's, and what it is measured
// against.
#pragma once

#include "e2e/fanout_shared.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace ltb::bench {

/// Publishes what one thread gives it to every connected client.
class FanoutServer {
 public:
  virtual ~FanoutServer() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual std::size_t clients() const = 0;
  /// Event `number` (1, 2, ...), a finished call.
  virtual void publish(std::uint64_t number) = 0;
};

/// "ours": the library's bus, hub and server. "straightforward": a Beast server as people write it.
/// "raw": one thread that sends ready-made frames with send(). Throws std::invalid_argument for
/// another name.
[[nodiscard]] std::unique_ptr<FanoutServer> make_fanout_server(std::string_view name,
                                                               const FanoutOptions& options);

}  // namespace ltb::bench
