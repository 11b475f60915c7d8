// What an Accept-like header says, and when gzip may be sent.
#include "net/accept.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ltb::net {
namespace {

std::vector<std::string> elements(std::string_view header) {
  std::vector<std::string> out;
  for_each_accepted(header, [&](const AcceptElement& element) {
    out.push_back(std::string(element.value) + '=' + std::to_string(element.quality));
  });
  return out;
}

using Elements = std::vector<std::string>;

TEST(Accept, ElementsComeInOrderWithTheirQuality) {
  EXPECT_EQ(elements("text/csv, */*;q=0.8 , application/json ; q=0.25"),
            (Elements{"text/csv=1000", "*/*=800", "application/json=250"}));
  EXPECT_EQ(elements(""), Elements{});
  EXPECT_EQ(elements(" , ,gzip,, "), Elements{"gzip=1000"});
}

TEST(Accept, AQualityIsZeroPointSomethingOrOne) {
  EXPECT_EQ(elements("a;q=0,b;q=0.001,c;Q=1.000,d;q=1"),
            (Elements{"a=0", "b=1", "c=1000", "d=1000"}));
  for (const char* bad : {"a;q=", "a;q=2", "a;q=1.001", "a;q=-1", "a;q=.5", "a;q=0.1234", "a;q=0,5",
                          "a;q=x", "a;q=1e0"}) {
    EXPECT_EQ(elements(bad).front(), "a=0") << bad;
  }
}

TEST(Accept, SeparatorsInAQuotedStringSeparateNothing) {
  EXPECT_EQ(elements(R"(a;b="x,y;q=0\",";q=0.5, c)"), (Elements{"a=500", "c=1000"}));
  EXPECT_EQ(elements("a;b=\"never closed, c"), Elements{"a=1000"});
  EXPECT_EQ(elements("a;b=\"never closed\\"), Elements{"a=1000"});
}

TEST(Accept, ParametersAreFoundWithoutCaseAndWithoutTheirQuotes) {
  for_each_accepted("application/openmetrics-text; Version=1.0.0; charset=\"utf-8\"; flag",
                    [](const AcceptElement& element) {
                      EXPECT_EQ(element.parameter("version"), "1.0.0");
                      EXPECT_EQ(element.parameter("charset"), "utf-8");
                      EXPECT_EQ(element.parameter("flag"), "");
                      EXPECT_EQ(element.parameter("q"), std::nullopt);
                    });
}

TEST(AcceptEncoding, GzipIsTakenUnlessItsQualityIsZeroOrLessThanThatOfTheIdentity) {
  for (const char* yes :
       {"gzip", "GZIP", "deflate, gzip;q=1.0, *;q=0.5", "*", "x-gzip", " gzip ; q=0.001 ",
        "identity;q=0, gzip", "identity;q=0.5, gzip;q=0.5", "br, *;q=0.1"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no :
       {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzipped",
        "gzip;q=nonsense", "identity, gzip;q=0.9", "identity;q=0.5, *;q=0.1"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

}  // namespace
}  // namespace ltb::net
