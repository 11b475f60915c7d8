// The shapes in which public data sets write a question.

#include "question_shapes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

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

struct Shape {
  const char* entry;
  const char* prompt;  ///< Without the request for a letter.
  std::vector<std::string> accepted;
};

constexpr const char* kAsk = "\nAnswer with the letter alone.";

TEST(QuestionShapes, OptionsAreAskedUnderEveryNameTheyHave) {
  const std::vector<Shape> shapes{
      // MMLU-Pro, MedQA with and without the letter, and a list of keys and values.
      {R"({"question_id": 1, "question": "Q", "options": ["x", "y", "z"], "answer": "B",
           "answer_index": 1, "cot_content": "", "category": "c"})",
       "Q\nA. x\nB. y\nC. z",
       {"B"}},
      {R"({"question": "Q", "options": {"A": "x", "B": "y"}, "answer": "y", "answer_idx": "B"})",
       "Q\nA. x\nB. y",
       {"B"}},
      {R"({"question": "Q", "options": {"A": "x", "B": "y"}, "answer": "y"})",
       "Q\nA. x\nB. y",
       {"B"}},
      {R"({"question": "Q", "options": [{"key": "A", "value": "x"}, {"key": "B", "value": "y"}],
           "answer_idx": "A"})",
       "Q\nA. x\nB. y",
       {"A"}},
      // ARC and OpenBookQA, in both of their forms.
      {R"({"id": "m", "question": {"stem": "Q", "choices": [{"text": "x", "label": "1"},
           {"text": "y", "label": "2"}]}, "answerKey": "2"})",
       "Q\nA. x\nB. y",
       {"B"}},
      {R"({"question_stem": "Q", "choices": {"text": ["x", "y"], "label": ["A", "B"]},
           "answerKey": "B"})",
       "Q\nA. x\nB. y",
       {"B"}},
      // HellaSwag, PIQA, SIQA, WinoGrande, COPA, MedMCQA, C-Eval.
      {R"({"ind": 4, "ctx": "Q", "ctx_a": "Q", "endings": ["w", "x", "y", "z"], "label": "3"})",
       "Q\nA. w\nB. x\nC. y\nD. z",
       {"D"}},
      {R"({"goal": "Q", "sol1": "x", "sol2": "y", "label": 0})", "Q\nA. x\nB. y", {"A"}},
      {R"({"context": "C", "question": "Q", "answerA": "x", "answerB": "y", "answerC": "z",
           "label": "1"})",
       "C\n\nQ\nA. x\nB. y\nC. z",
       {"A"}},
      {R"({"qID": "w", "sentence": "The _ is.", "option1": "x", "option2": "y", "answer": "1"})",
       "The _ is.\nA. x\nB. y",
       {"A"}},
      {R"({"premise": "P", "question": "cause", "choice1": "x", "choice2": "y", "label": 1})",
       "P\n\ncause\nA. x\nB. y",
       {"B"}},
      {R"({"question": "Q", "opa": "w", "opb": "x", "opc": "y", "opd": "z", "cop": 2, "exp": "e"})",
       "Q\nA. w\nB. x\nC. y\nD. z",
       {"C"}},
      {R"({"id": 0, "question": "Q", "A": "w", "B": "x", "C": "y", "D": "z", "answer": "D",
           "explanation": ""})",
       "Q\nA. w\nB. x\nC. y\nD. z",
       {"D"}},
      // AGIEval and RACE; letters in front of the options are not repeated.
      {R"({"passage": "P", "question": "Q", "options": ["(A)x", "(B)y"], "label": "B",
           "answer": null})",
       "P\n\nQ\nA. x\nB. y",
       {"B"}},
      {R"({"query": "Q", "choices": ["(A)x", "(B)y"], "gold": [1]})", "Q\nA. x\nB. y", {"B"}},
      {R"({"article": "P", "question": "Q", "options": ["x", "y"], "answer": "A"})",
       "P\n\nQ\nA. x\nB. y",
       {"A"}},
      // TruthfulQA in both of its forms, and BIG-bench.
      {R"({"question": "Q", "mc1_targets": {"choices": ["x", "y", "z"], "labels": [0, 1, 0]}})",
       "Q\nA. x\nB. y\nC. z",
       {"B"}},
      {R"({"question": "Q", "mc1_targets": {"no": 0, "yes": 1}})", "Q\nA. no\nB. yes", {"B"}},
      {R"({"input": "Q", "target_scores": {"x": 1, "y": 0}})", "Q\nA. x\nB. y", {"A"}},
      // Test splits keep their answers.
      {R"({"ctx": "Q", "endings": ["x", "y"], "label": ""})", "Q\nA. x\nB. y", {}},
      {R"({"question": "Q", "choices": ["x", "y"], "answer": -1})", "Q\nA. x\nB. y", {}}};
  for (const Shape& shape : shapes) {
    const Question question = read(shape.entry);
    EXPECT_EQ(question.prompt, std::string(shape.prompt) + kAsk) << shape.entry;
    EXPECT_EQ(question.accepted, shape.accepted) << shape.entry;
  }
}

