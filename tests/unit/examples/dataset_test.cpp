// Reading a data set: how its text is written, what is broken, how ids are made unique.

#include "dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace llm_benchmark;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> prompts_of(const Dataset& dataset) {
  std::vector<std::string> prompts;
  for (const Question& question : dataset.questions) prompts.push_back(question.prompt);
  return prompts;
}

std::vector<std::string> ids_of(const Dataset& dataset) {
  std::vector<std::string> ids;
  for (const Question& question : dataset.questions) ids.push_back(question.id);
  return ids;
}

/// A file that is gone at the end.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& ending, const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("ltb_dataset_" + std::to_string(++count_) + ending)) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  static inline int count_ = getpid() * 100;
  std::filesystem::path path_;
};

std::string complaint(const std::filesystem::path& file) {
  try {
    (void)load_dataset(file);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Dataset, EachLineIsAQuestionWithNoneOneOrSeveralAcceptedAnswers) {
  const Dataset dataset = parse_dataset(R"({"id":"a","prompt":"P1"})"
                                        "\n"
                                        R"({"id":"b","prompt":"P2","expected":"one","other":[1]})"
                                        "\n"
                                        R"({"id":3,"prompt":"P3","expected":["x",4,0.5]})"
                                        "\n"
                                        R"({"id":"d","prompt":"P4","expected":null})");

  EXPECT_THAT(dataset.problems, IsEmpty());
  EXPECT_THAT(dataset.notices, IsEmpty());
  EXPECT_EQ(dataset.entries, 4U);
  EXPECT_EQ(
      dataset.questions,
      (std::vector<Question>{
          {"a", "P1", {}}, {"b", "P2", {"one"}}, {"3", "P3", {"x", "4", "0.5"}}, {"d", "P4", {}}}));
}

TEST(Dataset, AByteOrderMarkCarriageReturnsAndEmptyLinesAreNotQuestions) {
  const Dataset dataset = parse_dataset(
      "\xEF\xBB\xBF{\"id\":\"a\",\"prompt\":\"P\"}\r\n\r\n  "
      "\n\n{\"id\":\"b\",\"prompt\":\"Q\"}\r\n");

  EXPECT_THAT(dataset.problems, IsEmpty());
  EXPECT_EQ(dataset.entries, 2U);
  EXPECT_EQ(dataset.questions, (std::vector<Question>{{"a", "P", {}}, {"b", "Q", {}}}));
}

TEST(Dataset, AnEntryWithoutAnIdIsCalledByItsLineOrItsPosition) {
  EXPECT_THAT(ids_of(parse_dataset("{\"prompt\":\"P\"}\n\n{\"id\":\"\",\"prompt\":\"Q\"}\n"
                                   "{\"id\":null,\"prompt\":\"R\"}")),
              ElementsAre("1", "3", "4"));
  EXPECT_THAT(ids_of(parse_dataset("[{\"prompt\":\"P\"},\n\n\n{\"prompt\":\"Q\"}]")),
              ElementsAre("1", "2"));
}

TEST(Dataset, IdsAreMadeUniqueAndThatIsSaidOnce) {
  const Dataset dataset = parse_dataset(
      "{\"id\":1,\"prompt\":\"a\"}\n{\"id\":1,\"prompt\":\"b\"}\n{\"id\":\"1\",\"prompt\":\"c\"}\n"
      "{\"id\":\"1#2\",\"prompt\":\"d\"}\n{\"id\":2.0,\"prompt\":\"e\"}");

  EXPECT_THAT(ids_of(dataset), ElementsAre("1", "1#2", "1#3", "1#2#2", "2.0"));
  EXPECT_THAT(dataset.problems, IsEmpty());
  EXPECT_THAT(dataset.notices, ElementsAre(HasSubstr("3 ids")));
}

TEST(Dataset, AnArrayPrettyPrintedObjectsAndAWrappedListAreRead) {
  EXPECT_THAT(
      prompts_of(parse_dataset(" [\n {\"prompt\": \"a ] } , \\\" b\"},\n{\"prompt\":\n\"c\"}"
                               "\n]\n")),
      ElementsAre("a ] } , \" b", "c"));
  EXPECT_THAT(prompts_of(parse_dataset("{\n  \"id\": \"a\",\n  \"prompt\": \"b\"\n}")),
              ElementsAre("b"));
  EXPECT_THAT(prompts_of(parse_dataset("{\n \"prompt\": \"a\"\n}\n{\n \"prompt\": \"b\"\n}\n")),
              ElementsAre("a", "b"));
  EXPECT_THAT(
      prompts_of(parse_dataset(R"({"version": 1, "data": [{"prompt": "a"}, {"prompt": "b"}]})")),
      ElementsAre("a", "b"));
}

TEST(Dataset, WhatPythonWritesBesideJsonDoesNotLoseTheQuestion) {
  const Dataset dataset = parse_dataset(
      "{\"prompt\":\"a NaN\",\"expected\":NaN,\"score\":-Infinity}\n"
      "{\"prompt\":\"b \\ud83d\",\"expected\":\"\\\\ud83d\"}\n"
      "{\"prompt\":\"c \\ud83d\\ude00 \\ude00\"}");

  EXPECT_THAT(dataset.problems, IsEmpty());
  EXPECT_THAT(dataset.questions,
              ElementsAre(Question{"1", "a NaN", {}}, Question{"2", "b \uFFFD", {"\\ud83d"}},
                          Question{"3", "c \U0001F600 \uFFFD", {}}));
}

TEST(Dataset, ABrokenEntryIsOmittedAndTheFirstOfEachKindIsNamed) {
  const Dataset dataset = parse_dataset(
      "{\"prompt\":\"P\"}\n"
      "not json\n\n"
      "[\"id\"]\n"
      "{\"prompt\":7}\n"
      "{\"prompt\":8}\n"
      "{\"prompt\":\" \"}\n"
      "{\"prompt\":\"Q\"}");

  EXPECT_THAT(prompts_of(dataset), ElementsAre("P", "Q"));
  EXPECT_EQ(dataset.entries, 7U);
  EXPECT_EQ(dataset.broken, 5U);
  EXPECT_EQ(dataset.problems,
            (std::vector<LineProblem>{{2, "not a JSON object: error at byte 2"},
                                      {4, "is array, expected a JSON object"},
                                      {5, "field \"prompt\" is number, expected text"}}));
  EXPECT_EQ(problems_of(dataset, "q.jsonl"),
            "5 of 7 entries are not usable, the first:\n"
            "  q.jsonl:2: not a JSON object: error at byte 2\n"
            "  q.jsonl:4: is array, expected a JSON object\n"
            "  q.jsonl:5: field \"prompt\" is number, expected text");
}

TEST(Dataset, AThousandProblemsOfOneKindAreOneLine) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"id\": " + std::to_string(i) + ", \"text\": \"?\"}\n";

  const Dataset dataset = parse_dataset(text);

  EXPECT_EQ(dataset.broken, 1000U);
  EXPECT_EQ(dataset.problems.size(), 1U);
  const std::string told = problems_of(dataset, "x.jsonl");
  EXPECT_THAT(told, HasSubstr("1000 of 1000"));
  EXPECT_LT(told.size(), 300U);
}

