// One WebSocket connection: Beast reads and keeps it alive, data frames are pulled from the handler
// and sent raw.
#pragma once

#include "net/gated_stream.hpp"
#include "net/session.hpp"
#include "net/websocket.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <memory>
#include <optional>
#include <string>

namespace ltb::net {

/// Whether a GET to a WebSocket path is a handshake of RFC 6455; else what to answer (400 or 426).
[[nodiscard]] std::optional<Response> check_websocket_handshake(const Request& request);

class WebSocketPeer;

/// The thread-safe face of a peer. It outlives the peer (the room above may keep it), so it lets go
/// of all of Asio when the peer ends: nothing of a stopped server is touched through it.
class WebSocketFace final : public WebSocketSession {
 public:
  WebSocketFace(WebSocketPeer& peer, std::string remote)
      : peer_(&peer), remote_(std::move(remote)) {}
  void wake() noexcept override;
  void close(std::uint16_t code, std::string reason) noexcept override;
  bool post(std::function<void()> task) noexcept override;
  [[nodiscard]] const std::string& remote() const noexcept override { return remote_; }

  /// The pull begins: a wake from now on needs another one.
  void wake_arrived() noexcept { wake_pending_.exchange(false, std::memory_order_acq_rel); }
  void detach() noexcept LTB_EXCLUDES(mutex_);

 private:
  template <typename Task>
  bool run(Task task) noexcept LTB_EXCLUDES(mutex_);

  support::Mutex mutex_;
  WebSocketPeer* peer_ LTB_GUARDED_BY(mutex_);
  const std::string remote_;
  // acq_rel on both sides: what was written before a coalesced wake is visible to the pull that
  // answers it.
  std::atomic<bool> wake_pending_{false};
};

/// Lives as long as its pending operations hold it. Members: strand only.
class WebSocketPeer final : public SessionBase,
                            public GatedStream::Owner,
                            public std::enable_shared_from_this<WebSocketPeer> {
 public:
  struct Surroundings {
    std::shared_ptr<ListenerContext> context;
    std::shared_ptr<SessionRoll> roll;
    std::string remote;
    // The peer's places, held until the end.
    std::shared_ptr<const void> connection_of_peer;
    std::shared_ptr<const void> client_of_peer;
  };

  WebSocketPeer(Stream stream, std::string unread, Place connection, Place client,
                Place client_here, Surroundings around, std::shared_ptr<WebSocketHandler> handler);
  ~WebSocketPeer() override;

  /// Answers the handshake. On the strand, once.
  void start(const Request& request);

  void request_stop() override;
  void request_abort() override;
  void abandon() noexcept override;

  void on_deadline();
  void control_queued() override;
  void too_many_fragments() override;
  void gave_up() override;

 private:
  friend class WebSocketFace;
  using Clock = std::chrono::steady_clock;
  enum class Sending { Nothing, Data, Control, Farewell };

  void on_accepted(const ErrorCode& error);
  void read_next();
  void on_read(const ErrorCode& error);
  void schedule_pump();
  void pump();
  bool take_next();
  bool on_sent_whole();
  void wait_writable();
  void count_offence();
  void begin_close(std::uint16_t code, const std::string& reason);
  void maybe_finish();
  void finish(bool in_order);
  void discard();
  void end_io(bool reset) noexcept;
  void leave() noexcept;
  template <typename Call>
  void call_handler(std::string_view where, Call call) noexcept;

  [[nodiscard]] const ServerLimits& limits() const noexcept { return around_.context->limits; }
  [[nodiscard]] GatedStream& gate() noexcept { return websocket_.next_layer(); }

  Strand strand_;
  Surroundings around_;
  Place connection_;
  Place client_;
  Place client_here_;
  std::shared_ptr<WebSocketHandler> handler_;
  std::shared_ptr<WebSocketFace> face_;
  boost::beast::websocket::stream<GatedStream, false> websocket_;  // no permessage-deflate
  asio::cancellation_signal end_read_;
  asio::cancellation_signal end_close_;
  boost::beast::flat_buffer message_;
  Deadline<WebSocketPeer> deadline_;  ///< Of a write that makes no progress; later of lingering.

  Outgoing current_;  ///< The rest of the frames being sent; for control frames the owner is empty.
  Sending sending_ = Sending::Nothing;
  std::string farewell_;  ///< The close frame of a slow reader, sent around Beast.

  bool open_ = false;             ///< on_open was called.
  bool reading_ = false;          ///< A read of Beast's is under way.
  bool close_under_way_ = false;  ///< A close of Beast's is under way.
  bool closing_ = false;          ///< No more data is pulled.
  bool slow_ = false;
  bool has_offended_ = false;
  bool pump_scheduled_ = false;
  bool waiting_writable_ = false;
  bool finished_ = false;
  bool lingering_ = false;
};

}  // namespace ltb::net
