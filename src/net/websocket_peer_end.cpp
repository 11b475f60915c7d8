// How a WebSocket connection ends: who closes, who waits for whom, and what is read meanwhile.
#include "net/frame.hpp"
#include "net/websocket_peer.hpp"
#include "support/utf8.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <utility>

namespace ltb::net {
namespace {

namespace websocket = boost::beast::websocket;

constexpr std::chrono::milliseconds kLingerTime{1000};

}  // namespace

void WebSocketPeer::on_deadline() {
  if (lingering_ || slow_) {
    finish(false);
    return end_io(true);
  }
  if (finished_) return;
  // The peer took nothing for write_timeout. One more moment for the frame that is half sent and a
  // close frame: a client that merely slept learns why. Then a reset, so that the kernel keeps
  // nothing for a dead one.
  count(around_.context->counters->timeouts);
  count(around_.context->counters->slow_readers_closed);
  slow_ = true;
  farewell_ = encode_close_frame(CloseCode::kTryAgainLater, "reading too slowly");
  deadline_.set(shared_from_this(), std::min(limits().write_timeout, kLingerTime));
}

void WebSocketPeer::count_offence() {
  if (!std::exchange(has_offended_, true)) count(around_.context->counters->websockets_offending);
}

void WebSocketPeer::begin_close(std::uint16_t code, const std::string& reason) {
  if (finished_ || std::exchange(closing_, true) || slow_) return;
  if (code >= CloseCode::kProtocolError && code <= CloseCode::kMessageTooBig) count_offence();
  close_under_way_ = true;
  const auto cut = support::utf8_prefix(reason, 123);
  const websocket::close_reason why(static_cast<websocket::close_code>(code),
                                    boost::beast::string_view(cut.data(), cut.size()));
  auto done = [self = shared_from_this()](const ErrorCode&) {
    self->close_under_way_ = false;
    self->maybe_finish();
  };
  websocket_.async_close(why, asio::bind_cancellation_slot(end_close_.slot(), std::move(done)));
}

// In Beast 1.81 a read that fails while a close waits for the peer's answer waits for that close,
// which waits for the read: neither would ever end, and the client would keep its place.
void WebSocketPeer::gave_up() {
  asio::post(strand_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->end_close_.emit(asio::cancellation_type::terminal);
    self->end_read_.emit(asio::cancellation_type::terminal);
  });
}

/// Beast's read and close end in either order; the connection is over when both did.
void WebSocketPeer::maybe_finish() {
  if (finished_ || reading_ || close_under_way_) return;
  finish(gate().was_torn_down());
}

void WebSocketPeer::finish(bool in_order) {
  if (finished_) return;
  leave();
  if (!in_order) return end_io(false);
  // As in HTTP: read until the peer hangs up, or unread bytes would turn our close frame into a
  // reset.
  lingering_ = true;
  deadline_.set(shared_from_this(), kLingerTime);
  if (!reading_) discard();
}

void WebSocketPeer::discard() {
  message_.consume(message_.size());
  gate().raw().async_read_some(message_.prepare(512),
                               [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                                 if (error) return self->end_io(false);
                                 self->discard();
                               });
}

void WebSocketPeer::end_io(bool reset) noexcept {
  lingering_ = false;
  deadline_.cancel();
  gate().close(reset);
}

}  // namespace ltb::net
