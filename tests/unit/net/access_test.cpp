// Token, Host and Origin.
#include "net/access.hpp"

#include <gtest/gtest.h>

namespace ltb::net {
namespace {

TEST(BearerToken, MatchesOnlyTheWholeToken) {
  EXPECT_TRUE(bearer_matches("Bearer secret", "secret"));
  EXPECT_TRUE(bearer_matches("bearer  secret", "secret"));
  for (const auto* header :
       {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer secretsecret",
        "Basic secret", "secret", "Bearer Secret", "Bearer secret "}) {
    EXPECT_FALSE(bearer_matches(header, "secret")) << header;
  }
}

TEST(BearerToken, ComesAsAProtocolInBase64Url) {
  EXPECT_EQ(bearer_protocol("s3cret"), "ltb.bearer.czNjcmV0");
  EXPECT_EQ(bearer_protocol("a"), "ltb.bearer.YQ");
  EXPECT_EQ(bearer_protocol("ab"), "ltb.bearer.YWI");
  EXPECT_EQ(bearer_protocol("~~~?>="), "ltb.bearer.fn5-Pz49");

  const std::string wanted = bearer_protocol("s3cret");
  EXPECT_TRUE(offers_protocol("ltb.v1, " + wanted, wanted));
  EXPECT_TRUE(offers_protocol(wanted + " ,x", wanted));
  for (const char* list : {"", "ltb.v1", "ltb.bearer.", "ltb.bearer.czNjcmV",
                           "ltb.bearer.czNjcmV0x", "LTB.bearer.czNjcmV0", "ltb.bearer. czNjcmV0"})
    EXPECT_FALSE(offers_protocol(list, wanted)) << list;
}

TEST(BearerToken, AnEmptySecretMatchesNothing) {
  EXPECT_FALSE(constant_time_equal("", ""));
  EXPECT_FALSE(bearer_matches("Bearer ", ""));
  EXPECT_FALSE(bearer_matches("Bearer x", ""));
}

TEST(ParseAuthority, TakesNamesAddressesAndPorts) {
  EXPECT_EQ(parse_authority("Example.COM."), (Authority{"example.com", std::nullopt}));
  EXPECT_EQ(parse_authority("127.0.0.1:8080"), (Authority{"127.0.0.1", 8080}));
  EXPECT_EQ(parse_authority("[::1]"), (Authority{"::1", std::nullopt}));
  EXPECT_EQ(parse_authority("[::1]:65535"), (Authority{"::1", 65535}));
  EXPECT_EQ(parse_authority("host:"), (Authority{"host", std::nullopt}));
}

TEST(ParseAuthority, RefusesAllElse) {
  for (const auto* text :
       {"", ":80", "a b", "a/b", "a@b", "a,b", "host:65536", "host:-1", "host:8x", "[::1", "[::1]x",
        "[localhost]", "::1", "a:1:2", "h%6fst", "."}) {
    EXPECT_EQ(parse_authority(text).has_value(), std::string_view(text) == ".") << text;
  }
}

TEST(ParseAuthority, RefusesANulWithWhateverFollowsIt) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse_authority("[::1\0evil.example]"sv).has_value());
  EXPECT_FALSE(parse_authority("127.0.0.1\0evil.example"sv).has_value());
}

