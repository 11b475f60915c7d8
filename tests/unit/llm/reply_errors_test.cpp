// The errors of well-known servers: their shapes, their codes against the status, and the waits
// they ask for.
#include <ltb/json.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ltb::test {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;
using namespace nlohmann::literals;

CallError error_of(const char* body, int status) {
  const LlmReply reply = read_openai_reply(Json::parse(body), status);
  EXPECT_TRUE(reply.error.has_value()) << body;
  return reply.error.value_or(CallError{ErrorType::Cancelled, "no error was found", {}});
}

std::string type_of(const char* body, int status) {
  return std::string(to_string(error_of(body, status).type));
}

struct Case {
  const char* body;
  int status;
  const char* type;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& each : cases)
    EXPECT_EQ(type_of(each.body, each.status), each.type) << each.status << ' ' << each.body;
}

TEST(ReplyErrors, VagueTypesGiveWayToAnyStatus) {
  const char* ollama = R"({"error": {"type": "api_error", "code": null, "message": "no"}})";
  const char* deepseek =
      R"({"error": {"type": "unknown_error", "code": "invalid_request_error", "message": "no"}})";
  expect_all({{ollama, 401, "auth"},
              {ollama, 402, "quota"},
              {ollama, 403, "permission"},
              {ollama, 413, "invalid_request"},
              {ollama, 429, "rate_limit"},
              {ollama, 500, "server_error"},
              {ollama, 503, "overloaded"},
              {ollama, 200, "server_error"},
              {deepseek, 402, "quota"},
              {deepseek, 500, "server_error"},
              {deepseek, 503, "overloaded"},
              {deepseek, 200, "invalid_request"}});
}

TEST(ReplyErrors, SpecificCodesBeatTheStatusWhereverTheyStand) {
  expect_all(
      {{R"({"error": {"code": "insufficient_quota", "message": "x"}})", 500, "quota"},
       {R"({"error": {"type": "engine_overloaded_error", "message": "x"}})", 429, "overloaded"},
       {R"({"error": "busy", "error_type": "overloaded"})", 429, "overloaded"},
       {R"({"error": "busy", "error_type": "overloaded"})", 200, "overloaded"},
       {R"({"error": "no grammar", "error_type": "validation"})", 422, "invalid_request"},
       {R"({"error": "cuda", "error_type": "generation"})", 200, "server_error"},
       {R"({"error": "cuda", "error_type": "generation"})", 424, "server_error"},
       {R"({"__type": "ModelErrorException", "message": "x"})", 424, "server_error"},
       {R"({"error": {"code": "tokens_limit_reached", "message": "x"}})", 413, "context_length"},
       {R"({"error": {"message": "Prompt exceeds max length"}})", 400, "context_length"},
       {R"({"errors": [{"message": "you exceeded this model context window limit"}]})", 413,
        "context_length"},
       {R"({"error": {"code": "bad", "message": "x", "innererror":
           {"code": "ResponsibleAIPolicyViolation"}}})",
        400, "content_filter"},
       {R"({"__type": "com.amazon.coral.service#ThrottlingException", "message": "slow"})", 400,
        "rate_limit"},
       {R"({"object": "error", "type": "AuthenticationError", "message": "x", "code": 401})", 200,
        "auth"},
       {R"({"message": "Rate limited", "type": "rate_limit_error"})", 200, "rate_limit"}});
}

