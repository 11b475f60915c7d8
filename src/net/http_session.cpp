// One HTTP connection, from accept to linger, but for its answers (http_session_answer.cpp) and who
// may ask (http_session_access.cpp). Every function but the request_ ones runs on the strand.
#include "net/http_session.hpp"

#include "net/websocket_peer.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <stdexcept>

namespace ltb::net {
namespace {

constexpr std::size_t kReadChunk = 1024;  // an idle connection keeps one of these
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::chrono::milliseconds kRefusalTime{1000};  // to ask, for a connection over a limit

/// A refusal of HEAD has no content either, though nothing else of the request may be known.
bool asks_for_head(std::string_view received) noexcept {
  return received.starts_with("HEAD ");
}

}  // namespace

HttpSession::HttpSession(Stream stream, SessionSeat seat)
    : stream_(std::move(stream)),
      strand_(stream_.get_executor()),
      seat_(std::move(seat)),
      deadline_(strand_) {}

HttpSession::~HttpSession() {
  seat_.roll->remove(this);
}

void HttpSession::start() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->phase_ == Phase::Closed) return;
    const auto patience = self->limits().header_timeout;
    self->wait_for_request(self->seat_.has_place ? patience : std::min(patience, kRefusalTime));
    self->read_more();
  });
}

void HttpSession::wait_for_request(std::chrono::milliseconds patience) {
  phase_ = Phase::Idle;
  idle_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
  deadline_.set(shared_from_this(), patience);
}

std::optional<std::chrono::steady_clock::time_point> HttpSession::idle_since(
    const ListenerContext& listener, std::string_view peer) const noexcept {
  const auto since = idle_since_.load();
  const bool is_meant = seat_.context.get() == &listener && (peer.empty() || peer == seat_.peer);
  if (since == 0 || !is_meant) return std::nullopt;
  return std::chrono::steady_clock::time_point(std::chrono::steady_clock::duration(since));
}

void HttpSession::request_close_idle() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->phase_ != Phase::Idle || !self->seat_.has_place) return;
    count(self->counters().idle_closed);
    self->close();
    // The place is free now, not when the pending read has ended.
    self->seat_.place = {};
    self->seat_.of_peer.reset();
  });
}

/// A connection over a limit gets a place that became free meanwhile. Without one, only a health
/// check is answered.
bool HttpSession::find_place(Request& request) {
  if (seat_.has_place) return true;
  auto admission = seat_.context->admit(seat_.peer);
  if (admission.place) {
    seat_.place = std::move(admission.place);
    seat_.of_peer = std::move(admission.of_peer);
    return seat_.has_place = true;
  }
  request.keep_alive = false;
  if (seat_.context->router.is_spared(request.path)) return true;
  refuse_place(std::move(admission.refusal), request.method == "HEAD");
  return false;
}

void HttpSession::refuse_place(std::string why, bool head_only) {
  count(counters().connections_refused);
  auto response = Response::text(503, std::move(why)).with_header("Retry-After", "1");
  respond(std::move(response), false, head_only, false);
}

void HttpSession::request_stop() {
  asio::post(strand_, [self = shared_from_this()] { self->stop_in_order(); });
}

void HttpSession::request_abort() {
  asio::post(strand_, [self = shared_from_this()] { self->close(); });
}

void HttpSession::abandon() noexcept {
  close();
}

void HttpSession::stop_in_order() {
  stopping_ = true;
  if (phase_ == Phase::Writing || phase_ == Phase::Making) {
    out_keep_alive_ = false;  // what is being written ends whole, then the connection closes
  } else {
    close();
  }
}

