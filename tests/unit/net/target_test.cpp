// Targets and queries taken apart.
#include "net/target.hpp"

#include <gtest/gtest.h>

namespace ltb::net {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(PercentDecode, DecodesOnceAndOnlyOnce) {
  EXPECT_EQ(percent_decode("/a%20b%2Fc%252e"), "/a b/c%2e");
  EXPECT_EQ(percent_decode(""), "");
  EXPECT_EQ(percent_decode("%C3%a9"), "\xC3\xA9");
}

TEST(PercentDecode, RefusesBrokenEscapesAndNul) {
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("abc%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%zz"), std::nullopt);
  EXPECT_EQ(percent_decode("/a%00b"), std::nullopt);
}

TEST(ParseQuery, KeepsOrderAndDecodesNamesAndValues) {
  EXPECT_EQ(
      parse_query("a=1&b=x%20y+z&a=2&flag&%6b=%3D&e=a=b"),
      (Pairs{{"a", "1"}, {"b", "x y z"}, {"a", "2"}, {"flag", ""}, {"k", "="}, {"e", "a=b"}}));
}

TEST(ParseQuery, SkipsEmptyPairs) {
  EXPECT_EQ(parse_query(""), Pairs{});
  EXPECT_EQ(parse_query("&&a=1&"), (Pairs{{"a", "1"}}));
}

TEST(ParseQuery, LeavesOutWhatCannotBeDecodedButTheStrictFormRefuses) {
  EXPECT_EQ(parse_query("a=%&b=2&c=%00"), (Pairs{{"b", "2"}}));
  EXPECT_EQ(try_parse_query("a=%&b=2"), std::nullopt);
  EXPECT_EQ(try_parse_query("b=2"), (Pairs{{"b", "2"}}));
}

TEST(SplitTarget, TakesOriginForm) {
  const auto split = split_target("/a%2e/b?x=%31");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->path, "/a./b");
  EXPECT_EQ(split->query, "x=%31");
  EXPECT_EQ(split->authority, "");
}

TEST(SplitTarget, TakesAbsoluteForm) {
  const auto split = split_target("HTTP://example.com:80/p?q");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->path, "/p");
  EXPECT_EQ(split->query, "q");
  EXPECT_EQ(split->authority, "example.com:80");
  EXPECT_EQ(split_target("http://example.com")->path, "/");
  EXPECT_EQ(split_target("http://example.com?q")->path, "/");
  EXPECT_EQ(split_target("http://example.com?q")->query, "q");
}

TEST(SplitTarget, RefusesWhatIsNeither) {
  for (const auto* target :
       {"", "*", "a", "example.com:443", "ftp://x/", "http:///x", "/a#b", "/%", "/%00", "?q"}) {
    EXPECT_EQ(split_target(target).has_value(), false) << target;
  }
}

}  // namespace
}  // namespace ltb::net
