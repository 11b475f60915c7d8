// What is sent to and read from an OpenAI-compatible server.

#include "openai_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reply_reading.hpp"

namespace {

using namespace llm_benchmark;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const OpenAiMessages kDialect;

std::string chat_request_body(const ltb::CompletionRequest& request) {
  return kDialect.body(request, {});
}

ltb::CompletionResponse parse_chat_response(const std::string& body) {
  return answer_of(kDialect, body);
}

TEST(OpenAiMessages, TheShortestRequestHoldsModelAndPrompt) {
  EXPECT_EQ(json::parse(chat_request_body({.model = "m", .prompt = "Hello \"you\""})),
            json::parse(R"({"model":"m","messages":[{"role":"user","content":"Hello \"you\""}]})"));
}

TEST(OpenAiMessages, EveryOptionThatIsSetIsSent) {
  EXPECT_EQ(json::parse(chat_request_body({.model = "m",
                                           .prompt = "P",
                                           .system_prompt = "S",
                                           .max_tokens = 5,
                                           .temperature = 0.5,
                                           .top_p = 0.25,
                                           .stop = {"x", "y"}})),
            json::parse(R"({"model":"m","messages":[{"role":"system","content":"S"},
                            {"role":"user","content":"P"}],"max_tokens":5,"temperature":0.5,
                            "top_p":0.25,"stop":["x","y"]})"));
}

TEST(OpenAiMessages, APromptThatIsNotUtf8IsRepairedInsteadOfThrowing) {
  const json body = json::parse(chat_request_body({.model = "m", .prompt = "a\xFFz"}));

  EXPECT_EQ(body["messages"][0]["content"], "a\xEF\xBF\xBDz");
}

TEST(OpenAiMessages, AWholeAnswerIsRead) {
  const auto response = parse_chat_response(
      R"({"id":"chatcmpl-1","model":"m-2","choices":[{"index":0,"finish_reason":"length",
          "message":{"role":"assistant","content":"Paris"}}],
          "usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,
                   "prompt_tokens_details":{"cached_tokens":3},
                   "completion_tokens_details":{"reasoning_tokens":2}}})");

  EXPECT_EQ(response.text, "Paris");
  EXPECT_EQ(response.model, "m-2");
  EXPECT_EQ(response.request_id, "chatcmpl-1");
  EXPECT_EQ(response.finish_reason, "length");
  EXPECT_EQ(
      response.usage,
      (ltb::TokenUsage{
          .input_tokens = 11, .output_tokens = 7, .cached_tokens = 3, .reasoning_tokens = 2}));
  EXPECT_EQ(response.cost, std::nullopt);
}

TEST(OpenAiMessages, UsageThatIsMissingOrMalformedStaysAbsent) {
  for (const char* usage : {"null", "[]", "{}", R"({"prompt_tokens":1})",
                            R"({"prompt_tokens":-1,"completion_tokens":2})",
                            R"({"prompt_tokens":"1","completion_tokens":2})"}) {
    const std::string body =
        std::string(R"({"choices":[{"message":{"content":"x"}}],"usage":)") + usage + '}';
    EXPECT_EQ(parse_chat_response(body).usage, std::nullopt) << usage;
  }
  EXPECT_EQ(parse_chat_response(R"({"choices":[{"message":{"content":"x"}}]})").usage,
            std::nullopt);
}

TEST(OpenAiMessages, ANullContentIsAnEmptyAnswer) {
  EXPECT_EQ(parse_chat_response(R"({"choices":[{"message":{"content":null}}]})").text, "");
}

TEST(OpenAiMessages, AnAnswerWithoutAnAnswerIsAParseError) {
  for (const char* body :
       {"", "<html>", "null", "[]", "{}", R"({"choices":{}})", R"({"choices":[]})",
        R"({"choices":[1]})", R"({"choices":[{}]})", R"({"choices":[{"message":"x"}]})",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}"}) {
    EXPECT_EQ(failure_of_answer(kDialect, 200, body).type, ltb::ErrorType::Parse) << body;
  }
}

TEST(OpenAiMessages, AParseErrorShowsTheStartOfTheAnswerInPrintableText) {
  EXPECT_EQ(failure_of_answer(kDialect, 200, "<b>\n\x1b[31m" + std::string(1000, 'x')).message,
            "the answer is not a JSON object: \"<b>??[31m" + std::string(191, 'x') + "...\"");
}

TEST(OpenAiMessages, AnErrorUnder200IsThatError) {
  const Failed failed = failure_of_answer(
      kDialect, 200, R"({"error":{"message":"busy","code":503,"type":"overloaded"}})");

  EXPECT_EQ(failed.type, ltb::ErrorType::Overloaded);
  EXPECT_THAT(failed.message, HasSubstr("busy"));
}

TEST(OpenAiMessages, HeadersTellLimitsAndTheRequestId) {
  const auto response =
      answer_of(kDialect, R"({"choices":[{"message":{"content":"x"}}]})",
                {{"x-request-id", "req_7"}, {"x-ratelimit-remaining-tokens", "12"}});

  EXPECT_EQ(response.request_id, "req_7");
  ASSERT_TRUE(response.rate_limits);
  EXPECT_EQ(response.rate_limits->tokens_remaining, 12U);
}

