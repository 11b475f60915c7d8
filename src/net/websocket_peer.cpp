// One WebSocket connection, but for how it ends (websocket_peer_end.cpp). Every function but those
// of WebSocketFace and the request_ ones runs on the strand.
#include "net/websocket_peer.hpp"

#include "net/frame.hpp"
#include "support/utf8.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <stdexcept>

namespace ltb::net {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

constexpr std::size_t kBytesPerPass = 256 * 1024;  // then other sessions get their turn
constexpr std::size_t kIdleMessageBytes =
    4096;  // a larger message buffer is given back after the message
constexpr std::size_t kMessageSlack =
    1024;  // the limit is Beast's to find, so that it closes with 1009
constexpr std::string_view kStreamProtocol = "ltb.v1";
constexpr std::chrono::milliseconds kCloseTime{2000};

std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

}  // namespace

// ---- the face: any thread ----

template <typename Task>
bool WebSocketFace::run(Task task) noexcept {
  // Posting under the lock: detach() waits for it, so the io_context behind the strand is still
  // there.
  const support::MutexLock lock(mutex_);
  if (peer_ == nullptr) return false;
  try {
    asio::post(peer_->strand_, [weak = peer_->weak_from_this(), task = std::move(task)]() mutable {
      const auto peer = weak.lock();
      if (peer && !peer->finished_) task(*peer);
    });
    return true;
  } catch (...) {  // no memory; the caller keeps what it has and may try again
    return false;
  }
}

void WebSocketFace::wake() noexcept {
  if (wake_pending_.exchange(true, std::memory_order_acq_rel)) return;
  const bool posted = run([](WebSocketPeer& peer) {
    peer.face_->wake_arrived();
    peer.pump();
  });
  if (!posted) wake_arrived();
}

void WebSocketFace::close(std::uint16_t code, std::string reason) noexcept {
  run([code, reason = std::move(reason)](WebSocketPeer& peer) { peer.begin_close(code, reason); });
}

bool WebSocketFace::post(std::function<void()> task) noexcept {
  return run([task = std::move(task)](WebSocketPeer& peer) {
    peer.call_handler("a posted task", [&](WebSocketHandler&) { task(); });
  });
}

void WebSocketFace::detach() noexcept {
  const support::MutexLock lock(mutex_);
  peer_ = nullptr;
}

// ---- life ----

WebSocketPeer::WebSocketPeer(Stream stream, std::string unread, Place connection, Place client,
                             Place client_here, Surroundings around,
                             std::shared_ptr<WebSocketHandler> handler)
    : strand_(stream.get_executor()),
      around_(std::move(around)),
      connection_(std::move(connection)),
      client_(std::move(client)),
      client_here_(std::move(client_here)),
      handler_(std::move(handler)),
      face_(std::make_shared<WebSocketFace>(*this, around_.remote)),
      websocket_(std::move(stream), std::move(unread), *this),
      message_(around_.context->limits.max_websocket_message_bytes + kMessageSlack),
      deadline_(strand_) {}

WebSocketPeer::~WebSocketPeer() {
  leave();
  around_.roll->remove(this);
}

void WebSocketPeer::start(const Request& request) {
  websocket::stream_base::timeout timeouts{};
  timeouts.handshake_timeout = kCloseTime;  // of our answer, and of the peer's answer to a close
  timeouts.idle_timeout = limits().websocket_idle_timeout;
  timeouts.keep_alive_pings = true;
  websocket_.set_option(timeouts);
  websocket_.read_message_max(limits().max_websocket_message_bytes);
  websocket_.control_callback([this](websocket::frame_type kind, boost::beast::string_view) {
    if (kind == websocket::frame_type::close || finished_) return;
    call_handler("on_control", [](WebSocketHandler& handler) { handler.on_control(); });
  });
  // A browser that offers protocols, to bring its token, hangs up unless one of them comes back.
  if (offers_protocol(request.list_header("Sec-WebSocket-Protocol"), kStreamProtocol)) {
    websocket_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol,
                   boost::beast::string_view(kStreamProtocol.data(), kStreamProtocol.size()));
    }));
  }
  http::request<http::empty_body> handshake;
  handshake.method(http::verb::get);
  handshake.version(11);
  handshake.target(request.target);
  // Checked already (check_websocket_handshake), over all fields of a list; Beast would look at the
  // first field of a name only, so it gets what it needs in the form it reads.
  handshake.set(http::field::host, request.host);
  handshake.set(http::field::upgrade, "websocket");
  handshake.set(http::field::connection, "upgrade");
  handshake.set(http::field::sec_websocket_key, request.header("Sec-WebSocket-Key"));
  handshake.set(http::field::sec_websocket_version, "13");
  websocket_.async_accept(
      handshake, [self = shared_from_this()](const ErrorCode& error) { self->on_accepted(error); });
}

void WebSocketPeer::on_accepted(const ErrorCode& error) {
  if (finished_) return;
  if (error) return finish(false);
  open_ = true;
  read_next();
  call_handler("on_open", [this](WebSocketHandler& handler) { handler.on_open(face_); });
  pump();
}

void WebSocketPeer::request_stop() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->finished_) return;
    if (!self->open_) return self->finish(false);
    self->begin_close(CloseCode::kGoingAway, "the server is stopping");
  });
}

void WebSocketPeer::request_abort() {
  asio::post(strand_, [self = shared_from_this()] {
    self->finish(false);
    self->end_io(true);  // also when it lingers
  });
}

