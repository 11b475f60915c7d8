// The address of a server, as a user types it.

#include "base_url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <system_error>

namespace llm_benchmark {
namespace {

constexpr const char* kHttpPort = "80";
constexpr const char* kHttpsPort = "443";

/// "host:port", "host", "[v6]:port" or "[v6]" taken apart. `fail` throws.
template <typename Fail>
void split_authority(std::string_view authority, BaseUrl& parts, const Fail& fail) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == authority.npos) fail("the bracket of the address does not close");
    parts.host = authority.substr(1, bracket - 1);
    port = authority.substr(bracket + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    parts.host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (parts.host.empty()) fail("it names no host");
  if (port.empty()) {
    parts.port = parts.tls ? kHttpsPort : kHttpPort;
    return;
  }
  unsigned number = 0;
  const char* end = port.data() + port.size();
  const auto [rest, error] = std::from_chars(port.data() + 1, end, number);
  if (port.front() != ':' || error != std::errc{} || rest != end || number < 1 || number > 65535) {
    fail("the port is not a number between 1 and 65535");
  }
  parts.port = std::to_string(number);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A user or password may hold any character, written as %40.
std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_code = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                         hex_digit(text[i + 2]) >= 0;
    if (is_code) {
      result += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8U | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      result += k <= group.size() ? kDigits[bits >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return result;
}

}  // namespace

std::string BaseUrl::endpoint(std::string_view path) const {
  const std::string name = host.find(':') == std::string::npos ? host : '[' + host + ']';
  const bool is_usual_port = port == (tls ? kHttpsPort : kHttpPort);
  return (tls ? "https://" : "http://") + name + (is_usual_port ? "" : ':' + port) + prefix +
         std::string(path);
}

std::string BaseUrl::request_url(std::string_view path) const {
  return endpoint(path) + query;
}

BaseUrl parse_base_url(std::string_view url, std::string_view flag) {
  const auto fail = [url, flag](const std::string& what) {
    throw std::invalid_argument(std::string(flag) + " \"" + without_secrets(url) + "\": " + what +
                                " (expected http://host:port or https://host, such as "
                                "http://127.0.0.1:8000/v1)");
  };
  BaseUrl parts;
  parts.tls = url.starts_with("https://");
  if (!parts.tls && !url.starts_with("http://")) {
    fail("it starts with neither http:// nor https://");
  }
  if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c > '~'; })) {
    fail("it holds a space or a character that is not ASCII");
  }
  if (url.find('#') != url.npos) fail("it holds a #");
  std::string_view rest = url.substr(url.find("//") + 2);
  if (const std::size_t mark = rest.find('?'); mark != rest.npos) {
    if (mark + 1 < rest.size()) parts.query = rest.substr(mark);
    rest = rest.substr(0, mark);
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    const std::string_view user_info = authority.substr(0, at);
    const std::size_t colon = user_info.find(':');
    if (at > 0) parts.authorization = "Basic " + base64(percent_decoded(user_info));
    if (colon != user_info.npos) parts.password = percent_decoded(user_info.substr(colon + 1));
    authority.remove_prefix(at + 1);
  }
  split_authority(authority, parts, fail);
  parts.prefix = rest.substr(slash);
  while (parts.prefix.ends_with('/')) parts.prefix.pop_back();
  if (parts.prefix.empty()) parts.prefix = "/v1";
  return parts;
}

std::string without_secrets(std::string_view text) {
  std::string shown(text.substr(0, text.find('?')));
  if (shown.size() < text.size()) shown += "?...";
  const std::size_t scheme = shown.find("://");
  const std::size_t begin = scheme == shown.npos ? 0 : scheme + 3;
  const std::size_t end = std::min(shown.find('/', begin), shown.size());
  const std::size_t at = shown.substr(0, end).rfind('@');
  if (at != shown.npos && at >= begin) shown.replace(begin, at - begin, "***");
  return shown;
}

}  // namespace llm_benchmark