TEST(OpenAiMessages, APartedContentIsItsTexts) {
  EXPECT_EQ(parse_chat_response(R"({"choices":[{"message":{"content":[
      {"type":"thinking","thinking":"hm"},{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]})")
                .text,
            "ab");
}

struct ErrorCase {
  int status;
  const char* body;
  ltb::ErrorType type;
  const char* code;
};

TEST(OpenAiMessages, TheServersCodeBeatsTheStatusAndTheStatusDecidesOtherwise) {
  using enum ltb::ErrorType;
  for (const ErrorCase& c : {
           ErrorCase{429, R"({"error":{"code":"rate_limit_exceeded"}})", RateLimit,
                     "rate_limit_exceeded"},
           ErrorCase{429, R"({"error":{"code":"insufficient_quota","type":"insufficient_quota"}})",
                     Quota, "insufficient_quota"},
           ErrorCase{429, R"({"error":{"code":null,"type":"insufficient_quota"}})", Quota,
                     "insufficient_quota"},
           ErrorCase{400, R"({"error":{"code":"context_length_exceeded"}})", ContextLength,
                     "context_length_exceeded"},
           ErrorCase{400, R"({"error":{"code":"content_filter"}})", ContentFilter,
                     "content_filter"},
           ErrorCase{400, R"({"error":{"code":42}})", InvalidRequest, ""},
           ErrorCase{400, R"({"error":"told"})", InvalidRequest, ""},
           ErrorCase{404, R"({"error":{"code":"model_not_found"}})", NotFound, "model_not_found"},
           ErrorCase{401, "", Auth, ""},
           ErrorCase{403, "{}", Permission, ""},
           ErrorCase{408, "", Timeout, ""},
           ErrorCase{500, R"({"error":{"type":"server_error"}})", ServerError, "server_error"},
           ErrorCase{503, "busy", Overloaded, ""},
           ErrorCase{302, "", Other, ""},
       }) {
    const Failed error = failure_of_answer(kDialect, c.status, c.body);
    EXPECT_EQ(error.type, c.type) << c.status << c.body;
    EXPECT_EQ(error.code, c.code) << c.status << c.body;
    EXPECT_THAT(error.message, HasSubstr("POST http://h/v1: HTTP " + std::to_string(c.status)));
  }
}

TEST(OpenAiMessages, AnErrorTellsTheServersWords) {
  EXPECT_EQ(failure_of_answer(kDialect, 429, R"({"error":{"message":"slow down"}})").message,
            "POST http://h/v1: HTTP 429: slow down");
  EXPECT_EQ(failure_of_answer(kDialect, 502, "bad\ngateway").message,
            "POST http://h/v1: HTTP 502: bad?gateway");
  EXPECT_EQ(failure_of_answer(kDialect, 500, "").message, "POST http://h/v1: HTTP 500");
}

TEST(OpenAiMessages, AnErrorTellsTheWaitTheServerAskedFor) {
  EXPECT_EQ(failure_of_answer(kDialect, 429, "{}", {{"retry-after", "3"}}).retry_after,
            std::chrono::milliseconds{3000});
  EXPECT_EQ(failure_of_answer(kDialect, 429, "{}", {{"retry-after-ms", "40"}}).retry_after,
            std::chrono::milliseconds{40});
}

TEST(OpenAiMessages, AStreamIsAskedForWithItsUsageUnlessTheServerRefusedThat) {
  const json with = json::parse(kDialect.body({.model = "m", .prompt = "P"}, {.streamed = true}));
  const json without = json::parse(
      kDialect.body({.model = "m", .prompt = "P"}, {.streamed = true, .with_usage = false}));

  EXPECT_EQ(with["stream"], true);
  EXPECT_EQ(with["stream_options"], json::parse(R"({"include_usage":true})"));
  EXPECT_EQ(without["stream"], true);
  EXPECT_FALSE(without.contains("stream_options"));
}

TEST(OpenAiMessages, TheBoundOfAnAnswerHasTheNameThatTheModelWants) {
  const json body = json::parse(
      kDialect.body({.model = "m", .prompt = "P", .max_tokens = 5}, {.completion_tokens = true}));

  EXPECT_EQ(body["max_completion_tokens"], 5);
  EXPECT_FALSE(body.contains("max_tokens"));
}

TEST(OpenAiMessages, AnAnswerThatIsAlmostRightCostsACharacterAndNotTheCall) {
  EXPECT_EQ(parse_chat_response("{\"choices\":[{\"message\":{\"content\":\"a\xE4\xB8z\"}}]}").text,
            "a\xEF\xBF\xBDz");
  EXPECT_EQ(
      parse_chat_response(
          R"({"choices":[{"message":{"content":"\ud83d!"},"logprob":-Infinity,"score":NaN}]})")
          .text,
      "\xEF\xBF\xBD!");
}