TEST(ReplyErrors, EveryShapeOfAnErrorIsFound) {
  expect_all(
      {{R"({"error": "out of memory"})", 500, "server_error"},
       {R"([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x"}}])", 429,
        "rate_limit"},
       {R"({"errors": [{"code": 1000, "message": "wrong route"}]})", 404, "not_found"},
       {R"({"success": false, "errors": [{"message": "x"}]})", 200, "other"},
       {R"({"choices": [{"error": {"code": 503, "message": "x"}}]})", 200, "overloaded"},
       {R"({"choices": [{"delta": {}, "finish_reason": "error"}]})", 200, "other"},
       {R"({"choices": [], "x_groq": {"id": "r", "error": "over capacity"}})", 200, "other"},
       {R"({"object": "response", "status": "failed", "error": null})", 200, "other"},
       {R"({"error": {"code": "429", "message": "as text"}})", 200, "rate_limit"},
       {R"({"message": "gone", "statusCode": 404})", 200, "not_found"},
       {R"({"error": true, "message": "x", "status": 503})", 200, "overloaded"},
       {R"({"detail": "Not authenticated"})", 401, "auth"},
       {R"({"detail": {"error": {"code": "model_not_found", "message": "x"}}})", 400, "not_found"},
       {R"({"base_resp": {"status_code": 1008, "status_msg": "no money"}, "choices": null})", 200,
        "quota"},
       {R"({"base_resp": {"status_code": 1002, "status_msg": "rpm"}})", 200, "rate_limit"},
       {R"({"base_resp": {"status_code": 2049, "status_msg": "key"}})", 200, "auth"}});
  EXPECT_EQ(error_of(R"({"detail": [{"loc": ["body"], "msg": "Field required"}]})", 422).message,
            "Field required");
  EXPECT_EQ(
      error_of(R"({"message": {"detail": [{"msg": "nested"}]}, "object": "error"})", 400).message,
      "nested");
  EXPECT_EQ(error_of(R"({"base_resp": {"status_code": 1008, "status_msg": "no money"}})", 200),
            (CallError{ErrorType::Quota, "no money", "1008"}));
}

TEST(ReplyErrors, FieldsThatSayNothingAreNotAnError) {
  for (const char* body :
       {R"({"error": null})", R"({"error": false})", R"({"error": ""})", R"({"error": 0})",
        R"({"error": {}})", R"({"error": []})", R"({"error": {"code": 0, "message": ""}})",
        R"({"errors": [], "choices": []})", R"({"base_resp": {"status_code": 0}})",
        R"({"message": "Hello", "model": "m"})", R"({"choices": [{"error": null}]})"}) {
    EXPECT_EQ(read_openai_reply(Json::parse(body)).error, std::nullopt) << body;
    EXPECT_EQ(read_anthropic_reply(Json::parse(body)).error, std::nullopt) << body;
    EXPECT_EQ(read_google_reply(Json::parse(body)).error, std::nullopt) << body;
    EXPECT_EQ(type_of(body, 503), "overloaded") << body;
  }
}

TEST(ReplyErrors, APromptThatIsTooLongIsContextLengthInEveryDialectUnderAnyStatus) {
  const std::vector<const char*> messages = {
      "prompt is too long: 300 tokens > 200 maximum",
      "input length and `max_tokens` exceed context limit: 190 + 20 > 200",
      "This model's maximum context length is 100 tokens. However, you requested 120",
      "This model\\u2019s maximum context length is 100 tokens",
      "This model's maximum prompt length is 100 but the request contains 120 tokens.",
      "the request exceeds the available context size, try increasing it",
      "Context size has been exceeded.",
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 100. Given: 99 and 2",
      "`inputs` must have less than 100 tokens. Given: 101",
      "The input (101 tokens) is longer than the model's context length (100 tokens).",
      "Input is too long for requested model.",
      "The input token count (101) exceeds the maximum number of tokens allowed (100).",
      "Trying to keep the first 101 tokens when context the overflows.",
      "too many tokens: size limit exceeded by 1 tokens. Try using shorter or fewer inputs.",
      "Prompt contains 101 tokens, too large for model with 100 maximum context length",
      "Invalid request: Your request exceeded model token limit: 100",
      "Your input exceeds the context window of this model.",
      "invalid params, context window exceeds limit",
      "Please reduce the length of the messages or completion.",
      "The decoder prompt (length 101) is longer than the maximum model length of 100."};
  for (const char* message : messages) {
    const std::string text = Json::parse('"' + std::string(message) + '"').get<std::string>();
    for (const int status : {200, 400, 413, 422, 500}) {
      for (const char* type : {"invalid_request_error", "BadRequestError", "api_error", ""}) {
        const Json body{{"error", {{"message", text}, {"type", type}}}};
        EXPECT_EQ(read_openai_reply(body, status).error->type, ErrorType::ContextLength)
            << status << ' ' << type << ' ' << text;
        EXPECT_EQ(read_anthropic_reply(body, status).error->type, ErrorType::ContextLength) << text;
        EXPECT_EQ(read_google_reply(body, status).error->type, ErrorType::ContextLength) << text;
      }
      EXPECT_EQ(read_openai_reply(Json{{"error", text}}, status).error->type,
                ErrorType::ContextLength);
      EXPECT_EQ(read_openai_reply(Json{{"object", "error"}, {"message", text}}, status).error->type,
                ErrorType::ContextLength);
    }
    EXPECT_EQ(read_openai_reply(Json{{"message", text}}, 400).error->type,
              ErrorType::ContextLength);
  }
  for (const char* code :
       {"exceed_context_size_error", "context_length_exceeded", "ContextWindowExceededError"}) {
    for (const int status : {200, 400, 413, 500}) {
      const Json body{{"error", {{"message", "m"}, {"code", 400}, {"type", code}}}};
      EXPECT_EQ(read_openai_reply(body, status).error->type, ErrorType::ContextLength) << code;
    }
  }
}

