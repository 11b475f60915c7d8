// What a call's numbers mean: attempts, waits, queue time, limits, finish reasons, the times of a
// stream, usage and cost.
#include "metrics/metric_store.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <ltb/price_table.hpp>
#include <ltb/request_scope.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::histogram;
using tests::number;

const Metric::Labels kGpt{{"provider", "openai"}, {"model", "gpt-4"}};

Metric::Labels with(const char* label, const char* value) {
  Metric::Labels labels = kGpt;
  labels.emplace_back(label, value);
  return labels;
}

struct CallNumbers : ::testing::Test {
  explicit CallNumbers(const MonitoringConfig& config = {}) : stage(config) {}

  CoreStage stage;
  EventReceiver receiver = stage.bus().subscribe();

  RequestScope begin() const {
    return core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4");
  }
  double counter(std::string_view family) const { return number(stage.store(), family, kGpt); }
  double counter(std::string_view family, const char* label, const char* value) const {
    return number(stage.store(), family, with(label, value));
  }
  double failed_attempts(ErrorType type) const {
    Metric::Labels labels = with("outcome", "error");
    labels.emplace_back("error_type", std::string(to_string(type)));
    return number(stage.store(), "llm_attempts_total", labels);
  }
  double failed_attempts() const {
    double sum = 0;
    for (std::size_t i = 0; i < kErrorTypeCount; ++i)
      sum += failed_attempts(static_cast<ErrorType>(i));
    return sum;
  }
  HistogramValue times(std::string_view family) const {
    return histogram(stage.store(), family, kGpt);
  }
  /// The last event.
  RequestPayload told() {
    const auto events = CoreStage::drain(receiver);
    return events.empty() ? RequestPayload{} : *events.back().request_payload();
  }
};

// Attempts
// -----------------------------------------------------------------------------------------------

TEST_F(CallNumbers, AttemptsAreCountedByOutcomeWithTheirWaitsAndTheCallOnce) {
  RequestScope scope = begin();
  stage.advance(1s);
  scope.attempt(ErrorType::RateLimit, 1500ms);
  stage.advance(2500ms);
  scope.attempt(ErrorType::Overloaded, 250ms);
  stage.advance(500ms);
  scope.finish();

  EXPECT_EQ(failed_attempts(), 2.0);
  EXPECT_EQ(counter("llm_attempts_total", "outcome", "success"), 1.0);
  EXPECT_EQ(counter("llm_attempts_total", "outcome", "cancelled"), 0.0);
  EXPECT_EQ(counter("llm_retry_wait_seconds_total"), 1.75);
  EXPECT_EQ(counter("llm_requests_total", "status", "success"), 1.0);
  EXPECT_EQ(counter("llm_requests_total", "status", "error"), 0.0);
  EXPECT_EQ(counter("llm_errors_total", "error_type", "rate_limit"), 0.0)
      << "an attempt is no failed call";
  EXPECT_EQ(times("llm_request_duration_seconds").sum, 4.0) << "retries and waits included";
  EXPECT_EQ(failed_attempts(ErrorType::RateLimit), 1.0);
  EXPECT_EQ(failed_attempts(ErrorType::Overloaded), 1.0);
  const RequestPayload payload = told();
  EXPECT_EQ(payload.attempts, 3u);
  EXPECT_EQ(payload.attempt_errors, (std::vector<std::pair<ErrorType, std::uint32_t>>{
                                        {ErrorType::RateLimit, 1}, {ErrorType::Overloaded, 1}}));
}

TEST_F(CallNumbers, ACallWithoutRetriesIsOneAttemptHoweverItEnds) {
  begin().finish();
  begin().fail(ErrorType::Auth);
  begin().cancel();

  EXPECT_EQ(counter("llm_attempts_total", "outcome", "success"), 1.0);
  EXPECT_EQ(failed_attempts(), 1.0);
  EXPECT_EQ(counter("llm_attempts_total", "outcome", "cancelled"), 1.0);
  EXPECT_EQ(told().attempts, std::nullopt);
}

TEST_F(CallNumbers, ANegativeWaitIsNoneAndAttemptsAfterTheEndDoNotCount) {
  RequestScope scope = begin();
  scope.attempt(ErrorType::Network, -5s);
  scope.finish();
  scope.attempt(ErrorType::Network, 5s);
  scope.past_attempt(ErrorType::Network, 5s);

  EXPECT_EQ(counter("llm_retry_wait_seconds_total"), 0.0);
  EXPECT_EQ(failed_attempts(), 1.0);
}

