// Serialises the head of a response. No sockets.
#pragma once

#include "net/http.hpp"

#include <cstddef>
#include <ctime>
#include <string>

namespace ltb::net {

/// Whether a response with this status carries content at all.
[[nodiscard]] constexpr bool status_has_body(unsigned status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

struct HeadOptions {
  bool keep_alive = true;  ///< Whether the connection stays open after this response.
  bool http_1_0 =
      false;  ///< The request's version: HTTP/1.0 needs a header when the connection stays open.
  std::time_t now = 0;  ///< For Date.
};

/// Status line, headers and the empty line.
[[nodiscard]] std::string encode_response_head(const Response& response,
                                               const HeadOptions& options);

/// IMF-fixdate (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". Without the locale, which the
/// host may have changed.
[[nodiscard]] std::string http_date(std::time_t time);

}  // namespace ltb::net