TEST(OpenAiMessages, AServerThatGaveUpFailedAndTheCallerDidNotCancel) {
  EXPECT_NE(failure_of_answer(kDialect, 499, "").type, ltb::ErrorType::Cancelled);
  EXPECT_EQ(failure_of_answer(kDialect, 499, R"({"error":{"code":"cancelled"}})").type,
            ltb::ErrorType::ServerError);
  EXPECT_EQ(
      failure_of_answer(kDialect, 200, R"({"error":{"code":"cancelled","message":"x"}})").type,
      ltb::ErrorType::ServerError);
  EXPECT_EQ(failure_of_stream(kDialect, {R"({"error":{"code":"cancelled","message":"x"}})"}).type,
            ltb::ErrorType::ServerError);
}

TEST(OpenAiMessages, ARedirectThatIsNotFollowedNamesItsTarget) {
  const HttpReply reply{.status = 302, .body = "<html>", .redirect = "https://login.example/in"};

  EXPECT_THAT(std::string(error_from_reply(kDialect, reply, "http://h/v1").what()),
              HasSubstr("HTTP 302: redirected to https://login.example/in (only 307 and 308"));
}

TEST(OpenAiMessages, AStreamIsReadDeltaByDelta) {
  const ReadStream read = read_stream(
      kDialect,
      {R"({"id":"c1","model":"m-2","choices":[{"delta":{"role":"assistant","content":""}}]})",
       R"({"choices":[{"delta":{"reasoning_content":"H","reasoning":"H"}}]})",
       R"({"choices":[{"delta":{"reasoning":"m"}}]})",
       R"({"choices":[{"delta":{"thinking":"?"}}]})",
       R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text",
           "text":"so"}]}]}}]})",
       R"({"choices":[{"delta":{"content":"Par"}}]})",
       R"({"choices":[{"delta":{"content":"is"}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]})",
       R"({"choices":[{"delta":{"content":[{"type":"text","text":"!"}]}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"stop"}]})",
       R"({"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,
           "prompt_tokens_details":{"cached_tokens":3}}})",
       "[DONE]"});

  EXPECT_THAT(read.pieces, ElementsAre("reasoning:H", "reasoning:m", "reasoning:?", "reasoning:so",
                                       "text:Par", "text:is", "tool", "text:!"));
  EXPECT_TRUE(read.is_over);
  EXPECT_EQ(read.response.text, "Paris!");
  EXPECT_EQ(read.response.model, "m-2");
  EXPECT_EQ(read.response.request_id, "c1");
  EXPECT_EQ(read.response.finish_reason, "stop");
  EXPECT_EQ(read.response.usage,
            (ltb::TokenUsage{.input_tokens = 11, .output_tokens = 7, .cached_tokens = 3}));
}

TEST(OpenAiMessages, AStreamIsFinishedByItsReasonAndOverByItsMark) {
  const std::string piece = R"({"choices":[{"delta":{"content":"x"}}]})";
  const std::string reason = R"({"choices":[{"delta":{},"finish_reason":"length"}]})";

  EXPECT_FALSE(read_stream(kDialect, {piece}).is_finished);
  EXPECT_TRUE(read_stream(kDialect, {piece, reason}).is_finished);
  EXPECT_FALSE(read_stream(kDialect, {piece, reason}).is_over);
  EXPECT_TRUE(read_stream(kDialect, {piece, "[DONE]"}).is_over);
}

TEST(OpenAiMessages, AnErrorInAStreamIsThrownUnderItsOwnCategory) {
  const Failed failed = failure_of_stream(
      kDialect, {R"({"choices":[{"delta":{"content":"Par"}}]})",
                 R"({"error":{"message":"no more","code":"insufficient_quota"}})"});

  EXPECT_EQ(failed.type, ltb::ErrorType::Quota);
  EXPECT_EQ(failed.code, "insufficient_quota");
  EXPECT_THAT(failed.message, HasSubstr("after 1 pieces of content (3 bytes): no more"));
}

TEST(OpenAiMessages, WhatIsNoJsonInAStreamIsAParseError) {
  for (const char* data : {"{\"cut", "null", "[1]", "OK"}) {
    EXPECT_EQ(failure_of_stream(kDialect, {data}).type, ltb::ErrorType::Parse) << data;
  }
}

TEST(OpenAiMessages, ChunksOfOddShapesAreNoContent) {
  EXPECT_THAT(read_stream(kDialect, {"{}", R"({"choices":{}})", R"({"choices":[1]})",
                                     R"({"choices":[{"delta":"x"}]})",
                                     R"({"choices":[{"delta":{"content":7}}]})"})
                  .pieces,
              ElementsAre());
}

TEST(OpenAiMessages, ACallbackThatSaysNoIsPassedOn) {
  const auto stream = kDialect.make_stream();

  EXPECT_FALSE(stream->take({.data = R"({"choices":[{"delta":{"content":"x"}}]})"},
                            [](const ltb::StreamChunk&) { return false; }));
}

}  // namespace
