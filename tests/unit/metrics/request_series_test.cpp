// One call in numbers: which words move, exact cost, and numbers that are refused.
#include "metrics/request_series.hpp"

#include "metrics/metric_store.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace ltb::metrics {
namespace {

using tests::histogram;
using tests::number;

const Metric::Labels kPair{{"provider", "p"}, {"model", "m"}};

Metric::Labels pair_with(std::string name, std::string value) {
  Metric::Labels labels = kPair;
  labels.emplace_back(std::move(name), std::move(value));
  return labels;
}

struct RequestSeriesTest : ::testing::Test {
  MetricStore store{StoreOptions{}};
  RequestSeries& series = store.request_series("p", "m");
};

TEST_F(RequestSeriesTest, ASuccessfulCallMovesItsCounters) {
  CallRecord call;
  call.duration_ns = 1'520'000'000;
  const TokenUsage usage{
      .input_tokens = 150, .output_tokens = 75, .cached_tokens = 40, .reasoning_tokens = 5};
  call.usage = &usage;
  call.cost = ExactCost{.nano_usd = 13'500'001};
  call.finish_reason = finish_reason_index("end_turn");
  call.was_active = true;
  series.started();

  series.record(call);

  EXPECT_EQ(number(store, "llm_requests_total", pair_with("status", "success")), 1.0);
  EXPECT_EQ(number(store, "llm_requests_total", pair_with("status", "error")), 0.0);
  EXPECT_EQ(number(store, "llm_tokens_input_total", kPair), 150.0);
  EXPECT_EQ(number(store, "llm_tokens_output_total", kPair), 75.0);
  EXPECT_EQ(number(store, "llm_tokens_cached_input_total", kPair), 40.0);
  EXPECT_EQ(number(store, "llm_tokens_reasoning_total", kPair), 5.0);
  EXPECT_EQ(number(store, "llm_cost_usd_total", kPair), 13500.001);
  EXPECT_EQ(number(store, "llm_spend_usd_total", kPair), 0.013500001);
  EXPECT_EQ(number(store, "llm_finish_reasons_total", pair_with("reason", "stop")), 1.0);
  EXPECT_EQ(number(store, "llm_unpriced_requests_total", kPair), 0.0);
  EXPECT_EQ(number(store, "llm_usage_missing_total", kPair), 0.0);
  EXPECT_EQ(number(store, "llm_requests_active", {{"provider", "p"}}), 0.0);
  const HistogramValue latency = histogram(store, "llm_request_duration_seconds", kPair);
  EXPECT_EQ(latency.count, 1u);
  EXPECT_EQ(latency.sum, 1.52);
  for (const auto& [le, count] : latency.buckets) EXPECT_EQ(count, le >= 2.5 ? 1u : 0u) << le;
}

TEST_F(RequestSeriesTest, AFailedCallLeavesTheDurationHistogramAlone) {
  CallRecord call;
  call.status = CallStatus::Error;
  call.error_type = ErrorType::RateLimit;
  call.duration_ns = 1'000'000;

  series.record(call);

  EXPECT_EQ(number(store, "llm_requests_total", pair_with("status", "error")), 1.0);
  EXPECT_EQ(number(store, "llm_errors_total", pair_with("error_type", "rate_limit")), 1.0);
  EXPECT_EQ(histogram(store, "llm_request_duration_seconds", kPair).count, 0u);
  EXPECT_EQ(number(store, "llm_unpriced_requests_total", kPair), 0.0)
      << "only successful calls are expected to have a price";
}

TEST_F(RequestSeriesTest, MissingUsageAndPriceAreCounted) {
  series.record(CallRecord{});

  EXPECT_EQ(number(store, "llm_unpriced_requests_total", kPair), 1.0);
  EXPECT_EQ(number(store, "llm_usage_missing_total", kPair), 1.0);
}

TEST_F(RequestSeriesTest, DetailedErrorDurationsGoUnderTheirType) {
  MetricStore detailed({.detailed_metrics = true});
  CallRecord call;
  call.status = CallStatus::Error;
  call.error_type = ErrorType::Timeout;
  call.duration_ns = 30'000'000'000;

  detailed.request_series("p", "m").record(call);

  EXPECT_EQ(
      histogram(detailed, "llm_request_error_duration_seconds", pair_with("error_type", "timeout"))
          .sum,
      30.0);
  EXPECT_EQ(
      histogram(detailed, "llm_request_error_duration_seconds", pair_with("error_type", "other"))
          .count,
      0u);
}

TEST_F(RequestSeriesTest, TimePerOutputTokenGivesTokensPerSecond) {
  CallRecord call;
  call.time_per_output_token_ns = 25'000'000;

  series.record(call);

  EXPECT_EQ(histogram(store, "llm_time_per_output_token_seconds", kPair).sum, 0.025);
  EXPECT_EQ(histogram(store, "llm_output_tokens_per_second", kPair).sum, 40.0);
}

TEST_F(RequestSeriesTest, CostsOfAMillionCallsOnFourThreadsSumExactly) {
  std::vector<std::uint64_t> expected(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < expected.size(); ++t)
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 250'000; ++i) {
        const std::uint64_t nano = random() % 2'000'000'000;
        expected[t] += nano;
        series.add_cost({.nano_usd = nano});
      }
    });
  for (auto& thread : threads) thread.join();

  const std::uint64_t exact = expected[0] + expected[1] + expected[2] + expected[3];
  EXPECT_EQ(series.words.sum(RequestLayout::kCostNano), exact);
}

