// Text that is almost right: what is repaired, and what is left alone.

#include "text_repair.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace {

using namespace llm_benchmark;

const std::string kBad = "\xEF\xBF\xBD";

TEST(TextRepair, ValidTextIsLeftAlone) {
  for (const std::string& text :
       {std::string(), std::string("plain"), std::string("\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80"),
        std::string("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"), std::string("a\0b", 3)}) {
    EXPECT_EQ(to_valid_utf8(text), text);
  }
}

// The Unicode Standard, chapter 3, "U+FFFD Substitution of Maximal Subparts", tables 3-8 to 3-11.
TEST(TextRepair, EachMaximalSubpartBecomesOneReplacement) {
  const auto bad = [](int count) {
    std::string text;
    while (count-- > 0) text += kBad;
    return text;
  };
  EXPECT_EQ(to_valid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
                          "A"),
            bad(8) + "A")
      << "non-shortest forms";
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
                          "A"),
            bad(8) + "A")
      << "surrogates";
  EXPECT_EQ(to_valid_utf8("\xF4\x91\x92\x93\xFF"
                          "A\x80\xBF"
                          "B"),
            bad(5) + "A" + bad(2) + "B")
      << "beyond U+10FFFF";
  EXPECT_EQ(to_valid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
                          "A"),
            bad(4) + "A")
      << "cut short";
  EXPECT_EQ(to_valid_utf8("\xE4\xB8"), bad(1));
}

TEST(TextRepair, JsonThatIsRightIsReadAsItIs) {
  EXPECT_EQ(read_json(R"({"a":"NaN \ud83d\ude00","b":[1,-2.5e3,true,null]})"),
            (nlohmann::json{{"a", "NaN \xF0\x9F\x98\x80"}, {"b", {1, -2500.0, true, nullptr}}}));
}

TEST(TextRepair, NumbersThatAreNoneBecomeNullAndTheRestIsRead) {
  EXPECT_EQ(
      read_json(R"({"a":NaN,"b":-Infinity,"c":[Infinity,nan,-inf,1e999],"d":"NaN","e":1.5})"),
      nlohmann::json::parse(R"({"a":null,"b":null,"c":[null,null,null,null],"d":"NaN","e":1.5})"));
}

TEST(TextRepair, LoneSurrogatesAreReplacedAndPairsAreKept) {
  const auto text = [](const char* json) { return read_json(json).get<std::string>(); };
  EXPECT_EQ(text(R"("\ud83d")"), kBad);
  EXPECT_EQ(text(R"("\ude00x")"), kBad + "x");
  EXPECT_EQ(text(R"("\ud83d\ud83d\ude00")"), kBad + "\xF0\x9F\x98\x80");
  EXPECT_EQ(text(R"("\uD83D\n\"\\ud83d")"), kBad + "\n\"\\ud83d");
}

TEST(TextRepair, ControlCharactersAndBytesInStringsAreRepaired) {
  EXPECT_EQ(read_json("{\"a\":\"1\n2\t\xFF\"}")["a"].get<std::string>(), "1\n2\t" + kBad);
}

TEST(TextRepair, WhatIsNotJsonStaysSo) {
  for (const char* text :
       {"", "{", "<html>", "{\"a\":undefined}", "NaNa", "\"\\ud8", "{\"a\":\"\\"}) {
    EXPECT_TRUE(read_json(text).is_discarded()) << text;
  }
}

}  // namespace
