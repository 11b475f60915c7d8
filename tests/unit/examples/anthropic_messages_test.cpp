// What is sent to and read from Anthropic's Messages API.

#include "anthropic_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reply_reading.hpp"

namespace {

using namespace llm_benchmark;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const AnthropicMessages kDialect;

TEST(AnthropicMessages, TheShortestRequestHasTheBoundTheApiWants) {
  EXPECT_EQ(json::parse(kDialect.body({.model = "m", .prompt = "P"}, {})),
            json::parse(R"({"model":"m","max_tokens":1024,
                            "messages":[{"role":"user","content":"P"}]})"));
}

TEST(AnthropicMessages, EveryOptionThatIsSetIsSent) {
  EXPECT_EQ(json::parse(kDialect.body({.model = "m",
                                       .prompt = "P",
                                       .system_prompt = "S",
                                       .max_tokens = 5,
                                       .temperature = 0.5,
                                       .top_p = 0.25,
                                       .stop = {"x"}},
                                      {.streamed = true})),
            json::parse(R"({"model":"m","max_tokens":5,"system":"S","stream":true,
                            "messages":[{"role":"user","content":"P"}],"temperature":0.5,
                            "top_p":0.25,"stop_sequences":["x"]})"));
}

TEST(AnthropicMessages, TheKeyTravelsInItsOwnHeader) {
  EXPECT_THAT(kDialect.headers("sk-1"),
              ElementsAre(testing::Pair("anthropic-version", "2023-06-01"),
                          testing::Pair("x-api-key", "sk-1")));
  EXPECT_EQ(kDialect.headers("").size(), 1U);
}

TEST(AnthropicMessages, AWholeAnswerIsReadWithTheCacheCountedAsInput) {
  const auto response = answer_of(kDialect, R"({"id":"msg_1","type":"message","model":"claude-x",
      "content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"It is "},
                 {"type":"tool_use","id":"t","name":"f","input":{}},{"type":"text","text":"Paris"}],
      "stop_reason":"end_turn",
      "usage":{"input_tokens":10,"output_tokens":5,"cache_read_input_tokens":100,
               "cache_creation_input_tokens":7}})",
                                  {{"anthropic-ratelimit-requests-limit", "50"},
                                   {"anthropic-ratelimit-requests-remaining", "49"}});

  EXPECT_EQ(response.text, "It is Paris");
  EXPECT_EQ(response.model, "claude-x");
  EXPECT_EQ(response.request_id, "msg_1");
  EXPECT_EQ(response.finish_reason, "end_turn");
  EXPECT_EQ(response.usage, (ltb::TokenUsage{.input_tokens = 117,
                                             .output_tokens = 5,
                                             .cached_tokens = 100,
                                             .cache_written_tokens = 7}));
  ASSERT_TRUE(response.rate_limits);
  EXPECT_EQ(response.rate_limits->requests_remaining, 49U);
}

TEST(AnthropicMessages, AnAnswerWithoutContentIsAParseError) {
  for (const char* body : {"", "[]", "{}", R"({"content":"x"})"}) {
    EXPECT_EQ(failure_of_answer(kDialect, 200, body).type, ltb::ErrorType::Parse) << body;
  }
}

TEST(AnthropicMessages, TheServersCodeBeatsTheStatus) {
  using enum ltb::ErrorType;
  const auto type = [](int status, const std::string& code, const std::string& message = "told") {
    return failure_of_answer(kDialect, status,
                             R"({"type":"error","error":{"type":")" + code + R"(","message":")" +
                                 message + "\"}}")
        .type;
  };
  EXPECT_EQ(type(529, "overloaded_error"), Overloaded);
  EXPECT_EQ(type(429, "rate_limit_error"), RateLimit);
  EXPECT_EQ(type(401, "authentication_error"), Auth);
  EXPECT_EQ(type(400, "invalid_request_error"), InvalidRequest);
  EXPECT_EQ(type(400, "invalid_request_error", "prompt is too long: 9 > 8"), ContextLength);
  EXPECT_EQ(type(500, "api_error"), ServerError);
  EXPECT_EQ(failure_of_answer(kDialect, 502, "<html>").type, ServerError);
}

/// The stream of the API's own documentation, with thinking and a tool beside the text.
const std::vector<std::string> kStream{
    R"({"type":"message_start","message":{"id":"msg_1","model":"claude-x","content":[],
        "usage":{"input_tokens":25,"cache_read_input_tokens":5,"output_tokens":1}}})",
    R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})",
    R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}})",
    R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}})",
    R"({"type":"ping"})",
    R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})",
    R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Par"}})",
    R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"is"}})",
    R"({"type":"content_block_stop","index":1})",
    R"({"type":"content_block_start","index":2,
        "content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})",
    R"({"type":"content_block_delta","index":2,
        "delta":{"type":"input_json_delta","partial_json":"{\"a\":"}})",
    R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":15}})",
    R"({"type":"message_stop"})"};

TEST(AnthropicMessages, AStreamIsReadEventByEvent) {
  const ReadStream read = read_stream(kDialect, kStream);

  EXPECT_THAT(read.pieces, ElementsAre("reasoning:Hm", "text:Par", "text:is", "tool", "tool"));
  EXPECT_TRUE(read.is_over);
  EXPECT_EQ(read.response.text, "Paris");
  EXPECT_EQ(read.response.finish_reason, "tool_use");
  EXPECT_EQ(read.response.request_id, "msg_1");
  EXPECT_EQ(read.response.usage,
            (ltb::TokenUsage{.input_tokens = 30, .output_tokens = 15, .cached_tokens = 5}));
}

TEST(AnthropicMessages, AStreamBeforeItsStopReasonIsNotFinished) {
  const std::vector<std::string> cut(kStream.begin(), kStream.end() - 2);

  EXPECT_FALSE(read_stream(kDialect, cut).is_finished);
}

TEST(AnthropicMessages, AnErrorEventEndsTheStreamUnderItsOwnCategory) {
  std::vector<std::string> events(kStream.begin(), kStream.begin() + 7);
  events.push_back(
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");

  const Failed failed = failure_of_stream(kDialect, events);

  EXPECT_EQ(failed.type, ltb::ErrorType::Overloaded);
  EXPECT_EQ(failed.code, "overloaded_error");
  EXPECT_THAT(failed.message, HasSubstr("after 2 pieces of content (5 bytes): Overloaded"));
}

}  // namespace
