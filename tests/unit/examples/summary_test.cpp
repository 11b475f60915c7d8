// The result of a run as a table and as JSON, and the progress line.

#include "summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "console.hpp"

namespace {

using namespace llm_benchmark;
using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

Summary sample() {
  const SummaryRow first{.provider = "openai",
                         .model = "gpt-4o",
                         .requests = 10,
                         .errors = 2,
                         .cancelled = 1,
                         .latency = {.p50 = 0.5, .p95 = 1.25, .p99 = 2.0, .count = 7},
                         .input_tokens = 100,
                         .output_tokens = 50,
                         .cost_nano_usd = 1'234'567'890,
                         .errors_by_type = {{"rate_limit", 1}, {"timeout", 1}},
                         .score = {.scored = 8, .right = 7}};
  const SummaryRow second{.provider = "x", .model = "y"};
  SummaryRow total = first;
  total.provider.clear();
  total.model.clear();
  return {.rows = {first, second}, .total = total, .elapsed_seconds = 4};
}

TEST(Summary, DollarsHaveSixDecimalsRoundedToTheNearestMicroDollar) {
  EXPECT_EQ(dollars(0), "0.000000");
  EXPECT_EQ(dollars(499), "0.000000");
  EXPECT_EQ(dollars(500), "0.000001");
  EXPECT_EQ(dollars(12'345'678), "0.012346");
  EXPECT_EQ(dollars(1'999'999'500), "2.000000");
  EXPECT_EQ(dollars(18'446'744'073'709'551'615U), "18446744073.709552");
}

TEST(Summary, TheTableHasARowPerModelATotalAndAClosingLine) {
  EXPECT_EQ(to_table(sample()),
            "provider  model   requests  errors  P50 s  P95 s  P99 s  tokens in  tokens out  cost "
            "USD  right\n"
            "openai    gpt-4o        10       2  0.500  1.250  2.000        100          50  "
            "1.234568  87.5%\n"
            "x         y              0       0      -      -      -          0           0  "
            "0.000000      -\n"
            "total                   10       2  0.500  1.250  2.000        100          50  "
            "1.234568  87.5%\n"
            "10 requests in 4.0 s (2.5/s), 1 cancelled, 2 errors: rate_limit 1, timeout 1\n");
}

TEST(Summary, TheJsonHasTheNamesOfTheApiAndExactCosts) {
  const json object = json::parse(to_json(sample()));

  EXPECT_EQ(object["elapsed_seconds"], 4.0);
  ASSERT_EQ(object["models"].size(), 2U);
  EXPECT_EQ(object["models"][0], json::parse(R"({"provider":"openai","model":"gpt-4o",
      "total_requests":10,"successful_requests":7,"failed_requests":2,"cancelled_requests":1,
      "errors":{"rate_limit":1,"timeout":1},"latency":{"p50":0.5,"p95":1.25,"p99":2.0,"count":7},
      "total_input_tokens":100,"total_output_tokens":50,"total_cost":1.23456789,
      "answers_scored":8,"answers_right":7})"));
  EXPECT_EQ(object["models"][1]["latency"], json::parse(R"({"count":0})"));
  EXPECT_FALSE(object["totals"].contains("provider"));
  EXPECT_THAT(to_json(sample()), HasSubstr("\"total_cost\": 1.23456789"));
}

TEST(Summary, ItIsMadeOfWhatTheMonitoringCounted) {
  ltb::MonitoringSystem monitoring;
  monitoring.begin_request("a", "m1").finish({.input_tokens = 10, .output_tokens = 5}, 0.000001234);
  monitoring.begin_request("a", "m1").fail(ltb::ErrorType::RateLimit);
  monitoring.begin_request("b", "m2").finish({.input_tokens = 1, .output_tokens = 2}, 0.5);
  monitoring.begin_request("b", "m2").cancel();

  const Summary summary =
      make_summary(monitoring, {{{"a", "m1"}, {.scored = 1, .right = 1}}}, seconds{2});

  ASSERT_EQ(summary.rows.size(), 2U);
  EXPECT_EQ(summary.rows[0].provider, "a");
  EXPECT_EQ(summary.rows[0].requests, 2U);
  EXPECT_EQ(summary.rows[0].errors, 1U);
  EXPECT_EQ(summary.rows[0].errors_by_type,
            (std::map<std::string, std::uint64_t>{{"rate_limit", 1}}));
  EXPECT_EQ(summary.rows[0].input_tokens, 10U);
  EXPECT_EQ(summary.rows[0].output_tokens, 5U);
  EXPECT_EQ(summary.rows[0].cost_nano_usd, 1234U);
  EXPECT_EQ(summary.rows[0].score.right, 1U);
  EXPECT_EQ(summary.rows[0].latency.count, 1U);
  EXPECT_EQ(summary.rows[1].cancelled, 1U);
  EXPECT_TRUE(summary.rows[1].errors_by_type.empty());
  EXPECT_EQ(summary.rows[1].score.scored, 0U);
  EXPECT_EQ(summary.total.requests, 4U);
  EXPECT_EQ(summary.total.cost_nano_usd, 500'001'234U);
  EXPECT_EQ(summary.total.latency.count, 2U);
  EXPECT_EQ(summary.elapsed_seconds, 2.0);
}

TEST(Console, TheProgressLineTellsTheRunAtAGlance) {
  ltb::CallTotals totals;
  totals.total_requests = 120;
  totals.requests_per_second = 8.14;
  totals.active_requests = 3;
  totals.failed_requests = 2;
  totals.total_cost_nano_usd = 12'345'000;

  EXPECT_EQ(progress_line(totals, 360), "120/360  8.1/s  3 in flight  2 errors  $0.012345");
  EXPECT_EQ(progress_line(totals, std::nullopt), "120  8.1/s  3 in flight  2 errors  $0.012345");
}

}  // namespace
