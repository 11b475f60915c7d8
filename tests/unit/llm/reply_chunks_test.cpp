// What the chunks of a stream carry: content, reasoning, or neither; and why the model stopped.
#include <ltb/json.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace ltb::test {
namespace {

using Json = nlohmann::json;

template <typename Traits>
void expect_reasoning(const std::vector<const char*>& chunks) {
  for (const char* chunk : chunks) {
    LlmReply whole;
    EXPECT_TRUE(Traits::on_chunk(whole, Json::parse(chunk))) << chunk;
    EXPECT_TRUE(Traits::is_reasoning(Json::parse(chunk))) << chunk;
  }
}

template <typename Traits>
void expect_content(const std::vector<const char*>& chunks) {
  for (const char* chunk : chunks) {
    LlmReply whole;
    EXPECT_TRUE(Traits::on_chunk(whole, Json::parse(chunk))) << chunk;
    EXPECT_FALSE(Traits::is_reasoning(Json::parse(chunk))) << chunk;
  }
}

template <typename Traits>
void expect_nothing(const std::vector<const char*>& chunks) {
  for (const char* chunk : chunks) {
    LlmReply whole;
    EXPECT_FALSE(Traits::on_chunk(whole, Json::parse(chunk))) << chunk;
    EXPECT_FALSE(Traits::is_reasoning(Json::parse(chunk))) << chunk;
  }
}

TEST(ReplyChunks, ReasoningAndItsSummariesAreReasoning) {
  expect_reasoning<OpenAiJsonTraits>(
      {R"({"choices": [{"delta": {"content": null, "reasoning_content": "hm"}}]})",
       R"({"choices": [{"delta": {"content": "", "reasoning": "hm"}}]})",
       R"({"choices": [{"delta": {"thinking": "hm"}}]})",
       R"({"choices": [{"delta": {"content": [{"type": "thinking", "thinking":
           [{"type": "text", "text": "hm"}]}]}}]})",
       R"({"choices": [{"delta": {"content": "<thought>hm",
           "extra_content": {"google": {"thought": true}}}}]})",
       R"({"type": "response.reasoning_text.delta", "delta": "hm"})",
       R"({"type": "response.reasoning_summary_text.delta", "delta": "hm"})",
       R"({"type": "content-delta", "delta": {"message": {"content": {"thinking": "hm"}}}})",
       R"({"contentBlockDelta": {"delta": {"reasoningContent": {"text": "hm"}}}})"});
  expect_reasoning<AnthropicJsonTraits>(
      {R"({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}})"});
  expect_reasoning<GoogleJsonTraits>(
      {R"({"candidates": [{"content": {"parts": [{"thought": true, "text": "hm"}]}}]})",
       R"([{"candidates": [{"content": {"parts": [{"thought": true, "text": "hm"}]}}]}])"});
}

TEST(ReplyChunks, WhatAnswersIsContentAlsoBesideReasoning) {
  expect_content<OpenAiJsonTraits>(
      {R"({"choices": [{"delta": {"content": "a", "reasoning_content": "hm"}}]})",
       R"({"choices": [{"delta": {"content": [{"type": "text", "text": "a"}]}}]})",
       R"({"choices": [{"delta": {"reasoning": "hm"}}, {"delta": {"content": "a"}}]})",
       R"({"choices": [{"delta": {"content": "a", "extra_content": {"google": {"thought": false}}}}]})",
       R"({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]})",
       R"({"choices": [{"text": "a"}]})", R"({"type": "response.output_text.delta", "delta": "a"})",
       R"({"type": "response.function_call_arguments.delta", "delta": "{"})",
       R"({"type": "content-delta", "delta": {"message": {"content": {"text": "a"}}}})",
       R"({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I"}}})",
       R"({"type": "tool-call-delta", "delta": {"message": {"tool_calls":
           {"function": {"arguments": "{"}}}}})",
       R"({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "a"}}})",
       R"({"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{"}}})",
       R"({"contentBlockStart": {"start": {"toolUse": {"name": "look_up"}}}})"});
  expect_content<AnthropicJsonTraits>(
      {R"({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}})",
       R"({"type": "content_block_start", "content_block": {"type": "tool_use"}})"});
  expect_content<GoogleJsonTraits>(
      {R"({"candidates": [{"content": {"parts": [{"text": "a"}]}}]})",
       R"({"candidates": [{"content": {"parts": [{"thought": true, "text": "hm"}, {"text": "a"}]}}]})",
       R"({"candidates": [{"content": {"parts": [{"functionCall": {"name": "f"}}]}}]})"});
}

