// When a failed call is tried again, and after which wait; nothing here really waits.

#include "retry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::ElementsAre;

/// Fails as often as told, then answers; may stream a chunk before.
class FlakyProvider : public ltb::Provider {
 public:
  [[nodiscard]] std::string name() const override { return "flaky"; }
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override {
    timeouts.push_back(request.timeout);
    ++calls;
    if (failures.empty()) return {.text = "fine"};
    const ltb::ProviderError failure = failures.front();
    failures.pop_front();
    throw ltb::ProviderError(failure);
  }
  ltb::CompletionResponse stream(const ltb::CompletionRequest& request,
                                 const ltb::StreamCallback& on_chunk) override {
    on_chunk({});  // A role only: no content.
    if (content_first) on_chunk({.text = "fi"});
    return complete(request);
  }

  std::deque<ltb::ProviderError> failures{};
  bool content_first = false;
  int calls = 0;
  std::vector<std::optional<milliseconds>> timeouts{};
};

class RetryTest : public testing::Test {
 protected:
  RetryingProvider provider(unsigned retries, std::uint64_t seed = 1) {
    return {inner_, RetryPolicy{.retries = retries}, seed, [this](nanoseconds wait) {
              waits_.push_back(wait);
              return !stops_;
            }};
  }
  void fail_with(ltb::ErrorType type, int times = 1,
                 std::optional<milliseconds> retry_after = std::nullopt) {
    for (int i = 0; i < times; ++i)
      inner_->failures.emplace_back(type, "told", "code", retry_after);
  }
  template <typename Call>
  ltb::ProviderError thrown_by(const Call& call) {
    try {
      call();
    } catch (const ltb::ProviderError& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {ltb::ErrorType::Other, ""};
  }

  std::shared_ptr<FlakyProvider> inner_ = std::make_shared<FlakyProvider>();
  std::vector<nanoseconds> waits_;
  bool stops_ = false;
};

TEST_F(RetryTest, AFailureThatMayPassIsTriedAgainAndTold) {
  fail_with(ltb::ErrorType::RateLimit);
  fail_with(ltb::ErrorType::Network);

  const auto response = provider(2).complete({.model = "m"});

  EXPECT_EQ(response.text, "fine");
  EXPECT_EQ(inner_->calls, 3);
  ASSERT_EQ(waits_.size(), 2U);
  EXPECT_THAT(response.failed_attempts,
              ElementsAre(ltb::FailedAttempt{ltb::ErrorType::RateLimit, waits_[0]},
                          ltb::FailedAttempt{ltb::ErrorType::Network, waits_[1]}));
}

TEST_F(RetryTest, TheLastFailureComesOutWithTheAttemptsBeforeIt) {
  fail_with(ltb::ErrorType::Overloaded, 2);
  fail_with(ltb::ErrorType::ServerError, 1, milliseconds{70'000});

  const auto error = thrown_by([&] { (void)provider(2).complete({.model = "m"}); });

  EXPECT_EQ(error.type(), ltb::ErrorType::ServerError);
  EXPECT_STREQ(error.what(), "told");
  EXPECT_EQ(error.code(), "code");
  EXPECT_EQ(error.retry_after(), milliseconds{70'000});
  EXPECT_EQ(error.failed_attempts().size(), 2U);
  EXPECT_EQ(inner_->calls, 3);
}

TEST_F(RetryTest, WhatWillNotPassIsNotTriedAgain) {
  using enum ltb::ErrorType;
  for (const ltb::ErrorType type : {Quota, Auth, Permission, NotFound, ContextLength, ContentFilter,
                                    InvalidRequest, Parse, Cancelled, Other}) {
    EXPECT_FALSE(is_worth_retrying(type)) << to_string(type);
  }
  for (const ltb::ErrorType type : {RateLimit, Overloaded, ServerError, Network, Timeout}) {
    EXPECT_TRUE(is_worth_retrying(type)) << to_string(type);
  }
  fail_with(Quota);

  EXPECT_EQ(thrown_by([&] { (void)provider(5).complete({.model = "m"}); }).type(), Quota);
  EXPECT_EQ(inner_->calls, 1);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(RetryTest, WithoutRetriesThereIsOneAttempt) {
  fail_with(ltb::ErrorType::RateLimit);

  EXPECT_TRUE(
      thrown_by([&] { (void)provider(0).complete({.model = "m"}); }).failed_attempts().empty());
  EXPECT_EQ(inner_->calls, 1);
}

TEST_F(RetryTest, AStreamIsTriedAgainOnlyUntilContentCame) {
  const auto go_on = [](const ltb::StreamChunk&) { return true; };
  fail_with(ltb::ErrorType::Network);
  EXPECT_EQ(provider(2).stream({.model = "m"}, go_on).failed_attempts.size(), 1U);

  inner_->content_first = true;
  fail_with(ltb::ErrorType::Network);
  EXPECT_EQ(thrown_by([&] { (void)provider(2).stream({.model = "m"}, go_on); }).type(),
            ltb::ErrorType::Network);
  EXPECT_EQ(inner_->calls, 3);
}

TEST_F(RetryTest, AChunkTellsWhenTheAttemptThatItAnswersWasSent) {
  fail_with(ltb::ErrorType::Overloaded);
  std::vector<std::chrono::steady_clock::time_point> sent;
  std::chrono::steady_clock::time_point waited;
  RetryingProvider retrying(inner_, RetryPolicy{.retries = 1}, 1, [&waited](nanoseconds) {
    waited = std::chrono::steady_clock::now();
    return true;
  });

  (void)retrying.stream({.model = "m"}, [&sent](const ltb::StreamChunk& chunk) {
    sent.push_back(chunk.sent.value());
    return true;
  });

  ASSERT_EQ(sent.size(), 2U) << "a role in each attempt";
  EXPECT_LE(sent[0], waited);
  EXPECT_GE(sent[1], waited);
}

TEST_F(RetryTest, WaitsGrowToABoundWithJitterOfHalf) {
  const RetryPolicy policy;
  EXPECT_EQ(wait_before_retry(policy, 1, std::nullopt, 1.0), milliseconds{500});
  EXPECT_EQ(wait_before_retry(policy, 1, std::nullopt, 0.0), milliseconds{250});
  EXPECT_EQ(wait_before_retry(policy, 2, std::nullopt, 1.0), milliseconds{1000});
  EXPECT_EQ(wait_before_retry(policy, 5, std::nullopt, 1.0), milliseconds{8000});
  EXPECT_EQ(wait_before_retry(policy, 1000, std::nullopt, 1.0), milliseconds{8000});
}

TEST_F(RetryTest, TheServersOwnWishIsWaitedForAndNeverUndercut) {
  const RetryPolicy policy;
  EXPECT_EQ(wait_before_retry(policy, 1, milliseconds{3000}, 0.0), milliseconds{3000});
  EXPECT_EQ(wait_before_retry(policy, 1, milliseconds{3000}, 1.0), milliseconds{3300});
  EXPECT_EQ(wait_before_retry(policy, 1, milliseconds{0}, 1.0), milliseconds{0});
  EXPECT_EQ(wait_before_retry(policy, 1, milliseconds{60'001}, 0.0), std::nullopt);
}

TEST_F(RetryTest, AWishBeyondAllPatienceFailsAtOnce) {
  fail_with(ltb::ErrorType::RateLimit, 1, std::chrono::hours{1});

  EXPECT_EQ(thrown_by([&] { (void)provider(3).complete({.model = "m"}); }).type(),
            ltb::ErrorType::RateLimit);
  EXPECT_EQ(inner_->calls, 1);
}

TEST_F(RetryTest, AStopDuringAWaitCancelsTheCallAndTellsWhatWasTried) {
  fail_with(ltb::ErrorType::RateLimit);
  stops_ = true;

  const auto error = thrown_by([&] { (void)provider(2).complete({.model = "m"}); });

  EXPECT_EQ(error.type(), ltb::ErrorType::Cancelled);
  EXPECT_EQ(error.failed_attempts().size(), 1U);
  EXPECT_EQ(inner_->calls, 1);
}

TEST_F(RetryTest, ACallsOwnTimeoutBoundsAllAttemptsTogether) {
  fail_with(ltb::ErrorType::RateLimit, 1, milliseconds{10'000});

  EXPECT_EQ(thrown_by([&] {
              (void)provider(2).complete({.model = "m", .timeout = milliseconds{5'000}});
            }).type(),
            ltb::ErrorType::RateLimit)
      << "the wait alone would be longer";

  fail_with(ltb::ErrorType::RateLimit);
  (void)provider(2).complete({.model = "m", .timeout = std::chrono::hours{1}});
  EXPECT_LE(inner_->timeouts.back(), std::chrono::hours{1});
  EXPECT_GT(inner_->timeouts.back(), std::chrono::minutes{59});
}

TEST_F(RetryTest, TheSameSeedGivesTheSameJitter) {
  const auto waits_with = [this](std::uint64_t seed) {
    waits_.clear();
    fail_with(ltb::ErrorType::Network, 4);
    (void)provider(4, seed).complete({.model = "m"});
    return waits_;
  };
  const auto first = waits_with(7);

  EXPECT_EQ(waits_with(7), first);
  EXPECT_NE(waits_with(8), first);
}

TEST_F(RetryTest, AnyOtherExceptionPassesUntouched) {
  class Throwing : public FlakyProvider {
    ltb::CompletionResponse complete(const ltb::CompletionRequest&) override {
      throw std::logic_error("odd");
    }
  };
  RetryingProvider retrying(std::make_shared<Throwing>(), {}, 1, [](nanoseconds) { return true; });

  EXPECT_THROW((void)retrying.complete({.model = "m"}), std::logic_error);
}

}  // namespace
