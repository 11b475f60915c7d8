// What the texts of a configuration must look like, said once for fields and variables.
#pragma once

#include <string_view>

namespace ltb::detail {

inline constexpr std::string_view kUrlExpected = "a URL that starts with ws:// or wss://";
inline constexpr std::string_view kTokenExpected = "printable ASCII without spaces";
inline constexpr std::string_view kOriginExpected =
    "scheme://host[:port], for example https://bench.example";

inline constexpr std::string_view kHostExpected =
    "a name or address without port, .example.com for all names below it, or *";

/// Empty, or a WebSocket URL that may stand in a page.
[[nodiscard]] bool is_websocket_url(std::string_view text) noexcept;
/// Empty, or a token that may stand in a header.
[[nodiscard]] bool is_auth_token(std::string_view text) noexcept;
/// An origin as browsers send it.
[[nodiscard]] bool is_origin(std::string_view text);
/// An entry of the allowed hosts.
[[nodiscard]] bool is_host(std::string_view text);

}  // namespace ltb::detail
