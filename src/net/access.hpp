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
  /// Lower case, no trailing dot; IPv6 without brackets and in the form of RFC 5952, as browsers
  /// and asio write it.
  std::string host;
  std::optional<std::uint16_t> port;  ///< Absent when not given.
  bool operator==(const Authority&) const = default;
};

/// "host", "host:port", "[::1]:port". Nothing when it is not a valid uri-host [":" port].
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

/// "localhost" and names under it, 127.0.0.0/8, ::1, also as ::ffff:127.0.0.1. Takes
/// Authority::host.
[[nodiscard]] bool is_loopback_host(std::string_view host) noexcept;

struct Origin {
  std::string scheme;  ///< Lower case.
  std::string host;    ///< As in Authority.
  std::uint16_t
      port;  ///< 80 or 443 filled in for http (ws) and https (wss) when not given; else 0.
  bool operator==(const Origin&) const = default;
};

/// An IPv4 or IPv6 address, not a name. Takes Authority::host.
[[nodiscard]] bool is_address(std::string_view host) noexcept;

/// An entry of the allowed hosts in the form in which it is compared: a name or address without
/// port ("bench.example", "[fd00::1]"), ".example.com" for that name and all below it, or "*" for
/// any. Nothing for all else.
[[nodiscard]] std::optional<std::string> parse_host_pattern(std::string_view text);

/// "scheme://host[:port]" and nothing more; nothing for "null" and all else.
[[nodiscard]] std::optional<Origin> parse_origin(std::string_view text);

/// Whether a page of this origin may read what is answered: of the host the request was sent to (on
/// any port), of loopback, or configured. `origin` is the Origin header (empty: absent, which
/// passes), `host` the request's Host.
[[nodiscard]] bool origin_is_allowed(std::string_view origin, std::string_view host,
                                     const std::vector<Origin>& allowed);

/// Whether this Host cannot be the name of a web page that points it at this machine (DNS
/// rebinding): an address, a loopback name, the host of an allowed origin, or one that matches an
/// entry of `hosts` (from parse_host_pattern). An empty Host (HTTP/1.0 only, which no browser
/// sends) passes.
[[nodiscard]] bool host_is_allowed(std::string_view host, const std::vector<Origin>& allowed,
                                   const std::vector<std::string>& hosts = {});

/// What a browser says of a request by Sec-Fetch-Site, -Mode and -Dest (W3C, Fetch Metadata).
struct FetchMetadata {
  std::string_view site;
  std::string_view mode;
  std::string_view dest;
};
/// A page of another site asks, and not by taking the user there.
[[nodiscard]] bool is_cross_site_load(const FetchMetadata& fetch) noexcept;
/// A page of another site asks, in whatever way.
[[nodiscard]] bool is_cross_site(const FetchMetadata& fetch) noexcept;

}  // namespace ltb::net
