// Reading questions, good ones and broken ones.

#include "dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace {

using namespace llm_benchmark;
using testing::HasSubstr;

Dataset parse(const std::string& text) {
  std::istringstream input(text);
  return parse_dataset(input);
}

TEST(Dataset, EachLineIsAQuestionWithNoneOneOrSeveralAcceptedAnswers) {
  const Dataset dataset = parse(R"({"id":"a","prompt":"P1"})"
                                "\n"
                                R"({"id":"b","prompt":"P2","expected":"one","other":[1]})"
                                "\n"
                                R"({"id":3,"prompt":"P3","expected":["x",4,0.5]})"
                                "\n"
                                R"({"id":"d","prompt":"P4","expected":null})");

  EXPECT_TRUE(dataset.problems.empty());
  EXPECT_EQ(
      dataset.questions,
      (std::vector<Question>{
          {"a", "P1", {}}, {"b", "P2", {"one"}}, {"3", "P3", {"x", "4", "0.5"}}, {"d", "P4", {}}}));
}

TEST(Dataset, AByteOrderMarkCarriageReturnsAndEmptyLinesAreNoQuestionsAndNoProblems) {
  const Dataset dataset = parse(
      "\xEF\xBB\xBF{\"id\":\"a\",\"prompt\":\"P\"}\r\n\r\n  "
      "\n\n{\"id\":\"b\",\"prompt\":\"Q\"}\r\n");

  EXPECT_TRUE(dataset.problems.empty());
  EXPECT_EQ(dataset.questions, (std::vector<Question>{{"a", "P", {}}, {"b", "Q", {}}}));
}

TEST(Dataset, ABrokenLineIsToldWithItsNumberAndTheOthersAreKept) {
  const Dataset dataset = parse(R"({"id":"a","prompt":"P"})"
                                "\nnot json\n\n"
                                R"(["id"])"
                                "\n"
                                R"({"prompt":"P"})"
                                "\n"
                                R"({"id":"c"})"
                                "\n"
                                R"({"id":"d","prompt":7})"
                                "\n"
                                R"({"id":"","prompt":"P"})"
                                "\n"
                                R"({"id":"e","prompt":""})"
                                "\n"
                                R"({"id":"f","prompt":"P","expected":{"x":1}})"
                                "\n"
                                R"({"id":"g","prompt":"P","expected":["x",true]})"
                                "\n"
                                R"({"id":"a","prompt":"again"})"
                                "\n"
                                R"({"id":"z","prompt":"last"})");

  EXPECT_EQ(dataset.questions, (std::vector<Question>{{"a", "P", {}}, {"z", "last", {}}}));
  EXPECT_EQ(dataset.problems,
            (std::vector<LineProblem>{
                {2, "not a JSON object: error at byte 2"},
                {4, "is array, expected a JSON object"},
                {5, "field \"id\" is missing"},
                {6, "field \"prompt\" is missing"},
                {7, "field \"prompt\" is number, expected text"},
                {8, "field \"id\" is empty"},
                {9, "field \"prompt\" is empty"},
                {10, "field \"expected\" is object, expected text, a number or a list of them"},
                {11, "field \"expected\" is boolean, expected text, a number or a list of them"},
                {12, "id \"a\" is taken by line 1"}}));
}

TEST(Dataset, TextThatIsNotUtf8IsAProblemOfItsLineOnly) {
  const Dataset dataset =
      parse("{\"id\":\"a\",\"prompt\":\"\xFF\"}\n{\"id\":\"b\",\"prompt\":\"P\"}\n");

  ASSERT_EQ(dataset.problems.size(), 1U);
  EXPECT_EQ(dataset.problems.front().line, 1U);
  EXPECT_EQ(dataset.questions, (std::vector<Question>{{"b", "P", {}}}));
}

TEST(Dataset, AnEmptyFileHasNoQuestionsAndNoProblems) {
  EXPECT_TRUE(parse("").questions.empty());
  EXPECT_TRUE(parse("").problems.empty());
}

TEST(Dataset, AFileThatCannotBeReadIsNamedWithTheReason) {
  const auto complaint = [](const char* file) -> std::string {
    try {
      (void)load_dataset(file);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no complaint";
  };

  EXPECT_EQ(complaint("/no/such/prompts.jsonl"),
            "data set /no/such/prompts.jsonl: cannot be read: No such file or directory");
  EXPECT_EQ(complaint("/"), "data set /: cannot be read: it is a folder, expected a file");
}

TEST(Dataset, TheOwnQuestionsAreAllUsableScoredAndDifferent) {
  const Dataset dataset = load_dataset(LTB_EXAMPLE_DATASET);

  EXPECT_EQ(dataset.name, "questions");
  EXPECT_TRUE(dataset.problems.empty());
  EXPECT_EQ(dataset.questions.size(), 124U);
  std::set<std::string> prompts;
  for (const Question& question : dataset.questions) {
    EXPECT_FALSE(question.accepted.empty()) << question.id;
    EXPECT_TRUE(prompts.insert(question.prompt).second) << question.prompt;
  }
}

}  // namespace
