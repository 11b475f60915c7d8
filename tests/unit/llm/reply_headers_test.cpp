// Response headers, and the way of a reply into the record of its call.
#include <ltb/json.hpp>

#include "unit/provider/call_watcher.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::test {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;
using namespace nlohmann::literals;

struct Headers {
  std::map<std::string, std::string, std::less<>> fields{};
  std::optional<std::string_view> operator()(std::string_view name) const {
    const auto found = fields.find(name);
    if (found == fields.end()) return std::nullopt;
    return found->second;
  }
};
const auto kNow = std::chrono::sys_days{std::chrono::year{2025} / 1 / 15} + 10h;

TEST(RateLimitHeaders, OpenAiWindowsAreReadAndTheTighterResetIsTold) {
  const auto limits = read_rate_limits(Headers{{{"x-ratelimit-limit-requests", "60"},
                                                {"x-ratelimit-remaining-requests", "59"},
                                                {"x-ratelimit-reset-requests", "1s"},
                                                {"x-ratelimit-limit-tokens", "150000"},
                                                {"x-ratelimit-remaining-tokens", "14000"},
                                                {"x-ratelimit-reset-tokens", "6m0.5s"}}},
                                       kNow);

  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(limits->requests_limit, 60u);
  EXPECT_EQ(limits->requests_remaining, 59u);
  EXPECT_EQ(limits->tokens_limit, 150000u);
  EXPECT_EQ(limits->tokens_remaining, 14000u);
  EXPECT_EQ(limits->reset_at, kNow + 360500ms);
}

TEST(RateLimitHeaders, AWindowOfASubscriptionThatRefusesHasNothingLeft) {
  // 10:00 on 2025-01-15 is 1736935200; the two windows start anew 600 s and 7200 s later.
  Headers headers{{{"anthropic-ratelimit-unified-status", "rejected"},
                   {"anthropic-ratelimit-unified-reset", "1736942400"},
                   {"anthropic-ratelimit-unified-5h-status", "rejected"},
                   {"anthropic-ratelimit-unified-5h-reset", "1736935800"},
                   {"anthropic-ratelimit-unified-5h-utilization", "1.0"},
                   {"anthropic-ratelimit-unified-7d-status", "rejected"},
                   {"anthropic-ratelimit-unified-7d-reset", "1736942400"}}};
  LlmReply reply;
  reply.error = CallError{ErrorType::RateLimit, "used up", {}};
  read_reply_headers(reply, headers, kNow);

  ASSERT_TRUE(reply.rate_limits.has_value());
  EXPECT_EQ(reply.rate_limits->requests_remaining, 0u);
  EXPECT_EQ(reply.rate_limits->requests_limit, std::nullopt);
  EXPECT_EQ(reply.rate_limits->reset_at, kNow + 7200s);
  EXPECT_EQ(reply.retry_after, 7200s);

  for (const char* name :
       {"anthropic-ratelimit-unified-status", "anthropic-ratelimit-unified-5h-status",
        "anthropic-ratelimit-unified-7d-status"})
    headers.fields[name] = "allowed_warning";
  EXPECT_EQ(read_rate_limits(headers, kNow), std::nullopt) << "a used share is not a count";
}

TEST(RateLimitHeaders, AnthropicWindowsHaveTimesAndTheTighterKindOfTokens) {
  const auto limits =
      read_rate_limits(Headers{{{"anthropic-ratelimit-requests-limit", "50"},
                                {"anthropic-ratelimit-requests-remaining", "0"},
                                {"anthropic-ratelimit-requests-reset", "2025-01-15T10:00:30Z"},
                                {"anthropic-ratelimit-input-tokens-limit", "1000"},
                                {"anthropic-ratelimit-input-tokens-remaining", "900"},
                                {"anthropic-ratelimit-output-tokens-limit", "200"},
                                {"anthropic-ratelimit-output-tokens-remaining", "20"}}},
                       kNow);

  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(limits->requests_remaining, 0u);
  EXPECT_EQ(limits->tokens_limit, 200u);
  EXPECT_EQ(limits->reset_at, kNow + 30s);
}