TEST(Dataset, AFirstLineThatIsBrokenLosesOnlyItself) {
  const Dataset dataset =
      parse_dataset("{\"prompt\":\"P\n{\"prompt\":\"Q\"}\n{\"prompt\":\"R\"}\n");

  EXPECT_THAT(prompts_of(dataset), ElementsAre("Q", "R"));
  EXPECT_EQ(dataset.broken, 1U);
}

TEST(Dataset, AnArrayThatEndsTooEarlyKeepsItsWholeEntries) {
  const Dataset dataset = parse_dataset("[{\"prompt\":\"P\"},\n{\"prompt\":\"Q\"");

  EXPECT_THAT(prompts_of(dataset), ElementsAre("P"));
  ASSERT_EQ(dataset.problems.size(), 1U);
  EXPECT_EQ(dataset.problems[0].line, 2U);
}

TEST(Dataset, TextThatIsNotUtf8IsAProblemOfItsLineOnlyAndTheByteIsNamed) {
  const Dataset dataset = parse_dataset("{\"prompt\":\"caf\xE9\"}\n{\"prompt\":\"P\"}\n");

  EXPECT_EQ(
      dataset.problems,
      (std::vector<LineProblem>{{1, "is not UTF-8 (byte 15 is 0xE9); save the file as UTF-8"}}));
  EXPECT_THAT(prompts_of(dataset), ElementsAre("P"));
}

