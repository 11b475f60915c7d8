// Where well-known servers put tokens and cost, and what is not a count.
#include <ltb/json.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace ltb::test {
namespace {

using Json = nlohmann::json;
using namespace nlohmann::literals;

std::optional<TokenUsage> usage_of(const char* body) {
  return read_openai_reply(Json::parse(body)).usage;
}

TEST(ReplyUsage, IsFoundWhereTheServerPutsIt) {
  const TokenUsage expected{.input_tokens = 31, .output_tokens = 9};
  for (const char* body :
       {R"({"usage": {"prompt_tokens": 31, "completion_tokens": 9}})",
        R"({"usage": {"prompt_tokens": 31.0, "completion_tokens": 9.0}})",
        R"({"usage": null, "x_groq": {"usage": {"prompt_tokens": 31, "completion_tokens": 9}}})",
        R"({"choices": [{"usage": {"prompt_tokens": 31, "completion_tokens": 9}}]})",
        R"({"choices": [{"delta": {}}, {"usage": {"prompt_tokens": 31, "completion_tokens": 9}}]})",
        R"({"prompt_eval_count": 31, "eval_count": 9, "done": true})",
        R"({"tokens_evaluated": 31, "tokens_predicted": 9})",
        R"({"meta": {"billed_units": {"input_tokens": 31.0, "output_tokens": 9.0}}})",
        R"({"type": "message-end", "delta": {"usage": {"billed_units":
            {"input_tokens": 31, "output_tokens": 9}, "tokens": {"input_tokens": 99,
            "output_tokens": 9}}}})",
        R"({"usage": {"tokens": {"input_tokens": 31, "output_tokens": 9}}})",
        R"({"usage": {"inputTokens": 31, "outputTokens": 9, "totalTokens": 40}})",
        R"({"metadata": {"usage": {"inputTokens": 31, "outputTokens": 9}}})"})
    EXPECT_EQ(usage_of(body), expected) << body;
}

TEST(ReplyUsage, TimingsCountWhatTheCacheHeldToo) {
  EXPECT_EQ(usage_of(R"({"timings": {"cache_n": 20, "prompt_n": 11, "predicted_n": 9}})"),
            (TokenUsage{31, 9, 20}));
  EXPECT_EQ(usage_of(R"({"timings": {"prompt_n": 11, "predicted_n": 9}})"), std::nullopt)
      << "without cache_n, how long the prompt was is not known";
}

TEST(ReplyUsage, PartsAreReadUnderAllTheirNames) {
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 50, "completion_tokens": 20,
              "prompt_cache_hit_tokens": 40, "prompt_cache_miss_tokens": 10}})"),
            (TokenUsage{50, 20, 40}))
      << "DeepSeek";
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 50, "completion_tokens": 20,
              "cached_tokens": 30}})"),
            (TokenUsage{50, 20, 30}))
      << "Moonshot";
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 50, "completion_tokens": 20,
              "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 12}}})"),
            (TokenUsage{50, 20, 5, std::nullopt, 12}))
      << "OpenRouter";
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 50, "completion_tokens": 20,
              "cache_read_input_tokens": 8, "cache_creation_input_tokens": 9}})"),
            (TokenUsage{50, 20, 8, std::nullopt, 9}))
      << "LiteLLM, whose prompt_tokens include both";
  EXPECT_EQ(usage_of(R"({"usage": {"input_tokens": 50, "output_tokens": 20,
              "cache_read_input_tokens": 8, "cache_creation_input_tokens": 9}})"),
            (TokenUsage{67, 20, 8, std::nullopt, 9}))
      << "Anthropic's names come with Anthropic's rule";
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 50, "completion_tokens": 20,
              "reasoning_tokens": 15}})"),
            (TokenUsage{50, 20, std::nullopt, 15}))
      << "SGLang";
  EXPECT_EQ(usage_of(R"({"usage": {"inputTokens": 50, "outputTokens": 20,
              "cacheReadInputTokens": 100, "cacheWriteInputTokens": 30, "cacheDetails":
              [{"ttl": "5m", "inputTokens": 10}, {"ttl": "1h", "inputTokens": 20}]}})"),
            (TokenUsage{180, 20, 100, std::nullopt, 30, 20}))
      << "Bedrock's inputTokens leave the cache out";
}

