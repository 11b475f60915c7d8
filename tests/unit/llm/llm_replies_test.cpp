// The JSON replies of OpenAI-compatible servers, Anthropic and Google, as recorded
// shapes.
#include <ltb/json.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ltb::test {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;
using namespace nlohmann::literals;

TEST(OpenAiReply, CachedAndReasoningTokensArePartsOfTheirWholes) {
  const LlmReply reply = read_openai_reply(R"({"id": "chatcmpl-1", "object": "chat.completion",
    "model": "gpt-4o-2024-08-06", "choices": [{"index": 0, "finish_reason": "length",
    "message": {"role": "assistant", "content": "Hi"}}], "usage": {"prompt_tokens": 2006,
    "completion_tokens": 300, "total_tokens": 2306, "cost": 0.0125,
    "prompt_tokens_details": {"cached_tokens": 1920},
    "completion_tokens_details": {"reasoning_tokens": 256}}})"_json);

  EXPECT_EQ(reply.usage, (TokenUsage{2006, 300, 1920, 256}));
  EXPECT_EQ(reply.cost, 0.0125);
  EXPECT_EQ(reply.model, "gpt-4o-2024-08-06");
  EXPECT_EQ(reply.finish_reason, "length");
  EXPECT_EQ(reply.request_id, "chatcmpl-1");
  EXPECT_EQ(reply.error, std::nullopt);
}

TEST(OpenAiReply, ReasoningThatTheTotalShowsToBeApartIsAdded) {
  const LlmReply reply =
      read_openai_reply(R"({"usage": {"prompt_tokens": 10, "completion_tokens": 5,
    "total_tokens": 115, "completion_tokens_details": {"reasoning_tokens": 100}}})"_json);

  EXPECT_EQ(reply.usage, (TokenUsage{10, 105, std::nullopt, 100}));
}

TEST(OpenAiReply, EmbeddingsHaveNoOutput) {
  const LlmReply reply =
      read_openai_reply(R"({"usage": {"prompt_tokens": 8, "total_tokens": 8}})"_json);

  EXPECT_EQ(reply.usage, (TokenUsage{8, 0}));
}

TEST(OpenAiReply, ResponsesApiIsUnderstood) {
  const LlmReply reply = read_openai_reply(R"({"id": "resp_1", "object": "response", "error": null,
    "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
    "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 12}, "total_tokens": 123}})"_json);

  EXPECT_EQ(reply.usage, (TokenUsage{36, 87, 4, 12}));
  EXPECT_EQ(reply.finish_reason, "length");
  EXPECT_EQ(reply.error, std::nullopt);
}

TEST(OpenAiReply, ErrorsAreClassifiedByCodeThenStatus) {
  const auto error = [](const char* body, int status) {
    return read_openai_reply(Json::parse(body), status).error.value_or(CallError{});
  };
  EXPECT_EQ(error(R"({"error": {"message": "You exceeded your current quota", "type":
              "insufficient_quota", "param": null, "code": "insufficient_quota"}})",
                  429),
            (CallError{ErrorType::Quota, "You exceeded your current quota", "insufficient_quota"}));
  EXPECT_EQ(
      error(R"({"error": {"message": "m", "type": "invalid_request_error", "code": null}})", 401),
      (CallError{ErrorType::Auth, "m", "invalid_request_error"}));
  EXPECT_EQ(error(R"({"error": {"message": "m", "type": "invalid_request_error",
              "code": "context_length_exceeded"}})",
                  400)
                .type,
            ErrorType::ContextLength);
  EXPECT_EQ(
      error(R"({"error": {"message": "m", "type": "insufficient_quota", "code": "weird"}})", 429)
          .type,
      ErrorType::Quota)
      << "the type tells more than an unknown code";
  EXPECT_EQ(error(R"({"error": {"message": "m", "code": 529}})", 200).type, ErrorType::Overloaded)
      << "in a stream the status is in the error";
  EXPECT_EQ(error(R"({"error": {"message": "m", "type": "server_error"}})", 200).type,
            ErrorType::ServerError);
  EXPECT_EQ(error(R"({"error": "model not loaded"})", 500),
            (CallError{ErrorType::ServerError, "model not loaded", ""}));
  EXPECT_EQ(error(R"({"object": "error", "message": "This model's maximum context length is 4096",
              "type": "BadRequestError", "code": 400})",
                  400)
                .type,
            ErrorType::ContextLength);
  EXPECT_EQ(error(R"({"choices": [{"error": {"code": 502, "message": "upstream"}}]})", 200).type,
            ErrorType::ServerError);
  EXPECT_EQ(error("{}", 503), (CallError{ErrorType::Overloaded, "HTTP 503", ""}));
}

