// Who may ask: bearer token, Host and Origin. Everything refused unless it parses in full.
#include "net/access.hpp"

#include "net/http.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace ltb::net {
namespace {

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

/// reg-name without percent-escapes and sub-delims: what DNS names and IPv4 literals use, and '_'
/// that some hosts do.
bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool parse_port(std::string_view text, std::optional<std::uint16_t>& port) {
  if (text.empty()) return true;  // "host:" is valid and means the default port
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  port = value;
  return true;
}

std::optional<boost::asio::ip::address> parse_address(std::string_view text) {
  // Scopes ("%eth0") are this machine's affair; what follows a NUL, the parser would not look at.
  if (text.find_first_of(std::string_view("%\0", 2)) != std::string_view::npos) return std::nullopt;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

bool matches(std::string_view host, std::string_view pattern) noexcept {
  if (pattern == "*") return true;
  if (!pattern.starts_with('.')) return host == pattern;
  return host.ends_with(pattern) || host == pattern.substr(1);
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

}  // namespace

bool constant_time_equal(std::string_view given, std::string_view expected) noexcept {
  // An empty secret matches nothing. The loop runs over what the client sent, so its time says
  // nothing of the secret.
  if (expected.empty()) return false;
  volatile unsigned difference = given.size() == expected.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto a = static_cast<unsigned char>(given[i]);
    const auto b = static_cast<unsigned char>(expected[i % expected.size()]);
    difference = difference | static_cast<unsigned>(a ^ b);
  }
  return difference == 0U;
}

bool bearer_matches(std::string_view authorization, std::string_view token) noexcept {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() < kScheme.size()) return false;
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return false;
  authorization.remove_prefix(kScheme.size());
  const auto first = authorization.find_first_not_of(' ');
  if (first == std::string_view::npos) return false;
  return constant_time_equal(authorization.substr(first), token);
}

std::string bearer_protocol(std::string_view token) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out = "ltb.bearer.";
  std::uint32_t bits = 0;
  unsigned count = 0;  // of the lowest bits that wait
  for (const char c : token) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += kAlphabet[bits >> (count - 6) & 63U];
  }
  if (count > 0) out += kAlphabet[bits << (6 - count) & 63U];
  return out;
}

bool offers_protocol(std::string_view list, std::string_view protocol) noexcept {
  bool found = false;
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    found |= constant_time_equal(one, protocol);
  }
  return found;
}

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto address = parse_address(text.substr(1, end - 1));
    if (!address || !address->is_v6()) return std::nullopt;
    authority.host = address->to_string();
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return std::nullopt;
    port = text.empty() ? text : text.substr(1);
  } else {
    const auto colon = text.find(':');
    authority.host = to_lower(text.substr(0, colon));
    if (authority.host.size() > 1 && authority.host.ends_with('.')) authority.host.pop_back();
    if (authority.host.empty() ||
        !std::all_of(authority.host.begin(), authority.host.end(), is_host_character)) {
      return std::nullopt;
    }
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  }
  if (!parse_port(port, authority.port)) return std::nullopt;
  return authority;
}

bool is_loopback_host(std::string_view host) noexcept try {
  if (host == "localhost" || host.ends_with(".localhost")) return true;  // RFC 6761, 6.3
  const auto address = parse_address(host);
  if (!address) return false;
  if (address->is_v6() && address->to_v6().is_v4_mapped())
    return make_address_v4(boost::asio::ip::v4_mapped, address->to_v6()).is_loopback();
  return address->is_loopback();
} catch (...) {  // no memory
  return false;
}

bool is_address(std::string_view host) noexcept try {
  return parse_address(host).has_value();
} catch (...) {  // no memory
  return false;
}

std::optional<std::string> parse_host_pattern(std::string_view text) {
  if (text == "*") return "*";
  if (const auto address = parse_address(text)) return address->to_string();
  const bool is_suffix = text.starts_with('.');
  const auto parsed = parse_authority(is_suffix ? text.substr(1) : text);
  if (!parsed || parsed->port || text.ends_with(':')) return std::nullopt;
  if (is_suffix && is_address(parsed->host)) return std::nullopt;
  return (is_suffix ? "." : "") + parsed->host;
}

std::optional<Origin> parse_origin(std::string_view text) {
  const auto separator = text.find("://");
  if (separator == std::string_view::npos || separator == 0) return std::nullopt;
  Origin origin;
  origin.scheme = to_lower(text.substr(0, separator));
  const bool scheme_ok = std::all_of(origin.scheme.begin(), origin.scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  if (!scheme_ok) return std::nullopt;
  auto authority = parse_authority(text.substr(separator + 3));
  if (!authority) return std::nullopt;
  origin.host = std::move(authority->host);
  origin.port = authority->port.value_or(default_port(origin.scheme));
  return origin;
}

bool origin_is_allowed(std::string_view origin, std::string_view host,
                       const std::vector<Origin>& allowed) {
  if (origin.empty()) return true;
  const auto parsed = parse_origin(origin);
  if (!parsed) return false;
  // The port may differ: the page of the dashboard's port opens the stream on the WebSocket port of
  // the same host.
  const auto own = parse_authority(host);
  if (own && own->host == parsed->host) return true;
  if (is_loopback_host(parsed->host)) return true;
  return std::find(allowed.begin(), allowed.end(), *parsed) != allowed.end();
}

bool host_is_allowed(std::string_view host, const std::vector<Origin>& allowed,
                     const std::vector<std::string>& hosts) {
  if (host.empty()) return true;
  const auto parsed = parse_authority(host);
  if (!parsed) return false;
  if (is_loopback_host(parsed->host) || is_address(parsed->host)) return true;
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const Origin& origin) { return origin.host == parsed->host; }) ||
         std::any_of(hosts.begin(), hosts.end(),
                     [&](const std::string& pattern) { return matches(parsed->host, pattern); });
}

bool is_cross_site(const FetchMetadata& fetch) noexcept {
  return equal_ignoring_case(fetch.site, "cross-site");
}

bool is_cross_site_load(const FetchMetadata& fetch) noexcept {
  return is_cross_site(fetch) && !(equal_ignoring_case(fetch.mode, "navigate") &&
                                   equal_ignoring_case(fetch.dest, "document"));
}

}  // namespace ltb::net