TEST_F(CallNumbers, ANewAttemptStartsTheTimesBetweenChunksAnewAndKeepsTheFirstToken) {
  RequestScope scope = begin();
  stage.advance(100ms);
  scope.on_chunk();  // the attempt that breaks off
  stage.advance(50ms);
  scope.on_chunk();
  scope.attempt(ErrorType::Network, 2s);
  stage.advance(3s);
  scope.on_chunk();
  stage.advance(40ms);
  scope.on_chunk();
  scope.finish(TokenUsage{1, 5});

  EXPECT_EQ(times("llm_time_to_first_token_seconds").count, 1u);
  EXPECT_EQ(times("llm_time_to_first_token_seconds").sum, 0.1);
  EXPECT_EQ(times("llm_inter_token_latency_seconds").count, 2u);
  EXPECT_DOUBLE_EQ(times("llm_inter_token_latency_seconds").sum, 0.09) << "not the wait";
  EXPECT_EQ(times("llm_time_per_output_token_seconds").sum, 0.01) << "of the attempt that answered";
}

TEST_F(CallNumbers, AttemptsToldAfterTheFactLeaveTheTimesOfTheStreamAlone) {
  RequestScope scope = begin();
  scope.on_chunk();
  stage.advance(40ms);
  scope.on_chunk();
  scope.past_attempt(ErrorType::Overloaded, 1s);
  scope.finish(TokenUsage{1, 5});

  EXPECT_EQ(times("llm_time_per_output_token_seconds").sum, 0.01);
  EXPECT_EQ(failed_attempts(), 1.0);
  EXPECT_EQ(counter("llm_retry_wait_seconds_total"), 1.0);
  EXPECT_EQ(told().attempts, 2u);
}

TEST_F(CallNumbers, AProviderErrorBringsItsAttemptsAndLimits) {
  RequestScope scope = begin();
  scope.fail(std::make_exception_ptr(
      ProviderError(ErrorType::RateLimit, "slow down", {}, {},
                    {{ErrorType::RateLimit, 1s}, {ErrorType::Overloaded, 2s}})
          .with_rate_limits(RateLimits{.requests_limit = 60, .requests_remaining = 0})));

  EXPECT_EQ(failed_attempts(), 3.0);
  EXPECT_EQ(counter("llm_retry_wait_seconds_total"), 3.0);
  EXPECT_EQ(counter("llm_ratelimit_remaining", "kind", "requests"), 0.0);
  EXPECT_EQ(counter("llm_errors_total", "error_type", "rate_limit"), 1.0);
  EXPECT_EQ(told().attempts, 3u);
}

// Queue time and the intended start
// -----------------------------------------------------------------------------------------------

TEST_F(CallNumbers, QueueTimeIsShownApartAndDoesNotMoveTheStart) {
  RequestScope scope = begin();
  scope.set_queue_time(300ms);
  stage.advance(1s);
  scope.finish();

  EXPECT_EQ(times("llm_queue_seconds").count, 1u);
  EXPECT_EQ(times("llm_queue_seconds").sum, 0.3);
  EXPECT_EQ(times("llm_request_duration_seconds").sum, 1.0);
  EXPECT_EQ(told().queue_time, 0.3);
}

TEST_F(CallNumbers, ANegativeQueueTimeIsZeroAndNoneIsNotObserved) {
  RequestScope scope = begin();
  scope.set_queue_time(-1s);
  scope.finish();
  begin().finish();

  EXPECT_EQ(times("llm_queue_seconds").count, 1u);
  EXPECT_EQ(times("llm_queue_seconds").sum, 0.0);
}

TEST_F(CallNumbers, TheIntendedStartTakesLatencyBackAndTellsTheQueueTime) {
  const auto intended = stage.clock->steady_now();
  stage.advance(2s);
  RequestScope scope = begin();
  scope.set_scheduled_start(intended);
  stage.advance(500ms);
  scope.on_chunk();
  stage.advance(500ms);
  scope.finish();

  EXPECT_EQ(times("llm_request_duration_seconds").sum, 3.0);
  EXPECT_EQ(times("llm_time_to_first_token_seconds").sum, 0.5) << "since it was sent";
  EXPECT_EQ(times("llm_queue_seconds").sum, 2.0);
  EXPECT_EQ(told().latency, 3.0);
}