TEST(OpenAiChunks, ContentIsToldFromTheRestAndTheUsageChunkCounts) {
  const std::vector<std::pair<const char*, bool>> chunks = {
      {R"({"id": "c1", "model": "gpt-4o", "choices": [{"delta": {"role": "assistant", "content": ""},
         "finish_reason": null}], "usage": null})",
       false},
      {R"({"choices": [{"delta": {"reasoning_content": "hm"}}]})", true},
      {R"({"choices": [{"delta": {"content": "Hi"}}]})", true},
      {R"({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]})", true},
      {R"({"choices": [{"delta": {}, "finish_reason": "stop"}]})", false},
      {R"({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})", false}};
  LlmReply whole;
  for (const auto& [chunk, has_content] : chunks)
    EXPECT_EQ(read_openai_chunk(whole, Json::parse(chunk)), has_content) << chunk;

  EXPECT_EQ(whole.usage, (TokenUsage{1, 2}));
  EXPECT_EQ(whole.finish_reason, "stop");
  EXPECT_EQ(whole.model, "gpt-4o");
  EXPECT_EQ(whole.request_id, "c1");
}

TEST(OpenAiChunks, ResponsesStreamIsUnderstood) {
  LlmReply whole;
  EXPECT_FALSE(read_openai_chunk(whole, R"({"type": "response.created", "response": {"id": "r",
    "object": "response", "status": "in_progress"}})"_json));
  EXPECT_TRUE(
      read_openai_chunk(whole, R"({"type": "response.output_text.delta", "delta": "Hi"})"_json));
  EXPECT_FALSE(read_openai_chunk(whole, R"({"type": "response.completed", "response": {"id": "r",
    "object": "response", "status": "completed",
    "usage": {"input_tokens": 3, "output_tokens": 4}}})"_json));

  EXPECT_EQ(whole.usage, (TokenUsage{3, 4}));
  EXPECT_EQ(whole.finish_reason, "stop");
}

TEST(AnthropicReply, InputIncludesWhatTheCacheReadAndWrote) {
  const LlmReply reply = read_anthropic_reply(R"({"id": "msg_1", "type": "message",
    "model": "claude-sonnet-4", "stop_reason": "end_turn", "content": [], "usage":
    {"input_tokens": 50, "cache_creation_input_tokens": 248, "cache_read_input_tokens": 1800,
     "output_tokens": 503}})"_json);

  EXPECT_EQ(reply.usage, (TokenUsage{2098, 503, 1800, std::nullopt, 248}));
  EXPECT_EQ(reply.finish_reason, "end_turn");
  EXPECT_EQ(reply.request_id, "msg_1");
}

TEST(AnthropicReply, ErrorsAreClassified) {
  const auto error = [](const char* type, const char* message, int status) {
    const Json body = {{"type", "error"}, {"error", {{"type", type}, {"message", message}}}};
    return read_anthropic_reply(body, status).error.value_or(CallError{});
  };
  EXPECT_EQ(error("overloaded_error", "Overloaded", 200),
            (CallError{ErrorType::Overloaded, "Overloaded", "overloaded_error"}));
  EXPECT_EQ(error("rate_limit_error", "m", 429).type, ErrorType::RateLimit);
  EXPECT_EQ(error("invalid_request_error", "m", 400).type, ErrorType::InvalidRequest);
  EXPECT_EQ(
      error("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum", 400)
          .type,
      ErrorType::ContextLength);
  EXPECT_EQ(error("invalid_request_error", "Your credit balance is too low to access", 400).type,
            ErrorType::Quota);
}

