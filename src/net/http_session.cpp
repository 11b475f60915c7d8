// One HTTP connection, from accept to linger. Every function but the request_ ones runs on the
// strand.
#include "net/http_session.hpp"

#include "net/accept.hpp"
#include "net/gzip.hpp"
#include "net/response_head.hpp"
#include "net/websocket_peer.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <ctime>
#include <stdexcept>

namespace ltb::net {
namespace {

constexpr std::size_t kReadChunk = 1024;  // an idle connection keeps one of these
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLeastToCompress = 1024;  // less fits into a packet as it is

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
    self->deadline_.set(self, self->limits().header_timeout);
    self->read_more();
  });
}

void HttpSession::start_refusing() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->phase_ == Phase::Closed) return;
    auto response = Response::text(503, "too many connections (limit " +
                                            std::to_string(self->limits().max_connections) + ")\n");
    self->respond(std::move(response), false, false, false);
  });
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
  count(counters().timeouts);
  if (phase_ == Phase::ReadingHead) {
    return refuse({408, "the request head did not arrive within " +
                            std::to_string(limits().header_timeout.count()) + " ms"});
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

  const auto found = find_head(in_, checked_, seat_.context->head_limits());
  if (const auto* refusal = std::get_if<Refusal>(&found)) return refuse(*refusal);
  if (const auto* head = std::get_if<HeadFound>(&found)) {
    auto parsed =
        parse_head(std::string_view(in_).substr(0, head->size), seat_.context->head_limits());
    in_.erase(0, head->size);
    checked_ = 0;
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(*refusal);
    return answer(std::get<Request>(std::move(parsed)));
  }
  checked_ = in_.size();
  if (phase_ == Phase::Idle && !in_.empty()) {
    phase_ = Phase::ReadingHead;
    if (served_) deadline_.set(shared_from_this(), limits().header_timeout);
  }
  read_more();
}

// ---- answering ----

void HttpSession::answer(Request request) {
  request.remote = seat_.remote;
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
  if (seat_.context->unsent->is_full() && !seat_.context->router.is_open(request.path))
    return respond(overloaded(), keep_alive, head_only, request.http_1_0);
  auto response = call_handler(request);
  out_keep_alive_ = keep_alive && !response.close;
  auto reply = std::make_shared<Reply>(Reply{std::move(request), std::move(response), head_only});
  if (reply->response.source) return make_in_slices(std::move(reply));
  deliver(std::move(reply));
}

bool HttpSession::is_preflight(const Request& request) const {
  return request.method == "OPTIONS" && seat_.context->router.checks_origin(request.path) &&
         !request.header("Origin").empty() &&
         !request.header("Access-Control-Request-Method").empty();
}

Response HttpSession::forbid(std::string_view what, std::string_view value,
                             std::string_view remedy) {
  count(counters().forbidden);
  auto& context = *seat_.context;
  context.refusals.warn(context.log, context.options.name, what, value, remedy);
  return Response::text(403, std::string(what) + " \"" + support::escape_for_log(value, 200) +
                                 "\" is not allowed here; see " + std::string(remedy) + "\n");
}

std::optional<Response> HttpSession::check_origin(const Request& request, bool origin_matters) {
  const auto& context = *seat_.context;
  // Before the token: a page that rebinds DNS learns nothing about it. Where there is one, such a
  // page does not have it.
  if (context.options.auth_token.empty() &&
      !host_is_allowed(request.host, context.allowed_origins, context.allowed_hosts)) {
    return forbid("host", request.host, "with_allowed_hosts() and LTB_ALLOWED_HOSTS");
  }
  constexpr std::string_view kOrigins = "with_allowed_origins() and LTB_ALLOWED_ORIGINS";
  const auto origin = request.header("Origin");
  if (origin_matters && !origin_is_allowed(origin, request.host, context.allowed_origins))
    return forbid("origin", origin, kOrigins);
  // Without an Origin, as browsers send images and scripts: a foreign page cannot read the answer,
  // but could make this program work.
  const FetchMetadata fetch{request.header("Sec-Fetch-Site"), request.header("Sec-Fetch-Mode"),
                            request.header("Sec-Fetch-Dest")};
  const bool is_foreign = origin_matters ? is_cross_site(fetch) : is_cross_site_load(fetch);
  if (origin.empty() && is_foreign && !context.router.is_open(request.path))
    return forbid("site", fetch.site, kOrigins);
  return std::nullopt;
}