TEST_F(RequestSeriesTest, ATenthOfACentTenThousandTimesIsTenDollars) {
  for (int i = 0; i < 10'000; ++i) series.add_cost(*to_exact_cost(0.001));

  EXPECT_EQ(number(store, "llm_spend_usd_total", kPair), 10.0);
  EXPECT_EQ(number(store, "llm_cost_usd_total", kPair), 10'000'000.0);
}

TEST(Amounts, DollarsRoundToTheNearestNanoDollar) {
  EXPECT_EQ(to_exact_cost(0.0135), ExactCost{.nano_usd = 13'500'000u});
  EXPECT_EQ(to_exact_cost(0), ExactCost{.nano_usd = 0u});
  EXPECT_EQ(to_exact_cost(-0.0), ExactCost{.nano_usd = 0u});
  EXPECT_EQ(to_exact_cost(1.4e-9), ExactCost{.nano_usd = 1u});
  EXPECT_EQ(to_exact_cost(1e6), ExactCost{.nano_usd = 1'000'000'000'000'000u});
}

TEST(Amounts, WhatIsNoAmountIsRefused) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double bad : {-1e-9, -1.0, std::nan(""), kInfinity, -kInfinity, 1.1e7, 1e300}) {
    EXPECT_EQ(to_exact_cost(bad), std::nullopt) << bad;
    EXPECT_EQ(to_nanoseconds(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(to_nanoseconds(1.52), 1'520'000'000u);
}

TEST_F(RequestSeriesTest, ThousandsOfTheLargestAmountsDoNotWrapTheirSums) {
  EXPECT_EQ(to_exact_cost(1'000'001), std::nullopt);
  EXPECT_EQ(to_nanoseconds(10'000'001), std::nullopt);
  CallRecord call;
  call.duration_ns = to_nanoseconds(10'000'000);
  call.cost = to_exact_cost(1'000'000);
  for (int i = 0; i < 1'800; ++i) series.record(call);

  EXPECT_EQ(number(store, "llm_spend_usd_total", kPair), 1.8e9);
  EXPECT_EQ(series.cost_nano(), 1'800'000'000'000'000'000u);
  EXPECT_EQ(histogram(store, "llm_request_duration_seconds", kPair).sum, 1.8e10);
}

TEST(Amounts, TokensBeyondBeliefAreNotSane) {
  EXPECT_TRUE(is_sane({.input_tokens = 1'000'000'000'000, .output_tokens = 0}));
  EXPECT_FALSE(is_sane({.input_tokens = 1'000'000'000'001, .output_tokens = 0}));
  EXPECT_FALSE(is_sane({.input_tokens = 0, .output_tokens = ~std::uint64_t{0}}));
  EXPECT_FALSE(
      is_sane({.input_tokens = 0, .output_tokens = 0, .cached_tokens = ~std::uint64_t{0}}));
}

TEST(FinishReasons, KnowTheSynonymsOfTheLargeProviders) {
  for (const char* text : {"stop", "end_turn", "stop_sequence", "STOP"})
    EXPECT_EQ(finish_reason_index(text), 0u) << text;
  for (const char* text : {"length", "max_tokens", "MAX_TOKENS", "max_output_tokens"})
    EXPECT_EQ(finish_reason_index(text), 1u) << text;
  for (const char* text : {"tool_calls", "tool_use", "function_call"})
    EXPECT_EQ(finish_reason_index(text), 2u) << text;
  for (const char* text :
       {"content_filter", "SAFETY", "refusal", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT"})
    EXPECT_EQ(finish_reason_index(text), 3u) << text;
  for (const char* text : {"", "whatever"}) EXPECT_EQ(finish_reason_index(text), 4u) << text;
}

TEST(RequestSeries, PublishedCallsNeverBringTheActiveCountBelowZero) {
  MetricStore store({});
  RequestSeries& series = store.request_series("p", "m");

  series.published_ended();
  series.published_started();
  EXPECT_EQ(series.active(), 1u);
  series.published_ended();
  series.published_ended();
  EXPECT_EQ(series.active(), 0u);
}

TEST(RequestSeries, AnEndThatAloneNamesTheModelTakesTheCallOfAnother) {
  MetricStore store({});
  store.request_series("p", "gpt").published_started();
  store.request_series("other", "gpt").published_started();

  store.request_series("p", "gpt-0613").published_ended();

  EXPECT_EQ(store.find_provider_series("p")->active(), 0u);
  EXPECT_EQ(store.find_provider_series("other")->active(), 1u);
}

TEST(ProviderSeries, AddsUpTheScopesOfAllItsModels) {
  MetricStore store({});
  store.request_series("p", "a").started();
  store.request_series("p", "b").started();
  store.request_series("other", "a").started();

  EXPECT_EQ(store.find_provider_series("p")->active(), 2u);
  EXPECT_EQ(store.find_provider_series("other")->active(), 1u);
}

}  // namespace
}  // namespace ltb::metrics
