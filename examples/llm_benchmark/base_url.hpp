// The address of an OpenAI-compatible server, as a user types it.
#pragma once

#include <string>
#include <string_view>

namespace llm_benchmark {

struct BaseUrl {
  std::string host{};    ///< Name or address; an IPv6 address without its brackets.
  std::string port{};    ///< Digits; "80" when the URL names none.
  std::string prefix{};  ///< Path before "/chat/completions", without a slash at its end; "/v1"
                         ///< when the URL has none.

  /// What the Host header says.
  [[nodiscard]] std::string host_header() const;
  /// The whole URL of the endpoint, for messages.
  [[nodiscard]] std::string endpoint() const;

  friend bool operator==(const BaseUrl&, const BaseUrl&) = default;
};

/// Reads http://host[:port][/path]. Throws std::invalid_argument naming the URL and what is wrong
/// with it.
[[nodiscard]] BaseUrl parse_base_url(std::string_view url);

}  // namespace llm_benchmark
