// HTTP over libcurl: one thread carries any number of requests at the same time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "http_message.hpp"

namespace llm_benchmark {

struct Transfer;

/// A part of an answer's body, decoded, and when its bytes were read.
struct Piece {
  std::string bytes{};
  std::chrono::steady_clock::time_point arrived{};
};

/// One request under way. Destroyed before its answer is over, it is given up and its connection
/// closed. Thread safety: distinct objects: safe; shared objects: unsafe. Must not outlive its
/// Transport.
class Exchange {
 public:
  Exchange(class Transport& transport, std::shared_ptr<Transfer> transfer);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Waits for the next piece of the body of a 2xx answer, at most until `until`. Nothing: the
  /// answer is over, or that time passed (see is_over()). Throws ltb::ProviderError: Timeout,
  /// Network (unreachable, TLS refused, cut), Parse (not HTTP, an unknown or broken coding, too
  /// large), Cancelled (the transport was stopped). Its message does not name the URL.
  [[nodiscard]] std::optional<Piece> next(
      std::optional<std::chrono::steady_clock::time_point> until = {});
  /// Whether the answer came to its end.
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Status and headers, once a piece came or the answer is over; then also the body of an answer
  /// whose status is not 2xx.
  [[nodiscard]] const HttpReply& reply() const noexcept { return reply_; }

 private:
  Transport& transport_;
  const std::shared_ptr<Transfer> transfer_;
  HttpReply reply_{};
  bool over_ = false;
};

/// Sends requests on one thread of its own and keeps connections for later ones. It follows 307 and
/// 308 to the same scheme, host and port; decodes gzip, deflate, br and zstd as far as libcurl was
/// built with them (and asks for nothing else); speaks HTTP/2 where a TLS server offers it; takes
/// proxies from the usual variables (https_proxy, no_proxy, ...). Name look-ups run beside it.
/// Thread safety: any thread.
class Transport {
 public:
  /// `ca_file`: certificates (PEM) that an https server may be signed by beside those of the
  /// system; empty: none. A requested stop ends every request as Cancelled, at once. Throws
  /// std::invalid_argument naming the file when it cannot be used, std::runtime_error when libcurl
  /// cannot start.
  explicit Transport(std::stop_token stop, const std::string& ca_file = {});
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Begins a request and returns at once; its time counts from now.
  [[nodiscard]] std::unique_ptr<Exchange> start(HttpRequest request, const Timeouts& timeouts);

 private:
  friend class Exchange;
  class Driver;
  std::unique_ptr<Driver> driver_;
};

}  // namespace llm_benchmark
