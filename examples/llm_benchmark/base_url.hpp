// The address of a server, as a user types it.
#pragma once

#include <string>
#include <string_view>

namespace llm_benchmark {

struct BaseUrl {
  std::string host{};    ///< Name or address; an IPv6 address without its brackets.
  std::string port{};    ///< Digits; "80" (https: "443") when the URL names none.
  std::string prefix{};  ///< Path before the endpoint's own, such as "/chat/completions", without a
                         ///< slash at its end; "/v1" when the URL has none.
  bool tls = false;      ///< https.

  /// What the Host header says.
  [[nodiscard]] std::string host_header() const;
  /// The whole URL of an endpoint ("/chat/completions"), for messages.
  [[nodiscard]] std::string endpoint(std::string_view path) const;

  friend bool operator==(const BaseUrl&, const BaseUrl&) = default;
};

/// Reads http(s)://host[:port][/path]. Throws std::invalid_argument naming the flag, the URL and
/// what is wrong with it.
[[nodiscard]] BaseUrl parse_base_url(std::string_view url, std::string_view flag = "--base-url");

}  // namespace llm_benchmark
