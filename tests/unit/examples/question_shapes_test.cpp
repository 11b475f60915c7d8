// The shapes in which public data sets write a question.

#include "question_shapes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace {

using namespace llm_benchmark;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

Question read(const char* text) {
  return question_of(json::parse(text)).question;
}

std::string problem(const char* text) {
  try {
    (void)read(text);
  } catch (const BadEntry& error) {
    return error.what();
  }
  return "no problem";
}

TEST(QuestionShapes, APromptNeedsNothingElse) {
  EXPECT_EQ(read(R"({"prompt": "P"})"), (Question{"", "P", {}}));
  EXPECT_EQ(read(R"({"id": 7, "prompt": "P", "expected": [4, "four"]})"),
            (Question{"7", "P", {"4", "four"}}));
  EXPECT_THAT(read(R"({"prompt": "P", "expected": true})").accepted, ElementsAre("true", "yes"));
  EXPECT_THAT(read(R"({"prompt": "P", "answer": "A"})").accepted, ElementsAre("A"));
  EXPECT_THAT(read(R"({"prompt": "P", "expected": ""})").accepted, IsEmpty());
  EXPECT_EQ(read(R"({"prompt": "P", "output_len": 128})").max_tokens, 128U);
  EXPECT_EQ(read(R"({"prompt": "P", "output_len": -1})").max_tokens, std::nullopt);
  EXPECT_EQ(read(R"({"prompt": [{"role": "user", "content": "P"}]})").prompt, "P");
}

TEST(QuestionShapes, WhatFollowsTheHashesIsTheAnswerOfGsm8k) {
  EXPECT_EQ(read(R"({"question": "Q", "answer": "5 + 2 = <<5+2=7>>7\n#### 1,007"})"),
            (Question{"", "Q", {"1,007"}}));
  EXPECT_THAT(read(R"({"question": "Q", "answer": "7"})").accepted, ElementsAre("7"));
}

TEST(QuestionShapes, AnswersWithAliasesOrWithAContextAreRead) {
  EXPECT_THAT(
      read(R"({"question": "Q", "answer": {"value": "Rome", "aliases": ["Roma"]}})").accepted,
      ElementsAre("Rome", "Roma"));
  EXPECT_EQ(read(R"({"question": "Q", "context": "C", "answers": {"text": ["a", "b"]}})"),
            (Question{"", "C\n\nQ", {"a", "b"}}));
}

TEST(QuestionShapes, TheFirstTurnOfAConversationIsAsked) {
  const ReadQuestion turns =
      question_of(json::parse(R"({"question_id": 81, "turns": ["T1", "T2"], "reference": ["x"]})"));
  EXPECT_EQ(turns.question, (Question{"81", "T1", {}}));
  EXPECT_TRUE(turns.has_more_turns);

  const ReadQuestion shared = question_of(json::parse(
      R"({"id": "a_0", "conversations": [{"from": "gpt", "value": "Hi"},
          {"from": "human", "value": "H1"}, {"from": "gpt", "value": "G"},
          {"from": "human", "value": "H2"}]})"));
  EXPECT_EQ(shared.question, (Question{"a_0", "H1", {}}));
  EXPECT_TRUE(shared.has_more_turns);

  const ReadQuestion chat = question_of(json::parse(
      R"({"messages": [{"role": "system", "content": "S"},
          {"role": "user", "content": [{"type": "text", "text": "U"}]},
          {"role": "assistant", "content": "A"}]})"));
  EXPECT_EQ(chat.question, (Question{"", "U", {}, "S", {}}));
  EXPECT_FALSE(chat.has_more_turns);
}

TEST(QuestionShapes, AnEvalIsItsInputAndItsIdealAnswers) {
  EXPECT_EQ(read(R"({"input": "I", "ideal": ["one", "two"]})"),
            (Question{"", "I", {"one", "two"}}));
  EXPECT_EQ(read(R"({"input": [{"role": "system", "content": "S"},
                               {"role": "user", "content": "U"}], "ideal": "1"})"),
            (Question{"", "U", {"1"}, "S", {}}));
  EXPECT_EQ(read(R"({"input": [{"role": "user", "content": "U1"},
                               {"role": "assistant", "content": "A1"},
                               {"role": "user", "content": "U2"}], "ideal": "1"})")
                .prompt,
            "user: U1\n\nassistant: A1\n\nuser: U2");
}

TEST(QuestionShapes, ChoicesBecomeLetteredOptions) {
  const Question expected{"", "Q\nA. x\nB. y\nAnswer with the letter alone.", {"B"}};
  EXPECT_EQ(read(R"({"question": "Q", "choices": ["x", "y"], "answer": 1})"), expected);
  EXPECT_EQ(read(R"({"question": "Q", "choices": ["x", "y"], "answer": "b"})"), expected);
  EXPECT_EQ(read(R"({"question": "Q", "choices": ["x", "y"], "answer": "y"})"), expected);
  EXPECT_EQ(read(R"({"question": "Q", "choices": {"text": ["x", "y"], "label": ["1", "2"]},
                     "answerKey": "2"})"),
            expected);
  EXPECT_EQ(read(R"({"question": {"stem": "Q"}, "answerKey": "B",
                     "choices": [{"text": "x", "label": "A"}, {"text": "y", "label": "B"}]})")
                .accepted,
            (std::vector<std::string>{"B"}));
  EXPECT_EQ(problem(R"({"question": "Q", "choices": ["x", "y"], "answer": 2})"),
            "the answer 2 is not one of the 2 options");
}

TEST(QuestionShapes, ASampleOfLmEvalIsItsDocumentAndTarget) {
  EXPECT_EQ(read(R"({"doc_id": 0, "doc": {"question": "Q", "answer": "#### 4"}, "target": "5",
                     "resps": [["4"]]})"),
            (Question{"0", "Q", {"5"}}));
  EXPECT_THAT(read(R"({"doc": {"question": "Q", "choices": ["x", "y"], "answer": 0},
                       "target": "0"})")
                  .accepted,
              ElementsAre("A"));
}

TEST(QuestionShapes, AProblemNamesTheFieldAndWhatWasExpected) {
  EXPECT_EQ(problem("[]"), "is array, expected a JSON object");
  EXPECT_THAT(problem(R"({"text": "P"})"), testing::StartsWith("field \"prompt\" is missing"));
  EXPECT_EQ(problem(R"({"prompt": 7})"), "field \"prompt\" is number, expected text");
  EXPECT_EQ(problem(R"({"prompt": " "})"), "field \"prompt\" is empty");
  EXPECT_EQ(problem(R"({"prompt": "P", "expected": {"x": 1}})"),
            "field \"expected\" is object, expected text, a number, true, false or a list of them");
  EXPECT_EQ(problem(R"({"messages": [{"role": "assistant", "content": "A"}]})"),
            "field \"messages\" has no user message");
  EXPECT_EQ(problem(R"({"messages": [{"role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "u"}}]}]})"),
            "a message has a part that is not text");
  EXPECT_EQ(problem(R"({"turns": []})"), "field \"turns\" is empty");
}

}  // namespace