TEST(ReplyUsage, ReasoningOutsideTheCompletionIsAdded) {
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 315,
              "completion_tokens_details": {"reasoning_tokens": 300}}})"),
            (TokenUsage{10, 305, std::nullopt, 300}));
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
              "reasoning_tokens": 300}})"),
            (TokenUsage{10, 305, std::nullopt, 300}))
      << "more than the completion cannot be a part of it";
}

TEST(ReplyUsage, WhatGeminiCountsInTheTotalAloneIsReasoning) {
  // 623 - 20 - 198 = 405 tokens of thinking, which Google bills as output.
  for (const char* model : {"gemini-2.5-flash", "models/gemini-2.5-pro", "google/gemini-3-pro"}) {
    const Json body{
        {"model", model},
        {"usage", {{"prompt_tokens", 20}, {"completion_tokens", 198}, {"total_tokens", 623}}}};
    EXPECT_EQ(read_openai_reply(body).usage, (TokenUsage{20, 603, std::nullopt, 405})) << model;
    LlmReply whole;
    (void)read_openai_chunk(whole, body);
    EXPECT_EQ(whole.usage, (TokenUsage{20, 603, std::nullopt, 405})) << model;
  }
  // Nothing but thinking came.
  EXPECT_EQ(usage_of(R"({"model": "gemini-2.5-flash", "usage": {"prompt_tokens": 21,
              "completion_tokens": 0, "total_tokens": 81}})"),
            (TokenUsage{21, 60, std::nullopt, 60}));
  EXPECT_EQ(usage_of(R"({"model": "gemini-2.5-flash", "usage": {"prompt_tokens": 21,
              "completion_tokens": 60, "total_tokens": 81,
              "completion_tokens_details": {"reasoning_tokens": 60}}})"),
            (TokenUsage{21, 60, std::nullopt, 60}))
      << "a gateway that has added it already";
}

TEST(ReplyUsage, ATotalThatItsPartsDoNotExplainChangesNoPart) {
  for (const char* total : {"1000", "12", "0", "-1", "null", "15.5"}) {
    const std::string body = std::string(R"({"model": "some-model", "usage": {"prompt_tokens": 10,
        "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8}, "total_tokens": )") +
                             total + "}}";
    EXPECT_EQ(usage_of(body.c_str()), (TokenUsage{10, 5, 8})) << total;
  }
  EXPECT_EQ(usage_of(R"({"model": "gemini-2.5-flash", "usage": {"prompt_tokens": 10,
              "completion_tokens": 5, "total_tokens": 12}})"),
            (TokenUsage{10, 5}))
      << "less than its parts";
}

TEST(ReplyUsage, NoTokensAtAllIsNotACount) {
  for (const char* body :
       {R"({"usage": {"prompt_tokens": 0, "completion_tokens": 0}})",
        R"({"usage": {"prompt_tokens": 0, "completion_tokens": 0,
                             "total_tokens": 0}})",
        R"({"usage": {}})", R"({"usage": {"total_tokens": 40}})", R"({"eval_count": 4})"})
    EXPECT_EQ(usage_of(body), std::nullopt) << body;
  EXPECT_EQ(
      read_anthropic_reply(R"({"usage": {"input_tokens": 0, "output_tokens": 0}})"_json).usage,
      std::nullopt);
  EXPECT_EQ(read_google_reply(R"({"usageMetadata": {"promptTokenCount": 0}})"_json).usage,
            std::nullopt);
  EXPECT_EQ(usage_of(R"({"usage": {"prompt_tokens": 0, "completion_tokens": 3}})"),
            (TokenUsage{0, 3}));
}

TEST(ReplyUsage, AnEmptyUsageInALaterChunkDoesNotEraseTheCount) {
  LlmReply whole;
  (void)read_openai_chunk(whole,
                          R"({"choices": [{"delta": {"content": "x"}}], "usage": null})"_json);
  (void)read_openai_chunk(whole, R"({"choices": [{"delta": {}, "finish_reason": "stop",
    "usage": {"prompt_tokens": 7, "completion_tokens": 2}}]})"_json);
  (void)read_openai_chunk(whole, R"({"choices": [], "usage":
    {"prompt_tokens": 0, "completion_tokens": 0}})"_json);

  EXPECT_EQ(whole.usage, (TokenUsage{7, 2}));
}

