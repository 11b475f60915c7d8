// Whether an answer is right.

#include "scoring.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "dataset.hpp"

namespace {

using namespace llm_benchmark;

struct Case {
  const char* answer;
  const char* accepted;
};

void expect_right(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    EXPECT_TRUE(is_right(one.answer, {one.accepted})) << one.answer << " for " << one.accepted;
  }
}

void expect_wrong(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    EXPECT_FALSE(is_right(one.answer, {one.accepted})) << one.answer << " for " << one.accepted;
  }
}

TEST(Scoring, NormalisingKeepsWordsAndNumbersAndOmitsTheRest) {
  EXPECT_EQ(normalised("  The  Eiffel-Tower, in PARIS!  "), "eiffel tower in paris");
  EXPECT_EQ(normalised("A cat"), "cat");
  EXPECT_EQ(normalised("a"), "a");
  EXPECT_EQ(normalised("A) Paris"), "a paris");
  EXPECT_EQ(normalised("**42**."), "42");
  EXPECT_EQ(normalised("-7"), "-7");
  EXPECT_EQ(normalised("10-7"), "10 7");
  EXPECT_EQ(normalised("3.14."), "3.14");
  EXPECT_EQ(normalised("1,200.50 km"), "1200.5 km");
  EXPECT_EQ(normalised("1,2,3"), "1 2 3");
  EXPECT_EQ(normalised("don't"), "dont");
  EXPECT_EQ(normalised("Z\u00FCrich!"), "z\u00FCrich");
  EXPECT_EQ(normalised("Zu\u0308rich!"), "z\u00FCrich");
  EXPECT_EQ(normalised("?!"), "");
  EXPECT_EQ(normalised(""), "");
}

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

TEST(Scoring, NumbersAreComparedByTheirValue) {
  expect_right({{"That makes $29.00", "29"},
                {"29", "29.00"},
                {"0.50", "0.5"},
                {".5", "0.5"},
                {"+3", "3"},
                {"007", "7"},
                {"1e3", "1000"},
                {"1.5e-3", "0.0015"},
                {"3.0 \u00D7 10^8 m/s", "300000000"},
                {"3\u00D710\u2078", "3e8"},
                {"6.02 \\times", "6.02"},
                {"72km", "72"},
                {"72%", "72"},
                {"72\u00B0C", "72"},
                {"\u20AC5", "5"},
                {"\u00A35.00", "5"},
                {"x = 5", "5"},
                {"x=5,", "5"},
                {"-0", "0"},
                {"\uFF14\uFF12", "42"},
                {"\u0664\u0662", "42"},
                {"\u0966", "0"}});
  expect_wrong({{"1.5", "15"},
                {"3.145", "3.14"},
                {"3.14", "3.145"},
                {"10\u00B2", "102"},
                {"1\u00BD", "11"},
                {"1/2", "2"},
                {"1.2.3", "1.2"},
                {"2.5e3", "2.5"},
                {"B12", "12"}});
  expect_right({{"1/2", "1/2"}, {"\u00BD", "1/2"}, {"version 1.2.3", "1.2.3"}});
}

TEST(Scoring, ThousandsMayBeSeparatedInTheWaysPeopleDo) {
  for (const char* answer :
       {"70,000", "70\u00A0000", "70\u202F000", "70\u2009000", "70 000", "70'000", "70\u2019000",
        "70_000", "In the end she keeps $70,000.", "70000.00"}) {
    EXPECT_TRUE(is_right(answer, {"70000"})) << answer;
  }
  expect_right({{"1,000,000", "1000000"}, {"1 000 000", "1000000"}, {"1,50,000", "150000"}});
  expect_wrong({{"70,00", "7000"}, {"70,0000", "700000"}, {"1,2", "12"}});
}

TEST(Scoring, AMinusIsASignInEveryDashButNotBetweenNumbersAndWords) {
  for (const char* minus : {"-", "\u2212", "\u2013", "\u2011", "\uFF0D"}) {
    EXPECT_TRUE(is_right(std::string("It is ") + minus + "3 degrees", {"-3"})) << minus;
    EXPECT_FALSE(is_right(std::string("It is ") + minus + "3 degrees", {"3"})) << minus;
    EXPECT_TRUE(is_right("-3", {std::string(minus) + "3"})) << minus;
  }
  expect_right(
      {{"-$5", "-5"}, {"2024-05-01", "2024-05-01"}, {"10\u201320", "20"}, {"-.5", "-0.5"}});
  expect_wrong({{"2024-05-01", "-5"}, {"10\u201320", "-20"}, {"GPT-4", "-4"}, {"(1)-5", "-5"}});
}

