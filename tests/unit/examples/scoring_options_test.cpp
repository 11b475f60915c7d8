// Whether an answer that is an option, or yes or no, is right.

#include <gtest/gtest.h>

#include <string>

#include "scoring_cases.hpp"

namespace {

using namespace llm_benchmark;

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
                {"B (not C)", "B"},
                {"None of A, B, C is right, so D.", "D"},
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
        "Neither A nor B.", "A > B", "A = B", "I am torn: A? B?"}) {
    for (const char* accepted : {"A", "B"}) {
      EXPECT_FALSE(is_right(answer, {accepted})) << answer << " for " << accepted;
    }
  }
}

TEST(Scoring, AYesIsNotANo) {
  for (const char* answer :
       {"Yes", "yes, it is", "True.", "The answer is yes.", "**Yes**", "It is true.",
        "No doubt: the answer is yes.", "Answer: True", "Yes. It is not true that it is not."}) {
    EXPECT_TRUE(is_right(answer, {"true", "yes"})) << answer;
    EXPECT_FALSE(is_right(answer, {"false", "no"})) << answer;
  }
  for (const char* answer :
       {"No", "No, that is not true.", "False.", "It is not true.", "The answer is no.",
        "That isn't true.", "No. Yes is what people say."}) {
    EXPECT_TRUE(is_right(answer, {"false", "no"})) << answer;
    EXPECT_FALSE(is_right(answer, {"true", "yes"})) << answer;
  }
  for (const char* answer :
       {"It may be true or false.", "I do not know.", "Some say yes, some no."}) {
    EXPECT_FALSE(is_right(answer, {"true", "yes"})) << answer;
    EXPECT_FALSE(is_right(answer, {"false", "no"})) << answer;
  }
}

}  // namespace