std::optional<Response> HttpSession::check_access(const Request& request, bool websocket) {
  const bool is_api = seat_.context->router.checks_origin(request.path);
  if (auto refused = check_origin(request, websocket || is_api)) return refused;
  if (has_token(request, websocket)) return std::nullopt;
  count(counters().unauthorized);
  auto response = Response::text(401, "a bearer token is required\n");
  response.with_header("WWW-Authenticate", "Bearer realm=\"ltb-monitoring\"");
  if (is_api) add_cors(request, response);  // so that the page can tell why
  return response;
}

bool HttpSession::has_token(const Request& request, bool websocket) const {
  const auto& token = seat_.context->options.auth_token;
  if (token.empty() || seat_.context->router.is_open(request.path)) return true;
  if (bearer_matches(request.header("Authorization"), token)) return true;
  return websocket &&
         offers_protocol(request.list_header("Sec-WebSocket-Protocol"), bearer_protocol(token));
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
        std::move(here), WebSocketPeer::Surroundings{seat_.context, seat_.roll, seat_.remote},
        std::move(owner));
    if (seat_.roll->add(peer)) peer->start(request);
  } catch (...) {
    context.handler_failed(request.path);
    if (phase_ == Phase::Closed) return;
    respond(Response::text(500, "internal error\n"), false, false, request.http_1_0);
  }
}

void HttpSession::refuse(const Refusal& refusal) {
  count(counters().bad_requests);
  respond(Response::text(refusal.status, refusal.message + "\n"), false, false, false);
}

// Called once check_access() has let the origin pass. Also for the request's own host: a page of
// another port is foreign to a browser.
void HttpSession::add_cors(const Request& request, Response& response) const {
  response.with_header("Vary", "Origin");
  const auto origin = request.header("Origin");
  if (!origin.empty()) response.with_header("Access-Control-Allow-Origin", std::string(origin));
}

// What a browser asks before it sends a foreign page's request with a token (Fetch, 4.8). It never
// carries the token itself.
Response HttpSession::answer_preflight(const Request& request) const {
  Response response;
  response.status = 204;
  add_cors(request, response);
  response.with_header("Access-Control-Allow-Methods", "GET, HEAD");
  response.with_header("Access-Control-Allow-Headers", "Authorization");
  response.with_header("Access-Control-Max-Age", "600");
  return response;
}

// ---- writing ----

Response HttpSession::overloaded() {
  count(counters().answers_refused);
  return Response::text(503, "too many bytes of answers wait to be read (limit " +
                                 std::to_string(UnsentBytes::kMost) + "); try again later\n")
      .with_header("Retry-After", "1");
}

/// Runs `step` in the listener's queue until it says true, then `then` on the strand, unless this
/// connection ended meanwhile.
void HttpSession::queue(std::function<bool()> step, std::function<void()> then) {
  phase_ = Phase::Making;
  deadline_.clear();  // nobody is waited for
  seat_.context->work->add(
      [self = shared_from_this(), step = std::move(step), then = std::move(then)] {
        if (self->is_closed_.load(std::memory_order_relaxed)) return true;
        if (!step()) return false;
        asio::post(self->strand_, [self, then] {
          if (self->phase_ == Phase::Making) then();
        });
        return true;
      });
}

void HttpSession::make_in_slices(std::shared_ptr<Reply> reply) {
  queue(
      [this, reply, is_first = true]() mutable {  // the queue holds this session
        auto& context = *seat_.context;
        if (std::exchange(is_first, false) && context.unsent->is_full()) {
          reply->response = overloaded();
          return true;
        }
        try {
          const auto source = reply->response.source;
          if (!source->step()) return false;
          reply->response = source->response();
        } catch (...) {
          context.handler_failed(reply->request.path);
          reply->response = Response::text(500, "internal error\n");
        }
        // Counted at once, so that the next in the queue sees it.
        auto held = context.unsent->hold(reply->response.body);
        reply->response.body = held ? std::move(held) : reply->response.body;
        return true;
      },
      [this, reply] { deliver(reply); });
}

