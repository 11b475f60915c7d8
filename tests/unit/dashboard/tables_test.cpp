// Statistics as JSON and CSV: the shapes of docs/protocol.md.
#include "dashboard/tables.hpp"

#include "collector/overview_json.hpp"
#include "dashboard/csv.hpp"
#include "dashboard/series_table.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <string>
#include <vector>

namespace ltb::dashboard {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr system_clock::time_point kTime{milliseconds{1736937000123}};

void fill(CallTotals& totals) {
  totals.total_requests = 100;
  totals.successful_requests = 90;
  totals.failed_requests = 9;
  totals.cancelled_requests = 1;
  totals.active_requests = 3;
  totals.total_input_tokens = 1500;
  totals.total_output_tokens = 750;
  totals.total_cost_nano_usd = 13500001;
  totals.total_cost = 0.013500001;
  totals.usage_missing_requests = 4;
  totals.unpriced_requests = 5;
  totals.latency_missing_requests = 6;
  totals.avg_latency = 1.25;
  totals.latency = {.p50 = 1.0, .p95 = 2.0, .p99 = 3.0, .count = 90};
  totals.requests_per_second = 12.5;
  totals.input_tokens_per_second = 10;
  totals.output_tokens_per_second = 5;
  totals.cost_per_hour = 0.5;
  totals.error_rate = 0.09;
  totals.errors[static_cast<std::size_t>(ErrorType::RateLimit)] = 5;
  totals.errors[static_cast<std::size_t>(ErrorType::Timeout)] = 4;
}

ProviderStats provider(const std::string& name) {
  ProviderStats row;
  fill(row);
  row.provider = name;
  row.status = ProviderHealth::Degraded;
  return row;
}

ModelStats model(const std::string& provider_name, const std::string& name) {
  ModelStats row;
  fill(row);
  row.provider = provider_name;
  row.model = name;
  return row;
}

BenchmarkStatus benchmark() {
  BenchmarkStatus row;
  row.benchmark_id = "bench_123";
  row.name = "MMLU";
  row.state = BenchmarkState::Stalled;
  row.total_examples = 1000;
  row.completed_examples = 456;
  row.failed_examples = 3;
  row.progress_percent = 45.6;
  row.current_provider = "openai";
  row.eta_seconds = 120.5;
  row.examples_per_second = 4.5;
  row.elapsed_seconds = 101;
  row.idle_seconds = 0.25;
  row.total_requests = 460;
  row.successful_requests = 450;
  row.failed_requests = 8;
  row.cancelled_requests = 2;
  row.usage_missing_requests = 7;
  row.unpriced_requests = 12;
  row.total_input_tokens = 69'000;
  row.total_output_tokens = 34'500;
  row.cost = 1.250000001;
  row.cost_nano_usd = 1'250'000'001;
  row.projected_cost = 2.75;
  row.requests_per_second = 4.55;
  row.latency = {.p50 = 1, .p95 = 2, .p99 = 3, .count = 450};
  row.time_to_first_token.count = 0;
  row.started_at = kTime;
  return row;
}

const std::string kTotals =
    R"("total_requests":100,"successful_requests":90,"failed_requests":9,"cancelled_requests":1,)"
    R"("active_requests":3,"total_input_tokens":1500,"total_output_tokens":750,"total_cost":0.013500001,)"
    R"("usage_missing_requests":4,"unpriced_requests":5,"latency_missing_requests":6,)"
    R"("requests_per_second":12.5,"input_tokens_per_second":10,"output_tokens_per_second":5,"cost_per_hour":0.5,)"
    R"("error_rate":0.09,"avg_latency":1.25,"latency":{"p50":1,"p95":2,"p99":3,"count":90},)"
    R"("time_to_first_token":{"count":0},"inter_token_latency":{"count":0},)"
    R"("errors":{"rate_limit":5,"timeout":4})";

TEST(OverviewJson, IsTheDocumentedObjectByteForByte) {
  collector::Overview overview;
  overview.epoch = "9f3c";
  overview.version = "0.1.0";
  overview.timestamp = kTime;
  overview.uptime_seconds = 12.5;
  overview.last_event_id = 123;
  fill(overview.totals);
  overview.providers = {provider("openai")};
  overview.benchmarks = {benchmark()};

  EXPECT_EQ(
      collector::overview_json(overview),
      R"({"epoch":"9f3c","version":"0.1.0","timestamp":"2025-01-15T10:30:00.123Z","uptime_seconds":12.5,)"
      R"("last_event_id":"evt_123","totals":{)" +
          kTotals + R"(},"providers":[{"provider":"openai","status":"degraded",)" + kTotals +
          R"(}],"models":[],"benchmarks":[{"benchmark_id":"bench_123","name":"MMLU","state":"stalled",)"
          R"("total_examples":1000,"completed_examples":456,"failed_examples":3,"progress_percent":45.6,)"
          R"("current_provider":"openai","eta_seconds":120.5,"examples_per_second":4.5,"elapsed_seconds":101,)"
          R"("idle_seconds":0.25,"total_requests":460,"successful_requests":450,"failed_requests":8,)"
          R"("cancelled_requests":2,"usage_missing_requests":7,"unpriced_requests":12,)"
          R"("has_unattributed_calls":false,"total_input_tokens":69000,"total_output_tokens":34500,)"
          R"("cost":1.250000001,"projected_cost":2.75,"requests_per_second":4.55,)"
          R"("latency":{"p50":1,"p95":2,"p99":3,"count":450},"time_to_first_token":{"count":0},)"
          R"("started_at":"2025-01-15T10:30:00.123Z"}]})");
}

TEST(OverviewJson, WhatIsNotMeasuredIsAbsent) {
  const json parsed = json::parse(collector::overview_json({}));

  EXPECT_FALSE(parsed.at("totals").contains("avg_latency"));
  EXPECT_EQ(parsed.at("totals").at("latency"), json::parse(R"({"count":0})"));
  EXPECT_EQ(parsed.at("totals").at("errors"), json::object());
  EXPECT_EQ(parsed.at("totals").at("total_cost"), 0);
  EXPECT_EQ(parsed.at("providers"), json::array());
}

TEST(ProvidersTable, CsvHasALinePerModel) {
  const auto models = std::vector{model("openai", "gpt-4"), model("new", "m")};
  const json parsed = json::parse(providers_json({provider("openai")}, models));
  EXPECT_EQ(parsed.at("providers").at(0).at("active_requests"), 3);
  EXPECT_EQ(parsed.at("models").at(0).at("model"), "gpt-4");
  EXPECT_EQ(parsed.at("models").at(0).at("active_requests"), 3);
  EXPECT_FALSE(parsed.at("models").at(0).contains("rate_limits"));

  EXPECT_EQ(providers_csv({provider("openai")}, models),
            "provider,model,status,total_requests,successful_requests,failed_requests,"
            "cancelled_requests,total_input_tokens,total_output_tokens,total_cost,"
            "usage_missing_requests,unpriced_requests,latency_missing_requests,requests_per_second,"
            "input_tokens_per_second,output_tokens_per_second,cost_per_hour,error_rate,avg_latency,"
            "latency_p50,latency_p95,latency_p99,latency_count,time_to_first_token_p50,"
            "time_to_first_token_p95,time_to_first_token_p99,time_to_first_token_count,"
            "inter_token_latency_p50,inter_token_latency_p95,inter_token_latency_p99,"
            "inter_token_latency_count\r\n"
            "openai,gpt-4,degraded,100,90,9,1,1500,750,0.013500001,4,5,6,12.5,10,5,0.5,0.09,1.25,"
            "1,2,3,90,,,,0,,,,0\r\n"
            "new,m,,100,90,9,1,1500,750,0.013500001,4,5,6,12.5,10,5,0.5,0.09,1.25,"
            "1,2,3,90,,,,0,,,,0\r\n");
}

TEST(ProvidersTable, WhatIsNotKnownIsAbsentFromJsonAndAnEmptyCell) {
  ModelStats row;
  row.provider = "p";
  row.model = "m";
  row.total_requests = row.successful_requests = 1;
  row.usage_missing_requests = row.unpriced_requests = row.latency_missing_requests = 1;
  row.total_input_tokens = row.total_output_tokens = row.total_cost_nano_usd = std::nullopt;
  row.total_cost = std::nullopt;
  row.latency.count = std::nullopt;

  const json parsed = json::parse(providers_json({}, {row})).at("models").at(0);
  for (const char* name :
       {"total_input_tokens", "total_output_tokens", "total_cost", "requests_per_second",
        "input_tokens_per_second", "output_tokens_per_second", "cost_per_hour", "error_rate"})
    EXPECT_FALSE(parsed.contains(name)) << name;
  EXPECT_EQ(parsed.at("latency"), json::object());
  EXPECT_EQ(parsed.at("unpriced_requests"), 1);

  const std::string csv = providers_csv({}, {row});
  EXPECT_EQ(csv.substr(csv.find('\n') + 1), "p,m,,1,1,0,0,,,,1,1,1,,,,,,,,,,,,,,0,,,,0\r\n");
}

TEST(ProvidersTable, LimitsAreThereWhenTheProviderToldThem) {
  ModelStats row = model("openai", "gpt-4");
  row.rate_limits = RateLimits{.requests_limit = 500,
                               .requests_remaining = 120,
                               .tokens_limit = {},
                               .tokens_remaining = 9000,
                               .reset_at = kTime};

  EXPECT_EQ(json::parse(providers_json({}, {row})).at("models").at(0).at("rate_limits"),
            json::parse(R"({"requests_limit":500,"requests_remaining":120,"tokens_remaining":9000,)"
                        R"("reset_at":"2025-01-15T10:30:00.123Z"})"));
}

TEST(BenchmarksTable, CsvHasALinePerBenchmark) {
  EXPECT_EQ(json::parse(benchmarks_json({benchmark()})).at("benchmarks").at(0).at("state"),
            "stalled");
  EXPECT_EQ(benchmarks_csv({benchmark()}),
            "benchmark_id,name,state,total_examples,completed_examples,failed_examples,"
            "progress_percent,current_provider,eta_seconds,examples_per_second,elapsed_seconds,"
            "idle_seconds,cost,projected_cost,started_at,total_requests,successful_requests,"
            "failed_requests,cancelled_requests,usage_missing_requests,unpriced_requests,"
            "has_unattributed_calls,total_input_tokens,total_output_tokens,requests_per_second,"
            "latency_p50,latency_p95,latency_p99,latency_count,time_to_first_token_p50,"
            "time_to_first_token_p95,time_to_first_token_p99,time_to_first_token_count\r\n"
            "bench_123,MMLU,stalled,1000,456,3,45.6,openai,120.5,4.5,101,0.25,1.250000001,2.75,"
            "2025-01-15T10:30:00.123Z,460,450,8,2,7,12,false,69000,34500,4.55,1,2,3,450,,,,0\r\n");
}

TEST(BenchmarksTable, LeavesOutWhatIsUnknownOfARun) {
  BenchmarkStatus row;
  row.benchmark_id = "b";
  row.has_unattributed_calls = true;

  const json parsed = json::parse(benchmarks_json({row})).at("benchmarks").at(0);
  for (const char* name : {"progress_percent", "eta_seconds", "examples_per_second", "cost",
                           "projected_cost", "requests_per_second", "total_input_tokens"})
    EXPECT_FALSE(parsed.contains(name)) << name;
  EXPECT_EQ(parsed.at("has_unattributed_calls"), true);
  EXPECT_EQ(parsed.at("total_examples"), 0);
}

TEST(ErrorsTable, ListsTheTypesThatOccurred) {
  EXPECT_EQ(
      errors_json({model("openai", "gpt-4")}),
      R"({"errors":[{"provider":"openai","model":"gpt-4","error_type":"rate_limit","count":5},)"
      R"({"provider":"openai","model":"gpt-4","error_type":"timeout","count":4}]})");
  EXPECT_EQ(
      errors_csv({model("openai", "gpt-4")}),
      "provider,model,error_type,count\r\nopenai,gpt-4,rate_limit,5\r\nopenai,gpt-4,timeout,4\r\n");
  EXPECT_EQ(errors_json({}), R"({"errors":[]})");
}

TEST(EventsTable, HoldsTheEventsAsTheyAre) {
  EXPECT_EQ(
      events_json({.epoch = "e", .last_event_id = 9, .skipped = 2, .events = {"{\"a\":1}", "{}"}}),
      R"({"epoch":"e","last_event_id":"evt_9","skipped":2,"events":[{"a":1},{}]})");
}

std::string text_of(const SeriesQuery& query, Format format,
                    const std::vector<NamedSeries>& series) {
  SeriesTable table(query, format);
  for (const NamedSeries& one : series) table.add(one);
  return table.take();
}

TEST(SeriesTable, PointsArePairsAndGapsAreNull) {
  SeriesQuery query;
  query.from = 1736937000;
  query.to = 1736937300;
  const std::vector<NamedSeries> series = {
      {"latency_p95",
       "openai",
       "gpt-4",
       {.step = std::chrono::seconds{1},
        .from = kTime - milliseconds{123},
        .to = kTime,
        .points = {{system_clock::time_point{milliseconds{1736937000000}}, 1.52},
                   {system_clock::time_point{milliseconds{1736937001000}}, std::nullopt}}}},
      {"cost", "", "", {}}};

  EXPECT_EQ(
      text_of(query, Format::Json, series),
      R"({"from":1736937000,"to":1736937000.123,"step":1,"series":[{"metric":"latency_p95","provider":"openai",)"
      R"("model":"gpt-4","points":[[1736937000000,1.52],[1736937001000,null]]},{"metric":"cost","points":[]}]})");
  EXPECT_EQ(text_of(query, Format::Csv, series),
            "metric,provider,model,timestamp,value\r\n"
            "latency_p95,openai,gpt-4,2025-01-15T10:30:00.000Z,1.52\r\n"
            "latency_p95,openai,gpt-4,2025-01-15T10:30:01.000Z,\r\n");
}

std::string csv_of(std::string_view text) {
  CsvWriter csv({"h"});
  csv.cell(text).end_row();
  return std::move(csv).take().substr(3);
}

TEST(Csv, QuotesWhatRfc4180WantsQuoted) {
  EXPECT_EQ(csv_of("plain text"), "plain text\r\n");
  EXPECT_EQ(csv_of("a,b"), "\"a,b\"\r\n");
  EXPECT_EQ(csv_of("say \"hi\""), "\"say \"\"hi\"\"\"\r\n");
  EXPECT_EQ(csv_of("two\nlines"), "\"two\nlines\"\r\n");
  EXPECT_EQ(csv_of("cr\rhere"), "\"cr\rhere\"\r\n");
  EXPECT_EQ(csv_of(""), "\r\n");
}

TEST(Csv, TextThatASpreadsheetWouldRunIsDefused) {
  EXPECT_EQ(csv_of("=1+1"), "\"'=1+1\"\r\n");
  EXPECT_EQ(csv_of("+1"), "\"'+1\"\r\n");
  EXPECT_EQ(csv_of("-1"), "\"'-1\"\r\n");
  EXPECT_EQ(csv_of("@SUM(A1)"), "\"'@SUM(A1)\"\r\n");
  EXPECT_EQ(csv_of("\t=1"), "\"'\t'=1\"\r\n");
  EXPECT_EQ(csv_of("=cmd|' /C calc'!\"A\""), "\"'=cmd|' /C calc'!\"\"A\"\"\"\r\n");
}

TEST(Csv, AFormulaBehindASeparatorInsideIsDefusedToo) {
  EXPECT_EQ(csv_of("gpt;=cmd|' /C calc'!A0;x"), "\"gpt;'=cmd|' /C calc'!A0;x\"\r\n");
  EXPECT_EQ(csv_of("a,+1"), "\"a,'+1\"\r\n");
  EXPECT_EQ(csv_of("a\t-1"), "\"a\t'-1\"\r\n");
  EXPECT_EQ(csv_of("a\r\n@x"), "\"a\r\n'@x\"\r\n");
  EXPECT_EQ(csv_of("a;\"=1"), "\"a;\"\"'=1\"\r\n") << "a quote does not hide it";
  EXPECT_EQ(csv_of("a; =1"), "\"a; '=1\"\r\n");
  EXPECT_EQ(csv_of("a;\uFF1D1"), "\"a;'\uFF1D1\"\r\n");
  EXPECT_EQ(csv_of("\uFF0B1"), "\"'\uFF0B1\"\r\n");
}

TEST(Csv, ASemicolonOrTabIsQuotedAndOrdinaryTextIsLeftAlone) {
  EXPECT_EQ(csv_of("a;b"), "\"a;b\"\r\n");
  EXPECT_EQ(csv_of("a\tb"), "\"a\tb\"\r\n");
  EXPECT_EQ(csv_of("gpt-4+x=y@z"), "gpt-4+x=y@z\r\n");
  EXPECT_EQ(csv_of("a b"), "a b\r\n");
}

TEST(Csv, NumbersStayNumbers) {
  CsvWriter csv({"a", "b", "c", "d"});
  csv.cell(-1.5)
      .cell(std::numeric_limits<double>::quiet_NaN())
      .cell(std::uint64_t{18446744073709551615u});
  csv.cell(std::optional<double>{}).end_row();

  EXPECT_EQ(std::move(csv).take(), "a,b,c,d\r\n-1.5,,18446744073709551615,\r\n");
}

}  // namespace
}  // namespace ltb::dashboard
