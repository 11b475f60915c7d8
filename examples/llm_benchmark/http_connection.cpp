// One connection on Boost.Beast. Beast's timeouts exist for asynchronous calls only, so each
// connection has a small io_context of its own, which the calling thread runs until the one
// operation it waits for is done.

#include "http_connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <ltb/llm_reply.hpp>
#include <type_traits>
#include <utility>

#include "tls.hpp"

namespace llm_benchmark {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using beast::error_code;
using net::ip::tcp;
using std::chrono::steady_clock;

using TlsStream = net::ssl::stream<beast::tcp_stream>;
using Parser = http::response_parser<http::buffer_body>;

constexpr std::size_t kMaxAnswerBytes = 16U * 1024 * 1024;
constexpr std::size_t kPieceBytes = 16U * 1024;
/// How long the formal end of a message may take once the message itself is complete.
constexpr std::chrono::milliseconds kDrainTime{50};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

http::request<http::string_body> to_beast(const BaseUrl& url, const HttpRequest& request) {
  http::request<http::string_body> message{http::verb::post, request.target, 11};
  message.set(http::field::host, url.host_header());
  message.set(http::field::user_agent, "llm_benchmark");
  message.set(http::field::content_type, "application/json");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

template <typename Stream>
class ConnectionOver final : public Connection {
 public:
  template <typename... Tls>
  explicit ConnectionOver(std::stop_token stop, Tls&... tls)
      : stop_(std::move(stop)), stream_(context_, tls...) {}

  std::optional<ConnectionFailure> connect(const BaseUrl& url, const CallTime& time) override {
    error_code error;
    tcp::resolver resolver(context_);
    const auto endpoints = resolver.resolve(url.host, url.port, error);
    if (error) return failure(error, "cannot find the host \"" + url.host + '"');
    expect(time, time.limits.first_byte.value_or(time.limits.whole));
    error = run([&](auto done) {
      socket().async_connect(endpoints,
                             [done](error_code result, const tcp::endpoint&) { done(result); });
    });
    if (error) return failure(error, "cannot connect to " + url.host + " port " + url.port);
    socket().socket().set_option(tcp::no_delay(true), error);  // A hint; slower without, not wrong.
    if constexpr (std::is_same_v<Stream, TlsStream>) return shake_hands(url.host);
    return std::nullopt;
  }

  std::optional<ConnectionFailure> exchange(const BaseUrl& url, const HttpRequest& request,
                                            const CallTime& time, const OnPiece& on_piece,
                                            HttpReply& reply) override {
    reusable_ = false;
    const auto message = to_beast(url, request);
    expect(time, time.limits.first_byte.value_or(time.limits.whole));
    error_code error = run([&](auto done) {
      http::async_write(stream_, message, [done](error_code result, std::size_t) { done(result); });
    });
    if (error) return failure(error, "cannot send the request");
    Parser parser;
    parser.body_limit(on_piece ? boost::none : boost::optional<std::uint64_t>(kMaxAnswerBytes));
    error = run([&](auto done) {
      http::async_read_header(stream_, buffer_, parser,
                              [done](error_code result, std::size_t) { done(result); });
    });
    if (error) return failure(error, kReading, parser.got_some());
    reply.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) {
      reply.headers.emplace_back(lower(field.name_string()), field.value());
    }
    const bool by_pieces = on_piece && reply.status == kOk;
    return read_body(parser, time, by_pieces ? on_piece : OnPiece{}, reply);
  }

  [[nodiscard]] bool is_reusable() const noexcept override { return reusable_; }

 private:
  static constexpr const char* kReading = "cannot read the answer";
  static constexpr int kOk = 200;

  std::optional<ConnectionFailure> read_body(Parser& parser, const CallTime& time,
                                             const OnPiece& on_piece, HttpReply& reply) {
    std::array<char, kPieceBytes> piece;
    bool is_first = true;
    bool is_draining = false;
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      error_code error = run([&](auto done) {
        http::async_read_some(stream_, buffer_, parser,
                              [done](error_code result, std::size_t) { done(result); });
      });
      if (error == http::error::need_buffer) error = {};  // The piece is full, no more than that.
      const std::size_t size = piece.size() - parser.get().body().size;
      if (size > 0 && std::exchange(is_first, false)) expect(time, time.limits.whole);
      if (is_draining) {
        if (error) return std::nullopt;  // Not worth another word: the answer is there.
      } else if (size > 0) {
        const std::string_view bytes(piece.data(), size);
        const NextPiece next = on_piece ? on_piece(reply, bytes) : keep(bytes, reply, error);
        if (next == NextPiece::Stop) return std::nullopt;
        if (next == NextPiece::Drain) {
          is_draining = true;
          socket().expires_at(
              std::min(steady_clock::now() + kDrainTime, time.begin + time.limits.whole));
          if (error) return std::nullopt;
        }
      }
      if (error) return failure(error, kReading, true);
    }
    socket().expires_never();
    reusable_ = parser.get().keep_alive() && buffer_.size() == 0;
    return std::nullopt;
  }

