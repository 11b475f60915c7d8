// One connection of the HTTP client. Free of Beast, so that its headers stay in one source.
#pragma once

#include <chrono>
#include <ltb/error_type.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "http_client.hpp"

namespace boost::asio::ssl {
class context;
}

namespace llm_benchmark {

/// Why a call did not get its answer.
struct ConnectionFailure {
  ltb::ErrorType type = ltb::ErrorType::Network;
  std::string message{};
  bool got_some = false;  ///< Whether a part of an answer had arrived.
};

/// A call's time, counted from its begin.
struct CallTime {
  std::chrono::steady_clock::time_point begin{};
  Timeouts limits{};
};

/// Not thread-safe: a call owns it while it runs.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Resolves, connects and, on TLS, shakes hands. Nothing: it went well.
  [[nodiscard]] virtual std::optional<ConnectionFailure> connect(const BaseUrl& url,
                                                                 const CallTime& time) = 0;
  /// One request and its answer; see HttpClient::post().
  [[nodiscard]] virtual std::optional<ConnectionFailure> exchange(const BaseUrl& url,
                                                                  const HttpRequest& request,
                                                                  const CallTime& time,
                                                                  const OnPiece& on_piece,
                                                                  HttpReply& reply) = 0;
  /// Whether another request may follow.
  [[nodiscard]] virtual bool is_reusable() const noexcept = 0;
};

/// Without `tls` a plain connection. A requested stop ends what runs on it, as Cancelled.
[[nodiscard]] std::unique_ptr<Connection> make_connection(
    const std::stop_token& stop, const std::shared_ptr<boost::asio::ssl::context>& tls);

}  // namespace llm_benchmark
