// Which route wins.
#include "net/router.hpp"

#include <gtest/gtest.h>

namespace ltb::net {
namespace {

Handler answering(std::string text) {
  return [text](const Request&) { return Response::text(200, text); };
}

std::string who(const Router& router, std::string_view path) {
  const auto* handler = router.find(path);
  return handler == nullptr ? "nobody" : *(*handler)(Request{}).body;
}

TEST(Router, PrefersExactThenLongestPrefixThenFallback) {
  Router router;
  router.get("/a/b", answering("exact"))
      .get_prefix("/a/", answering("short"))
      .get_prefix("/a/b/", answering("long"));
  EXPECT_EQ(who(router, "/a/b"), "exact");
  EXPECT_EQ(who(router, "/a/b/c"), "long");
  EXPECT_EQ(who(router, "/a/c"), "short");
  EXPECT_EQ(who(router, "/a"), "nobody");
  router.fallback(answering("fallback"));
  EXPECT_EQ(who(router, "/a"), "fallback");
}

TEST(Router, KnowsOpenOriginCheckedAndWebSocketPaths) {
  Router router;
  router.open("/health").check_origin("/api/").websocket(
      "/ws", [](const Request&) { return Response::text(400, ""); });
  EXPECT_TRUE(router.is_open("/health"));
  EXPECT_FALSE(router.is_open("/health/x"));
  router.fallback(answering("page")).get("/config.json", answering("config"));
  EXPECT_FALSE(router.is_open("/app.js"));
  EXPECT_TRUE(router.checks_origin("/api/v1/overview"));
  EXPECT_FALSE(router.checks_origin("/apix"));
  EXPECT_NE(router.find_websocket("/ws"), nullptr);
  EXPECT_EQ(router.find_websocket("/ws/"), nullptr);
}

}  // namespace
}  // namespace ltb::net
