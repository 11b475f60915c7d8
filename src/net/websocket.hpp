// The two sides of one WebSocket connection: the handler above, the session below. No sockets in
// here.
#pragma once

#include "net/http.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace ltb::net {

/// Bytes to send: whole, unmasked, final server frames (see encode_frame_header in net/frame.hpp),
/// one or many.
struct Outgoing {
  std::shared_ptr<const void>
      owner;  ///< Kept until the bytes were handed to the kernel or the session ended.
  std::span<const std::byte>
      bytes;  ///< Not empty. More bytes per call means fewer system calls; 16..256 KiB is good.
};

/// One connection, seen from above. Any thread may call any function at any time, also after the
/// connection or the server ended: then they do nothing. Holding the pointer keeps no socket alive.
class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;

  /// Asks the strand to call next() until it returns false. Cheap and coalesced: any number of
  /// wakes between two pulls costs one posted task. What was written before wake() is visible to
  /// the pull that follows.
  virtual void wake() noexcept = 0;

  /// Sends a close frame at the next frame boundary, waits briefly for the peer's, then drops the
  /// connection. No next() after the frame being sent. `reason` is cut to 123 bytes. The first
  /// close wins.
  virtual void close(std::uint16_t code, std::string reason) noexcept = 0;

  /// Runs `task` on the strand. False when the connection is over (the task is dropped then).
  virtual bool post(std::function<void()> task) noexcept = 0;

  /// Peer as "127.0.0.1:54321".
  [[nodiscard]] virtual const std::string& remote() const noexcept = 0;
};

/// Owns what one client is told. All calls come on the session's strand: never two at once, on an
/// I/O thread. An exception closes the connection with 1011, is logged and counted in
/// ListenerStats::handler_errors.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;

  /// The 101 was sent. next() is called right after this returns.
  virtual void on_open(std::shared_ptr<WebSocketSession> session) = 0;

  /// One whole text message of valid UTF-8 within the message limit; the view ends with the call.
  /// Binary messages never get here: the session closes with 1003. next() is called right after
  /// this returns.
  virtual void on_text(std::string_view message) = 0;

  /// The client sent a ping or a pong frame, which is answered (a ping) or forgotten by itself.
  virtual void on_control() {}

  /// Pull: fill `out` with what to send next and return true, or return false when there is nothing
  /// now (wake() the session later). Called only when the previous bytes were taken whole, so a
  /// slow peer simply pulls less often.
  virtual bool next(Outgoing& out) = 0;

  /// The connection is over; nothing is called after this. Exactly once if on_open was called, else
  /// never. During Server::stop() it may come on the stopping thread, when no I/O thread runs any
  /// more.
  virtual void on_close() noexcept = 0;
};

/// Decides on a handshake that HTTP, token, Origin and client limit already let pass: an HTTP
/// refusal, or the handler that will own the connection (not null). Runs on an I/O thread, on the
/// session's strand.
using UpgradeHandler =
    std::function<std::variant<Response, std::shared_ptr<WebSocketHandler>>(const Request&)>;

/// Close codes this library sends (RFC 6455, 7.4.1).
struct CloseCode {
  static constexpr std::uint16_t kNormal = 1000;
  static constexpr std::uint16_t kGoingAway = 1001;
  static constexpr std::uint16_t kProtocolError = 1002;
  static constexpr std::uint16_t kUnsupportedData = 1003;
  static constexpr std::uint16_t kInvalidData = 1007;
  static constexpr std::uint16_t kPolicyViolation = 1008;
  static constexpr std::uint16_t kMessageTooBig = 1009;
  static constexpr std::uint16_t kInternalError = 1011;
  static constexpr std::uint16_t kTryAgainLater = 1013;
};

}  // namespace ltb::net
