// What goes on the wire before a body.
#include "net/response_head.hpp"

#include <gtest/gtest.h>

namespace ltb::net {
namespace {

constexpr std::time_t kTime = 784111777;

TEST(HttpDate, IsImfFixdate) {
  EXPECT_EQ(http_date(kTime), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(ResponseHead, HasTheStandardHeaders) {
  EXPECT_EQ(encode_response_head(Response::text(200, "hello"), {.now = kTime}),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
            "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n");
}

TEST(ResponseHead, KeepsTheHandlersCacheControlAndMakesItsTextHarmless) {
  auto response = Response::json(200, "{}")
                      .with_header("cache-control", "no-cache")
                      .with_header("X-A", "1\r\nX-B: 2");
  response.with_header("Content-Length", "99").with_header("Bad Name", "x");
  EXPECT_EQ(
      encode_response_head(response, {.keep_alive = false, .now = kTime}),
      "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n"
      "cache-control: no-cache\r\nX-A: 1  X-B: 2\r\n\r\n");
}

TEST(ResponseHead, TellsAnOldClientThatTheConnectionStays) {
  const auto head = encode_response_head(Response::text(200, ""), {.http_1_0 = true, .now = kTime});
  EXPECT_NE(head.find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(ResponseHead, HasNoContentHeadersWhereThereIsNoContent) {
  for (const unsigned status : {204U, 304U}) {
    Response response;
    response.status = status;
    const auto head = encode_response_head(response, {.now = kTime});
    EXPECT_EQ(head.find("Content-"), head.find("Content-Type-Options")) << head;
  }
}

}  // namespace
}  // namespace ltb::net
