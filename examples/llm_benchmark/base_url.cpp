// The address of a server, as a user types it.

#include "base_url.hpp"

#include <algorithm>
#include <charconv>
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

}  // namespace

std::string BaseUrl::host_header() const {
  const std::string name = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return port == (tls ? kHttpsPort : kHttpPort) ? name : name + ':' + port;
}

std::string BaseUrl::endpoint(std::string_view path) const {
  return (tls ? "https://" : "http://") + host_header() + prefix + std::string(path);
}

BaseUrl parse_base_url(std::string_view url, std::string_view flag) {
  const auto fail = [url, flag](const std::string& what) {
    throw std::invalid_argument(std::string(flag) + " \"" + std::string(url) + "\": " + what +
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
  if (url.find_first_of("?#@") != url.npos) fail("it holds one of the characters ? # @");
  const std::string_view rest = url.substr(url.find("//") + 2);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  split_authority(rest.substr(0, slash), parts, fail);
  parts.prefix = rest.substr(slash);
  while (parts.prefix.ends_with('/')) parts.prefix.pop_back();
  if (parts.prefix.empty()) parts.prefix = "/v1";
  return parts;
}

}  // namespace llm_benchmark