TEST(ReplyErrors, OtherMessagesOfTokensAreNotAboutThePrompt) {
  expect_all(
      {{R"({"message": "too many tokens: max tokens must be less than or equal to 40"})", 400,
        "invalid_request"},
       {R"({"message": "Too many tokens, please wait before trying again."})", 429, "rate_limit"},
       {R"({"error": {"code": "rate_limit_exceeded", "message":
           "Request too large: reduce the length of the messages"}})",
        413, "rate_limit"}});
}

TEST(ReplyErrors, WordsDecideWhereNeitherCodeNorStatusSaysMore) {
  expect_all({{R"({"code": "Client specified an invalid argument", "error":
                   "Incorrect API key provided: xx"})",
               400, "auth"},
              {R"({"error": "Model is overloaded"})", 200, "overloaded"},
              {R"({"error": "Unexpected endpoint or method. (POST /x). Returning 200 anyway"})",
               200, "not_found"},
              {R"({"error": {"message": "Rate limit exceeded for model"}})", 200, "rate_limit"},
              {R"({"error": {"message": "Your credit balance is too low"}})", 400, "quota"}});
}

TEST(ReplyErrors, WhatAModeratorRefusesIsContentFilterUnderAnyStatusOfARefusal) {
  expect_all(
      {{R"({"error": {"code": 403, "message": "Forbidden", "metadata": {"reasons": ["violence"],
           "flagged_input": "how to ...", "provider_name": "Acme", "model_slug": "a/b"}}})",
        403, "content_filter"},
       {R"({"error": {"code": 403, "message": "x", "metadata": {"flagged_input": "how"}}})", 200,
        "content_filter"},
       {R"({"error": {"code": 403, "message": "x",
           "metadata": {"error_type": "content_policy_violation"}}})",
        403, "content_filter"},
       {R"({"error": {"code": 403, "message": "x", "metadata": {"reasons": [],
           "provider_name": "Acme"}}})",
        403, "permission"},
       {R"({"code": "permission-denied", "error": "Content violates usage guidelines. "})", 403,
        "content_filter"},
       {R"({"code": "The caller does not have permission", "error":
           "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"})",
        403, "content_filter"},
       {R"({"code": "permission-denied", "error": "Access to the endpoint is denied"})", 403,
        "permission"},
       {R"({"error": {"message": "Content Exists Risk", "type": "invalid_request_error"}})", 400,
        "content_filter"},
       {R"({"type": "error", "error": {"type": "invalid_request_error", "message":
           "Output blocked by content filtering policy"}})",
        400, "content_filter"},
       {R"({"error": {"type": "censorship_blocked", "message": "x"}})", 451, "content_filter"},
       {R"({"error": {"message": "not in this country"}})", 451, "permission"},
       {R"({"code": "DataInspectionFailed", "message": "x"})", 400, "content_filter"},
       {R"({"contentFilter": [{"level": 1, "role": "user"}],
           "error": {"code": "1301", "message": "x"}})",
        400, "content_filter"},
       {R"({"error": {"type": "hooks_failed", "message": "x"}})", 446, "content_filter"}});
}

TEST(ReplyErrors, AnOverloadedServerThatQuotesAPolicyIsOverloaded) {
  expect_all({{R"({"error": {"message": "your input was flagged"}})", 503, "overloaded"},
              {R"({"error": {"message": "your input was flagged"}})", 429, "rate_limit"},
              {R"({"error": {"message": "your input was flagged"}})", 401, "auth"}});
}

