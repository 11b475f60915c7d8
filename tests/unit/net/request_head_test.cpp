// What is a request, and what is refused with which status.
#include "net/request_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ltb::net {
namespace {

constexpr HeadLimits kLimits{.max_header_bytes = 8192, .max_target_bytes = 4096};

/// The status of a refusal; 0 when the head was taken.
unsigned status_of(const std::string& head, const HeadLimits& limits = kLimits) {
  const auto parsed = parse_head(head, limits);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? 0 : refusal->status;
}

std::string get(const std::string& more, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: localhost\r\n" + more + "\r\n";
}

TEST(ParseHead, FillsTheRequest) {
  const auto parsed = parse_head(
      "GET /a%20b?x=1 HTTP/1.1\r\nHost: localhost:3000\r\nX-One:  padded \t\r\nx-two:\r\n\r\n",
      kLimits);
  const auto& request = std::get<Request>(parsed);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/a%20b?x=1");
  EXPECT_EQ(request.path, "/a b");
  EXPECT_EQ(request.query, "x=1");
  EXPECT_EQ(request.host, "localhost:3000");
  EXPECT_EQ(request.header("x-ONE"), "padded");
  EXPECT_TRUE(request.has_header("X-Two"));
  EXPECT_FALSE(request.has_header("X-Three"));
  EXPECT_FALSE(request.http_1_0);
  EXPECT_TRUE(request.keep_alive);
}

TEST(ParseHead, KnowsWhoWantsToStay) {
  const auto keeps = [](const std::string& head) {
    return std::get<Request>(parse_head(head, kLimits)).keep_alive;
  };
  EXPECT_FALSE(keeps(get("Connection: close\r\n")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(keeps(get("Connection: x\r\nConnection: close\r\n"))) << "in any field of the list";
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n")) << "close wins";
}

TEST(ParseHead, ReadsAHigherMinorVersionAsTheHighestKnown) {
  const auto request = std::get<Request>(parse_head(get("", "GET /a HTTP/1.7"), kLimits));
  EXPECT_EQ(request.path, "/a");
  EXPECT_FALSE(request.http_1_0);
  EXPECT_TRUE(request.keep_alive);
}

TEST(ParseHead, AbsoluteFormOverridesHost) {
  const auto request =
      std::get<Request>(parse_head(get("", "GET http://other:81/x HTTP/1.1"), kLimits));
  EXPECT_EQ(request.host, "other:81");
  EXPECT_EQ(request.path, "/x");
}

TEST(ParseHead, LooksIntoListsOfTokens) {
  const auto request = std::get<Request>(
      parse_head(get("Connection: keep-alive, Upgrade\r\nConnection: x\r\n"), kLimits));
  EXPECT_TRUE(request.header_has_token("connection", "upgrade"));
  EXPECT_TRUE(request.header_has_token("connection", "X"));
  EXPECT_FALSE(request.header_has_token("connection", "grade"));
}

TEST(ParseHead, RefusesSmugglingShapes) {
  EXPECT_EQ(status_of(get("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")), 400U);
  EXPECT_EQ(status_of(get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400U);
  EXPECT_EQ(status_of(get("Content-Length: 0\r\nContent-Length: 0\r\n")), 400U);
  EXPECT_EQ(status_of(get("Content-Length: 0\r\nContent-Length: 5\r\n")), 400U);
  EXPECT_EQ(status_of(get("Content-Length: +0\r\n")), 400U);
  EXPECT_EQ(status_of(get("Content-Length: 0, 0\r\n")), 400U);
  EXPECT_EQ(status_of(get("Content-Length: 99999999999999999999999\r\n")), 400U);
  EXPECT_EQ(status_of(get("Host: localhost\r\n")), 400U);
  EXPECT_EQ(status_of(get("X-Folded: a\r\n b\r\n")), 400U);
  EXPECT_EQ(status_of(get("X-Space : a\r\n")), 400U);
  EXPECT_EQ(status_of(get("No colon\r\n")), 400U);
  EXPECT_EQ(status_of(get("X-Control: a\x01\r\n")), 400U);
  EXPECT_EQ(status_of(get("Origin: http://a\r\nOrigin: http://b\r\n")), 400U);
  EXPECT_EQ(status_of(get("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n")), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"), 400U);
}

TEST(ParseHead, RefusesBodies) {
  EXPECT_EQ(status_of(get("Content-Length: 1\r\n")), 413U);
  EXPECT_EQ(status_of(get("Transfer-Encoding: chunked\r\n")), 413U);
  EXPECT_EQ(status_of(get("Content-Length: 0\r\n")), 0U);
}

TEST(ParseHead, WantsAValidHostOnHttp11) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0U);
  for (const auto* host : {"", "a b", "a/b", "user@host", "host:99999", "[::1"}) {
    EXPECT_EQ(status_of(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n"), 400U) << host;
  }
}

TEST(ParseHead, RefusesOtherVersionsAndMalformedLines) {
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505U);
  EXPECT_EQ(status_of("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505U);
  for (const auto* line :
       {"GET / HTTX/1.1", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "G(T / HTTP/1.1",
        "GET /a b HTTP/1.1", " GET / HTTP/1.1", "GET /\x01 HTTP/1.1"}) {
    EXPECT_EQ(status_of(get("", line)), 400U) << line;
  }
}

TEST(ParseHead, RefusesTargetsThatCannotBeDecodedAndEscapesTheEcho) {
  EXPECT_EQ(status_of(get("", "GET /%zz HTTP/1.1")), 400U);
  EXPECT_EQ(status_of(get("", "GET /%00 HTTP/1.1")), 400U);
  EXPECT_EQ(status_of(get("", "GET * HTTP/1.1")), 400U);
  const auto parsed = parse_head(get("", "GET /%zz\xff HTTP/1.1"), kLimits);
  EXPECT_EQ(std::get<Refusal>(parsed).message, "invalid request target \"/%zz\\xff\"");
}

TEST(ParseHead, LetsOtherMethodsThroughForThe405) {
  EXPECT_EQ(std::get<Request>(parse_head(get("", "OPTIONS * HTTP/1.1"), kLimits)).method,
            "OPTIONS");
  EXPECT_EQ(std::get<Request>(parse_head(get("", "BREW / HTTP/1.1"), kLimits)).method, "BREW");
}

TEST(FindHead, FindsTheEndWhereverTheBytesWereCut) {
  const std::string head = get("");
  for (std::size_t size = 0; size < head.size(); ++size) {
    for (const std::size_t checked : {std::size_t{0}, size / 2, size}) {
      EXPECT_TRUE(
          std::holds_alternative<NeedMore>(find_head(head.substr(0, size), checked, kLimits)))
          << size;
      const auto found = find_head(head + "GET", checked, kLimits);
      EXPECT_EQ(std::get<HeadFound>(found).size, head.size()) << size;
    }
  }
}

TEST(FindHead, LimitsHeadAndTargetAtTheByte) {
  const std::string head = get("X: " + std::string(100, 'x') + "\r\n");
  const auto with = [&](std::size_t head_bytes, std::size_t target_bytes) {
    return find_head(head, 0, {.max_header_bytes = head_bytes, .max_target_bytes = target_bytes});
  };
  EXPECT_TRUE(std::holds_alternative<HeadFound>(with(head.size(), 64)));
  EXPECT_EQ(std::get<Refusal>(with(head.size() - 1, 64)).status, 431U);
  const std::string target(65, '/');
  const HeadLimits limits{.max_header_bytes = 8192, .max_target_bytes = 64};
  EXPECT_EQ(std::get<Refusal>(find_head("GET " + target, 0, limits)).status, 414U);
  EXPECT_TRUE(std::holds_alternative<NeedMore>(find_head("GET " + target.substr(1), 0, limits)));
  EXPECT_EQ(std::get<Refusal>(find_head("GET " + target + " HTTP/1.1\r\n\r\n", 0, limits)).status,
            414U);
}

TEST(FindHead, RefusesNoiseAndBareLineFeedsAtOnce) {
  EXPECT_EQ(std::get<Refusal>(find_head("\x16\x03\x01", 0, kLimits)).status, 400U);
  EXPECT_EQ(std::get<Refusal>(find_head("GET / HTTP/1.1\nHost: a\n\n", 0, kLimits)).status, 400U);
  EXPECT_TRUE(std::holds_alternative<NeedMore>(find_head("\r", 0, kLimits)));
}

}  // namespace
}  // namespace ltb::net
