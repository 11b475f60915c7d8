// Whether an answer is right.

#include "scoring.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dataset.hpp"
#include "scoring_cases.hpp"

namespace {

using namespace llm_benchmark;

TEST(Scoring, AnAnswerIsRightWhenItIsOrContainsAnAcceptedOneAsWholeWords) {
  EXPECT_TRUE(is_right("The answer: four.", {"4", "four"}));
  expect_right({{"paris", "Paris"},
                {"It is Paris, of course.", "Paris"},
                {"The Pacific Ocean", "the Pacific"},
                {"1,024", "1024"},
                {"C++", "c++"}});
}

TEST(Scoring, AnAnswerIsWrongWhenNoAcceptedOneIsInItAsAWord) {
  expect_wrong({{"Milan", "Rome"},
                {"14", "4"},
                {"7", "-7"},
                {"4.5", "4"},
                {"Parisian", "Paris"},
                {"", "Paris"},
                {"anything", ""},
                {"anything", "?"}});
  EXPECT_FALSE(is_right("anything", {}));
  EXPECT_FALSE(is_right("", {""}));
}

TEST(Scoring, TypographicCharactersSeparateWordsAsTheAsciiOnesDo) {
  expect_right({{"\u201CParis\u201D", "Paris"},
                {"\u00ABParis\u00BB", "Paris"},
                {"Paris\u2014the capital", "Paris"},
                {"Paris\u2013Dakar", "Dakar"},
                {"Paris\u2026", "Paris"},
                {"is\u00A0Paris", "Paris"},
                {"New\u00A0York", "New York"},
                {"New\u2009York", "new york"},
                {"St. Patrick\u2019s Day", "St. Patrick's Day"},
                {"Schro\u0308dinger's cat", "Schr\u00F6dinger\u2019s cat"},
                {"\u2018Paris\u2019", "Paris"},
                {"Paris\u2122", "Paris"},
                {"\u2022 Paris", "Paris"},
                {"Par\u00ADis", "Paris"},          // Soft hyphen.
                {"\u200EParis\u200F", "Paris"}});  // Direction marks.
}

TEST(Scoring, CaseAndWidthOfLettersDoNotMatterInAnyScript) {
  expect_right({{"\u00C9L\u00C9PHANT", "\u00E9l\u00E9phant"},
                {"\u041C\u041E\u0421\u041A\u0412\u0410.", "\u041C\u043E\u0441\u043A\u0432\u0430"},
                {"STRASSE", "Stra\u00DFe"},
                {"\uFF30\uFF41\uFF52\uFF49\uFF53\uFF01", "Paris"},
                {"\uFB01sh", "fish"},
                {"H\u2082O", "H2O"}});
  expect_wrong({{"resume", "r\u00E9sum\u00E9"}});
}

TEST(Scoring, ScriptsWithoutSpacesAreSearchedByCharacters) {
  expect_right({{"\u7B54\u6848\u662F\u5317\u4EAC\u3002", "\u5317\u4EAC"},
                {"\u7B54\u6848\u662F4\u3002", "4"},
                {"\u6771\u4EAC\u3067\u3059", "\u6771\u4EAC"},
                {"\uC11C\uC6B8\uC785\uB2C8\uB2E4.", "\uC11C\uC6B8"},
                {"\u0E01\u0E23\u0E38\u0E07\u0E40\u0E17\u0E1E\u0E04\u0E23\u0E31\u0E1A",
                 "\u0E01\u0E23\u0E38\u0E07\u0E40\u0E17\u0E1E"},
                {"Python\u3092\u4F7F\u3046", "Python"}});
  expect_wrong({{"\u6771\u5317\u3002\u4EAC\u90FD", "\u5317\u4EAC"},  // Across two sentences.
                {"\u5317", "\u5317\u4EAC"}});
}

TEST(Scoring, TextThatIsNotUtf8IsComparedByWhatIsLegible) {
  expect_right({{"\xFF Paris \xC3", "Paris"}});
  expect_wrong({{"\xFF\xFE", "Paris"}});
}

TEST(Scoring, WhatAReasoningModelThinksIsNotItsAnswer) {
  expect_right({{"<think>5? no</think>7", "7"}});
  expect_wrong({{"<think>5? no</think>7", "5"}, {"<think>Paris</think>", "Paris"}});
}

TEST(Scoring, ThoughtsOfEveryNotationAreNotTheAnswerClosedOrNot) {
  for (const auto& [open, close] : {std::pair{"<think>", "</think>"},
                                    {"<thinking>", "</thinking>"},
                                    {"<Reasoning>", "</Reasoning>"},
                                    {"<thought>", "</thought>"},
                                    {"[THINK]", "[/THINK]"},
                                    {"\u25C1think\u25B7", "\u25C1/think\u25B7"},
                                    {"<|channel|>analysis<|message|>",
                                     "<|end|><|start|>assistant<|channel|>final<|message|>"}}) {
    const std::string thoughts = std::string(open) + "Oslo, or Rome?";
    EXPECT_FALSE(is_right(thoughts, {"Oslo"})) << thoughts;
    EXPECT_TRUE(is_right(thoughts + close + "Rome", {"Rome"})) << thoughts;
    EXPECT_FALSE(is_right(thoughts + close + "Rome", {"Oslo"})) << thoughts;
    EXPECT_FALSE(is_right(thoughts + close + open + "Oslo again", {"Oslo"})) << thoughts;
    EXPECT_TRUE(is_right(std::string("Oslo, or Rome?") + close + "Rome", {"Rome"})) << close;
    EXPECT_FALSE(is_right(std::string("Oslo, or Rome?") + close + "Rome", {"Oslo"})) << close;
  }
  expect_right({{"Oslo. <think>Rome?</think>", "Oslo"},
                {"analysisIt is Oslo?assistantfinalRome", "Rome"},
                {"<|channel|>final<|message|>Rome<|return|>", "Rome"},
                {"analysis", "analysis"}});
  expect_wrong({{"<think>a<think>b</think>Oslo</think>Rome", "Oslo"},
                {"<think>a<think>b</think>Oslo", "Oslo"},
                {"analysisIt is Oslo?assistantfinalRome", "Oslo"},
                {"analysisWe need Oslo", "Oslo"},
                {"<|channel|>commentary<|message|>Oslo<|end|>", "Oslo"}});
}

TEST(Scoring, SignsBehindALetterMakeAnotherName) {
  expect_right({{"C++", "C++"}, {"It is C#.", "C#"}});
  expect_wrong({{"C++", "C"}, {"C#", "C"}, {"C#", "C++"}, {"C", "C++"}, {"A+", "A"}});
}

TEST(Scoring, InitialsAreTheirName) {
  expect_right({{"the USA", "U.S.A."},
                {"the U.S.A.", "USA"},
                {"J. K. Rowling", "J.K. Rowling"},
                {"JK Rowling", "J. K. Rowling"},
                {"Washington, D.C.", "Washington DC"},
                {"The U.S. did.", "US"},
                {"the US", "U.S."}});
  expect_wrong({{"Let us see.", "U.S."},
                {"it is", "IT"},
                {"the USA", "U.S."},
                {"A-", "A"},
                {"A", "A-"},
                {"A-", "A+"},
                {"AB-", "AB+"}});
  expect_right({{"A-", "A-"}, {"It is AB-.", "AB-"}, {"A - Paris", "A"}, {"A- Paris", "A"}});
}

TEST(Scoring, ATextThatIsExcludedIsNotTheAnswer) {
  expect_right({{"Not Rome but Oslo", "Oslo"}, {"It is Rome. Not Oslo.", "Rome"}});
  expect_wrong({{"Not Rome but Oslo", "Rome"},
                {"It isn't the Rhine.", "the Rhine"},
                {"It is Oslo instead of Rome", "Rome"},
                {"That is not valid.", "valid"}});
}

TEST(Scoring, EachAcceptedAnswerOfTheOwnQuestionsIsRightAndSilenceIsNot) {
  for (const Question& question : load_dataset(LTB_EXAMPLE_DATASET).questions) {
    for (const std::string& answer : question.accepted) {
      EXPECT_TRUE(is_right("It is " + answer + ".", question.accepted)) << question.id;
    }
    EXPECT_FALSE(is_right("That is beyond me.", question.accepted)) << question.id;
  }
}

}  // namespace