TEST(ReplyErrors, ExceptionsInTheStreamsOfBedrockAndCohereAreFound) {
  expect_all(
      {{R"({"throttlingException": {"message": "slow down"}})", 200, "rate_limit"},
       {R"({"serviceUnavailableException": {"message": "x"}})", 200, "overloaded"},
       {R"({"internalServerException": {"message": "x"}})", 200, "server_error"},
       {R"({"modelStreamErrorException": {"message": "x", "originalStatusCode": 424}})", 200,
        "server_error"},
       {R"({"validationException": {"message": "Input is too long for requested model."}})", 200,
        "context_length"},
       {R"({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "it broke"}})", 200,
        "other"}});
  const CallError error = error_of(R"({"throttlingException": {"message": "slow down"}})", 200);
  EXPECT_EQ(error.code, "throttlingException");
  EXPECT_EQ(error.message, "slow down");
}

TEST(ReplyErrors, TheWordsOfTheProviderBehindAGatewayAreShown) {
  const CallError error = error_of(R"({"error": {"code": 400, "message": "Provider returned error",
    "metadata": {"provider_name": "Acme", "raw": "prompt is too long"}}})",
                                   400);
  EXPECT_EQ(error.message, "Provider returned error (Acme: prompt is too long)");
  EXPECT_EQ(error.type, ErrorType::ContextLength);
}

TEST(ReplyErrors, WaitsAreReadFromFieldsAndMessages) {
  const auto wait = [](const char* body) {
    return read_openai_reply(Json::parse(body), 429).retry_after;
  };
  EXPECT_EQ(wait(R"({"error": {"message": "Please try again in 1.2s. Visit x"}})"), 1200ms);
  EXPECT_EQ(wait(R"({"error": {"message": "Limit 5. Try again in 20ms."}})"), 20ms);
  EXPECT_EQ(wait(R"({"error": {"message": "try again in 6m0s"}})"), 360s);
  EXPECT_EQ(wait(R"({"error": {"message": "Please retry after 26 seconds."}})"), 26s);
  EXPECT_EQ(wait(R"({"error": {"message": "Please retry in 34.0748242s."}})"), 34075ms);
  EXPECT_EQ(wait(R"({"error": {"message": "try again in 1 minute"}})"), 60s);
  EXPECT_EQ(wait(R"({"error": {"message": "try again in 1 minute 20 seconds"}})"), 80s);
  EXPECT_EQ(wait(R"({"error": {"message": "try again in 2 hours, 5 minutes."}})"), 7500s);
  EXPECT_EQ(wait(R"({"error": {"message": "try again in 1 minute and 2 seconds"}})"), 62s);
  EXPECT_EQ(wait(R"({"error": {"message": "try again in 20s, 5 requests left"}})"), 20s);
  EXPECT_EQ(wait(R"({"error": {"message": "x", "details": [{"retryDelay": "7s"}]}})"), 7s);
  EXPECT_EQ(wait(R"({"error": {"message": "x", "retry_after": 1.5}})"), 1500ms);
  for (const char* message : {"try again in a while", "try again in 5", "try again in -5s",
                              "try again in 99999999h", "try again in 1e9s"})
    EXPECT_EQ(detail::wait_in_message(message), std::nullopt) << message;
}

TEST(ReplyErrors, LimitsInTheBodyAreReadAndWaitedFor) {
  const auto now = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 10h;
  const auto reset = now + 2500ms;
  const Json body{{"error",
                   {{"code", 429},
                    {"message", "free requests used up"},
                    {"metadata",
                     {{"headers",
                       {{"X-RateLimit-Limit", "20"},
                        {"X-RateLimit-Remaining", "0"},
                        {"X-RateLimit-Reset",
                         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                                            reset.time_since_epoch())
                                            .count())}}}}}}}};

  const LlmReply reply = read_openai_reply(body, 429, now);

  ASSERT_TRUE(reply.rate_limits.has_value());
  EXPECT_EQ(reply.rate_limits->requests_limit, 20u);
  EXPECT_EQ(reply.rate_limits->requests_remaining, 0u);
  EXPECT_EQ(reply.rate_limits->reset_at, reset);
  EXPECT_EQ(reply.retry_after, 2500ms);
}

}  // namespace
}  // namespace ltb::test
