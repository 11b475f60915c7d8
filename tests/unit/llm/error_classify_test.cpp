// Error categories from codes and statuses, and the wait a provider asks for.
#include <ltb/error_type.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace {

using ltb::classify_http_error;
using ltb::ErrorType;
using ltb::parse_retry_after;
using std::chrono::milliseconds;
using std::chrono::system_clock;

// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
const system_clock::time_point kExample{std::chrono::seconds{784'111'777}};

struct Case {
  int status;
  const char* code;
  ErrorType type;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    EXPECT_EQ(to_string(classify_http_error(each.status, each.code)), to_string(each.type))
        << each.status << " " << each.code;
  }
}

TEST(ErrorClassify, KnowsTheCodesOfOpenAi) {
  expect_all({{429, "insufficient_quota", ErrorType::Quota},
              {429, "billing_hard_limit_reached", ErrorType::Quota},
              {429, "credit_balance_exhausted", ErrorType::Quota},
              {429, "project_spend_limit_exceeded", ErrorType::Quota},
              {429, "rate_limit_exceeded", ErrorType::RateLimit},
              {400, "context_length_exceeded", ErrorType::ContextLength},
              {400, "content_filter", ErrorType::ContentFilter},
              {400, "content_policy_violation", ErrorType::ContentFilter},
              {401, "invalid_api_key", ErrorType::Auth},
              {404, "model_not_found", ErrorType::NotFound},
              {403, "unsupported_country_region_territory", ErrorType::Permission},
              {503, "slow_down", ErrorType::Overloaded},
              {500, "server_error", ErrorType::ServerError}});
}

TEST(ErrorClassify, KnowsTheTypesOfAnthropic) {
  expect_all({{400, "invalid_request_error", ErrorType::InvalidRequest},
              {401, "authentication_error", ErrorType::Auth},
              {402, "billing_error", ErrorType::Quota},
              {403, "permission_error", ErrorType::Permission},
              {404, "not_found_error", ErrorType::NotFound},
              {413, "request_too_large", ErrorType::InvalidRequest},
              {429, "rate_limit_error", ErrorType::RateLimit},
              {500, "api_error", ErrorType::ServerError},
              {504, "timeout_error", ErrorType::Timeout},
              {529, "overloaded_error", ErrorType::Overloaded}});
}

TEST(ErrorClassify, KnowsTheStatusesOfGoogle) {
  expect_all({{429, "RESOURCE_EXHAUSTED", ErrorType::RateLimit},
              {503, "UNAVAILABLE", ErrorType::Overloaded},
              {504, "DEADLINE_EXCEEDED", ErrorType::Timeout},
              {403, "PERMISSION_DENIED", ErrorType::Permission},
              {401, "UNAUTHENTICATED", ErrorType::Auth},
              {400, "INVALID_ARGUMENT", ErrorType::InvalidRequest},
              {400, "API_KEY_INVALID", ErrorType::Auth},
              {404, "NOT_FOUND", ErrorType::NotFound},
              {499, "CANCELLED", ErrorType::Cancelled},
              {500, "INTERNAL", ErrorType::ServerError}});
}

TEST(ErrorClassify, TheCodeBeatsTheStatusAlsoUnder200) {
  expect_all({{200, "overloaded_error", ErrorType::Overloaded},
              {200, "invalid_request_error", ErrorType::InvalidRequest},
              {0, "rate_limit_exceeded", ErrorType::RateLimit},
              {500, "request_too_large", ErrorType::InvalidRequest},
              {400, "overloaded_error", ErrorType::Overloaded},
              {503, "insufficient_quota", ErrorType::Quota}});
}

TEST(ErrorClassify, AVagueCodeUnderAStatusOfTheOtherClassGivesWayToo) {
  expect_all({{400, "api_error", ErrorType::InvalidRequest},
              {401, "api_error", ErrorType::Auth},
              {402, "unknown_error", ErrorType::Quota},
              {403, "INTERNAL", ErrorType::Permission},
              {429, "server_error", ErrorType::RateLimit},
              {500, "invalid_request_error", ErrorType::ServerError},
              {503, "BadRequestError", ErrorType::Overloaded},
              {504, "INVALID_ARGUMENT", ErrorType::Timeout},
              {200, "api_error", ErrorType::ServerError},
              {200, "BadRequestError", ErrorType::InvalidRequest}});
}

