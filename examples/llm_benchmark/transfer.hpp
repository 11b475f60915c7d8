// One request inside libcurl. Private to the transport: it shows libcurl.
#pragma once

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <ltb/error_type.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http_message.hpp"
#include "transport.hpp"

namespace llm_benchmark {

/// Why a request did not get its answer.
struct TransferFailure {
  ltb::ErrorType type = ltb::ErrorType::Network;
  std::string message{};
};

/// How far a request came, for the message of one that took too long.
enum class Phase { FindHost, Connect, Read };

/// Scheme, host and port of a URL.
struct Origin {
  std::string scheme{};
  std::string host{};
  std::string port{};

  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Nothing when it is not a URL.
[[nodiscard]] std::optional<Origin> origin_of(const std::string& url);
/// A URL without user, password, query and fragment, for messages.
[[nodiscard]] std::string shown_url(const std::string& url);

struct Transfer {
  Transfer(HttpRequest sent, const Timeouts& limits, const std::string& ca_file);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // -- for the reader's thread --
  [[nodiscard]] TransferFailure timeout_failure(std::chrono::milliseconds limit) const;

  // -- for the transport's thread --
  /// libcurl is done with it. True when it is to be sent again, to where a redirect points.
  [[nodiscard]] bool complete(CURLcode code);
  void fail(TransferFailure failure);

  const HttpRequest request;
  const Timeouts timeouts;
  const std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  const Origin origin;
  CURL* easy = nullptr;

  std::mutex mutex{};
  std::condition_variable changed{};
  // From here on guarded by the mutex.
  std::deque<Piece> pieces{};
  std::size_t waiting_bytes = 0;  ///< Of `pieces`.
  bool body_began = false;
  bool over = false;
  std::optional<TransferFailure> failure{};
  HttpReply reply{};  ///< Complete once the body began, or it is over.

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_socket(void* self, curl_socket_t socket, curlsocktype purpose);
  static int on_connected(void* self, char* to, char* from, int to_port, int from_port);
  void set_options(const std::string& ca_file);
  bool take(std::string_view bytes);
  void end_of_head();
  [[nodiscard]] bool wants_redirect(std::string& target);
  [[nodiscard]] TransferFailure failure_of(CURLcode code) const;
  [[nodiscard]] TransferFailure tls_failure(CURLcode code) const;

  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::atomic<Phase> phase_{Phase::FindHost};
  HttpReply head_{};                          ///< As far as it came; the transport's thread only.
  std::optional<TransferFailure> refusal_{};  ///< Why on_body() ended the transfer.
  int redirects_ = 0;
};

}  // namespace llm_benchmark