TEST_F(CallNumbers, AnIntendedStartThatWasNeverSetIsRefused) {
  using Time = std::chrono::steady_clock::time_point;
  for (const Time unset : {Time{}, Time::min(), stage.clock->steady_now() - 24h * 365 * 11}) {
    RequestScope scope = begin();
    scope.set_scheduled_start(unset);
    scope.finish();
  }

  EXPECT_EQ(times("llm_request_duration_seconds").sum, 0.0);
  EXPECT_EQ(times("llm_queue_seconds").count, 0u);
  EXPECT_EQ(stage.store().rejected(), 3u);
}

TEST_F(CallNumbers, TheEndsOfTimeAreNoTimesToSubtract) {
  using Time = std::chrono::steady_clock::time_point;
  RequestScope scope = begin();
  scope.set_scheduled_start(Time::max());
  scope.on_chunk(Time::min());
  scope.on_chunk(Time::max());
  scope.on_chunk(Time::min());
  scope.finish(Time::max());

  EXPECT_EQ(times("llm_time_to_first_token_seconds").count, 1u);
  EXPECT_EQ(times("llm_inter_token_latency_seconds").count, 2u);
}

// Time to first token and time per output token
// -----------------------------------------------------------------------------------------------

TEST_F(CallNumbers, TheFirstTokenCountsFromSendingTheAttemptThatAnswers) {
  RequestScope scope = begin();
  stage.advance(100ms);
  scope.attempt(ErrorType::Overloaded, 300ms);
  stage.advance(400ms);  // the wait, and 100 ms more
  scope.on_chunk();
  scope.finish();

  EXPECT_EQ(times("llm_time_to_first_token_seconds").sum, 0.1);
  EXPECT_EQ(times("llm_request_duration_seconds").sum, 0.5);
  EXPECT_EQ(told().time_to_first_token, 0.1);
}

TEST_F(CallNumbers, AnAttemptThatIsToldAfterItsWaitCountsFromThen) {
  RequestScope scope = begin();
  stage.advance(2s);
  scope.attempt(ErrorType::Overloaded, 1s);  // the wait is over already
  stage.advance(250ms);
  scope.on_chunk();
  scope.finish();

  EXPECT_EQ(times("llm_time_to_first_token_seconds").sum, 0.25);
}

TEST_F(CallNumbers, AClientThatRetriesByItselfSaysWhenItSent) {
  RequestScope scope = begin();
  stage.advance(5s);
  scope.set_sent(stage.clock->steady_now());
  stage.advance(125ms);
  scope.on_chunk();
  scope.set_sent(stage.clock->steady_now());  // too late
  scope.finish();

  EXPECT_EQ(times("llm_time_to_first_token_seconds").sum, 0.125);
}

TEST_F(CallNumbers, ReasoningThatWasNotStreamedIsNotInTheTimeOfAToken) {
  RequestScope scope = begin();
  for (int piece = 0; piece < 21; ++piece) {
    stage.advance(20ms);
    scope.on_chunk();
  }
  scope.finish(TokenUsage{.input_tokens = 5, .output_tokens = 2021, .reasoning_tokens = 2000});

  EXPECT_DOUBLE_EQ(times("llm_time_per_output_token_seconds").sum, 0.02);
  EXPECT_EQ(times("llm_output_tokens_per_second").sum, 50.0);
}

TEST_F(CallNumbers, ReasoningThatWasStreamedIsInTheTimeOfAToken) {
  RequestScope scope = begin();
  for (int piece = 0; piece < 101; ++piece) {
    stage.advance(10ms);
    scope.on_chunk(piece < 80 ? ChunkKind::Reasoning : ChunkKind::Content);
  }
  scope.finish(TokenUsage{.input_tokens = 5, .output_tokens = 101, .reasoning_tokens = 80});

  EXPECT_DOUBLE_EQ(times("llm_time_per_output_token_seconds").sum, 0.01);
}

