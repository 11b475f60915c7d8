// The result of a run as a table and as JSON, and the progress line.

#include "summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "console.hpp"
#include "unit/support/comma_locale.hpp"

namespace {

using namespace llm_benchmark;
using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

CallTimes times_of(const std::vector<double>& latencies) {
  CallTimes times;
  for (const double latency : latencies) times.latency.add(latency);
  return times;
}

Summary sample() {
  const SummaryRow first{.provider = "openai",
                         .model = "gpt-4o",
                         .requests = 10,
                         .errors = 2,
                         .cancelled = 1,
                         .times = times_of({0.5, 0.5, 0.5, 1.25}),
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

/// The same with all there is: streams, an open loop, retries, objectives.
Summary full_sample() {
  Summary summary = sample();
  SummaryRow& row = summary.rows.front();
  row.provider = "anthropic";
  row.model = "claude-sonnet";
  row.requests = 123'456;
  row.times.time_to_first_token.add(0.25);
  row.times.time_per_output_token.add(0.0125);
  row.times.queue.add(0.5);
  row.times.retries = 3;
  row.input_tokens = row.output_tokens = 123'456'789;
  row.slos = {{.name = "fast", .good = 3, .bad = 1}};
  summary.total = row;
  summary.total.provider.clear();
  summary.total.model.clear();
  summary.open_loop = true;
  return summary;
}

TEST(Summary, DollarsHaveSixDecimalsRoundedToTheNearestMicroDollar) {
  EXPECT_EQ(dollars(0), "0.000000");
  EXPECT_EQ(dollars(499), "0.000000");
  EXPECT_EQ(dollars(500), "0.000001");
  EXPECT_EQ(dollars(12'345'678), "0.012346");
  EXPECT_EQ(dollars(1'999'999'500), "2.000000");
  EXPECT_EQ(dollars(18'446'744'073'709'551'615U), "18446744073.709552");
}

TEST(Summary, NumbersHaveAPointWhateverTheLocaleOfTheHost) {
  const std::string table = to_table(full_sample());
  const std::string object = to_json(full_sample());
  const ltb::tests::CommaLocale commas;

  EXPECT_EQ(fixed(1234.5678, 2), "1234.57");
  EXPECT_EQ(fixed(1e300, 1).size(), 303U);
  EXPECT_EQ(to_table(full_sample()), table);
  EXPECT_EQ(to_json(full_sample()), object);
  if (!commas.has_c()) GTEST_SKIP() << "checked with C++ streams alone: no locale de_DE.UTF-8";
}

TEST(Summary, TheTablesHaveARowPerModelATotalAndAClosingLine) {
  EXPECT_EQ(to_table(sample()),
            "provider  model   requests  errors  P50 s  P95 s  P99 s  right\n"
            "openai    gpt-4o        10       2  0.495  1.255  1.255  87.5%\n"
            "x         y              0       0      -      -      -      -\n"
            "total                   10       2  0.495  1.255  1.255  87.5%\n"
            "\n"
            "provider  model   tokens in  tokens out  cost USD  tokens out/s\n"
            "openai    gpt-4o        100          50  1.234568          12.5\n"
            "x         y               0           0  0.000000           0.0\n"
            "total                   100          50  1.234568          12.5\n"
            "\n"
            "10 requests in 4.0 s (2.5/s), 1 cancelled, 2 errors: rate_limit 1, timeout 1\n");
}

TEST(Summary, ColumnsThatHaveSomethingToShowAppear) {
  const std::string table = to_table(full_sample());

  for (const char* text : {"retries", "queue P95 s", "TTFT P50 s", "TTFT P95 s", "TPOT P50 ms",
                           "TPOT P95 ms", "objective  provider   model          good  bad   kept",
                           "fast       anthropic  claude-sonnet     3    1  75.0%        0.8\n"}) {
    EXPECT_THAT(table, HasSubstr(text));
  }
}

TEST(Summary, WhatIsNotKnownIsNeverShownAsZero) {
  Summary summary = sample();
  SummaryRow& silent = summary.rows[0];
  silent.input_tokens = silent.output_tokens = silent.cost_nano_usd = std::nullopt;
  silent.usage_missing = 7;
  silent.unpriced = 8;
  silent.score = {};
  SummaryRow& partly = summary.rows[1];
  partly.requests = 3;
  partly.cost_nano_usd = 730'000'000;
  partly.unpriced = 1;
  summary.total.unpriced = 9;
  summary.total.usage_missing = 7;

  EXPECT_THAT(
      to_table(summary),
      testing::AllOf(HasSubstr("openai    gpt-4o        10       2  0.495  1.255  1.255      -\n"),
                     HasSubstr("openai    gpt-4o    unknown     unknown   unknown             -\n"),
                     HasSubstr("x         y               0           0  0.730000           0.0\n"),
                     HasSubstr("\nopenai/gpt-4o: 7 calls reported no usage, 8 calls not priced\n"
                               "x/y: 1 call not priced\n"
                               "Calls without usage or price are not in the sums")));
  const json object = json::parse(to_json(summary));
  const json& first = object["models"][0];
  for (const char* name :
       {"total_input_tokens", "total_output_tokens", "total_cost", "output_tokens_per_second"}) {
    EXPECT_FALSE(first.contains(name)) << name;
  }
  EXPECT_EQ(first["usage_missing_requests"], 7);
  EXPECT_EQ(first["unpriced_requests"], 8);
  EXPECT_EQ(object["models"][1]["total_cost"], 0.73);
  EXPECT_EQ(object["models"][1]["unpriced_requests"], 1);
}

TEST(Summary, NoLineOfAUsualRunIsWiderThan80Columns) {
  Summary summary = full_sample();
  summary.open_loop = false;
  for (SummaryRow* row : {&summary.rows.front(), &summary.total}) {
    row->times.retries = 0;
    row->input_tokens = row->output_tokens = 123'456;
  }
  const std::string table = to_table(summary);
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = table.find('\n', begin);
    EXPECT_LE(end - begin, 80U) << table.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(Summary, NoLineOfARunWithAllThereIsIsWiderThan120Columns) {
  const std::string table = to_table(full_sample());
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = table.find('\n', begin);
    EXPECT_LE(end - begin, 120U) << table.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(Summary, TheJsonHasTheNamesOfTheApiAndExactCosts) {
  const json object = json::parse(to_json(sample()));

  EXPECT_EQ(object["elapsed_seconds"], 4.0);
  ASSERT_EQ(object["models"].size(), 2U);
  json first = object["models"][0];
  EXPECT_NEAR(first["latency"]["p50"], 0.5, 0.5 * 0.0109);
  EXPECT_NEAR(first["latency"]["p99"], 1.25, 1.25 * 0.0109);
  EXPECT_EQ(first["latency"]["count"], 4);
  first.erase("latency");
  EXPECT_EQ(first, json::parse(R"({"provider":"openai","model":"gpt-4o",
      "total_requests":10,"successful_requests":7,"failed_requests":2,"cancelled_requests":1,
      "retries":0,"errors":{"rate_limit":1,"timeout":1},
      "time_to_first_token":{"count":0},"time_per_output_token":{"count":0},"slos":[],
      "total_input_tokens":100,"total_output_tokens":50,"total_cost":1.23456789,
      "usage_missing_requests":0,"unpriced_requests":0,
      "output_tokens_per_second":12.5,"answers_scored":8,"answers_right":7})"));
  EXPECT_EQ(object["models"][1]["latency"], json::parse(R"({"count":0})"));
  EXPECT_FALSE(object["totals"].contains("provider"));
  EXPECT_THAT(to_json(sample()), HasSubstr("\"total_cost\": 1.23456789"));
}

TEST(Summary, TheJsonHasTheTimesAndObjectivesOfAnOpenLoop) {
  const json row = json::parse(to_json(full_sample()))["models"][0];

  EXPECT_EQ(row["retries"], 3);
  EXPECT_NEAR(row["time_to_first_token"]["p50"], 0.25, 0.25 * 0.0109);
  EXPECT_NEAR(row["time_per_output_token"]["p95"], 0.0125, 0.0125 * 0.0109);
  EXPECT_NEAR(row["queue_time"]["p95"], 0.5, 0.5 * 0.0109);
  EXPECT_EQ(row["slos"],
            json::parse(R"([{"name":"fast","good":3,"bad":1,"attainment":0.75,"goodput":0.75}])"));
}

TEST(Summary, ItIsMadeOfWhatTheMonitoringCountedAndItsEventsTold) {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig{}.with_slo(
      {.name = "any", .provider = "a", .latency = std::chrono::hours{1}})};
  const RunTally tally(monitoring.event_bus());
  auto retried = monitoring.begin_request("a", "m1");
  retried.past_attempt(ltb::ErrorType::Network);
  retried.on_chunk();
  retried.on_chunk();
  retried.finish({.input_tokens = 10, .output_tokens = 5}, 0.000001234);
  monitoring.begin_request("a", "m1").fail(ltb::ErrorType::RateLimit);
  monitoring.begin_request("b", "m2").finish({.input_tokens = 1, .output_tokens = 2}, 0.5);
  monitoring.begin_request("b", "m2").cancel();

  const Summary summary =
      make_summary(monitoring, tally, {{{"a", "m1"}, {.scored = 1, .right = 1}}}, false);

  ASSERT_EQ(summary.rows.size(), 2U);
  const SummaryRow& first = summary.rows[0];
  EXPECT_EQ(first.provider, "a");
  EXPECT_EQ(first.requests, 2U);
  EXPECT_EQ(first.errors, 1U);
  EXPECT_EQ(first.errors_by_type, (std::map<std::string, std::uint64_t>{{"rate_limit", 1}}));
  EXPECT_EQ(first.input_tokens, 10U);
  EXPECT_EQ(first.output_tokens, 5U);
  EXPECT_EQ(first.cost_nano_usd, 1234U);
  EXPECT_EQ(first.score.right, 1U);
  EXPECT_EQ(first.times.latency.count(), 1U);
  EXPECT_EQ(first.times.time_to_first_token.count(), 1U);
  EXPECT_EQ(first.times.time_per_output_token.count(), 1U);
  EXPECT_EQ(first.times.queue.count(), 0U) << "none of them was due at a time of its own";
  EXPECT_EQ(first.times.retries, 1U);
  ASSERT_EQ(first.slos.size(), 1U);
  EXPECT_EQ(first.slos[0].good, 1U);
  EXPECT_EQ(first.slos[0].bad, 1U);
  EXPECT_EQ(summary.rows[1].cancelled, 1U);
  EXPECT_TRUE(summary.rows[1].errors_by_type.empty());
  EXPECT_EQ(summary.rows[1].score.scored, 0U);
  EXPECT_EQ(summary.total.requests, 4U);
  EXPECT_EQ(summary.total.cost_nano_usd, 500'001'234U);
  EXPECT_EQ(summary.total.times.latency.count(), 2U);
  EXPECT_EQ(summary.total.times.retries, 1U);
  EXPECT_GT(summary.elapsed_seconds, 0.0);
}

TEST(Summary, ACallWithoutUsageAndPriceIsCountedAsMissingInItsRowAndInAll) {
  ltb::MonitoringSystem monitoring;
  const RunTally tally(monitoring.event_bus());
  monitoring.begin_request("a", "silent").finish();
  monitoring.begin_request("b", "told").finish({.input_tokens = 1, .output_tokens = 2}, 0.5);

  const Summary summary = make_summary(monitoring, tally, {}, false);

  ASSERT_EQ(summary.rows.size(), 2U);
  EXPECT_EQ(summary.rows[0].output_tokens, std::nullopt);
  EXPECT_EQ(summary.rows[0].cost_nano_usd, std::nullopt);
  EXPECT_EQ(summary.rows[0].usage_missing, 1U);
  EXPECT_EQ(summary.rows[0].unpriced, 1U);
  EXPECT_EQ(summary.rows[1].unpriced, 0U);
  EXPECT_EQ(summary.total.output_tokens, 2U);
  EXPECT_EQ(summary.total.cost_nano_usd, 500'000'000U);
  EXPECT_EQ(summary.total.usage_missing, 1U);
  EXPECT_EQ(summary.total.unpriced, 1U);
}

TEST(Summary, ModelsBeyondTheLimitOfSeriesHaveTheirTimesAndScoresInTheRowOfTheOthers) {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig{}.with_max_series_per_family(1)};
  const RunTally tally(monitoring.event_bus());
  Scores scores;
  for (const char* model : {"m1", "m2", "m3"}) {
    auto call = monitoring.begin_request("a", model);
    call.past_attempt(ltb::ErrorType::Network);
    call.on_chunk();
    call.on_chunk();
    call.finish({.input_tokens = 10, .output_tokens = 5}, 0.25);
    scores[{"a", model}] = {.scored = 2, .right = 1};
  }

  const Summary summary = make_summary(monitoring, tally, scores, false);

  ASSERT_EQ(summary.rows.size(), 2U);
  const SummaryRow& others = summary.rows[summary.rows[0].model == "m1" ? 1 : 0];
  EXPECT_EQ(others.model, "_overflow_");
  EXPECT_EQ(others.requests, 2U);
  EXPECT_EQ(others.times.latency.count(), 2U);
  EXPECT_EQ(others.times.time_to_first_token.count(), 2U);
  EXPECT_EQ(others.times.retries, 2U);
  EXPECT_EQ(others.score.scored, 4U);
  EXPECT_EQ(summary.total.requests, 3U);
  EXPECT_EQ(summary.total.times.latency.count(), 3U);
  EXPECT_EQ(summary.total.times.retries, 3U);
  EXPECT_EQ(summary.total.score.right, 3U);
}

TEST(Summary, WhatAnOpenLoopNeverSentIsInTheTableAndInTheJson) {
  Summary summary = full_sample();
  EXPECT_EQ(json::parse(to_json(summary))["never_sent_requests"], 0);
  EXPECT_THAT(to_table(summary), testing::Not(HasSubstr("never sent")));

  summary.never_sent = 99;

  EXPECT_EQ(json::parse(to_json(summary))["never_sent_requests"], 99);
  EXPECT_THAT(to_table(summary), HasSubstr("requests in 4.0 s (30864.0/s), 99 never sent, 1 canc"));
  EXPECT_FALSE(json::parse(to_json(sample())).contains("never_sent_requests"))
      << "a closed loop owes nothing";
}

TEST(RunTally, TheTimeOfARunIsOfTheSteadyClockWhateverTheEventsSay) {
  ltb::EventBus bus;
  RunTally::Clock::time_point now{std::chrono::hours{1}};
  const RunTally tally(bus, [&now] { return now; });
  EXPECT_EQ(tally.elapsed(), seconds{0});

  const auto publish = [&](ltb::MonitoringEvent event, std::chrono::system_clock::duration wall) {
    event.timestamp = std::chrono::system_clock::time_point{wall};
    bus.publish(std::move(event));
  };
  publish(ltb::MonitoringEvent::request_started("a", "m", "1"), seconds{10'000});
  now += seconds{2};
  publish(ltb::MonitoringEvent::request_started("a", "m", "2"), seconds{13'602});  // Set ahead.
  now += seconds{1};
  publish(ltb::MonitoringEvent::request_completed("a", "m", "1", 3.0), seconds{13'603});
  publish(ltb::MonitoringEvent::request_completed("a", "m", "2", 1.0), seconds{5});  // Set back.

  EXPECT_EQ(tally.elapsed(), seconds{3});
  EXPECT_EQ(tally.by_model().at({"a", "m"}).queue.count(), 0U);
}

TEST(RunTally, TheQueueTimeOfACallIsTheWaitBetweenItsDueTimeAndItsStart) {
  ltb::MonitoringSystem monitoring;
  const RunTally tally(monitoring.event_bus());
  auto scope = monitoring.begin_request("a", "m");
  scope.set_scheduled_start(std::chrono::steady_clock::now() - seconds{2});
  scope.finish();

  const Quantiles queue = tally.by_model().at({"a", "m"}).queue;

  EXPECT_EQ(queue.count(), 1U);
  EXPECT_NEAR(queue.at(0.5).value_or(0), 2.0, 0.1);
}

TEST(Quantiles, APercentileIsTheOneOfTheRankWithinItsError) {
  Quantiles quantiles;
  EXPECT_EQ(quantiles.at(0.5), std::nullopt);
  for (int i = 1; i <= 1000; ++i) quantiles.add(i * 0.001);

  EXPECT_EQ(quantiles.count(), 1000U);
  for (const auto& [share, expected] :
       {std::pair{0.0, 0.001}, {0.5, 0.5}, {0.95, 0.95}, {0.99, 0.99}, {1.0, 1.0}}) {
    EXPECT_NEAR(quantiles.at(share).value_or(-1), expected, expected * 0.0109) << share;
  }
}

TEST(Quantiles, AnyMagnitudeIsHeldWithinTheSameError) {
  for (double value = 1e-5; value < 1e8; value *= 1.37) {
    Quantiles one;
    one.add(value);
    EXPECT_NEAR(one.at(0.5).value_or(-1), value, value * 0.0109) << value;
  }
  Quantiles odd;
  odd.add(-1);
  odd.add(std::numeric_limits<double>::quiet_NaN());
  odd.add(std::numeric_limits<double>::infinity());
  EXPECT_EQ(odd.at(0.5), 0.0);
  EXPECT_TRUE(std::isfinite(odd.at(1).value_or(0)));
}

TEST(Quantiles, ABucketIsAThirtySecondOfAPowerOfTwoOfSecondsAsOnTheDashboard) {
  // 7,200 s lie between 2^(410/32) and 2^(411/32); 1 s is the upper bound of its bucket.
  const auto middle = [](double low, double high) { return 2 * low * high / (low + high); };
  const auto root = [](double n) { return std::exp2(n / 32); };
  for (const auto& [value, n] : {std::pair{7'200.0, 411.0}, {1.0, 0.0}, {1.0000001, 1.0}}) {
    Quantiles one;
    one.add(value);
    EXPECT_DOUBLE_EQ(one.at(0.5).value_or(-1), middle(root(n - 1), root(n))) << value;
  }
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
  totals.unpriced_requests = 12;
  EXPECT_EQ(progress_line(totals, std::nullopt),
            "120  8.1/s  3 in flight  2 errors  $0.012345 + 12 not priced");
  totals.unpriced_requests = 0;
  totals.latency.p95 = 1.251;
  totals.time_to_first_token.p50 = 0.314;
  EXPECT_EQ(progress_line(totals, 360),
            "120/360  8.1/s  3 in flight  2 errors  P95 1.25 s  TTFT 0.31 s  $0.012345");
}

}  // namespace
