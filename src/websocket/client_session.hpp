// One client of the stream: what it asked for, where it stands in the log, what it is owed.
#pragma once

#include "net/websocket.hpp"
#include "websocket/hub.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace ltb::websocket {

/// Lets through `burst` messages at once and `per_second` in the long run.
class RateLimit {
 public:
  RateLimit(double per_second, double burst) noexcept
      : per_second_(per_second), burst_(burst), tokens_(burst) {}
  [[nodiscard]] bool allow(support::SteadyTime now) noexcept;

 private:
  double per_second_;
  double burst_;
  double tokens_;
  support::SteadyTime last_{};
};

/// Keeps a cursor and the replies it owes, nothing per event: a client that reads slowly costs no
/// memory here. All members run on the connection's strand.
class ClientSession : public net::WebSocketHandler {
 public:
  static constexpr double kMessagesPerSecond = 100;
  static constexpr double kMessageBurst = 200;
  static constexpr std::size_t kMaxReplyBytes = std::size_t{256} * 1024;
  /// A batch with as much goes at once. Small, as each client that does not read holds one.
  static constexpr std::size_t kMaxBatchBytes = std::size_t{64} * 1024;

  ClientSession(std::shared_ptr<Hub> hub, Handshake handshake);

  void on_open(std::shared_ptr<net::WebSocketSession> session) override;
  void on_text(std::string_view message) override;
  void on_control() override;
  bool next(net::Outgoing& out) override;
  void on_close() noexcept override;

 private:
  std::optional<bool> place_cursor();
  void handle(const Subscribe& message);
  void handle(const Unsubscribe& message);
  void handle(const Ping& message);
  void handle(const Refused& message);
  void set_types(events::EventMask types);
  [[nodiscard]] bool is_within_limit();
  void reply(std::string message);

  bool next_frames(net::Outgoing& out);
  bool next_events(net::Outgoing& out);
  [[nodiscard]] ReadResult read_log(bool merge);
  bool next_batch(net::Outgoing& out);
  void append_replies(std::string& messages, std::uint64_t& count);
  [[nodiscard]] bool append_events(std::string& messages, std::uint64_t& count);
  bool send(net::Outgoing& out, std::string frames, std::uint64_t messages);

  const std::shared_ptr<Hub> hub_;
  const Handshake handshake_;
  const std::shared_ptr<Client> client_;
  events::EventMask types_;
  Cursor cursor_;
  /// What came before a change of the filter and is not sent yet, and which types of it are still
  /// wanted. Their masks grow from one to the next, so that there are few.
  struct OldFilter {
    Cursor end;
    events::EventMask types;
  };
  std::deque<OldFilter> old_filters_;
  std::deque<std::string> replies_;  // in order, ahead of any further event
  std::size_t reply_bytes_ = 0;
  RateLimit rate_{kMessagesPerSecond, kMessageBurst};
  bool closing_ = false;
};

}  // namespace ltb::websocket