TEST(QuestionShapes, ARightOptionApartFromTheWrongOnesIsNotAlwaysTheFirst) {
  std::set<std::string> letters;
  for (int i = 0; i < 40; ++i) {
    const json entry{{"Question", "Q" + std::to_string(i)},
                     {"Correct Answer", "right"},
                     {"Incorrect Answer 1", "w"},
                     {"Incorrect Answer 2", "x"},
                     {"Incorrect Answer 3", "y"}};
    const Question question = question_of(entry).question;
    ASSERT_EQ(question.accepted.size(), 1U);
    EXPECT_NE(question.prompt.find("\n" + question.accepted[0] + ". right"), std::string::npos);
    letters.insert(question.accepted[0]);
    EXPECT_EQ(question, question_of(entry).question);
  }
  EXPECT_EQ(letters, (std::set<std::string>{"A", "B", "C", "D"}));
  EXPECT_NE(read(R"({"question": "Q", "distractor1": "x", "distractor2": "y", "distractor3": "z",
                     "correct_answer": "r", "support": "S"})")
                .prompt.find("S\n\nQ\nA. "),
            std::string::npos);
}

TEST(QuestionShapes, WhatAQuestionIsAboutIsAskedWithIt) {
  const std::vector<Shape> shapes{
      {R"({"question": "is it", "passage": "P", "answer": true, "title": "T"})",
       "P\n\nis it",
       {"true", "yes"}},
      {R"({"id": "s", "title": "T", "context": "P", "question": "Q",
           "answers": {"text": ["a"], "answer_start": [1]}})",
       "P\n\nQ",
       {"a"}},
      {R"({"passage": "P", "question": "Q", "answers_spans": {"spans": ["7", "7"], "types": []}})",
       "P\n\nQ",
       {"7", "7"}},
      {R"({"instruction": "Do", "input": "this", "output": "done"})", "Do\n\nthis", {}},
      {R"({"instruction": "Do", "input": "", "output": "done"})", "Do", {}},
      {R"({"instruction": "Do", "context": "C", "response": "done"})", "C\n\nDo", {}},
      {R"({"prompt": "P. Q", "context": "P.", "question": "Q"})", "P. Q", {}},
      {R"({"question": "Q", "answer": ["a", "b"]})", "Q", {"a", "b"}},
      {R"({"problem": "Q", "level": "Level 1", "solution": "So \\boxed{\\frac{1}{2}}."})",
       "Q",
       {"\\frac{1}{2}"}},
      {R"({"ID": "1", "Problem": "Q", "Solution": "\\boxed{3}", "Answer": 204})", "Q", {"204"}},
      {R"x({"input": "Q", "target": "(A)"})x", "Q", {"(A)"}},
      {R"({"task_id": "t", "prompt": "def f():", "canonical_solution": "1", "test": "t",
           "entry_point": "f"})",
       "def f():",
       {}},
      {R"({"key": 1, "prompt": "Q", "instruction_id_list": ["i"], "kwargs": [{}]})", "Q", {}}};
  for (const Shape& shape : shapes) {
    EXPECT_EQ(read(shape.entry).prompt, shape.prompt) << shape.entry;
    EXPECT_EQ(read(shape.entry).accepted, shape.accepted) << shape.entry;
  }
  EXPECT_EQ(read(R"({"system_prompt": "S", "question": "Q"})"), (Question{"", "Q", {}, "S", {}}));
}

TEST(QuestionShapes, AFieldThatTheQuestionWouldLackIsRefusedByName) {
  using testing::HasSubstr;
  for (const auto& [entry, field] :
       {std::pair{R"({"question": "Q", "image": {"bytes": "x"}, "answer": "A"})", "\"image\""},
        {R"({"question": "Q", "hypothesis": "H", "label": 1})", "\"hypothesis\""},
        {R"({"question": "Q", "context": {"title": ["T"]}, "answer": "A"})", "\"context\""},
        {R"({"question": "Q", "options": [["x"], ["y"]], "answer": "A"})", "\"options\""},
        {R"({"question": "Q", "options": "['x', 'y']", "answer": "A"})", "\"options\""},
        {R"({"prompt": "P", "options": {"temperature": 0.5, "top_k": 3}})", "\"options\""},
        {R"({"prompt": "P", "question": "Another"})", "\"question\""},
        {R"({"prompt": "P", "Prompt": "Another"})", "\"Prompt\""},
        {R"({"title": "T", "paragraphs": [{"context": "C", "qas": []}]})", "\"prompt\""},
        {R"({"passage": "P", "question": "Q", "answers_spans": {"spans": ["x", "y"]}})",
         "\"answers_spans\""}}) {
    EXPECT_THAT(problem(entry), HasSubstr(field)) << entry;
  }
}

TEST(QuestionShapes, AnAnswerThatMayMeanTwoOptionsIsRefused) {
  using testing::HasSubstr;
  EXPECT_THAT(problem(R"({"question": "Q", "choices": ["B", "A"], "answer": "A"})"),
              HasSubstr("the letter of one option and the text of another"));
  EXPECT_THAT(problem(R"({"question": "Q", "options": ["x", "y"], "answer": "B",
                          "answer_index": 0})"),
              HasSubstr("\"answer_index\" gives another option"));
  EXPECT_THAT(problem(R"({"question": "Q", "choice1": "x", "choice2": "y", "answer": 1})"),
              HasSubstr("may count the options from 0 or from 1"));
  EXPECT_THAT(problem(R"({"question": "Q", "choices": ["x", "y"], "gold": [0, 1]})"),
              HasSubstr("not one of the 2 options"));
  EXPECT_THAT(problem(R"({"question": "Q", "mc1_targets": {"choices": ["x", "y"],
                          "labels": [1, 1]}})"),
              HasSubstr("several right options"));
  EXPECT_THAT(problem(R"({"question": "Q", "A": "x", "B": "y", "C": "", "D": "z"})"),
              HasSubstr("is empty"));
  EXPECT_EQ(read(R"({"question": "Q", "choices": ["3", "2"], "answer": "2"})").accepted,
            (std::vector<std::string>{"B"}));
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