TEST(LoopbackHost, KnowsNamesAndAddresses) {
  for (const auto* host : {"localhost", "app.localhost", "127.0.0.1", "127.255.3.4", "::1",
                           "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const auto* host :
       {"", "localhost.evil.example", "notlocalhost", "128.0.0.1", "127.0.0.1.evil.example", "::2",
        "0.0.0.0", "127.1", "10.0.0.1", "::ffff:10.0.0.1", "::1%lo"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(ParseAuthority, WritesIpv6AsBrowsersDo) {
  for (const auto* text : {"[2001:db8:0:0:0:0:0:1]", "[2001:DB8::1]", "[2001:0db8::0001]:3000"})
    EXPECT_EQ(parse_authority(text)->host, "2001:db8::1") << text;
  EXPECT_EQ(parse_authority("[::ffff:7f00:1]")->host, parse_authority("[::ffff:127.0.0.1]")->host);
  EXPECT_FALSE(parse_authority("[fe80::1%eth0]").has_value());
  EXPECT_FALSE(parse_authority("[127.0.0.1]").has_value());
  EXPECT_EQ(parse_origin("http://[2001:db8:0:0:0:0:0:1]:80"), parse_origin("http://[2001:db8::1]"));
}

TEST(ParseOrigin, FillsInDefaultPorts) {
  EXPECT_EQ(parse_origin("https://Bench.example"), (Origin{"https", "bench.example", 443}));
  EXPECT_EQ(parse_origin("http://bench.example:3000"), (Origin{"http", "bench.example", 3000}));
  EXPECT_EQ(parse_origin("chrome-extension://abc"), (Origin{"chrome-extension", "abc", 0}));
}

TEST(ParseOrigin, RefusesNullPathsAndUserInfo) {
  for (const auto* text : {"", "null", "bench.example", "https://", "://x", "https://a/",
                           "https://a@b", "https://a b", "ht tp://a"}) {
    EXPECT_FALSE(parse_origin(text).has_value()) << text;
  }
}

TEST(CheckOrigin, AbsentOrTheSameHostOnAnyPortIsAllowed) {
  EXPECT_TRUE(origin_is_allowed("", "bench.example", {}));
  EXPECT_TRUE(origin_is_allowed("http://bench.example:3000", "BENCH.example:8080", {}));
  EXPECT_TRUE(origin_is_allowed("http://[fd00::1]:3000", "[fd00::1]:8080", {}));
}

TEST(CheckOrigin, LoopbackAndConfiguredOriginsAreAllowed) {
  const std::vector<Origin> allowed = {*parse_origin("https://bench.example")};
  EXPECT_TRUE(origin_is_allowed("http://localhost:5173", "10.0.0.1:3000", {}));
  EXPECT_TRUE(origin_is_allowed("https://bench.example:443", "10.0.0.1", allowed));
}

TEST(CheckOrigin, AllElseIsRefused) {
  const std::vector<Origin> allowed = {*parse_origin("https://bench.example")};
  for (const auto* origin :
       {"null", "https://evil.example", "http://bench.example", "https://bench.example:444",
        "https://bench.example.evil.example", "file://"}) {
    EXPECT_FALSE(origin_is_allowed(origin, "10.0.0.1", allowed)) << origin;
  }
}

TEST(HostCheck, AllowsAddressesLoopbackConfiguredNamesAndOldClients) {
  const std::vector<Origin> allowed = {*parse_origin("https://bench.example")};
  const std::vector<std::string> hosts = {*parse_host_pattern("llm-benchmark"),
                                          *parse_host_pattern(".Svc.cluster.local")};
  for (const auto* host : {"", "localhost:3000", "127.0.0.1", "[::1]:3000", "bench.example:8443",
                           "10.1.2.3:9090", "[fd00::1]:9090", "0.0.0.0:3000", "llm-benchmark:9090",
                           "LLM-Benchmark.", "svc.cluster.local", "a.b.svc.cluster.local:9090"}) {
    EXPECT_TRUE(host_is_allowed(host, allowed, hosts)) << host;
  }
  for (const auto* host :
       {"evil.example", "localhost.evil.example:3000", "x y", "llm-benchmark.evil.example",
        "evil-svc.cluster.local", "svc.cluster.local.evil.example", "127.0.0.1.evil.example",
        "10.1", "0x7f.0.0.1.example", "2130706433"}) {
    EXPECT_FALSE(host_is_allowed(host, allowed, hosts)) << host;
  }
}

TEST(HostCheck, AnAsteriskAllowsEveryName) {
  EXPECT_TRUE(host_is_allowed("any.example:1", {}, {*parse_host_pattern("*")}));
  EXPECT_FALSE(host_is_allowed("x y", {}, {"*"})) << "which is not a name";
}

TEST(HostPatterns, AreNamesAddressesSuffixesOrAnAsterisk) {
  EXPECT_EQ(parse_host_pattern("Bench.Example."), "bench.example");
  EXPECT_EQ(parse_host_pattern(".Example.com"), ".example.com");
  EXPECT_EQ(parse_host_pattern("[FD00:0::1]"), "fd00::1");
  EXPECT_EQ(parse_host_pattern("fd00:0::1"), "fd00::1");
  for (const auto* text : {"", ".", "a:80", "a:", "[::1]:80", "*.example", "http://a", "a/b", "a b",
                           "..a b", ".127.0.0.1", "a,b"})
    EXPECT_FALSE(parse_host_pattern(text).has_value()) << text;
}

TEST(FetchMetadata, OnlyTakingTheUserThereIsNoLoadOfAForeignPage) {
  EXPECT_TRUE(is_cross_site_load({"cross-site", "no-cors", "image"}));
  EXPECT_TRUE(is_cross_site_load({"cross-site", "navigate", "iframe"}));
  EXPECT_TRUE(is_cross_site_load({"Cross-Site", "", ""}));
  EXPECT_FALSE(is_cross_site_load({"cross-site", "navigate", "document"}));
  for (const auto* site : {"", "same-origin", "same-site", "none"}) {
    EXPECT_FALSE(is_cross_site_load({site, "no-cors", "image"})) << site;
    EXPECT_FALSE(is_cross_site({site, "no-cors", "image"})) << site;
  }
  EXPECT_TRUE(is_cross_site({"cross-site", "navigate", "document"}));
}

}  // namespace
}  // namespace ltb::net