TEST(ReplyChunks, WhatHoldsNothingIsNeither) {
  expect_nothing<OpenAiJsonTraits>(
      {R"({"choices": [{"delta": {"role": "assistant", "content": ""}}]})", R"({"choices": []})",
       R"({"type": "response.output_text.delta", "delta": ""})",
       R"({"type": "response.completed", "response": {}})",
       R"({"type": "message-start", "delta": {"message": {"role": "assistant", "content": [],
           "tool_plan": "", "tool_calls": [], "citations": []}}})",
       R"({"type": "content-start", "delta": {"message": {"content": {"type": "text", "text": ""}}}})",
       R"({"messageStart": {"role": "assistant"}})",
       R"({"messageStop": {"stopReason": "end_turn"}})"});
  expect_nothing<GoogleJsonTraits>(
      {R"({"candidates": [{"content": {"parts": [{"thought": true, "text": ""}]}}]})"});
}

TEST(ReplyChunks, AReasonThatSaysNothingIsNone) {
  for (const char* none : {"null", "\"null\"", "\"\"", "\"None\""}) {
    const std::string text = none;
    EXPECT_EQ(read_openai_reply(Json::parse(R"({"choices": [{"finish_reason": )" + text + "}]}"))
                  .finish_reason,
              "")
        << none;
    EXPECT_EQ(read_anthropic_reply(Json::parse(R"({"stop_reason": )" + text + "}")).finish_reason,
              "")
        << none;
  }
  EXPECT_EQ(read_google_reply(
                Json::parse(R"({"candidates": [{"finishReason": "FINISH_REASON_UNSPECIFIED"}]})"))
                .finish_reason,
            "");
}

TEST(ReplyChunks, AReasonThatSaysNothingDoesNotReplaceTheOneBefore) {
  LlmReply whole;
  (void)read_openai_chunk(
      whole, Json::parse(R"({"choices": [{"delta": {}, "finish_reason": "length"}]})"));
  (void)read_openai_chunk(whole,
                          Json::parse(R"({"choices": [{"delta": {}, "finish_reason": "null"}]})"));

  EXPECT_EQ(whole.finish_reason, "length");
}

TEST(ReplyChunks, TheReasonsOfCohereAndBedrockAreRead) {
  for (const char* chunk :
       {R"({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}})",
        R"({"id": "1", "finish_reason": "COMPLETE", "message": {"content": []}})",
        R"({"messageStop": {"stopReason": "COMPLETE"}})", R"({"stopReason": "COMPLETE"})"}) {
    LlmReply whole;
    (void)read_openai_chunk(whole, Json::parse(chunk));
    EXPECT_EQ(whole.finish_reason, "COMPLETE") << chunk;
    EXPECT_FALSE(whole.error.has_value()) << chunk;
  }
}

struct Answer {
  std::string finish_reason;
};

TEST(ReplyChunks, AReasonThatSaysNothingIsNoneInAStructToo) {
  EXPECT_EQ(DefaultMonitoredTraits::finish_reason(Answer{"null"}), "");
  EXPECT_EQ(DefaultMonitoredTraits::finish_reason(Answer{"stop"}), "stop");
}

}  // namespace
}  // namespace ltb::test
