// What the texts of a configuration must look like, said once for fields and variables.
#pragma once

#include <string_view>

namespace ltb::system {

inline constexpr std::string_view kUrlExpected =
    "a URL such as wss://proxy.example:8443/ws: ws:// or wss://, a host, a port from 1 to 65535 if "
    "any, no user name, no fragment";
inline constexpr std::string_view kAddressExpected =
    "an IPv4 or IPv6 address, for example 127.0.0.1, or localhost";
inline constexpr std::string_view kTokenExpected = "printable ASCII without spaces";
inline constexpr std::string_view kOriginExpected =
    "scheme://host[:port], for example https://bench.example";

inline constexpr std::string_view kHostExpected =
    "a name or address without port, .example.com for all names below it, or *";

/// Empty, or a WebSocket URL that a browser can connect to.
[[nodiscard]] bool is_websocket_url(std::string_view text);
/// An address that a listener can be given.
[[nodiscard]] bool is_bind_address(std::string_view text);
/// Empty, or a token that may stand in a header.
[[nodiscard]] bool is_auth_token(std::string_view text) noexcept;
/// An origin as browsers send it.
[[nodiscard]] bool is_origin(std::string_view text);
/// An entry of the allowed hosts.
[[nodiscard]] bool is_host(std::string_view text);

}  // namespace ltb::system
