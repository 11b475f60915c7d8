// The HTTP client on Boost.Beast. Beast's timeouts exist for asynchronous calls only, so each
// connection has a small io_context of its own, which the calling thread runs until the one
// operation it waits for is done.

#include "http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <ltb/monitoring.hpp>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace llm_benchmark {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using tcp = net::ip::tcp;
using beast::error_code;

constexpr std::size_t kMaxAnswerBytes = 16U * 1024 * 1024;

/// What went wrong, and during what.
struct Failure {
  error_code error{};
  std::string doing{};
  bool got_some = false;  ///< Whether a part of an answer had arrived.
};

/// One connection. Not thread-safe: a call owns it while it runs.
class Connection {
 public:
  explicit Connection(std::stop_token stop) : stop_(std::move(stop)) {}

  std::optional<Failure> connect(const std::string& host, const std::string& port,
                                 std::chrono::steady_clock::time_point deadline) {
    error_code error;
    tcp::resolver resolver(context_);
    const auto endpoints = resolver.resolve(host, port, error);
    if (error) return Failure{error, "cannot find the host \"" + host + '"'};
    stream_.expires_at(deadline);
    error = run([&](auto done) {
      stream_.async_connect(endpoints,
                            [done](error_code result, const tcp::endpoint&) { done(result); });
    });
    if (error) return Failure{error, "cannot connect to " + host + " port " + port};
    stream_.socket().set_option(tcp::no_delay(true), error);  // A hint; slower without, not wrong.
    return std::nullopt;
  }

  std::optional<Failure> exchange(const http::request<http::string_body>& request,
                                  std::chrono::steady_clock::time_point deadline,
                                  HttpReply& reply) {
    stream_.expires_at(deadline);
    error_code error = run([&](auto done) {
      http::async_write(stream_, request, [done](error_code result, std::size_t) { done(result); });
    });
    if (error) return Failure{error, "cannot send the request"};
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMaxAnswerBytes);
    error = run([&](auto done) {
      http::async_read(stream_, buffer_, parser,
                       [done](error_code result, std::size_t) { done(result); });
    });
    if (error) return Failure{error, "cannot read the answer", parser.got_some()};
    stream_.expires_never();
    reusable_ = parser.get().keep_alive() && buffer_.size() == 0;
    reply = {static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
    return std::nullopt;
  }

  [[nodiscard]] bool is_reusable() const noexcept { return reusable_; }

 private:
  /// Starts one operation and runs it to its end, or to the stop.
  template <typename Start>
  error_code run(const Start& start) {
    // Closing, unlike cancelling, also keeps a connect from going on with the next address. A stop
    // that comes after this test finds the operation started: its handler runs inside run() below.
    const std::stop_callback on_stop(stop_,
                                     [this] { net::post(context_, [this] { stream_.close(); }); });
    if (stop_.stop_requested()) return net::error::operation_aborted;
    error_code result;
    context_.restart();
    start([&result](error_code error) { result = error; });
    context_.run();
    return result;
  }

  const std::stop_token stop_;
  net::io_context context_{1};
  beast::tcp_stream stream_{context_};
  beast::flat_buffer buffer_;
  bool reusable_ = false;
};

ltb::ErrorType error_type(const error_code& error) {
  if (error == beast::error::timeout) return ltb::ErrorType::Timeout;
  const bool cut = error == http::error::end_of_stream || error == http::error::partial_message;
  const error_code not_http = http::error::bad_version;
  if (error.category() == not_http.category() && !cut) return ltb::ErrorType::Parse;
  return ltb::ErrorType::Network;
}

ltb::ProviderError as_provider_error(const Failure& failure, const std::stop_token& stop,
                                     std::chrono::milliseconds timeout) {
  if (stop.stop_requested()) return {ltb::ErrorType::Cancelled, "the program stops"};
  const ltb::ErrorType type = error_type(failure.error);
  if (type == ltb::ErrorType::Timeout) {
    return {type, failure.doing + " within " + std::to_string(timeout.count()) + " ms"};
  }
  if (type == ltb::ErrorType::Parse) {
    return {type, failure.doing + ": it is not HTTP as expected: " + failure.error.message()};
  }
  return {type, failure.doing + ": " + failure.error.message()};
}

}  // namespace

class HttpClient::Impl {
 public:
  Impl(std::string host, std::string port, std::string host_header, std::stop_token stop)
      : host_(std::move(host)),
        port_(std::move(port)),
        host_header_(std::move(host_header)),
        stop_(std::move(stop)) {}

  HttpReply post_json(const std::string& target, const std::string& authorization, std::string body,
                      std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const auto request = make_request(target, authorization, std::move(body));
    HttpReply reply;
    if (auto kept = take_idle()) {
      const auto failure = kept->exchange(request, deadline, reply);
      if (!failure) return give_back(std::move(kept), std::move(reply));
      // A server may close a kept connection at any time; as long as no part of an answer came and
      // there is time left, the request is sent once more over a new one.
      const bool stale = !failure->got_some && failure->error != beast::error::timeout;
      if (!stale || stop_.stop_requested()) throw as_provider_error(*failure, stop_, timeout);
    }
    auto fresh = std::make_unique<Connection>(stop_);
    auto failure = fresh->connect(host_, port_, deadline);
    if (!failure) failure = fresh->exchange(request, deadline, reply);
    if (failure) throw as_provider_error(*failure, stop_, timeout);
    return give_back(std::move(fresh), std::move(reply));
  }

 private:
  [[nodiscard]] http::request<http::string_body> make_request(const std::string& target,
                                                              const std::string& authorization,
                                                              std::string body) const {
    http::request<http::string_body> request{http::verb::post, target, 11};
    request.set(http::field::host, host_header_);
    request.set(http::field::user_agent, "llm_benchmark");
    request.set(http::field::content_type, "application/json");
    request.set(http::field::accept, "application/json");
    if (!authorization.empty()) request.set(http::field::authorization, authorization);
    request.body() = std::move(body);
    request.prepare_payload();
    return request;
  }

  std::unique_ptr<Connection> take_idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto connection =
        std::move(idle_.back());  // The one used last is the least likely to be closed.
    idle_.pop_back();
    return connection;
  }

  HttpReply give_back(std::unique_ptr<Connection> connection, HttpReply reply) {
    if (connection->is_reusable()) {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(connection));
    }
    return reply;
  }

  const std::string host_;
  const std::string port_;
  const std::string host_header_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
};

HttpClient::HttpClient(std::string host, std::string port, std::string host_header,
                       std::stop_token stop)
    : impl_(std::make_unique<Impl>(std::move(host), std::move(port), std::move(host_header),
                                   std::move(stop))) {}

HttpClient::~HttpClient() = default;

HttpReply HttpClient::post_json(const std::string& target, const std::string& authorization,
                                std::string body, std::chrono::milliseconds timeout) {
  return impl_->post_json(target, authorization, std::move(body), timeout);
}

}  // namespace llm_benchmark
