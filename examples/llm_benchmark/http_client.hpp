// A small HTTP client: POST over kept-alive connections, plain or TLS, whole or piece by piece.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base_url.hpp"

namespace llm_benchmark {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// How long a call may take.
struct Timeouts {
  std::chrono::milliseconds whole{60'000};
  /// From the call to the first byte of the answer's body; absent: as `whole`.
  std::optional<std::chrono::milliseconds> first_byte{};
};

struct HttpRequest {
  std::string target{};  ///< Path, such as "/v1/chat/completions".
  HttpHeaders
      headers{};  ///< Beside Host, User-Agent and Content-Type (JSON), which are always sent.
  std::string body{};
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers{};  ///< Names in lower case.
  std::string body{};     ///< Empty when it was handed over in pieces.

  /// The value of a header (`name` in lower case), or nothing.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// What to do after a piece of a body.
enum class NextPiece {
  Read,   ///< Go on.
  Drain,  ///< The message is complete; what is left is only its formal end. The call returns, and a
          ///< server that then dawdles or cuts the connection costs that connection and no more.
  Stop,   ///< Return now; the connection is closed.
};

/// Called on the calling thread with each piece of the body of a 200 answer, as soon as its bytes
/// are there. May throw: the call ends with that exception and the connection is closed.
using OnPiece = std::function<NextPiece(const HttpReply& head, std::string_view piece)>;

/// Talks to one server. Connections are kept and used again, as many as there were calls at the
/// same time. Thread safety: any thread; each call waits on the calling thread and uses a
/// connection of its own.
class HttpClient {
 public:
  /// Nothing is connected yet. `ca_file`: certificates (PEM) that an https server may be signed by
  /// beside those of the system; empty: none. A requested stop ends running calls. Throws
  /// std::invalid_argument naming the file when it cannot be used.
  HttpClient(const BaseUrl& url, const std::string& ca_file, std::stop_token stop);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends JSON and returns the answer, whatever its status. With `on_piece` the body of a 200
  /// answer goes there and not into the reply. Throws ltb::ProviderError: Timeout, Network
  /// (unreachable, TLS refused, cut), Parse (no HTTP, or more than 16 MiB of it), Cancelled. Its
  /// message does not name the URL: the caller knows it better.
  [[nodiscard]] HttpReply post(const HttpRequest& request, const Timeouts& timeouts,
                               const OnPiece& on_piece = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llm_benchmark