TEST(ErrorClassify, KnowsTheCodesOfOtherServers) {
  expect_all({{429, "engine_overloaded_error", ErrorType::Overloaded},
              {429, "exceeded_current_quota_error", ErrorType::Quota},
              {400, "ThrottlingException", ErrorType::RateLimit},
              {400, "ServiceQuotaExceededException", ErrorType::Quota},
              {403, "ExpiredTokenException", ErrorType::Auth},
              {400, "exceed_context_size_error", ErrorType::ContextLength},
              {500, "ContextWindowExceededError", ErrorType::ContextLength},
              {400, "TOO_MANY_TOKENS", ErrorType::ContextLength},
              {400, "RateLimitError", ErrorType::RateLimit},
              {400, "budget_exceeded", ErrorType::Quota},
              {498, "capacity_exceeded", ErrorType::Overloaded},
              {400, "invalid_model", ErrorType::NotFound},
              {200, "overloaded", ErrorType::Overloaded},
              {200, "validation", ErrorType::InvalidRequest},
              {200, "GatewayTimeout", ErrorType::Timeout}});
}

TEST(ErrorClassify, AVagueCodeGivesWayToAStatusThatSaysMore) {
  expect_all({{401, "invalid_request_error", ErrorType::Auth},
              {404, "invalid_request_error", ErrorType::NotFound},
              {429, "invalid_request_error", ErrorType::RateLimit},
              {529, "api_error", ErrorType::Overloaded},
              {504, "INTERNAL", ErrorType::Timeout}});
}

TEST(ErrorClassify, WithoutAKnownCodeTheStatusDecides) {
  expect_all({{429, "", ErrorType::RateLimit},
              {418, "short_and_stout", ErrorType::InvalidRequest},
              {500, "who_knows", ErrorType::ServerError},
              {200, "who_knows", ErrorType::Other},
              {200, "", ErrorType::Other},
              {200, "429", ErrorType::RateLimit},
              {200, "503", ErrorType::Overloaded},
              {400, "503", ErrorType::InvalidRequest},
              {-1, "4x9", ErrorType::Other}});
}

TEST(ErrorClassify, ComparesWithoutCaseAndAsAWhole) {
  expect_all({{400, "Insufficient_Quota", ErrorType::Quota},
              {404, "DeploymentNotFound", ErrorType::NotFound},
              {400, "insufficient_quota_", ErrorType::InvalidRequest},
              {400, "insufficient_quot", ErrorType::InvalidRequest},
              {400, " insufficient_quota", ErrorType::InvalidRequest}});
  EXPECT_EQ(classify_http_error(400, std::string(1'000'000, 'a')), ErrorType::InvalidRequest);
  EXPECT_EQ(classify_http_error(400, std::string_view("\0quota", 6)), ErrorType::InvalidRequest);
}

TEST(ProviderError, CarriesTypeCodeAndTheWaitAskedFor) {
  const ltb::ProviderError error(ErrorType::RateLimit, "slow down", "rate_limit_exceeded",
                                 milliseconds{1500});

  EXPECT_EQ(error.type(), ErrorType::RateLimit);
  EXPECT_STREQ(error.what(), "slow down");
  EXPECT_EQ(error.code(), "rate_limit_exceeded");
  EXPECT_EQ(error.retry_after(), milliseconds{1500});
  EXPECT_EQ(ltb::ProviderError(ErrorType::Other, "x").retry_after(), std::nullopt);
}

TEST(RetryAfter, MillisecondsBeatSeconds) {
  EXPECT_EQ(parse_retry_after("1234", "9"), milliseconds{1234});
  EXPECT_EQ(parse_retry_after("20.25", ""), milliseconds{21});
  EXPECT_EQ(parse_retry_after("soon", "9"), milliseconds{9000});
  EXPECT_EQ(parse_retry_after("-5", "9"), milliseconds{9000});
}

