// Who may ask: bearer token, Host and Origin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::net {

/// Equality in time that depends on the length of `given` alone.
[[nodiscard]] bool constant_time_equal(std::string_view given, std::string_view expected) noexcept;

/// Whether an Authorization header carries this bearer token (scheme compared without case, RFC
/// 6750).
[[nodiscard]] bool bearer_matches(std::string_view authorization, std::string_view token) noexcept;

/// What a browser offers as a WebSocket protocol in place of an Authorization header, which it
/// cannot set: "ltb.bearer." and the token in base64url without padding.
[[nodiscard]] std::string bearer_protocol(std::string_view token);

/// Whether one of the protocols of a Sec-WebSocket-Protocol list is `protocol`, compared in
/// constant time; false for an empty one.
[[nodiscard]] bool offers_protocol(std::string_view list, std::string_view protocol) noexcept;

struct Authority {
  std::string host;                   ///< Lower case, IPv6 without brackets, no trailing dot.
  std::optional<std::uint16_t> port;  ///< Absent when not given.
  bool operator==(const Authority&) const = default;
};

/// "host", "host:port", "[::1]:port". Nothing when it is not a valid uri-host [":" port].
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

/// "localhost" and names under it, 127.0.0.0/8, ::1. Takes Authority::host.
[[nodiscard]] bool is_loopback_host(std::string_view host) noexcept;

struct Origin {
  std::string scheme;  ///< Lower case.
  std::string host;    ///< As in Authority.
  std::uint16_t
      port;  ///< 80 or 443 filled in for http (ws) and https (wss) when not given; else 0.
  bool operator==(const Origin&) const = default;
};

/// "scheme://host[:port]" and nothing more; nothing for "null" and all else.
[[nodiscard]] std::optional<Origin> parse_origin(std::string_view text);

/// Whether a page of this origin may read what is answered: of the host the request was sent to (on
/// any port), of loopback, or configured. `origin` is the Origin header (empty: absent, which
/// passes), `host` the request's Host.
[[nodiscard]] bool origin_is_allowed(std::string_view origin, std::string_view host,
                                     const std::vector<Origin>& allowed);

/// For a listener bound to loopback: whether this Host is loopback or the host of an allowed
/// origin. An empty Host (HTTP/1.0 only, which no browser sends) passes.
[[nodiscard]] bool host_is_allowed(std::string_view host, const std::vector<Origin>& allowed);

}  // namespace ltb::net
