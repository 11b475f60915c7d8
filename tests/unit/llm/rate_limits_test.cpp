// Rate-limit headers of well-known servers, resets in every unit, and the waits in headers.
#include <ltb/llm_reply.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::test {
namespace {

using namespace std::chrono_literals;
using TimePoint = std::chrono::system_clock::time_point;

struct Headers {
  std::map<std::string, std::string, std::less<>> fields{};
  std::optional<std::string_view> operator()(std::string_view name) const {
    const auto found = fields.find(name);
    if (found == fields.end()) return std::nullopt;
    return found->second;
  }
};

// 2026-02-03T04:05:06Z
constexpr std::int64_t kNowSeconds = 1'770'091'506;
const TimePoint kNow{std::chrono::seconds{kNowSeconds}};

std::optional<TimePoint> reset_of(const std::string& text) {
  const auto limits = read_rate_limits(
      Headers{{{"x-ratelimit-limit-requests", "9"}, {"x-ratelimit-reset-requests", text}}}, kNow);
  return limits ? limits->reset_at : std::nullopt;
}

TEST(RateLimitReset, IsExactInEveryUnit) {
  EXPECT_EQ(reset_of("17"), kNow + 17s);
  EXPECT_EQ(reset_of("0"), kNow);
  EXPECT_EQ(reset_of("33011.382867"), kNow + 33011s + 382867us);
  EXPECT_EQ(reset_of("120ms"), kNow + 120ms);
  EXPECT_EQ(reset_of("6m0s"), kNow + 360s);
  EXPECT_EQ(reset_of("2m59.56s"), kNow + 179560ms);
  EXPECT_EQ(reset_of("1d2h"), kNow + 26h);
  EXPECT_EQ(reset_of("1770091509"), kNow + 3s);
  EXPECT_EQ(reset_of("1770091509.001"), kNow + 3001ms);
  EXPECT_EQ(reset_of("1770091509001"), kNow + 3001ms);
  EXPECT_EQ(reset_of("1770091509001002"), kNow + 3001002us);
  EXPECT_EQ(reset_of("1770091509001002003"), kNow + std::chrono::nanoseconds{3'001'002'003});
  EXPECT_EQ(reset_of("2026-02-03T04:05:07.001Z"), kNow + 1001ms);
  EXPECT_EQ(reset_of("Tue, 03 Feb 2026 04:06:06 GMT"), kNow + 60s);
  EXPECT_EQ(reset_of("Tue, 03 Feb 2026 04:05:00 GMT"), kNow - 6s) << "over, as it was sent";
  EXPECT_EQ(reset_of(" 17 "), kNow + 17s);
}

TEST(RateLimitReset, NonsenseIsNotReported) {
  for (const char* text :
       {"", "-1", "soon", "1e9", "99999999", "4102444800", "2099-01-01T00:00:00Z",
        "99999999999999999999999", "1999-01-01T00:00:00Z", "Fri, 31 Dec 2100 23:59:59 GMT",
        "Fri, 01 Jan 1999 00:00:00 GMT", "inf", "nan", "12 parsecs", "9999999h"})
    EXPECT_EQ(reset_of(text), std::nullopt) << text;
}

TEST(RateLimitHeaders, HeadersWithoutASuffixAreOfRequests) {
  const auto limits = read_rate_limits(Headers{{{"x-ratelimit-limit", "60"},
                                                {"x-ratelimit-remaining", "4"},
                                                {"x-ratelimit-reset", "1770091516000"}}},
                                       kNow);
  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(*limits,
            (RateLimits{.requests_limit = 60u, .requests_remaining = 4u, .reset_at = kNow + 10s}));
}

TEST(RateLimitHeaders, TheTightestOfSeveralWindowsIsReported) {
  const auto limits = read_rate_limits(Headers{{{"x-ratelimit-limit-requests-day", "1000"},
                                                {"x-ratelimit-remaining-requests-day", "990"},
                                                {"x-ratelimit-reset-requests-day", "33011.5"},
                                                {"x-ratelimit-limit-tokens-minute", "100"},
                                                {"x-ratelimit-remaining-tokens-minute", "10"},
                                                {"x-ratelimit-reset-tokens-minute", "45.5"},
                                                {"x-ratelimit-limit-tokens-day", "5000"},
                                                {"x-ratelimit-remaining-tokens-day", "4000"}}},
                                       kNow);
  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(*limits, (RateLimits{.requests_limit = 1000u,
                                 .requests_remaining = 990u,
                                 .tokens_limit = 100u,
                                 .tokens_remaining = 10u,
                                 .reset_at = kNow + 45500ms}));
}

TEST(RateLimitHeaders, OtherNamesForTokensAreKnown) {
  const auto tokens = [](const Headers& headers) {
    const auto limits = read_rate_limits(headers, kNow);
    return limits ? limits->tokens_remaining : std::nullopt;
  };
  EXPECT_EQ(tokens({{{"x-tokenlimit-limit", "90"}, {"x-tokenlimit-remaining", "80"}}}), 80u);
  EXPECT_EQ(tokens({{{"x-ratelimit-limit-tokens-prompt", "90"},
                     {"x-ratelimit-remaining-tokens-prompt", "80"},
                     {"x-ratelimit-limit-tokens-generated", "90"},
                     {"x-ratelimit-remaining-tokens-generated", "20"}}}),
            20u);
  EXPECT_EQ(tokens({{{"x-ratelimitbysize-limit-minute", "90"},
                     {"x-ratelimitbysize-remaining-minute", "70"}}}),
            70u);
  EXPECT_EQ(tokens({{{"ratelimitbysize-limit", "90"}, {"ratelimitbysize-remaining", "60"}}}), 60u);
  EXPECT_EQ(tokens({{{"llm_provider-x-ratelimit-remaining-tokens", "50"}}}), 50u);
}

TEST(RateLimitHeaders, MistralsResetBelongsToItsMinute) {
  const auto limits = read_rate_limits(Headers{{{"x-ratelimitbysize-limit-minute", "500"},
                                                {"x-ratelimitbysize-remaining-minute", "100"},
                                                {"x-ratelimitbysize-limit-month", "100000"},
                                                {"x-ratelimitbysize-remaining-month", "90000"},
                                                {"ratelimitbysize-reset", "40"}}},
                                       kNow);
  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(limits->tokens_limit, 500u);
  EXPECT_EQ(limits->tokens_remaining, 100u);
  EXPECT_EQ(limits->reset_at, kNow + 40s);
}

TEST(RateLimitHeaders, TheFieldsOfTheIetfAreRead) {
  const auto limits = read_rate_limits(
      Headers{{{"ratelimit", R"("burst";r=50;t=30, "daily";r=2;t=3600)"},
               {"ratelimit-policy", R"("burst";q=100;w=60, "daily";q=1000;w=86400)"}}},
      kNow);
  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(
      *limits,
      (RateLimits{.requests_limit = 1000u, .requests_remaining = 2u, .reset_at = kNow + 3600s}));
  const auto older =
      read_rate_limits(Headers{{{"ratelimit", "limit=100, remaining=50, reset=5"}}}, kNow);
  ASSERT_TRUE(older.has_value());
  EXPECT_EQ(*older,
            (RateLimits{.requests_limit = 100u, .requests_remaining = 50u, .reset_at = kNow + 5s}));
  const auto fields = read_rate_limits(Headers{{{"ratelimit-limit", "100, 100;w=60"},
                                                {"ratelimit-remaining", "7"},
                                                {"ratelimit-reset", "9"}}},
                                       kNow);
  ASSERT_TRUE(fields.has_value());
  EXPECT_EQ(*fields,
            (RateLimits{.requests_limit = 100u, .requests_remaining = 7u, .reset_at = kNow + 9s}));
  EXPECT_EQ(read_rate_limits(Headers{{{"ratelimit", R"("b";r=50;t=30)"},
                                      {"ratelimit-policy", R"("b";q=9;qu="content-bytes")"}}},
                             kNow),
            std::nullopt)
      << "bytes are neither requests nor tokens";
}

std::optional<std::chrono::milliseconds> wait_of(const Headers& headers, ErrorType type) {
  LlmReply reply;
  reply.error = CallError{type, {}, {}};
  read_reply_headers(reply, headers, kNow);
  return reply.retry_after;
}

TEST(RetryHeaders, AreReadInEverySpelling) {
  constexpr auto kType = ErrorType::RateLimit;
  EXPECT_EQ(wait_of({{{"retry-after-ms", "1500"}, {"retry-after", "9"}}}, kType), 1500ms);
  EXPECT_EQ(wait_of({{{"x-ms-retry-after-ms", "700"}}}, kType), 700ms);
  EXPECT_EQ(wait_of({{{"retry-after", "2.5"}}}, kType), 2500ms);
  EXPECT_EQ(wait_of({{{"retry-after", "30s"}}}, kType), 30s);
  EXPECT_EQ(wait_of({{{"retry-after", "1770091509"}}}, kType), 3s) << "an epoch";
  EXPECT_EQ(wait_of({{{"retry-after", "Tue, 03 Feb 2026 04:05:16 GMT"}}}, kType), 10s);
  EXPECT_EQ(wait_of({{{"retry-after", "2026-02-03T04:05:16Z"}}}, kType), 10s);
  EXPECT_EQ(wait_of({{{"llm_provider-retry-after", "4"}}}, kType), 4s);
  EXPECT_EQ(wait_of({{{"llm_provider-retry-after-ms", "40"}}}, kType), 40ms);
  for (const char* nonsense : {"-5", "99999999", "Fri, 31 Dec 2100 23:59:59 GMT", "later"})
    EXPECT_EQ(wait_of({{{"retry-after", nonsense}}}, kType), std::nullopt) << nonsense;
}

TEST(RetryHeaders, ARateLimitWithoutAWaitWaitsForTheWindowThatIsUsedUp) {
  const Headers headers{{{"x-ratelimit-remaining-requests", "0"},
                         {"x-ratelimit-reset-requests", "3s"},
                         {"x-ratelimit-limit-tokens", "100"},
                         {"x-ratelimit-remaining-tokens", "50"},
                         {"x-ratelimit-reset-tokens", "6m0s"}}};
  EXPECT_EQ(wait_of(headers, ErrorType::RateLimit), 3s);
  EXPECT_EQ(wait_of(headers, ErrorType::InvalidRequest), std::nullopt);
  EXPECT_EQ(
      wait_of({{{"x-ratelimit-remaining-requests", "1"}, {"x-ratelimit-reset-requests", "3s"}}},
              ErrorType::RateLimit),
      std::nullopt);
}

TEST(CostHeader, OfLiteLlmCountsWhereTheBodyHasNone) {
  const auto cost_of = [](const char* text, std::optional<double> in_body) {
    LlmReply reply;
    reply.cost = in_body;
    read_reply_headers(reply, Headers{{{"x-litellm-response-cost", text}}}, kNow);
    return reply.cost;
  };
  EXPECT_EQ(cost_of("0.00125", std::nullopt), 0.00125);
  EXPECT_EQ(cost_of("2.5e-05", std::nullopt), 2.5e-05);
  EXPECT_EQ(cost_of("0.5", 0.25), 0.25);
  for (const char* text : {"0", "0.0", "None", "", "-1", "inf", "nan", "0.1 USD"})
    EXPECT_EQ(cost_of(text, std::nullopt), std::nullopt) << text;
}

}  // namespace
}  // namespace ltb::test
