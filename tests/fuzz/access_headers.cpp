// Host, Origin, Authorization, Accept-Encoding and If-None-Match: who is let in is who may come in.
#include "dashboard/asset_server.hpp"
#include "fuzz/support.hpp"
#include "net/accept.hpp"
#include "net/access.hpp"
#include "net/http.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace {

using namespace ltb::fuzz;
using namespace ltb::net;

const std::vector<Origin> kAllowed = {{"https", "bench.example", 443},
                                      {"http", "ci.example", 8080}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

std::string written(const Authority& authority) {
  const bool v6 = authority.host.find(':') != std::string::npos;
  std::string text = v6 ? '[' + authority.host + ']' : authority.host;
  if (authority.port) text += ':' + std::to_string(*authority.port);
  return text;
}

void check_authority(std::string_view text) {
  const auto authority = parse_authority(text);
  if (!authority) return;
  require(!authority->host.empty(), "an authority has a host");
  require_equal(authority->host, lower(authority->host), "a host is in lower case");
  require(authority->host.find_first_of(" \t\r\n/@?#\\%\"'<>") == std::string::npos,
          "a host holds nothing that a browser would read otherwise");
  const auto again = parse_authority(written(*authority));
  require(again == authority || authority->host.ends_with('.'), "an authority is read back");
}

void check_origin_rules(std::string_view origin, std::string_view host) {
  const bool allowed = origin_is_allowed(origin, host, kAllowed);
  const auto parsed = parse_origin(origin);
  if (!origin.empty() && !parsed) require(!allowed, "an Origin that is none is refused");
  if (origin.empty() || !parsed) return;
  const auto own = parse_authority(host);
  const bool same = own && own->host == parsed->host;
  const bool listed = std::find(kAllowed.begin(), kAllowed.end(), *parsed) != kAllowed.end();
  require(allowed == (same || listed || is_loopback_host(parsed->host)),
          "of the same host, loopback or listed, and nothing else");
}

void check_host_rules(std::string_view host) {
  if (host.empty() || !host_is_allowed(host, kAllowed)) return;
  const auto parsed = parse_authority(host);
  require(parsed.has_value(), "a Host that is none is refused");
  const std::string& name = parsed->host;
  const bool listed = name == "bench.example" || name == "ci.example";
  in_addr v4{};
  const bool is_v4 = inet_pton(AF_INET, name.c_str(), &v4) == 1;
  const bool local = name == "localhost" || name.ends_with(".localhost") || is_v4 ||
                     name.find(':') != std::string::npos;
  require(listed || local, "a stranger's Host is refused");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const auto host = input.line();
  const auto origin = input.line();
  const auto other = input.rest();
  check_authority(host);
  check_host_rules(host);
  check_origin_rules(origin, host);
  if (bearer_matches(other, "s3cret")) {
    require(other.size() >= 13 && other.ends_with("s3cret") && lower(other).starts_with("bearer "),
            "only the token opens");
  }
  if (ltb::net::accepts_gzip(other)) {
    require(lower(other).find("gzip") != std::string::npos || other.find('*') != other.npos,
            "gzip goes to who names it");
  }
  require(ltb::net::accepts_gzip(other) == ltb::net::accepts_gzip(lower(other)),
          "codings are compared without case");
  if (ltb::dashboard::etag_matches(other, "\"abc\"")) {
    require(other.find("\"abc\"") != other.npos || other.find('*') != other.npos,
            "only a tag that was named matches");
  }
  return 0;
}
