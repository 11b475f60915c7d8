#include "support/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ltb::support {
namespace {

TEST(Utf8, ValidTextStaysAsItIs) {
  const std::string text = "plain, \xC3\xA9, \xE6\xBC\xA2, \xF0\x9F\x98\x80";

  EXPECT_TRUE(is_valid_utf8(text));
  EXPECT_EQ(to_valid_utf8(text), text);
}

TEST(Utf8, EachInvalidSequenceBecomesOneReplacementCharacter) {
  EXPECT_EQ(to_valid_utf8("a\xFF z"), "a\xEF\xBF\xBD z");
  EXPECT_EQ(to_valid_utf8("\xE6\xBC"), "\xEF\xBF\xBD");              // cut character
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong slash
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80").size(), 9u);               // a surrogate: three bad bytes
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80").size(), 12u);          // above U+10FFFF
}

TEST(Utf8, PrefixNeverCutsACharacter) {
  const std::string text = "ab\xE6\xBC\xA2";

  EXPECT_EQ(utf8_prefix(text, 5), text);
  EXPECT_EQ(utf8_prefix(text, 4), "ab");
  EXPECT_EQ(utf8_prefix(text, 2), "ab");
  EXPECT_EQ(utf8_prefix(text, 0), "");
}

TEST(EscapeForLog, ControlCharactersAndBytesOutsideAsciiAreSpelledOut) {
  EXPECT_EQ(escape_for_log("a\n\x01\"\xC3"), "a\\n\\x01\\\"\\xc3");
  EXPECT_EQ(escape_for_log("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace ltb::support