TEST(RateLimitHeaders, NothingToldIsNothingAndNonsenseIsNotTold) {
  EXPECT_EQ(read_rate_limits(Headers{}), std::nullopt);
  EXPECT_EQ(read_rate_limits(Headers{{{"x-ratelimit-limit-requests", "-5"},
                                      {"x-ratelimit-remaining-requests", "5 or so"},
                                      {"x-ratelimit-reset-tokens", "soon"}}}),
            std::nullopt);
}

TEST(RateLimitHeaders, WaitsAreReadInGosSpelling) {
  using detail::parse_wait;
  EXPECT_EQ(parse_wait("120ms"), 120ms);
  EXPECT_EQ(parse_wait("1h2m3.5s"), 3723500ms);
  EXPECT_EQ(parse_wait("17"), 17s);
  for (const char* text :
       {"", "s", "1x", "-1s", "nan", "inf", "1e9s", "99999999999h", "1s 2s", " 1s"})
    EXPECT_EQ(parse_wait(text), std::nullopt) << text;
}

TEST(ReplyHeaders, WaitAndRequestIdAreAdded) {
  LlmReply reply;
  read_reply_headers(reply, Headers{{{"retry-after", "20"}, {"request-id", "req_1"}}}, kNow);

  EXPECT_EQ(reply.retry_after, 20s);
  EXPECT_EQ(reply.request_id, "req_1");
  EXPECT_EQ(reply.rate_limits, std::nullopt);
}

TEST(Apply, ReplyGoesIntoTheRecordAndTheCallerEndsIt) {
  CallWatcher watcher;
  RequestScope scope = watcher.monitoring.begin_request("openai", "gpt-4");

  apply(scope, {.usage = TokenUsage{3, 4}, .cost = 0.25, .finish_reason = "stop"});
  EXPECT_FALSE(scope.is_finished());
  scope.finish();

  const RequestPayload payload = watcher.succeeded();
  EXPECT_EQ(payload.tokens, (TokenUsage{3, 4}));
  EXPECT_EQ(payload.cost, 0.25);
  EXPECT_EQ(payload.finish_reason, "stop");
}

TEST(Apply, ErrorEndsTheCall) {
  CallWatcher watcher;
  RequestScope scope = watcher.monitoring.begin_request("openai", "gpt-4");

  apply(scope, {.error = CallError{ErrorType::Quota, "broke", "c"}});
  scope.finish();

  EXPECT_EQ(watcher.failed().error_type, ErrorType::Quota);
}

/// Speaks JSON in Anthropic's shape, in and out.
struct JsonClient {
  static constexpr const char* provider_name = "anthropic";
  Json complete(const Json& request) { return request.at("answer"); }
  template <typename OnChunk>
  void stream(const Json& request, OnChunk&& on_chunk) {
    for (const Json& chunk : request.at("chunks")) on_chunk(chunk);
  }
};

}  // namespace
}  // namespace ltb::test

template <>
struct ltb::MonitoredTraits<ltb::test::JsonClient> : ltb::AnthropicJsonTraits {};

namespace ltb::test {
namespace {

TEST(JsonTraits, JsonInAndOutIsReadWithoutFurtherTraits) {
  CallWatcher watcher;
  Monitored client{JsonClient{}, watcher.monitoring};

  (void)client.complete(R"({"model": "claude", "answer":
    {"stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}}})"_json);
  const RequestPayload payload = watcher.succeeded();
  EXPECT_EQ(payload.model, "claude");
  EXPECT_EQ(payload.tokens, (TokenUsage{1, 2}));
  EXPECT_EQ(payload.finish_reason, "end_turn");

  (void)client.complete(
      R"({"model": "claude", "answer": {"error": {"type": "overloaded_error"}}})"_json);
  EXPECT_EQ(watcher.failed().error_type, ErrorType::Overloaded);
}

TEST(JsonTraits, StreamedJsonIsPutTogether) {
  CallWatcher watcher;
  Monitored client{JsonClient{}, watcher.monitoring};

  client.stream(R"({"model": "claude", "chunks": [
    {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}},
    {"type": "content_block_delta", "delta": {"text": "a"}},
    {"type": "content_block_delta", "delta": {"text": "b"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    ]})"_json,
                [](const Json&) {});

  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{5, 9}));
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 1u);
}

}  // namespace
}  // namespace ltb::test
