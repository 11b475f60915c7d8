// What is sent to and read from an OpenAI-compatible server.

#include "openai_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace {

using namespace llm_benchmark;
using nlohmann::json;
using testing::HasSubstr;

ltb::ErrorType type_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ltb::ProviderError& error) {
    return error.type();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ltb::ErrorType::Other;
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
        "{\"choices\":[{\"message\":{\"content\":\"\xFF\"}}]}"}) {
    EXPECT_EQ(type_of([body] { (void)parse_chat_response(body); }), ltb::ErrorType::Parse) << body;
  }
}

TEST(OpenAiMessages, AParseErrorShowsTheStartOfTheAnswerInPrintableText) {
  try {
    (void)parse_chat_response("<b>\n\x1b[31m" + std::string(1000, 'x'));
    FAIL() << "nothing was thrown";
  } catch (const ltb::ProviderError& error) {
    EXPECT_EQ(std::string(error.what()),
              "the answer is not a JSON object: \"<b>??[31m" + std::string(191, 'x') + "...\"");
  }
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
           ErrorCase{400, R"({"error":{"code":42}})", InvalidRequest, "42"},
           ErrorCase{400, R"({"error":"told"})", InvalidRequest, ""},
           ErrorCase{404, R"({"error":{"code":"model_not_found"}})", NotFound, "model_not_found"},
           ErrorCase{401, "", Auth, ""},
           ErrorCase{403, "{}", Permission, ""},
           ErrorCase{408, "", Timeout, ""},
           ErrorCase{500, R"({"error":{"type":"server_error"}})", ServerError, "server_error"},
           ErrorCase{503, "busy", Overloaded, ""},
           ErrorCase{302, "", Other, ""},
       }) {
    const ltb::ProviderError error = error_from_response(c.status, c.body, "http://h/v1");
    EXPECT_EQ(error.type(), c.type) << c.status << c.body;
    EXPECT_EQ(error.code(), c.code) << c.status << c.body;
    EXPECT_THAT(error.what(), HasSubstr("POST http://h/v1: HTTP " + std::to_string(c.status)));
  }
}

TEST(OpenAiMessages, AnErrorTellsTheServersWords) {
  EXPECT_STREQ(error_from_response(429, R"({"error":{"message":"slow down"}})", "http://h").what(),
               "POST http://h: HTTP 429: slow down");
  EXPECT_STREQ(error_from_response(502, "bad\ngateway", "http://h").what(),
               "POST http://h: HTTP 502: bad?gateway");
}

}  // namespace