TEST(Dataset, TextsWithoutEntriesHaveNoQuestionsAndNoProblems) {
  for (const char* text : {"", "\n\n", "\xEF\xBB\xBF", "[]", " [ ] "}) {
    EXPECT_THAT(parse_dataset(text).questions, IsEmpty()) << text;
    EXPECT_THAT(parse_dataset(text).problems, IsEmpty()) << text;
  }
}

TEST(Dataset, MmlusCsvIsReadWithAndWithoutAHeader) {
  const Dataset bare = parse_dataset(
      "What is 2+2?,3,4,5,6,B\r\n\"A \"\"comma\"\", and\na line break\",1,2,3,4,a\r\n",
      DatasetFormat::Csv);

  ASSERT_EQ(bare.questions.size(), 2U);
  EXPECT_EQ(
      bare.questions[0],
      (Question{
          "1", "What is 2+2?\nA. 3\nB. 4\nC. 5\nD. 6\nAnswer with the letter alone.", {"B"}}));
  EXPECT_THAT(bare.questions[1].prompt,
              testing::StartsWith("A \"comma\", and\na line break\nA. 1"));
  EXPECT_THAT(bare.questions[1].accepted, ElementsAre("A"));

  const Dataset named = parse_dataset(
      "id,question,A,B,answer,subject\nx,Which?,one,two,B,maths\ny,Who?,one,two,C,maths\nz,Why?,"
      "one\n",
      DatasetFormat::Csv);
  EXPECT_EQ(named.questions,
            (std::vector<Question>{
                {"x", "Which?\nA. one\nB. two\nAnswer with the letter alone.", {"B"}}}));
  EXPECT_EQ(named.problems,
            (std::vector<LineProblem>{{3, "the answer \"C\" is not one of the 2 options"},
                                      {4, "has 3 columns, the first line has 6"}}));
}

TEST(Dataset, ATableOfPromptsAndAnswersIsRead) {
  EXPECT_EQ(parse_dataset("prompt\texpected\nOne?\t1\nTwo?\t\n", DatasetFormat::Tsv).questions,
            (std::vector<Question>{{"2", "One?", {"1"}}, {"3", "Two?", {}}}));
  const Dataset open = parse_dataset("prompt\n\"One?", DatasetFormat::Csv);
  EXPECT_EQ(open.problems, (std::vector<LineProblem>{{2, "a quoted field is not closed"}}));
}

