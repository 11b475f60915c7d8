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
  EXPECT_EQ(parse_base_url("http://h:80").endpoint(""), "http://h/v1");
  EXPECT_EQ(parse_base_url("http://[::1]:8000").endpoint(""), "http://[::1]:8000/v1");
  EXPECT_EQ(parse_base_url("http://h:8000/v1/").endpoint("/messages"), "http://h:8000/v1/messages");
  EXPECT_EQ(parse_base_url("https://h").endpoint("/x"), "https://h/v1/x");
  EXPECT_EQ(parse_base_url("https://h:80").endpoint(""), "https://h:80/v1");
}

TEST(BaseUrl, AQueryFollowsThePathOfTheEndpointAndIsNotShown) {
  const BaseUrl url =
      parse_base_url("https://h/openai/deployments/d/?api-version=2024-10-21&key=K");

  EXPECT_EQ(url.prefix, "/openai/deployments/d");
  EXPECT_EQ(url.request_url("/chat/completions"),
            "https://h/openai/deployments/d/chat/completions?api-version=2024-10-21&key=K");
  EXPECT_EQ(url.endpoint("/chat/completions"), "https://h/openai/deployments/d/chat/completions");
  EXPECT_EQ(parse_base_url("http://h?x=1").request_url("/x"), "http://h/v1/x?x=1");
  EXPECT_EQ(parse_base_url("http://h/v1?").request_url("/x"), "http://h/v1/x");
}

TEST(BaseUrl, UserAndPasswordBecomeAHeaderAndAreNotShown) {
  // printf '%s' 'me:p@ss/w' | base64, and so on.
  EXPECT_EQ(parse_base_url("http://me:p%40ss%2Fw@h:1/v2").authorization, "Basic bWU6cEBzcy93");
  EXPECT_EQ(parse_base_url("http://me:p%40ss%2Fw@h:1/v2").password, "p@ss/w");
  EXPECT_EQ(parse_base_url("http://me@h").password, "");
  EXPECT_EQ(parse_base_url("http://@h").authorization, "");
  EXPECT_EQ(parse_base_url("http://me:p@ss@h").authorization, "Basic bWU6cEBzcw==");
  EXPECT_EQ(parse_base_url("http://a:b@h").authorization, "Basic YTpi");
  EXPECT_EQ(parse_base_url("http://me:pass@h:1/v2").request_url("/x"), "http://h:1/v2/x");
  EXPECT_EQ(parse_base_url("http://h/x@y").prefix, "/x@y");
}

TEST(BaseUrl, NoComplaintHoldsASecret) {
  for (const char* url :
       {"http://me:hush@h:x/v1", "me:hush@h", "http://me:hush@", "http://h:x/v1?key=hush",
        "ftp://me:hush@h?sig=hush", "http://me:hu@hush@h:0"}) {
    EXPECT_THAT(complaint(url), testing::Not(HasSubstr("hush"))) << url;
    EXPECT_THAT(complaint(url), testing::Not(HasSubstr("hu@"))) << url;
    EXPECT_THAT(complaint(url), HasSubstr("--base-url \"")) << url;
  }
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
  EXPECT_THAT(complaint("http://h/v1#x"), HasSubstr("it holds a #"));
}

}  // namespace