void HttpSession::on_deadline() {
  if (phase_ == Phase::Closed) return;
  if (phase_ == Phase::Lingering) return close();
  if (!seat_.has_place && phase_ != Phase::Writing) {
    auto admission = seat_.context->admit(seat_.peer);
    return admission.place ? close()
                           : refuse_place(std::move(admission.refusal), asks_for_head(in_));
  }
  count(counters().timeouts);
  if (phase_ == Phase::ReadingHead) {
    return refuse({408, "the request head did not arrive within " +
                            std::to_string(limits().header_timeout.count()) + " ms"},
                  asks_for_head(in_));
  }
  if (phase_ == Phase::Writing) {
    stream_.abort();  // it takes nothing, so it would keep the rest in the kernel for minutes
  }
  close();
}

// ---- reading ----

void HttpSession::read_more() {
  const auto used = in_.size();
  in_.resize(used + kReadChunk);
  reading_ = true;
  stream_.async_read_some(
      asio::buffer(in_.data() + used, kReadChunk),
      [self = shared_from_this(), used](const ErrorCode& error, std::size_t size) {
        self->reading_ = false;
        self->in_.resize(used + size);
        self->on_read(error);
      });
}

void HttpSession::on_read(const ErrorCode& error) {
  if (phase_ == Phase::Closed) return;
  if (error) {  // also end of file in the middle of a head: there is nobody to answer
    if (!stream_.is_established()) count(counters().tls_errors);
    return close();
  }
  // A timeout may have answered while the read was under way.
  if (phase_ == Phase::Lingering) return discard();
  if (phase_ == Phase::Writing) return;
  take_requests();
}

void HttpSession::take_requests() {
  // RFC 9112, 2.2: empty lines before a request line are skipped.
  std::size_t blank = 0;
  while (in_.compare(blank, 2, "\r\n") == 0) blank += 2;
  if (blank > 0) {
    in_.erase(0, blank);
    checked_ = 0;
  }

  const bool head_only = asks_for_head(in_);
  const auto found = find_head(in_, checked_, seat_.context->head_limits());
  if (const auto* refusal = std::get_if<Refusal>(&found)) return refuse(*refusal, head_only);
  if (const auto* head = std::get_if<HeadFound>(&found)) {
    auto parsed =
        parse_head(std::string_view(in_).substr(0, head->size), seat_.context->head_limits());
    in_.erase(0, head->size);
    checked_ = 0;
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(*refusal, head_only);
    return answer(std::get<Request>(std::move(parsed)));
  }
  checked_ = in_.size();
  if (phase_ == Phase::Idle && !in_.empty()) {
    phase_ = Phase::ReadingHead;
    idle_since_ = 0;
    if (served_) deadline_.set(shared_from_this(), limits().header_timeout);
  }
  read_more();
}

// ---- answering ----

void HttpSession::answer(Request request) {
  request.remote = seat_.remote;
  idle_since_ = 0;
  if (!find_place(request)) return;
  count(counters().requests);
  const bool head_only = request.method == "HEAD";
  const bool keep_alive = request.keep_alive && !stopping_;
  if (is_preflight(request)) {
    auto refused = check_origin(request, true);
    return respond(refused ? std::move(*refused) : answer_preflight(request), keep_alive, false,
                   request.http_1_0);
  }
  if (request.method != "GET" && !head_only) {
    auto response = Response::text(405, "method " + support::escape_for_log(request.method, 40) +
                                            " is not supported; use GET or HEAD\n");
    response.with_header("Allow", "GET, HEAD");
    return respond(std::move(response), keep_alive, false, request.http_1_0);
  }
  const auto* websocket = seat_.context->router.find_websocket(request.path);
  if (auto refused = check_access(request, websocket != nullptr)) {
    return respond(std::move(*refused), keep_alive, head_only, request.http_1_0);
  }
  if (websocket != nullptr) {
    auto refused = check_websocket_handshake(request);
    if (!refused) return upgrade(request, *websocket);
    return respond(std::move(*refused), keep_alive, head_only, request.http_1_0);
  }
  // Before it is made: what others leave unread bounds what is made anew.
  if (seat_.context->unsent->is_full(seat_.peer) && !seat_.context->router.is_open(request.path))
    return respond(overloaded(), keep_alive, head_only, request.http_1_0);
  auto response = call_handler(request);
  out_keep_alive_ = keep_alive && !response.close;
  auto reply = std::make_shared<Reply>(Reply{std::move(request), std::move(response), head_only});
  if (reply->response.source) return make_in_slices(std::move(reply));
  deliver(std::move(reply));
}