TEST(AnthropicChunks, OutputOfTheLastDeltaIsAddedToTheInputOfTheStart) {
  const std::vector<std::pair<const char*, bool>> chunks = {
      {R"({"type": "message_start", "message": {"id": "msg_1", "model": "claude", "usage":
         {"input_tokens": 25, "cache_read_input_tokens": 1000, "output_tokens": 1}}})",
       false},
      {R"({"type": "content_block_start", "content_block": {"type": "text", "text": ""}})", false},
      {R"({"type": "ping"})", false},
      {R"({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "h"}})",
       true},
      {R"({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}})", true},
      {R"({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "x"}})",
       false},
      {R"({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "f"}})",
       true},
      {R"({"type": "content_block_delta", "delta": {"type": "input_json_delta",
         "partial_json": ""}})",
       false},
      {R"({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage":
         {"input_tokens": 25, "output_tokens": 15}})",
       false},
      {R"({"type": "message_stop"})", false}};
  LlmReply whole;
  for (const auto& [chunk, has_content] : chunks)
    EXPECT_EQ(read_anthropic_chunk(whole, Json::parse(chunk)), has_content) << chunk;

  EXPECT_EQ(whole.usage, (TokenUsage{1025, 15, 1000, std::nullopt}));
  EXPECT_EQ(whole.finish_reason, "tool_use");
  EXPECT_EQ(whole.request_id, "msg_1");
  EXPECT_EQ(whole.error, std::nullopt);
}

TEST(GoogleReply, OutputIncludesThoughtsAndInputIncludesWhatIsCached) {
  const LlmReply reply = read_google_reply(R"({"candidates": [{"content": {"parts":
    [{"text": "Hi"}]}, "finishReason": "MAX_TOKENS"}], "modelVersion": "gemini-2.5-flash",
    "responseId": "abc", "usageMetadata": {"promptTokenCount": 100, "cachedContentTokenCount": 80,
    "toolUsePromptTokenCount": 7, "candidatesTokenCount": 20, "thoughtsTokenCount": 30,
    "totalTokenCount": 157}})"_json);

  EXPECT_EQ(reply.usage, (TokenUsage{107, 50, 80, 30}));
  EXPECT_EQ(reply.finish_reason, "MAX_TOKENS");
  EXPECT_EQ(reply.model, "gemini-2.5-flash");
  EXPECT_EQ(reply.request_id, "abc");
}

TEST(GoogleReply, ErrorTellsReasonAndWaitAlsoInAList) {
  const Json error = R"({"error": {"code": 429, "message": "Quota exceeded",
    "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo",
    "retryDelay": "34.5s"}]}})"_json;
  for (const Json& body : {error, Json::array({error})}) {
    const LlmReply reply = read_google_reply(body, 429);
    EXPECT_EQ(reply.error,
              (CallError{ErrorType::RateLimit, "Quota exceeded", "RESOURCE_EXHAUSTED"}));
    EXPECT_EQ(reply.retry_after, 34500ms);
  }
  EXPECT_EQ(read_google_reply(R"({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
    "API key not valid", "details": [{"reason": "API_KEY_INVALID"}]}})"_json,
                              400)
                .error->type,
            ErrorType::Auth);
}

TEST(GoogleReply, BlockedPromptIsAContentFilterError) {
  const LlmReply reply = read_google_reply(
      R"({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}})"_json);

  EXPECT_EQ(reply.error->type, ErrorType::ContentFilter);
  EXPECT_EQ(reply.error->code, "SAFETY");
  EXPECT_EQ(reply.usage, (TokenUsage{4, 0}));
}

TEST(GoogleChunks, PartsWithTextOrCallsAreContent) {
  LlmReply whole;
  EXPECT_TRUE(read_google_chunk(
      whole, R"({"candidates": [{"content": {"parts": [{"text": "H"}]}}]})"_json));
  EXPECT_TRUE(read_google_chunk(
      whole, R"({"candidates": [{"content": {"parts": [{"functionCall": {}}]}}]})"_json));
  EXPECT_FALSE(read_google_chunk(whole, R"({"candidates": [{"content": {"parts": [{"text": ""}]},
    "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1}})"_json));
  EXPECT_EQ(whole.finish_reason, "STOP");
}

