// The HTTP client: which connection a call gets, and what becomes of it.

#include "http_client.hpp"

#include <ltb/error_type.hpp>
#include <mutex>

#include "http_connection.hpp"
#include "tls.hpp"

namespace llm_benchmark {
namespace {

ltb::ProviderError as_provider_error(const ConnectionFailure& failure) {
  return {failure.type, failure.message};
}

}  // namespace

std::optional<std::string_view> HttpReply::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return std::nullopt;
}

class HttpClient::Impl {
 public:
  Impl(BaseUrl url, const std::string& ca_file, std::stop_token stop)
      : url_(std::move(url)),
        tls_(url_.tls ? make_tls_context(ca_file) : nullptr),
        stop_(std::move(stop)) {}

  HttpReply post(const HttpRequest& request, const Timeouts& timeouts, const OnPiece& on_piece) {
    const CallTime time{std::chrono::steady_clock::now(), timeouts};
    if (auto kept = take_idle()) {
      HttpReply reply;
      const auto failure = kept->exchange(url_, request, time, on_piece, reply);
      if (!failure) return give_back(std::move(kept), std::move(reply));
      // A server may close a kept connection at any time; as long as no part of an answer came and
      // there is time left, the request is sent once more over a new one.
      const bool stale = !failure->got_some && failure->type == ltb::ErrorType::Network;
      if (!stale) throw as_provider_error(*failure);
    }
    HttpReply reply;
    auto fresh = make_connection(stop_, tls_);
    auto failure = fresh->connect(url_, time);
    if (!failure) failure = fresh->exchange(url_, request, time, on_piece, reply);
    if (failure) throw as_provider_error(*failure);
    return give_back(std::move(fresh), std::move(reply));
  }

 private:
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

  const BaseUrl url_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
};

HttpClient::HttpClient(const BaseUrl& url, const std::string& ca_file, std::stop_token stop)
    : impl_(std::make_unique<Impl>(url, ca_file, std::move(stop))) {}

HttpClient::~HttpClient() = default;

HttpReply HttpClient::post(const HttpRequest& request, const Timeouts& timeouts,
                           const OnPiece& on_piece) {
  return impl_->post(request, timeouts, on_piece);
}

}  // namespace llm_benchmark
