// A provider that asks a server over HTTP.

#include "http_provider.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "anthropic_messages.hpp"
#include "openai_messages.hpp"

namespace llm_benchmark {
namespace {

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kUnprocessable = 422;
constexpr std::size_t kMaxAnswerBytes = std::size_t{16} * 1024 * 1024;

bool refuses_stream_options(const HttpReply& reply) {
  return (reply.status == kBadRequest || reply.status == kUnprocessable) &&
         reply.body.find("stream_options") != std::string::npos;
}

}  // namespace

/// Reads the body of one streamed answer as its pieces arrive.
class HttpProvider::StreamReader {
 public:
  StreamReader(const Dialect& dialect, const ltb::StreamCallback& on_chunk)
      : stream_(dialect.make_stream()), parser_([this, &on_chunk](const SseEvent& event) {
          cancelled_ = !stream_->take(event, [this, &on_chunk](const ltb::StreamChunk& chunk) {
            return hand_on(chunk, on_chunk);
          });
          return !cancelled_ && !stream_->is_over();
        }) {}

  NextPiece take(const HttpReply& head, std::string_view piece) {
    if (!whole_) whole_ = is_whole(head, piece);
    if (!*whole_) {
      if (parser_.feed(piece)) return NextPiece::Read;
      return cancelled_ ? NextPiece::Stop : NextPiece::Drain;
    }
    if (body_.size() + piece.size() > kMaxAnswerBytes) {
      throw ltb::ProviderError(ltb::ErrorType::Parse, "the answer is larger than 16 MiB");
    }
    body_ += piece;
    return NextPiece::Read;
  }

  /// The HTTP message is over.
  ltb::CompletionResponse end(const Dialect& dialect, HttpReply reply) {
    if (thrown_) std::rethrow_exception(thrown_);
    if (whole_.value_or(false)) {
      reply.body = std::move(body_);
      return read_answer(dialect, reply);
    }
    if (!cancelled_ && !stream_->is_over()) parser_.finish();
    if (!cancelled_ && !stream_->is_finished()) {
      throw ltb::ProviderError(ltb::ErrorType::Network,
                               "the stream was cut after " + stream_->progress());
    }
    if (!cancelled_) stream_->check_answered();
    return stream_->response(reply);
  }

  /// Whether the caller's own callback threw: its exception passes as it is.
  [[nodiscard]] bool has_caller_thrown() const noexcept { return thrown_ != nullptr; }
  /// The connection broke. Whether the answer had said before that it was complete.
  [[nodiscard]] bool is_complete() const { return !cancelled_ && stream_->is_finished(); }
  [[nodiscard]] bool began() const { return whole_ == false; }
  [[nodiscard]] std::string progress() const { return stream_->progress(); }

 private:
  bool hand_on(const ltb::StreamChunk& chunk, const ltb::StreamCallback& on_chunk) {
    try {
      return !on_chunk || on_chunk(chunk);
    } catch (...) {
      thrown_ = std::current_exception();
      return false;
    }
  }

  /// Whether the server answers whole though it was asked to stream: by what it says, and where it
  /// says something else, by what it sends.
  static bool is_whole(const HttpReply& head, std::string_view piece) {
    const std::string_view type = head.header("content-type").value_or("");
    if (type.starts_with("text/event-stream")) return false;
    if (type.starts_with("application/json")) return true;
    return piece.find_first_not_of(" \t\r\n") != piece.npos &&
           piece[piece.find_first_not_of(" \t\r\n")] == '{';
  }

