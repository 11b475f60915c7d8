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
  std::string query{};   ///< With its question mark, such as "?api-version=2024-10-21"; or empty.
  std::string authorization{};  ///< "Basic ..." of a user:password; or empty. A secret.
  std::string password{};       ///< The password in it, decoded. A secret.

  /// The whole URL of an endpoint ("/chat/completions"), for messages: without its query, which may
  /// hold a key.
  [[nodiscard]] std::string endpoint(std::string_view path) const;
  /// What is asked: the same with the query. User and password go into a header.
  [[nodiscard]] std::string request_url(std::string_view path) const;

  friend bool operator==(const BaseUrl&, const BaseUrl&) = default;
};

/// Reads http(s)://[user:password@]host[:port][/path][?query]. Throws std::invalid_argument naming
/// the flag, the URL (without its secrets) and what is wrong with it.
[[nodiscard]] BaseUrl parse_base_url(std::string_view url, std::string_view flag = "--base-url");

/// A text that holds a URL, for messages: user, password and query are replaced.
[[nodiscard]] std::string without_secrets(std::string_view text);

}  // namespace llm_benchmark
