// The address of a server, as people type it.

#include "base_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace llm_benchmark;
using testing::HasSubstr;

std::string complaint(const std::string& url) {
  try {
    (void)parse_base_url(url);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(BaseUrl, HostPortAndPathAreTakenApart) {
  EXPECT_EQ(parse_base_url("http://127.0.0.1:8000/v1"), (BaseUrl{"127.0.0.1", "8000", "/v1"}));
  EXPECT_EQ(parse_base_url("http://localhost"), (BaseUrl{"localhost", "80", "/v1"}));
  EXPECT_EQ(parse_base_url("http://localhost:80/"), (BaseUrl{"localhost", "80", "/v1"}));
  EXPECT_EQ(parse_base_url("http://h:1/openai/v2//"), (BaseUrl{"h", "1", "/openai/v2"}));
  EXPECT_EQ(parse_base_url("http://[::1]:8000/v1"), (BaseUrl{"::1", "8000", "/v1"}));
  EXPECT_EQ(parse_base_url("http://[::1]"), (BaseUrl{"::1", "80", "/v1"}));
  EXPECT_EQ(parse_base_url("https://h"), (BaseUrl{"h", "443", "/v1", true}));
  EXPECT_EQ(parse_base_url("https://h:8443/api"), (BaseUrl{"h", "8443", "/api", true}));
}

TEST(BaseUrl, HeaderAndEndpointAreWrittenBack) {
  EXPECT_EQ(parse_base_url("http://h:8000").host_header(), "h:8000");
  EXPECT_EQ(parse_base_url("http://h:80").host_header(), "h");
  EXPECT_EQ(parse_base_url("http://[::1]:8000").host_header(), "[::1]:8000");
  EXPECT_EQ(parse_base_url("http://h:8000/v1/").endpoint("/messages"), "http://h:8000/v1/messages");
  EXPECT_EQ(parse_base_url("https://h").endpoint("/x"), "https://h/v1/x");
  EXPECT_EQ(parse_base_url("https://h:80").host_header(), "h:80");
}

TEST(BaseUrl, WhatIsNoAddressIsRefusedByName) {
  EXPECT_EQ(complaint("nowhere"),
            "--base-url \"nowhere\": it starts with neither http:// nor https:// (expected "
            "http://host:port or https://host, such as http://127.0.0.1:8000/v1)");
  EXPECT_THAT(complaint("http://"), HasSubstr("names no host"));
  EXPECT_THAT(complaint("http://:80"), HasSubstr("names no host"));
  EXPECT_THAT(complaint("http://[]:80"), HasSubstr("names no host"));
  EXPECT_THAT(complaint("http://::1:80"), HasSubstr("names no host"));
  EXPECT_THAT(complaint("http://[::1"), HasSubstr("does not close"));
  for (const char* url : {"http://h:", "http://h:0", "http://h:65536", "http://h:x", "http://h:80x",
                          "http://h:-1", "http://[::1]80"}) {
    EXPECT_THAT(complaint(url), HasSubstr("the port is not a number between 1 and 65535")) << url;
  }
  EXPECT_THAT(complaint("http://h/a b"), HasSubstr("a space"));
  EXPECT_THAT(complaint("http://h/\r\nX: y"), HasSubstr("a space"));
  EXPECT_THAT(complaint("http://user@h"), HasSubstr("? # @"));
  EXPECT_THAT(complaint("http://h/v1?x=1"), HasSubstr("? # @"));
}

}  // namespace