  const std::unique_ptr<ReplyStream> stream_;
  SseParser parser_;
  std::optional<bool> whole_{};
  std::string body_{};
  bool cancelled_ = false;
  std::exception_ptr thrown_{};
};

HttpProvider::HttpProvider(HttpProviderSettings settings, std::unique_ptr<const Dialect> dialect,
                           std::stop_token stop)
    : settings_(std::move(settings)),
      dialect_(std::move(dialect)),
      endpoint_(settings_.url.endpoint(dialect_->path())),
      client_(settings_.url, settings_.ca_file, std::move(stop)) {}

void HttpProvider::validate_config() const {
  if (std::ranges::any_of(settings_.api_key, [](char c) { return c < ' ' || c > '~'; })) {
    throw std::invalid_argument(
        "the API key holds a character that a header may not have (a line break at its end?)");
  }
}

HttpRequest HttpProvider::make_request(const ltb::CompletionRequest& request, bool streamed,
                                       bool with_usage) const {
  HttpRequest message{.target = settings_.url.prefix + std::string(dialect_->path()),
                      .headers = dialect_->headers(settings_.api_key),
                      .body = dialect_->body(request, streamed, with_usage)};
  message.headers.emplace_back(
      "Accept", streamed ? "text/event-stream, application/json" : "application/json");
  return message;
}

Timeouts HttpProvider::timeouts_of(const ltb::CompletionRequest& request) const {
  Timeouts timeouts = settings_.timeouts;
  timeouts.whole = request.timeout.value_or(timeouts.whole);
  return timeouts;
}

ltb::ProviderError HttpProvider::with_url(const ltb::ProviderError& error) const {
  ltb::ProviderError named(error.type(), "POST " + endpoint_ + ": " + error.what(), error.code(),
                           error.retry_after(), error.failed_attempts());
  named.with_rate_limits(error.rate_limits());
  return named;
}

ltb::CompletionResponse HttpProvider::complete(const ltb::CompletionRequest& request) {
  HttpReply reply;
  try {
    reply = client_.post(make_request(request, false, false), timeouts_of(request));
    if (reply.status == kOk) return read_answer(*dialect_, reply);
  } catch (const ltb::ProviderError& error) {
    throw with_url(error);
  }
  throw error_from_reply(*dialect_, reply, endpoint_);
}

ltb::CompletionResponse HttpProvider::stream(const ltb::CompletionRequest& request,
                                             const ltb::StreamCallback& on_chunk) {
  const bool with_usage = asks_for_usage_.load(std::memory_order_relaxed);
  StreamReader reader(*dialect_, on_chunk);
  HttpReply reply;
  HttpReply head;  // As far as it came, should the connection break.
  try {
    try {
      reply = client_.post(make_request(request, true, with_usage), timeouts_of(request),
                           [&](const HttpReply& so_far, std::string_view piece) {
                             if (head.status == 0) head = so_far;
                             return reader.take(so_far, piece);
                           });
    } catch (const ltb::ProviderError& error) {
      const bool is_cut = error.type() == ltb::ErrorType::Network;
      if (is_cut && reader.is_complete()) return reader.end(*dialect_, head);
      if (!reader.began() || error.type() == ltb::ErrorType::Parse) throw;
      throw ltb::ProviderError(error.type(),
                               std::string(error.what()) + ", after " + reader.progress(),
                               error.code(), error.retry_after());
    }
    if (reply.status == kOk) return reader.end(*dialect_, std::move(reply));
  } catch (const ltb::ProviderError& error) {
    if (reader.has_caller_thrown()) throw;
    throw with_url(error);
  }
  if (!with_usage || !refuses_stream_options(reply)) {
    throw error_from_reply(*dialect_, reply, endpoint_);
  }
  asks_for_usage_.store(false, std::memory_order_relaxed);
  ltb::CompletionResponse response = stream(request, on_chunk);
  response.failed_attempts.insert(response.failed_attempts.begin(),
                                  {ltb::ErrorType::InvalidRequest, {}});
  return response;
}

std::shared_ptr<HttpProvider> make_openai_provider(HttpProviderSettings settings,
                                                   std::stop_token stop) {
  return std::make_shared<HttpProvider>(std::move(settings), std::make_unique<OpenAiMessages>(),
                                        std::move(stop));
}

std::shared_ptr<HttpProvider> make_anthropic_provider(HttpProviderSettings settings,
                                                      std::stop_token stop) {
  return std::make_shared<HttpProvider>(std::move(settings), std::make_unique<AnthropicMessages>(),
                                        std::move(stop));
}

}  // namespace llm_benchmark