  static NextPiece keep(std::string_view bytes, HttpReply& reply, error_code& error) {
    if (reply.body.size() + bytes.size() > kMaxAnswerBytes) error = http::error::body_limit;
    if (!error) reply.body += bytes;
    return NextPiece::Read;
  }

  std::optional<ConnectionFailure> shake_hands(
      const std::string& host) requires std::is_same_v<Stream, TlsStream> {
    error_code error = expect_host(stream_.native_handle(), host);
    if (!error) {
      error = run([&](auto done) {
        stream_.async_handshake(net::ssl::stream_base::client,
                                [done](error_code result) { done(result); });
      });
    }
    if (!error) return std::nullopt;
    if (error == beast::error::timeout || stop_.stop_requested()) {
      return failure(error, "cannot start TLS with " + host);
    }
    return ConnectionFailure{ltb::ErrorType::Network,
                             handshake_failure(stream_.native_handle(), host, error), false};
  }

  beast::tcp_stream& socket() { return beast::get_lowest_layer(stream_); }

  /// Gives the operations that follow this much time since the begin of the call.
  void expect(const CallTime& time, std::chrono::milliseconds limit) {
    limit_ = std::min(limit, time.limits.whole);
    socket().expires_at(time.begin + limit_);
  }

  ConnectionFailure failure(const error_code& error, const std::string& doing,
                            bool got_some = false) const {
    if (stop_.stop_requested()) return {ltb::ErrorType::Cancelled, "the program stops", got_some};
    const ltb::CallError known = ltb::to_call_error(error);
    std::string message = doing;
    if (known.type == ltb::ErrorType::Timeout) {
      message += " within " + std::to_string(limit_.count()) + " ms";
    } else if (known.type == ltb::ErrorType::Parse) {
      message += ": it is not HTTP as expected: " + known.message;
    } else {
      message += ": " + known.message;
    }
    // Given up by nobody here: whatever the other side or the system cut is the network's.
    const bool is_cut = known.type == ltb::ErrorType::Cancelled;
    return {is_cut ? ltb::ErrorType::Network : known.type, message, got_some};
  }

  /// Starts one operation and runs it to its end, or to the stop.
  template <typename Start>
  error_code run(const Start& start) {
    // Closing, unlike cancelling, also keeps a connect from going on with the next address. A stop
    // that comes after this test finds the operation started: its handler runs inside run() below.
    const std::stop_callback on_stop(stop_,
                                     [this] { net::post(context_, [this] { socket().close(); }); });
    if (stop_.stop_requested()) return net::error::operation_aborted;
    error_code result;
    context_.restart();
    start([&result](error_code error) { result = error; });
    context_.run();
    return result;
  }

  const std::stop_token stop_;
  net::io_context context_{1};
  Stream stream_;
  beast::flat_buffer buffer_;
  std::chrono::milliseconds limit_{};
  bool reusable_ = false;
};

}  // namespace

std::unique_ptr<Connection> make_connection(const std::stop_token& stop,
                                            const std::shared_ptr<net::ssl::context>& tls) {
  if (tls) return std::make_unique<ConnectionOver<TlsStream>>(stop, *tls);
  return std::make_unique<ConnectionOver<beast::tcp_stream>>(stop);
}

}  // namespace llm_benchmark
