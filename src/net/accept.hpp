// Accept and Accept-Encoding: what a client takes, and what it prefers.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace ltb::net {

/// One element of an Accept-like header: "text/csv;header=present;q=0.5".
struct AcceptElement {
  std::string_view value;       ///< "text/csv", compare without case.
  std::string_view parameters;  ///< "header=present;q=0.5", as sent; see parameter().
  int quality = 1000;           ///< Thousandths; 0 means "not this", also for a malformed q.

  /// A parameter's value, its name compared without case, without quotes around it. Nothing when it
  /// is absent.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const noexcept;
};

/// Calls `visit` for each element in order. Source: RFC 9110, 12.4.2 and 5.6.6.
void for_each_accepted(std::string_view header,
                       const std::function<void(const AcceptElement&)>& visit);

/// Whether an Accept-Encoding header takes gzip and does not like the identity better (RFC 9110,
/// 12.5.3). Not without the header: a client that says nothing gets what every client can read.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace ltb::net