TEST(Dataset, ColumnsAreFoundUnderTheNamesOfPublicDataSets) {
  const auto only = [](const char* text) {
    const Dataset dataset = parse_dataset(text, DatasetFormat::Csv);
    EXPECT_THAT(dataset.problems, IsEmpty()) << text;
    EXPECT_EQ(dataset.questions.size(), 1U) << text;
    return dataset.questions.empty() ? Question{} : dataset.questions.front();
  };
  const std::string ask = "\nAnswer with the letter alone.";
  EXPECT_EQ(only("Question,option1,option2,answer\nQ,x,y,2\n"),
            (Question{"2", "Q\nA. x\nB. y" + ask, {"B"}}));
  EXPECT_EQ(only("id,question,Option A,Option B,Option C,Answer\n7,Q,x,y,,B\n"),
            (Question{"7", "Q\nA. x\nB. y" + ask, {"B"}}));
  EXPECT_EQ(only(",Question,A,B,Answer\n0,Q,x,y,A\n"),
            (Question{"2", "Q\nA. x\nB. y" + ask, {"A"}}));
  EXPECT_EQ(only("passage,question,answer\nP,Q,yes\n"), (Question{"2", "P\n\nQ", {"yes"}}));
  EXPECT_EQ(only("problem,answer\nQ,27\n"), (Question{"2", "Q", {"27"}}));
}

TEST(Dataset, NumbersOfAnyLengthKeepTheirDigits) {
  const Dataset dataset = parse_dataset(
      "{\"id\":123456789012345678901,\"prompt\":\"1e5 12345678901234567890123\","
      "\"expected\":[123456789012345678901234567890,-98765432109876543210,0.1234567890123456789,"
      "18446744073709551615,12]}");

  ASSERT_EQ(dataset.questions.size(), 1U);
  EXPECT_EQ(dataset.questions[0],
            (Question{"123456789012345678901",
                      "1e5 12345678901234567890123",
                      {"123456789012345678901234567890", "-98765432109876543210",
                       "0.1234567890123456789", "18446744073709551615", "12"}}));
}

TEST(Dataset, TheEndingOfAFileSaysWhetherItIsCsv) {
  const TemporaryFile csv(".CSV", "prompt,expected\n\"One, two?\",1\n");
  const TemporaryFile tsv(".tsv", "prompt\texpected\nOne?\t1\n");
  const TemporaryFile json(".json", "[{\"prompt\": \"One?\"}]");

  EXPECT_THAT(prompts_of(load_dataset(csv.path())), ElementsAre("One, two?"));
  EXPECT_THAT(prompts_of(load_dataset(tsv.path())), ElementsAre("One?"));
  EXPECT_THAT(prompts_of(load_dataset(json.path())), ElementsAre("One?"));
}

TEST(Dataset, AFileThatCannotBeReadIsNamedWithTheReason) {
  EXPECT_EQ(complaint("/no/such/prompts.jsonl"),
            "data set /no/such/prompts.jsonl: cannot be read: No such file or directory");
  EXPECT_EQ(complaint("/"), "data set /: cannot be read: it is a folder, expected a file");
}

TEST(Dataset, AFileThatIsNotTextInUtf8IsRejectedByItsFormat) {
  using namespace std::string_literals;
  for (const auto& [text, name] : {std::pair{"\xFF\xFE{\0\"\0"s, "UTF-16"},
                                   {"\xFE\xFF\0{\0\""s, "UTF-16"},
                                   {"{\0\"\0p\0"s, "UTF-16"},
                                   {"\x1F\x8B\x08"s, "gzip"},
                                   {"PK\x03\x04"s, "zip"},
                                   {"PAR1"s, "Parquet"}}) {
    const TemporaryFile file(".jsonl", text);
    EXPECT_THAT(complaint(file.path()),
                testing::AllOf(HasSubstr(file.path().string()), HasSubstr(name)));
  }
}

TEST(Dataset, TheOwnQuestionsAreAllUsableScoredAndDifferent) {
  const Dataset dataset = load_dataset(LTB_EXAMPLE_DATASET);

  EXPECT_EQ(dataset.name, "questions");
  EXPECT_THAT(dataset.problems, IsEmpty());
  EXPECT_EQ(dataset.questions.size(), 124U);
  std::set<std::string> prompts;
  for (const Question& question : dataset.questions) {
    EXPECT_FALSE(question.accepted.empty()) << question.id;
    EXPECT_TRUE(prompts.insert(question.prompt).second) << question.prompt;
  }
}

}  // namespace