TEST_F(CallNumbers, WithoutTokensThatCameInPiecesThereIsNoTimeOfAToken) {
  for (const TokenUsage& usage :
       {TokenUsage{.output_tokens = 10, .reasoning_tokens = 9},
        TokenUsage{.output_tokens = 10, .reasoning_tokens = 30}, TokenUsage{.output_tokens = 1}}) {
    RequestScope scope = begin();
    scope.on_chunk();
    stage.advance(1s);
    scope.on_chunk();
    scope.finish(usage);
  }

  EXPECT_EQ(times("llm_time_per_output_token_seconds").count, 0u);
}

TEST_F(CallNumbers, AnIntendedStartAheadIsNow) {
  RequestScope scope = begin();
  scope.set_scheduled_start(stage.clock->steady_now() + 1h);
  stage.advance(1s);
  scope.finish();

  EXPECT_EQ(times("llm_request_duration_seconds").sum, 1.0);
  EXPECT_EQ(times("llm_queue_seconds").sum, 0.0);
}

// Limits
// -----------------------------------------------------------------------------------------------

TEST_F(CallNumbers, LimitsAreGaugesThatAppearWhenToldAndKeepTheLastValue) {
  RequestScope scope = begin();
  EXPECT_EQ(tests::series_in(stage.store(), "llm_ratelimit_limit"), 0u);
  const auto reset = std::chrono::system_clock::time_point{1'700'000'123'500ms};
  scope.set_rate_limits({.requests_limit = 60,
                         .requests_remaining = 59,
                         .tokens_limit = 150'000,
                         .tokens_remaining = 149'984,
                         .reset_at = reset});
  EXPECT_EQ(counter("llm_ratelimit_limit", "kind", "requests"), 60.0);
  EXPECT_EQ(counter("llm_ratelimit_remaining", "kind", "requests"), 59.0);
  EXPECT_EQ(counter("llm_ratelimit_limit", "kind", "tokens"), 150'000.0);
  EXPECT_EQ(counter("llm_ratelimit_remaining", "kind", "tokens"), 149'984.0);
  EXPECT_EQ(counter("llm_ratelimit_reset_timestamp_seconds"), 1'700'000'123.5);

  scope.set_rate_limits({.requests_remaining = 0});

  EXPECT_EQ(counter("llm_ratelimit_remaining", "kind", "requests"), 0.0);
  EXPECT_EQ(counter("llm_ratelimit_limit", "kind", "requests"), 60.0);
  EXPECT_EQ(counter("llm_ratelimit_remaining", "kind", "tokens"), 149'984.0);
  scope.finish();
  scope.set_rate_limits({.requests_remaining = 7});
  EXPECT_EQ(counter("llm_ratelimit_remaining", "kind", "requests"), 0.0) << "the call is over";
}

TEST_F(CallNumbers, ALimitThatWasNeverToldIsNotShown) {
  begin().set_rate_limits({.tokens_remaining = 5});

  EXPECT_EQ(tests::series_in(stage.store(), "llm_ratelimit_remaining"), 1u);
  EXPECT_EQ(tests::series_in(stage.store(), "llm_ratelimit_limit"), 0u);
  EXPECT_EQ(tests::series_in(stage.store(), "llm_ratelimit_reset_timestamp_seconds"), 0u);
}

// Finish reasons
// -----------------------------------------------------------------------------------------------

TEST_F(CallNumbers, FinishReasonsCountUnderAClosedSetAndTheEventHasTheProvidersWord) {
  const auto finish = [&](const char* reason) {
    RequestScope scope = begin();
    scope.set_finish_reason(reason);
    scope.finish();
    return told().finish_reason;
  };

  EXPECT_EQ(finish("stop"), "stop");
  EXPECT_EQ(finish("end_turn"), "end_turn");
  EXPECT_EQ(finish("MAX_TOKENS"), "MAX_TOKENS");
  EXPECT_EQ(finish("RECITATION"), "RECITATION");
  EXPECT_EQ(finish("tool_use"), "tool_use");
  EXPECT_EQ(finish("a word of its own"), "a word of its own");
  begin().finish();

  EXPECT_EQ(counter("llm_finish_reasons_total", "reason", "stop"), 2.0);
  EXPECT_EQ(counter("llm_finish_reasons_total", "reason", "length"), 1.0);
  EXPECT_EQ(counter("llm_finish_reasons_total", "reason", "content_filter"), 1.0);
  EXPECT_EQ(counter("llm_finish_reasons_total", "reason", "tool_calls"), 1.0);
  EXPECT_EQ(counter("llm_finish_reasons_total", "reason", "other"), 1.0);
  EXPECT_EQ(tests::series_in(stage.store(), "llm_finish_reasons_total"), 5u);
}

// Times of a stream
// -----------------------------------------------------------------------------------------------

TEST_F(CallNumbers, ACallThatWasNotStreamedHasNoTokenTimes) {
  RequestScope scope = begin();
  stage.advance(2s);
  scope.finish(TokenUsage{150, 75});

  for (const char* family : {"llm_time_to_first_token_seconds", "llm_inter_token_latency_seconds",
                             "llm_time_per_output_token_seconds", "llm_output_tokens_per_second"})
    EXPECT_EQ(times(family).count, 0u) << family;
  const RequestPayload payload = told();
  EXPECT_EQ(payload.streamed, std::nullopt);
  EXPECT_EQ(payload.time_to_first_token, std::nullopt);
  EXPECT_EQ(payload.time_per_output_token, std::nullopt);
  EXPECT_EQ(stage.collector().totals().time_to_first_token.count, 0u);
}

TEST_F(CallNumbers, TimePerTokenNeedsTwoTokensTwoChunksAndTheirUsage) {
  const auto stream = [&](int chunks, std::optional<TokenUsage> usage) {
    RequestScope scope = begin();
    for (int i = 0; i < chunks; ++i) {
      stage.advance(10ms);
      scope.on_chunk();
    }
    if (usage) scope.set_usage(*usage);
    scope.finish();
    const RequestPayload payload = told();
    EXPECT_EQ(payload.streamed, true);
    return payload.time_per_output_token;
  };

  EXPECT_EQ(stream(2, TokenUsage{9, 0}), std::nullopt);
  EXPECT_EQ(stream(2, TokenUsage{9, 1}), std::nullopt);
  EXPECT_EQ(stream(2, std::nullopt), std::nullopt);
  EXPECT_EQ(stream(1, TokenUsage{9, 9}), std::nullopt) << "one piece tells no pace";
  EXPECT_EQ(times("llm_time_per_output_token_seconds").count, 0u);
  EXPECT_EQ(stream(2, TokenUsage{9, 2}), 0.01);
  EXPECT_EQ(stream(3, TokenUsage{9, 5}), 0.005) << "tokens are not chunks";
  EXPECT_EQ(times("llm_time_per_output_token_seconds").count, 2u);
  EXPECT_DOUBLE_EQ(times("llm_time_per_output_token_seconds").sum, 0.015);
}

TEST_F(CallNumbers, TokensPerSecondIsTheInverseOfTheTimePerToken) {
  RequestScope scope = begin();
  scope.on_chunk();
  stage.advance(400ms);
  scope.on_chunk();
  scope.finish(TokenUsage{1, 21});  // 20 ms a token

  EXPECT_EQ(times("llm_output_tokens_per_second").count, 1u);
  EXPECT_EQ(times("llm_output_tokens_per_second").sum, 50.0);
}

TEST_F(CallNumbers, AStreamThatBreaksOffKeepsTheTimesOfItsChunks) {
  RequestScope scope = begin();
  stage.advance(100ms);
  scope.on_chunk();
  stage.advance(20ms);
  scope.on_chunk();
  scope.fail(ErrorType::Network, "cut");

  EXPECT_EQ(times("llm_time_to_first_token_seconds").sum, 0.1);
  EXPECT_EQ(times("llm_inter_token_latency_seconds").sum, 0.02);
  EXPECT_EQ(times("llm_request_duration_seconds").count, 0u);
  EXPECT_EQ(told().time_to_first_token, 0.1);
}

// Usage and cost
// -----------------------------------------------------------------------------------------------

PriceTable prices() {
  PriceTable table;
  table.add({.model = "gpt-4", .input = 30, .output = 60, .cache_read = 15, .reasoning = 120});
  return table;
}

struct PricedNumbers : CallNumbers {
  PricedNumbers() : CallNumbers(MonitoringConfig{}.with_price_table(prices())) {}
};

TEST_F(PricedNumbers, CachedAndReasoningTokensAreCountedWithinTheirWholesAndPricedApart) {
  begin().finish(TokenUsage{150, 75, 50, 25});

  EXPECT_EQ(counter("llm_tokens_input_total"), 150.0);
  EXPECT_EQ(counter("llm_tokens_output_total"), 75.0);
  EXPECT_EQ(counter("llm_tokens_cached_input_total"), 50.0);
  EXPECT_EQ(counter("llm_tokens_reasoning_total"), 25.0);
  // 100 x 30 + 50 x 15 + 50 x 60 + 25 x 120 micro-dollars
  EXPECT_EQ(counter("llm_cost_usd_total"), 9750.0);
  EXPECT_EQ(counter("llm_spend_usd_total"), 0.00975);
  EXPECT_EQ(counter("llm_unpriced_requests_total"), 0.0);
}

TEST_F(PricedNumbers, ACostOfTheProviderBeatsTheTableAlsoWhenItIsZero) {
  begin().finish(TokenUsage{150, 75}, 0.5);
  EXPECT_EQ(counter("llm_spend_usd_total"), 0.5);
  begin().finish(TokenUsage{150, 75}, 0.0);

  EXPECT_EQ(counter("llm_spend_usd_total"), 0.5) << "free is a price";
  EXPECT_EQ(counter("llm_unpriced_requests_total"), 0.0);
}

TEST_F(PricedNumbers, ACostThatIsNoneIsRefusedAndTheTableDecides) {
  begin().finish(TokenUsage{1, 0}, std::numeric_limits<double>::quiet_NaN());

  EXPECT_EQ(counter("llm_cost_usd_total"), 30.0);
  EXPECT_EQ(stage.store().rejected(), 1u);
}

TEST_F(PricedNumbers, UnknownModelsAndMissingUsageAreCountedAndNeverZero) {
  RequestScope unknown = core::MonitoringCore::begin_request(stage.core, "openai", "gpt-5-secret");
  unknown.finish(TokenUsage{150, 75});
  begin().finish();

  const Metric::Labels secret{{"provider", "openai"}, {"model", "gpt-5-secret"}};
  EXPECT_EQ(number(stage.store(), "llm_unpriced_requests_total", secret), 1.0);
  EXPECT_EQ(number(stage.store(), "llm_usage_missing_total", secret), 0.0);
  EXPECT_EQ(counter("llm_unpriced_requests_total"), 1.0) << "no usage, no cost";
  EXPECT_EQ(counter("llm_usage_missing_total"), 1.0);
}

TEST_F(PricedNumbers, TokensOfCallsThatFailedOrWereCancelledArePricedOrCountedAsUnpriced) {
  RequestScope cut = begin();
  cut.set_usage({100, 10});
  cut.fail(ErrorType::Network);
  RequestScope left = core::MonitoringCore::begin_request(stage.core, "openai", "gpt-5-secret");
  left.set_usage({100, 10});
  left.cancel();
  begin().fail(ErrorType::Auth);

  EXPECT_EQ(counter("llm_cost_usd_total"), 3600.0);
  EXPECT_EQ(counter("llm_unpriced_requests_total"), 0.0) << "the last one spent nothing";
  EXPECT_EQ(counter("llm_usage_missing_total"), 0.0);
  const Metric::Labels secret{{"provider", "openai"}, {"model", "gpt-5-secret"}};
  EXPECT_EQ(number(stage.store(), "llm_unpriced_requests_total", secret), 1.0);
}

TEST(OverflowNumbers, ACallBeyondTheSeriesLimitIsStillPricedByItsOwnModel) {
  const CoreStage stage(
      MonitoringConfig{}.with_price_table(prices()).with_max_series_per_family(1));
  stage.succeed("first", "m", 1.0);

  core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4").finish(TokenUsage{1, 1});
  stage.succeed("openai", "gpt-4", 1.0, TokenUsage{1, 1});

  EXPECT_EQ(stage.collector().totals().total_cost_nano_usd, 180'000u);
}

TEST_F(CallNumbers, WithoutAPriceTableEveryCallIsUnpricedUnlessTheProviderSaysWhatItCost) {
  begin().finish(TokenUsage{150, 75});
  begin().finish(TokenUsage{150, 75}, 0.01);

  EXPECT_EQ(counter("llm_unpriced_requests_total"), 1.0);
  EXPECT_EQ(counter("llm_spend_usd_total"), 0.01);
}

}  // namespace
}  // namespace ltb