TEST(Scoring, WhereAnAnswerNamesItsResultTheOtherNumbersDoNotCount) {
  constexpr const char* kSteps = "Start with 5, add 2, which gives 7.";
  expect_right({{kSteps, "7"},
                {"2 and 3 give 5\n#### 5", "5"},
                {"So \\boxed{72}.", "72"},
                {"The answer is 5, because 2 + 3 = 5.", "5"},
                {"Answer: 100 degrees Celsius (212 Fahrenheit)", "100"},
                {"The answer to question 3 is 7", "7"},
                {"8 * 9 = 72", "72"},
                // No result is named: any number may be the answer.
                {"It is 72, all told, for 3 fields.", "72"},
                {"Apollo 11 landed in 1969, 56 years ago.", "1969"},
                {"Water boils at 100 \u00B0C (= 212 \u00B0F).", "100"}});
  expect_wrong({{kSteps, "5"},
                {kSteps, "2"},
                {"2 and 3 give 5\n#### 5", "3"},
                {"So \\boxed{72}, not 70.", "70"},
                {"The answer to question 3 is 7", "3"},
                {"8 * 9 = 72", "9"}});
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

TEST(Scoring, ACalculationInAStatementStatesItsResult) {
  expect_right({{"The answer is 9 * 2 = 18.", "18"},
                {"The answer is 3+4=7", "7"},
                {"#### 2*9=18", "18"},
                {"The answer is $5 + $3 = $8", "8"}});
  expect_wrong({{"The answer is 9 * 2 = 18.", "9"}, {"The answer is 3+4=7", "3"}});
}

TEST(Scoring, SignsBehindALetterMakeAnotherName) {
  expect_right({{"C++", "C++"}, {"It is C#.", "C#"}});
  expect_wrong({{"C++", "C"}, {"C#", "C"}, {"C#", "C++"}, {"C", "C++"}, {"A+", "A"}});
}

TEST(Scoring, EveryOptionLetterIsRightInEveryUsualForm) {
  for (const char letter : {'A', 'B', 'C', 'D', 'E', 'I', 'J'}) {
    for (std::string form : {"%",
                             "%.",
                             "%)",
                             "(%)",
                             "%) Paris",
                             "%. Paris",
                             "(%) Paris",
                             "%: Paris",
                             "%, as it turns.",
                             "**%**",
                             "**%)** Paris",
                             "*%*",
                             "`%`",
                             "\u201C%\u201D",
                             "Option %",
                             "Option %: Paris",
                             "Answer: %",
                             "Answer: (%) Paris",
                             "The answer is %.",
                             "The answer is (%).",
                             "The answer is **%**",
                             "The correct option is %.",
                             "I choose %.",
                             "I think %.",
                             "#### %",
                             "\\boxed{%}",
                             "\\boxed{\\text{%}}",
                             "% is right.",
                             "% because it turns",
                             "%\nIt turns.",
                             "\u7B54\u6848\u662F%\u3002",
                             "\uFF08%\uFF09"}) {
      form.replace(form.find('%'), 1, 1, letter);
      for (const char* decoration : {"%", "(%)", "%.", " % "}) {
        std::string accepted = decoration;
        accepted.replace(accepted.find('%'), 1, 1, letter);
        EXPECT_TRUE(is_right(form, {accepted})) << form << " for " << accepted;
      }
      const std::string other(1, letter == 'C' ? 'D' : 'C');
      EXPECT_FALSE(is_right(form, {other})) << form << " for " << other;
    }
  }
  expect_right(
      {{"b", "B"}, {"b) Paris", "B"}, {"a) Paris", "A"}, {"B", "b"}, {"the answer is b", "B"}});
}

TEST(Scoring, AnArticleAPronounOrAMentionIsNotAnOption) {
  expect_wrong({{"B, because a triangle has three sides", "A"},
                {"B, as a wheel turns.", "A"},
                {"C, since I tried it.", "I"},
                {"I think B", "I"},
                {"A triangle has three sides, so B.", "A"},
                {"B. Option A looks alike but is not it.", "A"},
                {"Option A looks alike, but the answer is B.", "A"},
                {"A T-shirt, so C", "T"},
                {"a wheel", "A"},
                {"", "A"}});
  expect_right({{"A triangle has three sides, so B.", "B"},
                {"Option A looks alike, but the answer is B.", "B"},
                {"I think B", "B"},
                {"Not A but B", "B"},
                {"The symbol is K (from kalium).", "K"},
                {"It is e, about 2.718.", "e"}});
}

TEST(Scoring, AnOptionThatIsRejectedIsNotTheAnswer) {
  for (const char* answer : {"A is wrong; C is right",
                             "Options A and B are wrong. C is correct",
                             "A - no / B - no / C - yes",
                             "A: no\nB: no\nC: yes",
                             "not A but C",
                             "I would rule out A. The answer is (C)",
                             "A is incorrect, C is the answer",
                             "Neither A nor B. It must be C.",
                             "C, not A",
                             "C rather than B",
                             "C) because A is false",
                             "The answer is not A. The answer is C.",
                             "Answer A is wrong. Answer C is right.",
                             "A cannot be right, so C",
                             "It isn't A, it's C",
                             "A and B can be ruled out, leaving C.",
                             "A is right that it is hot? No. The answer: C",
                             "Eliminate A, B, D. So C.",
                             "C is correct and A is not correct",
                             "B does not fit. C",
                             "\u4E0D\u662FA\uFF0C\u9009C"}) {
    EXPECT_TRUE(is_right(answer, {"C"})) << answer;
    EXPECT_FALSE(is_right(answer, {"A"})) << answer;
  }
  expect_right({{"A is wrong; B is right", "B"},
                {"not A but B", "B"},
                {"I would rule out A. The answer is (B)", "B"},
                {"Answer: B.", "B"},
                {"B) because A is false", "B"},
                {"The answer is A. Wait, the answer is B.", "B"},
                {"**Answer:** **B**", "B"},
                {"I'll go with B.", "B"},
                {"\\boxed{\\textbf{(B)}}", "B"}});
}

TEST(Scoring, SeveralOptionsOrNoneAreNoAnswer) {
  for (const char* answer :
       {"A or B", "The answer is A or B.", "A and B", "Both A and B are correct.", "A/B",
        "It is between A and B.", "A. Paris\nB. Rome", "A) Paris\nB) Rome\nC) Oslo", "Not A.",
        "The answer is not A.", "A is wrong.", "A is right. B is right.", "A, B",
        "Neither A nor B.", "I am torn: A? B?"}) {
    for (const char* accepted : {"A", "B"}) {
      EXPECT_FALSE(is_right(answer, {accepted})) << answer << " for " << accepted;
    }
  }
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