TEST(RetryAfter, SecondsMayBeDecimalAndRoundUp) {
  EXPECT_EQ(parse_retry_after("", "0"), milliseconds{0});
  EXPECT_EQ(parse_retry_after("", " 120\t"), milliseconds{120'000});
  EXPECT_EQ(parse_retry_after("", "0.5"), milliseconds{500});
  EXPECT_EQ(parse_retry_after("", ".5"), milliseconds{500});
  EXPECT_EQ(parse_retry_after("", "7."), milliseconds{7000});
  EXPECT_EQ(parse_retry_after("", "1.0001"), milliseconds{1001});
  EXPECT_EQ(parse_retry_after("", "1.0000000000001"), milliseconds{1001});
  EXPECT_EQ(parse_retry_after("", "1.0000000000000"), milliseconds{1000});
}

TEST(RetryAfter, ReadsTheThreeFormsOfAnHttpDate) {
  const auto before = kExample - std::chrono::seconds{90};
  EXPECT_EQ(parse_retry_after("", "Sun, 06 Nov 1994 08:49:37 GMT", before), milliseconds{90'000});
  EXPECT_EQ(parse_retry_after("", "Sunday, 06-Nov-94 08:49:37 GMT", before), milliseconds{90'000});
  EXPECT_EQ(parse_retry_after("", "Sun Nov  6 08:49:37 1994", before), milliseconds{90'000});
  EXPECT_EQ(parse_retry_after("", "Wed Nov 16 08:49:37 1994", before), milliseconds{864'090'000});
}

TEST(RetryAfter, ADateThatIsOverIsZeroAndAFractionOfNowRoundsUp) {
  const char* date = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(parse_retry_after("", date, kExample), milliseconds{0});
  EXPECT_EQ(parse_retry_after("", date, kExample + std::chrono::hours{1}), milliseconds{0});
  EXPECT_EQ(parse_retry_after("", date, kExample - std::chrono::microseconds{1}), milliseconds{1});
}

TEST(RetryAfter, ATwoDigitYearIsTheNearestOneUpTo50YearsAhead) {
  const system_clock::time_point in_2099{std::chrono::sys_days{std::chrono::year{2099} / 12 / 31}};
  EXPECT_EQ(parse_retry_after("", "Friday, 01-Jan-00 00:00:00 GMT", in_2099),
            milliseconds{86'400'000});
  EXPECT_EQ(parse_retry_after("", "Sunday, 06-Nov-94 08:49:37 GMT", in_2099), milliseconds{0});
  const system_clock::time_point in_2026{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
  EXPECT_EQ(parse_retry_after("", "Sunday, 06-Nov-94 08:49:37 GMT", in_2026), milliseconds{0});
}

TEST(RetryAfter, MoreThanAYearCountsAsAYear) {
  const milliseconds year = std::chrono::hours{24 * 365};
  EXPECT_EQ(parse_retry_after("", "31536000"), year);
  EXPECT_EQ(parse_retry_after("", "31536001"), year);
  EXPECT_EQ(parse_retry_after("", std::string(10'000, '9')), year);
  EXPECT_EQ(parse_retry_after(std::string(10'000, '9') + "." + std::string(10'000, '9'), ""), year);
  EXPECT_EQ(parse_retry_after("", "Fri, 31 Dec 9999 23:59:59 GMT", kExample), year);
  EXPECT_EQ(parse_retry_after("", "Fri, 31 Dec 9999 23:59:59 GMT", system_clock::time_point::min()),
            year);
  EXPECT_EQ(parse_retry_after("", "Sat, 01 Jan 0000 00:00:00 GMT", system_clock::time_point::max()),
            milliseconds{0});
}

TEST(RetryAfter, WhatCannotBeReadIsNoWaitAtAll) {
  const std::vector<std::string> broken = {"",
                                           " ",
                                           ".",
                                           "-1",
                                           "+1",
                                           "1e3",
                                           "0x10",
                                           "1 2",
                                           "1,5",
                                           "1.2.3",
                                           "nan",
                                           "inf",
                                           "soon",
                                           "12s",
                                           "Sun, 06 Nov 1994 08:49:37",
                                           "Sun, 06 Nov 1994 08:49:37 PST",
                                           "Sun, 06 Nov 1994 08:49:37 GMT!",
                                           "Sun, 31 Feb 1994 08:49:37 GMT",
                                           "Sun, 00 Nov 1994 08:49:37 GMT",
                                           "Sun, 06 Nov 1994 24:00:00 GMT",
                                           "Sun, 06 Nov 1994 08:60:37 GMT",
                                           "Sun, 06 Nov 1994 08:49:61 GMT",
                                           "Xyz, 06 Nov 1994 08:49:37 GMT",
                                           "Sun, 06 Nom 1994 08:49:37 GMT",
                                           "Sun, 6 Nov 1994 08:49:37 GMT",
                                           "Sun, 06 Nov 94 08:49:37 GMT",
                                           std::string("1\0", 2),
                                           std::string(1'000'000, '-'),
                                           "\xff\xfe"};
  for (const auto& text : broken) {
    EXPECT_EQ(parse_retry_after("", text), std::nullopt) << text.substr(0, 60);
    EXPECT_EQ(parse_retry_after(text, ""), std::nullopt) << text.substr(0, 60);
  }
}

TEST(RetryAfter, EveryCutOrChangedDateIsReadOrRefusedWithoutHarm) {
  for (const std::string date : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                 "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t i = 0; i < date.size(); ++i) {
      EXPECT_EQ(parse_retry_after("", date.substr(0, i), kExample), std::nullopt)
          << date.substr(0, i);
      std::string changed = date;
      changed[i] = '\x01';
      EXPECT_EQ(parse_retry_after("", changed, kExample), std::nullopt) << i;
    }
  }
}

}  // namespace