/// Adds the headers, counts the body, and compresses it for who wants it.
void HttpSession::deliver(std::shared_ptr<Reply> reply) {
  const auto& request = reply->request;
  Response& response = reply->response;
  if (seat_.context->router.checks_origin(request.path)) add_cors(request, response);
  if (response.compressible) response.with_header("Vary", "Accept-Encoding");
  auto held = response.is_kept ? response.body : seat_.context->unsent->hold(response.body);
  if (response.body && !held) {
    return respond(overloaded(), out_keep_alive_, reply->head_only, request.http_1_0);
  }
  response.body = held;
  if (response.compressible && held && held->size() >= kLeastToCompress &&
      accepts_gzip(request.list_header("Accept-Encoding"))) {
    return compress(std::move(reply), std::move(held));
  }
  respond(std::move(response), out_keep_alive_, reply->head_only, request.http_1_0);
}

/// Slice by slice: one I/O thread serves everybody, and a scrape of a hundred thousand series must
/// not hold up an event. Also for HEAD, whose Content-Length is that of the compressed text. Who
/// waits for the same text gets the same compressed one.
void HttpSession::compress(std::shared_ptr<Reply> reply, Body text) {
  const auto unsent = seat_.context->unsent;
  queue(
      [reply, text, unsent, encoder = std::shared_ptr<GzipEncoder>()]() mutable {
        Body& body = reply->response.body;
        if (auto made = unsent->compressed(text)) {
          body = std::move(made);
          return true;
        }
        if (!encoder) encoder = std::make_shared<GzipEncoder>(text);
        if (!encoder->step()) return false;
        body = std::make_shared<const std::string>(encoder->take());
        unsent->set_compressed(text, body);
        return true;
      },
      [this, reply] {
        // It takes the place of its text, which was counted.
        auto& body = reply->response.body;
        if (auto held = seat_.context->unsent->hold(body)) body = std::move(held);
        reply->response.with_header("Content-Encoding", "gzip");
        respond(std::move(reply->response), out_keep_alive_, reply->head_only,
                reply->request.http_1_0);
      });
}

void HttpSession::respond(Response response, bool keep_alive, bool head_only, bool http_1_0) {
  phase_ = Phase::Writing;
  served_ = true;
  const HeadOptions options{
      .keep_alive = keep_alive, .http_1_0 = http_1_0, .now = std::time(nullptr)};
  out_head_ = encode_response_head(response, options);
  out_body_.reset();
  if (!head_only && status_has_body(response.status)) out_body_ = std::move(response.body);
  out_sent_ = 0;
  out_keep_alive_ = keep_alive;
  deadline_.set(shared_from_this(), limits().write_timeout);
  write_more();
}

void HttpSession::write_more() {
  std::array<asio::const_buffer, 2> buffers;
  const auto head_sent = std::min(out_sent_, out_head_.size());
  buffers[0] = asio::buffer(out_head_) + head_sent;
  if (out_body_) buffers[1] = asio::buffer(*out_body_) + (out_sent_ - head_sent);
  stream_.async_write_some(buffers,
                           [self = shared_from_this()](const ErrorCode& error, std::size_t size) {
                             self->on_written(error, size);
                           });
}

void HttpSession::on_written(const ErrorCode& error, std::size_t size) {
  if (phase_ != Phase::Writing) return;
  if (error) return close();
  out_sent_ += size;
  if (out_sent_ < out_head_.size() + (out_body_ ? out_body_->size() : 0)) {
    deadline_.set(shared_from_this(), limits().write_timeout);  // progress
    return write_more();
  }
  out_body_.reset();
  if (!out_keep_alive_) return linger();
  phase_ = Phase::Idle;
  deadline_.set(shared_from_this(), limits().idle_timeout);
  if (in_.empty()) return read_more();
  phase_ = Phase::ReadingHead;
  deadline_.set(shared_from_this(), limits().header_timeout);
  take_requests();  // pipelined
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
  is_closed_.store(true, std::memory_order_relaxed);
  deadline_.cancel();
  stream_.close();
}

}  // namespace ltb::net