TEST(HostileJson, FieldsOfTheWrongTypeAreAbsentAndNothingThrows) {
  const std::vector<Json> values = {nullptr,
                                    true,
                                    -1,
                                    1.5,
                                    1e300,
                                    18446744073709551615u,
                                    "text",
                                    "",
                                    Json::array(),
                                    Json::object(),
                                    Json::array({1}),
                                    Json{{"error", {{"error", 1}}}},
                                    "\xff\xfe"};
  const std::vector<std::string> paths = {"",
                                          "/usage",
                                          "/usage/prompt_tokens",
                                          "/usage/input_tokens",
                                          "/usage/output_tokens",
                                          "/usage/completion_tokens",
                                          "/usage/total_tokens",
                                          "/usage/prompt_tokens_details",
                                          "/usage/completion_tokens_details/reasoning_tokens",
                                          "/usage/cache_read_input_tokens",
                                          "/usage/cost",
                                          "/choices",
                                          "/choices/0",
                                          "/choices/0/finish_reason",
                                          "/choices/0/delta",
                                          "/choices/0/delta/content",
                                          "/error",
                                          "/error/code",
                                          "/error/type",
                                          "/error/message",
                                          "/error/status",
                                          "/error/details",
                                          "/error/details/0",
                                          "/error/details/0/retryDelay",
                                          "/id",
                                          "/model",
                                          "/type",
                                          "/object",
                                          "/response",
                                          "/message",
                                          "/delta",
                                          "/delta/text",
                                          "/content_block",
                                          "/stop_reason",
                                          "/candidates",
                                          "/candidates/0",
                                          "/candidates/0/content",
                                          "/candidates/0/content/parts",
                                          "/candidates/0/content/parts/0",
                                          "/usageMetadata",
                                          "/usageMetadata/promptTokenCount",
                                          "/usageMetadata/thoughtsTokenCount",
                                          "/promptFeedback"};
  const Json whole = R"({"usage": {"prompt_tokens": 1, "completion_tokens": 2, "input_tokens": 3,
    "output_tokens": 4}, "choices": [{"delta": {}}], "error": {"details": [{}]}, "delta": {},
    "candidates": [{"content": {"parts": [{}]}}], "usageMetadata": {"promptTokenCount": 5}})"_json;
  for (const std::string& path : paths) {
    for (const Json& value : values) {
      Json body = whole;
      body[Json::json_pointer(path)] = value;
      LlmReply reply;
      EXPECT_NO_THROW({
        (void)read_openai_reply(body, 400);
        (void)read_anthropic_reply(body, 400);
        (void)read_google_reply(body, 400);
        (void)read_openai_chunk(reply, body);
        (void)read_anthropic_chunk(reply, body);
        (void)read_google_chunk(reply, body);
      }) << path
         << ' ' << value.type_name();
    }
  }
}

TEST(HostileJson, CountsThatNoReplyHasMakeTheUsageAbsent) {
  for (const char* count : {"-1", "1.5", "1e300", "18446744073709551615", "\"7\"", "null", "[]"}) {
    const std::string text =
        std::string(R"({"usage": {"prompt_tokens": )") + count + R"(, "completion_tokens": 2}})";
    EXPECT_EQ(read_openai_reply(Json::parse(text)).usage, std::nullopt) << text;
  }
  EXPECT_EQ(
      read_openai_reply(R"({"usage": {"prompt_tokens": 3.0, "completion_tokens": 2}})"_json).usage,
      (TokenUsage{3, 2}));
}

TEST(HostileJson, LongTextsOfErrorsAreCutBetweenCharacters) {
  std::string message(2047, 'a');
  message += "\xc3\xa4 and more";
  const Json body = {{"error", {{"message", message}, {"code", std::string(1000, 'c')}}}};

  const LlmReply reply = read_openai_reply(body, 400);

  EXPECT_EQ(reply.error->message, std::string(2047, 'a'));
  EXPECT_EQ(reply.error->code, std::string(128, 'c'));
}

}  // namespace
}  // namespace ltb::test
