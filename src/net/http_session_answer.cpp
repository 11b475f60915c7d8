// The part of an HTTP session that makes an answer, counts it, compresses it and sends it.
#include "net/accept.hpp"
#include "net/gzip.hpp"
#include "net/http_session.hpp"
#include "net/response_head.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace ltb::net {
namespace {

constexpr std::size_t kLeastToCompress = 1024;  // less fits into a packet as it is

}  // namespace

Response HttpSession::overloaded() {
  count(counters().answers_refused);
  return Response::text(503, "too many bytes of answers wait to be read (limit " +
                                 std::to_string(UnsentBytes::kMost) + ", of one address " +
                                 std::to_string(UnsentBytes::kMostOfOnePeer) +
                                 "); try again later\n")
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
        if (std::exchange(is_first, false) && context.unsent->is_full(seat_.peer)) {
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
        auto held = context.unsent->hold(reply->response.body, seat_.peer);
        reply->response.body = held ? std::move(held) : reply->response.body;
        return true;
      },
      [this, reply] { deliver(reply); });
}

/// Adds the headers, counts the body, and compresses it for clients that accept gzip.
void HttpSession::deliver(std::shared_ptr<Reply> reply) {
  const auto& request = reply->request;
  Response& response = reply->response;
  if (seat_.context->router.checks_origin(request.path)) add_cors(request, response);
  if (response.compressible) response.with_header("Vary", "Accept-Encoding");
  auto held =
      response.is_kept ? response.body : seat_.context->unsent->hold(response.body, seat_.peer);
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
        if (auto held = seat_.context->unsent->hold(body, seat_.peer)) body = std::move(held);
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
  wait_for_request(limits().idle_timeout);
  if (in_.empty()) return read_more();
  idle_since_ = 0;
  phase_ = Phase::ReadingHead;
  deadline_.set(shared_from_this(), limits().header_timeout);
  take_requests();  // pipelined
}

}  // namespace ltb::net