void WebSocketPeer::abandon() noexcept {
  leave();
  gate().forget();
  end_io(true);
}

/// The handler's part is over. Also called by the destructor, so that on_close comes whatever
/// happens.
void WebSocketPeer::leave() noexcept {
  finished_ = true;
  face_->detach();
  current_ = {};
  if (std::exchange(open_, false)) handler_->on_close();
  handler_.reset();
}

template <typename Call>
void WebSocketPeer::call_handler(std::string_view where, Call call) noexcept {
  if (!handler_) return;
  try {
    call(*handler_);
  } catch (...) {
    around_.context->handler_failed(where);
    try {
      begin_close(CloseCode::kInternalError, "internal error");
    } catch (...) {
      leave();
      end_io(true);
    }
  }
}

// ---- reading: Beast's ----

void WebSocketPeer::read_next() {
  reading_ = true;
  auto done = [self = shared_from_this()](const ErrorCode& error, std::size_t) {
    self->reading_ = false;
    self->on_read(error);
  };
  websocket_.async_read(message_, asio::bind_cancellation_slot(end_read_.slot(), std::move(done)));
}

void WebSocketPeer::on_read(const ErrorCode& error) {
  if (finished_) {
    if (lingering_) discard();
    return;
  }
  if (error) {
    closing_ = true;
    if (error == boost::beast::error::timeout) {
      count(around_.context->counters->timeouts);
      return finish(false);
    }
    if (error == websocket::condition::protocol_violation ||
        error == websocket::error::message_too_big)
      count_offence();
    if (gate().was_torn_down() || error == asio::error::operation_aborted) return maybe_finish();
    return finish(false);  // the peer vanished
  }
  if (websocket_.got_text()) {
    const auto bytes = message_.cdata();
    call_handler("on_text", [&](WebSocketHandler& handler) {
      handler.on_text({static_cast<const char*>(bytes.data()), bytes.size()});
    });
  } else {
    begin_close(CloseCode::kUnsupportedData, "text messages only");
  }
  message_.consume(message_.size());
  if (message_.capacity() > kIdleMessageBytes) message_.shrink_to_fit();
  read_next();
  pump();
}

// ---- sending: ours ----

void WebSocketPeer::control_queued() {
  schedule_pump();
}

void WebSocketPeer::too_many_fragments() {
  asio::post(strand_, [self = shared_from_this()] {
    self->begin_close(CloseCode::kPolicyViolation, "a message has too many fragments: at most " +
                                                       std::to_string(FragmentCounter::kMost));
  });
}

void WebSocketPeer::schedule_pump() {
  if (std::exchange(pump_scheduled_, true)) return;
  asio::post(strand_, [self = shared_from_this()] {
    self->pump_scheduled_ = false;
    self->pump();
  });
}

/// Sends until the kernel takes no more, there is nothing more, or this session had its share.
void WebSocketPeer::pump() {
  std::size_t share = kBytesPerPass;
  while (!finished_ && !waiting_writable_) {
    if (current_.bytes.empty() && !take_next()) return;
    if (share == 0) return schedule_pump();
    ErrorCode error;
    const auto sent =
        gate().raw().try_write(current_.bytes.first(std::min(share, current_.bytes.size())), error);
    if (error == asio::error::would_block) return wait_writable();
    if (error) return finish(false);
    share -= sent;
    if (!slow_) deadline_.clear();  // progress; a slow reader's last moment is not prolonged
    current_.bytes = current_.bytes.subspan(sent);
    if (current_.bytes.empty() && !on_sent_whole()) return;
  }
}

/// At a frame boundary: what goes next. Control frames first, so that a pong does not wait behind a
/// long backlog.
bool WebSocketPeer::take_next() {
  current_ = {};
  if (slow_) {
    sending_ = Sending::Farewell;
    current_.bytes = as_bytes(farewell_);
    return true;
  }
  if (!gate().control().empty()) {
    sending_ = Sending::Control;
    current_.bytes = as_bytes(gate().control());
    return true;
  }
  sending_ = Sending::Nothing;
  if (!open_ || closing_) return false;
  bool more = false;
  call_handler("next", [&](WebSocketHandler& handler) { more = handler.next(current_); });
  if (!more || finished_ || current_.bytes.empty()) {
    current_ = {};
    return !finished_ && !gate().control().empty() && take_next();
  }
  sending_ = Sending::Data;
  return true;
}

/// False when there is nothing to send after this.
bool WebSocketPeer::on_sent_whole() {
  current_ = {};
  if (sending_ == Sending::Farewell) {
    gate().raw().shutdown_send();
    finish(true);
    return false;
  }
  if (sending_ == Sending::Control) {
    // A close frame is the last frame there is. (Before on_open it is the 101, not a frame.)
    if (open_ && (static_cast<unsigned char>(gate().control().front()) & 0x0f) ==
                     static_cast<unsigned char>(Opcode::Close)) {
      closing_ = true;
    }
    gate().control_sent();
  }
  sending_ = Sending::Nothing;
  return true;
}

void WebSocketPeer::wait_writable() {
  waiting_writable_ = true;
  if (!slow_) deadline_.set(shared_from_this(), limits().write_timeout);
  gate().raw().async_wait_writable([self = shared_from_this()](const ErrorCode& error) {
    self->waiting_writable_ = false;
    if (self->finished_) return;
    if (error) return self->finish(false);
    self->pump();
  });
}

}  // namespace ltb::net
