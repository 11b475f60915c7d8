// Whether an answer that is a number or a formula is right.

#include <gtest/gtest.h>

#include <string>

#include "scoring_cases.hpp"

namespace {

using namespace llm_benchmark;

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

TEST(Scoring, ACalculationInAStatementStatesItsResult) {
  expect_right({{"The answer is 9 * 2 = 18.", "18"},
                {"The answer is 3+4=7", "7"},
                {"#### 2*9=18", "18"},
                {"The answer is $5 + $3 = $8", "8"}});
  expect_wrong({{"The answer is 9 * 2 = 18.", "9"}, {"The answer is 3+4=7", "3"}});
}

TEST(Scoring, NumbersInLatexAreTheirValue) {
  expect_right({{"\\boxed{1{,}234}", "1234"},
                {"\\boxed{1\\,234}", "1234"},
                {"1\\!,\\!234", "1234"},
                {"$3 \\times 10^8$", "300000000"},
                {"3 \\cdot 10^{-3}", "0.003"},
                {"10^6", "1000000"},
                {"10\u2076", "1e6"},
                {"\\boxed{\\frac{1}{2}}", "0.5"},
                {"\\boxed{\\dfrac{3}{4}}", "\\frac{3}{4}"},
                {"-\\tfrac12", "-0.5"},
                {"2\\frac{1}{2}", "2.5"},
                {"\\boxed{\\$18}", "18"},
                {"\\boxed{72 \\text{ km}}", "72"},
                {"\\boxed{x = 5}", "5"},
                {"\\boxed{70\\ 000}", "70000"},
                {"First \\boxed{3}, no: \\boxed{4}", "4"}});
  expect_wrong({{"\\boxed{2\\sqrt{3}}", "2"},
                {"\\boxed{2\\sqrt{3}}", "3"},
                {"\\boxed{3 + 4i}", "3"},
                {"\\boxed{1, 2}", "2"},
                {"\\boxed{2\\pi}", "2"},
                {"\\boxed{2^{10}}", "10"},
                {"First \\boxed{3}, no: \\boxed{4}", "3"},
                {"10 is written, \\boxed{12}", "10"}});
}

TEST(Scoring, FormulasAreEqualOnlyWithTheSameSigns) {
  expect_right({{"\\boxed{x+1}", "x + 1"},
                {"\\boxed{\\dfrac{\\sqrt{3}}{2}}", "\\frac{\\sqrt{3}}{2}"},
                {"\\boxed{\\left(0,1\\right]}", "(0,1]"},
                {"It is x+1.", "x + 1"}});
  expect_wrong({{"\\boxed{x-1}", "x+1"},
                {"\\boxed{[0,1]}", "(0,1)"},
                {"\\boxed{2x+1}", "2x"},
                {"\\boxed{-x}", "x^2"},
                {"It is x-1.", "x+1"},
                {"It is x y.", "x/y"},
                {"It is 10 7.", "10-7"}});
}

TEST(Scoring, FractionsAreTheirValueAndDatesAndTimesAreNot) {
  expect_right({{"1/2", "0.5"},
                {"0.75", "3/4"},
                {"2\u00BD", "2.5"},
                {"2 1/2 cups", "2.5"},
                {"\u00BD", "0.5"},
                {"4/6", "2/3"},
                {"10/2", "5"},
                {"-1/4", "-0.25"},
                {"7/1", "7"},
                {"at 12:30", "12:30"},
                {"2^10", "2^10"},
                {"05/01/2024", "05/01/2024"}});
  expect_wrong({{"1/2", "1"},
                {"1/3", "0.33"},
                {"2\u00BD", "2"},
                {"2 1/2", "2"},
                {"1/0", "1"},
                {"at 12:30", "12"},
                {"at 12:30", "30"},
                {"05/01/2024", "5"},
                {"2^10", "10"},
                {"2^10", "2"},
                {"x^2", "2"},
                {"10\u00B2", "10"}});
}

TEST(Scoring, ACommaIsADecimalPointWhereItCannotSeparateThousands) {
  expect_right({{"3,5", "3.5"},
                {"0,125", "0.125"},
                {"3,14159", "3.14159"},
                {"1.234,56 \u20AC", "1234.56"},
                {"1.234.567", "1234567"},
                {"1\u00A0234,5", "1234.5"},
                {"1'234,5", "1234.5"},
                {"1,234.56", "1234.56"},
                {"1,234", "1234"},
                {"1.234", "1.234"}});
  expect_wrong({{"3,5", "35"},
                {"3,5", "5"},
                {"1,234", "1.234"},
                {"1.234", "1234"},
                {"(3,5)", "3.5"},
                {"1,2,3", "1.2"},
                {"1,2,3", "2.3"}});
}

TEST(Scoring, WordsOfScaleAndSignBelongToTheirNumber) {
  expect_right({{"1.2 million", "1200000"},
                {"1,200,000", "1.2 million"},
                {"$3 billion", "3000000000"},
                {"12 thousand people", "12000"},
                {"2 hundred", "200"},
                {"3.5 Crore", "35000000"},
                {"\u22127", "-7"},
                {"50 %", "50"},
                {"negative 3", "-3"},
                {"It is minus 3.", "-3"},
                {"5 minus 3 is 2", "2"},
                {"\\boxed{90^\\circ}", "90"}});
  expect_wrong({{"negative 3", "3"},
                {"It is minus 3.", "3"},
                {"5 million", "5"},
                {"5", "5 million"},
                {"5 billion", "5 million"},
                {"50 %", "0.5"}});
}

TEST(Scoring, ANumberThatIsCalledWrongIsNotTheAnswer) {
  expect_right({{"not 20 but 18", "18"},
                {"The answer is not 20 but 18.", "18"},
                {"18, not 20", "18"},
                {"18 instead of 20", "18"},
                {"It isn't 20, it is 18.", "18"}});
  expect_wrong({{"not 20 but 18", "20"},
                {"The answer is not 20 but 18.", "20"},
                {"18, not 20", "20"},
                {"18 rather than 20", "20"},
                {"It isn't 20.", "20"}});
}

TEST(Scoring, OfALongDerivationOnlyTheLastSentenceCounts) {
  constexpr const char* kSteps = "She has 20 eggs. She eats 2. 18 eggs remain.";
  expect_right({{kSteps, "18"}});
  expect_wrong({{kSteps, "20"}, {kSteps, "2"}});
}

}  // namespace