Response HttpSession::call_handler(const Request& request) {
  const auto* handler = seat_.context->router.find(request.path);
  if (handler == nullptr)
    return Response::text(404, "nothing at \"" + support::escape_for_log(request.path) + "\"\n");
  try {
    return (*handler)(request);
  } catch (...) {
    seat_.context->handler_failed(request.path);
    return Response::text(500, "internal error\n");
  }
}

void HttpSession::upgrade(const Request& request, const UpgradeHandler& handler) {
  auto& context = *seat_.context;
  auto everywhere = Place::take(context.all_websockets, *context.all_websockets,
                                context.limits.max_websocket_clients);
  if (!everywhere) {
    count(counters().websockets_refused);
    auto response =
        Response::text(503, "too many WebSocket clients (limit " +
                                std::to_string(context.limits.max_websocket_clients) + ")\n");
    return respond(std::move(response), false, false, request.http_1_0);
  }
  const std::size_t most_of_peer = context.share_of_one_peer(context.limits.max_websocket_clients);
  auto of_peer = context.websocket_peers->take(seat_.peer, most_of_peer);
  if (!of_peer) {
    count(counters().websockets_refused);
    auto response = Response::text(503, "too many WebSocket clients from " + seat_.peer +
                                            " (limit " + std::to_string(most_of_peer) + ")\n");
    return respond(std::move(response), false, false, request.http_1_0);
  }
  auto here = Place::take(context.counters, context.counters->websocket_clients, UINT64_MAX);
  try {
    auto decision = handler(request);
    if (auto* refused = std::get_if<Response>(&decision)) {
      const bool keep_alive = request.keep_alive && !refused->close && !stopping_;
      return respond(std::move(*refused), keep_alive, false, request.http_1_0);
    }
    auto owner = std::get<std::shared_ptr<WebSocketHandler>>(std::move(decision));
    if (!owner) throw std::logic_error("an upgrade was accepted without a WebSocketHandler");
    deadline_.cancel();
    phase_ =
        Phase::Closed;  // this object's part is over; the peer below owns the stream from now on
    auto peer = std::make_shared<WebSocketPeer>(
        std::move(stream_), std::move(in_), std::move(seat_.place), std::move(everywhere),
        std::move(here),
        WebSocketPeer::Surroundings{seat_.context, seat_.roll, seat_.remote, seat_.of_peer,
                                    std::move(of_peer)},
        std::move(owner));
    if (seat_.roll->add(peer)) peer->start(request);
  } catch (...) {
    context.handler_failed(request.path);
    if (phase_ == Phase::Closed) return;
    respond(Response::text(500, "internal error\n"), false, false, request.http_1_0);
  }
}

void HttpSession::refuse(const Refusal& refusal, bool head_only) {
  count(counters().bad_requests);
  respond(Response::text(refusal.status, refusal.message + "\n"), false, head_only, false);
}

// ---- the end ----

/// Closing with unread bytes would send a reset, which may destroy the response before the client
/// reads it (RFC 9112, 9.6): say that nothing more comes, and read until the client hangs up.
void HttpSession::linger() {
  stream_.shutdown_send();
  phase_ = Phase::Lingering;
  if (stopping_ && in_.empty()) return close();
  deadline_.set(shared_from_this(), kLingerTime);
  if (!reading_) discard();
}

void HttpSession::discard() {
  in_.clear();
  read_more();
}

void HttpSession::close() {
  phase_ = Phase::Closed;
  idle_since_ = 0;
  is_closed_.store(true, std::memory_order_relaxed);
  deadline_.cancel();
  stream_.close();
}

}  // namespace ltb::net