TEST(ReplyUsage, AnthropicReportsCacheWritesOfAnHourApart) {
  const LlmReply reply = read_anthropic_reply(R"({"usage": {"input_tokens": 3, "output_tokens": 8,
    "cache_read_input_tokens": 100, "cache_creation_input_tokens": 70, "cache_creation":
    {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 50}}})"_json);
  EXPECT_EQ(reply.usage, (TokenUsage{173, 8, 100, std::nullopt, 70, 50}));

  const LlmReply parts = read_anthropic_reply(R"({"usage": {"input_tokens": 3, "output_tokens": 8,
    "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 50}}})"_json);
  EXPECT_EQ(parts.usage, (TokenUsage{73, 8, std::nullopt, std::nullopt, 70, 50}));
}

TEST(ReplyUsage, AnthropicKeepsTheCacheOfTheStartWhenADeltaLeavesItOut) {
  LlmReply whole;
  (void)read_anthropic_chunk(whole, R"({"type": "message_start", "message": {"usage":
    {"input_tokens": 3, "output_tokens": 1, "cache_creation_input_tokens": 70, "cache_creation":
    {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 50}}}})"_json);
  (void)read_anthropic_chunk(whole, R"({"type": "message_delta", "delta": {"stop_reason": "x"},
    "usage": {"input_tokens": 3, "output_tokens": 44}})"_json);

  EXPECT_EQ(whole.usage, (TokenUsage{73, 44, std::nullopt, std::nullopt, 70, 50}));
}

TEST(ReplyUsage, AnthropicKeepsTheHourOfTheStartWhenADeltaRepeatsTheWholeAlone) {
  LlmReply whole;
  (void)read_anthropic_chunk(whole, R"({"type": "message_start", "message": {"usage": {
      "input_tokens": 10, "output_tokens": 1, "cache_creation_input_tokens": 1000,
      "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600}}}})"_json);
  (void)read_anthropic_chunk(whole, R"({"type": "message_delta", "delta": {}, "usage": {
      "input_tokens": 10, "output_tokens": 7, "cache_creation_input_tokens": 1000}})"_json);
  ASSERT_TRUE(whole.usage.has_value());
  EXPECT_EQ(whole.usage->output_tokens, 7u);
  EXPECT_EQ(whole.usage->cache_written_tokens, 1000u);
  EXPECT_EQ(whole.usage->cache_written_1h_tokens, 600u);
}

TEST(ReplyCost, OfAFeeAloneIsUnknown) {
  for (
      const char* body :
      {R"({"usage": {"cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": null}}})",
       R"({"usage": {"cost": 0.02, "is_byok": true}})"})
    EXPECT_EQ(read_openai_reply(Json::parse(body)).cost, std::nullopt) << body;
}

TEST(ReplyCost, IsReadWhereTheServerReportsIt) {
  const auto cost = [](const char* usage) {
    return read_openai_reply(Json{{"usage", Json::parse(usage)}}).cost;
  };
  EXPECT_EQ(cost(R"({"cost": 0.25})"), 0.25);
  EXPECT_EQ(cost(R"({"cost": 0})"), 0.0) << "a model that costs nothing";
  EXPECT_EQ(cost(R"({"cost": {"input_tokens_cost": 0.1, "total_cost": 0.75}})"), 0.75);
  EXPECT_EQ(cost(R"({"estimated_cost": 0.125})"), 0.125);
  EXPECT_EQ(cost(R"({"cost_in_usd_ticks": 25000000000})"), 2.5);
  EXPECT_EQ(cost(R"({"cost": 0.5, "is_byok": true,
                     "cost_details": {"upstream_inference_cost": 10}})"),
            10.5);
  EXPECT_EQ(cost(R"({"cost": 0.5, "is_byok": false,
                     "cost_details": {"upstream_inference_cost": 0.4}})"),
            0.5);
  for (const char* nonsense : {R"({"cost": -1})", R"({"cost": "1"})", R"({"cost": {}})", "{}"})
    EXPECT_EQ(cost(nonsense), std::nullopt) << nonsense;
}

}  // namespace
}  // namespace ltb::test
