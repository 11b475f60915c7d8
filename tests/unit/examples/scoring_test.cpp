// Whether an answer is right.

#include "scoring.hpp"

#include <gtest/gtest.h>

#include "dataset.hpp"

namespace {

using namespace llm_benchmark;

TEST(Scoring, NormalisingKeepsWordsAndNumbersAndDropsTheRest) {
  EXPECT_EQ(normalised("  The  Eiffel-Tower, in PARIS!  "), "eiffel tower in paris");
  EXPECT_EQ(normalised("A cat"), "cat");
  EXPECT_EQ(normalised("a"), "a");
  EXPECT_EQ(normalised("**42**."), "42");
  EXPECT_EQ(normalised("-7"), "-7");
  EXPECT_EQ(normalised("10-7"), "10 7");
  EXPECT_EQ(normalised("3.14."), "3.14");
  EXPECT_EQ(normalised("1,200.50 km"), "1200.50 km");
  EXPECT_EQ(normalised("1,2,3"), "1 2 3");
  EXPECT_EQ(normalised("don't"), "dont");
  EXPECT_EQ(normalised("Z\xC3\xBCrich!"), "z\xC3\xBCrich");
  EXPECT_EQ(normalised("?!"), "");
  EXPECT_EQ(normalised(""), "");
}

TEST(Scoring, AnAnswerIsRightWhenItIsOrHoldsAnAcceptedOneAsWholeWords) {
  EXPECT_TRUE(is_right("paris", {"Paris"}));
  EXPECT_TRUE(is_right("It is Paris, of course.", {"Paris"}));
  EXPECT_TRUE(is_right("The answer: four.", {"4", "four"}));
  EXPECT_TRUE(is_right("The Pacific Ocean", {"the Pacific"}));
  EXPECT_TRUE(is_right("1,024", {"1024"}));
}

TEST(Scoring, AnAnswerIsWrongWhenNoAcceptedOneStandsInItAsAWord) {
  EXPECT_FALSE(is_right("Milan", {"Rome"}));
  EXPECT_FALSE(is_right("14", {"4"}));
  EXPECT_FALSE(is_right("7", {"-7"}));
  EXPECT_FALSE(is_right("4.5", {"4"}));
  EXPECT_FALSE(is_right("Parisian", {"Paris"}));
  EXPECT_FALSE(is_right("", {"Paris"}));
  EXPECT_FALSE(is_right("anything", {}));
  EXPECT_FALSE(is_right("anything", {"", "?"}));
}

TEST(Scoring, EachAcceptedAnswerOfTheOwnQuestionsCountsAsRightAndSilenceDoesNot) {
  for (const Question& question : load_dataset(LTB_EXAMPLE_DATASET).questions) {
    for (const std::string& answer : question.accepted) {
      EXPECT_TRUE(is_right("It is " + answer + ".", question.accepted)) << question.id;
    }
    EXPECT_FALSE(is_right("That is beyond me.", question.accepted)) << question.id;
  }
}

}  // namespace
