// History is bounded in time and in bytes, a step of the wall clock moves no slot, and unknown is
// not 0.
#include "collector/collector_core.hpp"
#include "collector/history_book.hpp"
#include "collector/overview_json.hpp"
#include "unit/support/core_stage.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using collector::HistoryBook;
using tests::CoreStage;
using tests::ManualClock;

const std::chrono::sys_seconds kStart{std::chrono::seconds{ManualClock::kStartSeconds}};

double sum(const HistorySeries& series) {
  double total = 0;
  for (const HistoryPoint& point : series.points) total += point.value.value_or(0);
  return total;
}

std::optional<double> at(const HistorySeries& series, std::chrono::system_clock::time_point time) {
  for (const HistoryPoint& point : series.points)
    if (point.time == time) return point.value;
  ADD_FAILURE() << "no such point";
  return -1;
}

TEST(HistoryTotals, TheTotalOfUnknownCostsIsUnknown) {
  const CoreStage stage;
  stage.advance(2s);  // [0, 2): nothing, which costs nothing
  stage.succeed("p", "m", 0.1);
  stage.advance(2s);  // since 2: a call without a known cost
  stage.succeed("p", "m", 0.1, {}, 0.25);
  stage.advance(2s);  // since 4: one whose cost is known
  stage.succeed("free", "m", 0.1, {}, 0.0);
  stage.succeed("unpriced", "m", 0.1);
  stage.fail("down", "m");
  stage.tick();

  const HistorySeries all =
      stage.collector().history({.metric = "cost_total", .window = 6s, .step = 1s});
  EXPECT_EQ(at(all, kStart + 1s), 0.0);
  EXPECT_EQ(at(all, kStart + 2s), std::nullopt);
  EXPECT_EQ(at(all, kStart + 3s), std::nullopt);
  EXPECT_EQ(at(all, kStart + 4s), 0.25);
  EXPECT_EQ(at(all, kStart + 6s), 0.25);
  const auto last_of = [&](const char* provider) {
    return stage.collector()
        .history({.metric = "cost_total", .provider = provider, .window = 6s, .step = 1s})
        .points.back()
        .value;
  };
  EXPECT_EQ(last_of("free"), 0.0);
  EXPECT_EQ(last_of("unpriced"), std::nullopt);
  EXPECT_EQ(last_of("down"), std::nullopt);
}

TEST(HistoryRetention, WhatIsOlderIsForgottenAndShownAsAGap) {
  const CoreStage stage(MonitoringConfig{}.with_retention_period(60s));
  stage.succeed("p", "m", 0.5, {}, 1.0);
  stage.tick();
  stage.advance(50s);
  const HistoryQuery query{.metric = "cost", .window = 300s, .step = 1s};
  EXPECT_EQ(sum(stage.collector().history(query)), 1.0);
  stage.advance(80s);

  const HistorySeries series = stage.collector().history(query);

  EXPECT_EQ(sum(series), 0.0);
  for (const HistoryPoint& point : series.points) {
    const bool is_kept = point.time + series.step > kStart + 130s - 60s;
    EXPECT_EQ(point.value.has_value(), is_kept)
        << (point.time - kStart).count() / 1'000'000'000 << " s";
  }
  EXPECT_EQ(stage.collector().totals().total_cost, 1.0) << "totals are not history";
}

TEST(HistoryRetention, AStepOfWhichAPartIsForgottenIsAGap) {
  const CoreStage stage;
  for (int second = 0; second < 1000; ++second) {
    stage.succeed("p", "m", 0.5);
    stage.advance(1s);
  }
  for (int shift = 0; shift < 7; ++shift) {  // seconds are kept for 900 s
    const HistorySeries series =
        stage.collector().history({.metric = "requests_per_second", .window = 900s, .step = 7s});
    ASSERT_EQ(series.step, 7s);
    for (std::size_t i = 0; i + 1 < series.points.size(); ++i)
      EXPECT_EQ(series.points[i].value.value_or(1.0), 1.0) << shift << ", step " << i;
    EXPECT_TRUE(series.points[1].value.has_value()) << shift;
    stage.succeed("p", "m", 0.5);
    stage.advance(1s);
  }
}

TEST(HistoryRetention, AStretchThatNobodySampledIsRememberedAsLongAsTheStepItEndsIn) {
  const CoreStage stage(MonitoringConfig{}.with_retention_period(60s));
  stage.advance(30s);
  for (int i = 0; i < 600; ++i) stage.succeed("p", "m", 0.5);
  stage.clock->advance(35s);  // [30, 65), held up
  stage.tick();
  stage.succeed("p", "m", 0.5);
  for (const auto until : {100s, 122s, 126s, 150s, 179s}) {
    while (stage.clock->system_now() < kStart + until) stage.advance(1s);
    const HistorySeries series = stage.collector().history(
        {.metric = "requests_per_second", .window = 120s, .step = 60s, .to = kStart + 120s});
    ASSERT_EQ(series.points.back().time, kStart + 60s);
    EXPECT_EQ(series.points.back().value, std::nullopt) << until.count();
  }
}

TEST(HistoryRetention, AShortOneHoldsAllItsPercentiles) {
  const CoreStage stage(MonitoringConfig{}.with_retention_period(120s));
  for (int second = 0; second < 300; ++second) {
    stage.succeed("p", "m", 0.5);
    stage.advance(1s);
    if (second < 200) continue;
    EXPECT_EQ(stage.collector().totals().latency.count, 120u) << second;
    EXPECT_EQ(stage.collector().percentiles("p", "m", 1h).count, 120u) << second;
  }
}

TEST(HistoryRetention, KeepsNoBytesOfAQuietSeries) {
  metrics::MetricStore store({});
  ManualClock clock;
  HistoryBook book(store, clock, 60s, 1 << 30, {});
  store.request_series("p", "m").record({.duration_ns = 1'000'000});
  book.sample();
  EXPECT_GT(book.bytes(), 0u);

  clock.advance(10min);
  book.sample();

  EXPECT_EQ(book.bytes(), 0u);
}

TEST(HistoryRetention, ASecondLastsNoLongerThanTheTierOfSeconds) {
  metrics::MetricStore store({});
  ManualClock clock;
  HistoryBook book(store, clock, 24h, 1 << 30, {});
  std::size_t after_an_hour = 0;
  for (int i = 0; i < 4 * 3600; ++i) {
    store.request_series("p", "m").record({.duration_ns = 1'000'000});
    book.sample();
    clock.advance(1s);
    if (i == 3600) after_an_hour = book.bytes();
  }

  // 900 s, then 7200 / 5 and the hours' minutes: far from 4 times the first hour.
  EXPECT_LT(book.bytes(), after_an_hour * 2);
}

struct Busy {
  std::ostringstream text;
  metrics::MetricStore store{metrics::StoreOptions{}};
  ManualClock clock;
  HistoryBook book{store, clock, 3600s, std::size_t{1} << 20,
                   support::Log(std::make_shared<spdlog::logger>(
                       "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)))};
};

TEST(HistoryBytes, StayWithinTheLimitUnderManySeriesAndLatencies) {
  Busy busy;
  std::mt19937_64 random(1);
  for (int second = 0; second < 120; ++second) {
    for (int model = 0; model < 50; ++model)
      for (int call = 0; call < 10; ++call)
        busy.store.request_series("p", "m" + std::to_string(model))
            .record({.duration_ns = random() % 60'000'000'000});
    busy.book.sample();
    ASSERT_LE(busy.book.bytes(), std::size_t{1} << 20) << second;
    busy.clock.advance(1s);
  }

  const std::string text = busy.text.str();
  EXPECT_NE(text.find("LTB_MAX_HISTORY_BYTES"), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << "said once";
  EXPECT_GT(busy.book.cuts(), 0u);
}

TEST(HistoryBytes, TheNewestSecondIsForgottenLast) {
  Busy busy;
  std::mt19937_64 random(1);
  for (int second = 0; second < 60; ++second) {
    for (int model = 0; model < 20; ++model)
      for (int call = 0; call < 30; ++call)
        busy.store.request_series("p", "m" + std::to_string(model))
            .record({.duration_ns = random() % 60'000'000'000});
    busy.book.sample();
    busy.clock.advance(1s);
  }
  busy.store.request_series("p", "m0").record({.duration_ns = 1'000'000});
  busy.book.sample();

  EXPECT_GE(busy.book.provider_windows(1).at("p").sum.success, 1u);
}

TEST(WallClock, AJumpForwardLeavesWhatHappenedBeforeWhereItWas) {
  const CoreStage stage;
  stage.advance(10s);
  stage.succeed("p", "m", 0.5, {}, 1.0);
  stage.advance(5s);
  stage.clock->jump(1h);
  stage.succeed("p", "m", 0.5, {}, 2.0);
  stage.tick();

  const HistorySeries now =
      stage.collector().history({.metric = "cost", .window = 10s, .step = 1s});
  ASSERT_EQ(now.points.size(), 10u);
  EXPECT_EQ(now.points.back().time, kStart + 15s + 1h) << "in the wall's new time";
  EXPECT_EQ(now.points[9].value, 2.0);
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_EQ(now.points[i].value, std::nullopt) << "there was no such time";
  const HistorySeries before =
      stage.collector().history({.metric = "cost", .window = 6s, .step = 1s, .to = kStart + 16s});
  ASSERT_EQ(before.points.size(), 6u);
  EXPECT_EQ(before.points[0].time, kStart + 10s);
  EXPECT_EQ(before.points[0].value, 1.0);
  EXPECT_EQ(before.points[1].value, 0.0);
  EXPECT_EQ(before.points[5].value, std::nullopt) << "the clock was set as this second began";
  EXPECT_EQ(stage.collector().totals().requests_per_second, 2.0 / 9) << "rates know no wall clock";
}

TEST(WallClock, SleepOfTheMachineIsAGapAndNoRateLooksAcrossIt) {
  const CoreStage stage;
  stage.advance(300s);
  for (int i = 0; i < 100; ++i) stage.succeed("p", "m", 0.5);
  stage.advance(1s);
  stage.clock->sleep(2h);
  stage.tick();

  EXPECT_EQ(stage.collector().totals().requests_per_second, 0.0) << "nothing ended in this time";
  EXPECT_EQ(stage.collector().totals().latency.count, 0u);
  const HistorySeries then = stage.collector().history(
      {.metric = "requests_per_second", .window = 2s, .step = 1s, .to = kStart + 302s});
  EXPECT_EQ(then.points.at(0).time, kStart + 300s);
  EXPECT_EQ(then.step, 60s) << "two hours ago only minutes are kept";

  for (int i = 0; i < 50; ++i) stage.succeed("p", "m", 0.5);  // answered while it fell asleep
  stage.clock->sleep(1h);
  stage.tick();
  EXPECT_EQ(stage.collector().totals().requests_per_second, std::nullopt);
  EXPECT_EQ(stage.collector().totals().total_requests, 150u);
}

TEST(WallClock, TheSleepOfTheMachineIsPartOfTheUptime) {
  const CoreStage stage;
  const MetricCollector collector(stage.collector());
  stage.clock->sleep(1h);  // before the system was made
  const collector::OverviewSource source(collector, *stage.clock, "epoch", "1", [] { return 0u; });
  stage.clock->advance(10s);
  EXPECT_EQ(source.read().uptime_seconds, 10.0);
  stage.clock->sleep(2h);
  EXPECT_EQ(source.read().uptime_seconds, 7210.0);
}

TEST(WallClock, AJumpBackLosesNothing) {
  const CoreStage stage;
  stage.advance(10s);
  stage.succeed("p", "m", 0.5, {}, 1.0);
  stage.tick();
  stage.clock->jump(-24h);
  stage.advance(1s);
  stage.succeed("p", "m", 0.5, {}, 2.0);
  stage.tick();

  const HistorySeries series =
      stage.collector().history({.metric = "cost", .window = 5s, .step = 1s});
  EXPECT_EQ(series.points.back().time, kStart + 11s - 24h);
  EXPECT_EQ(series.points.back().value, 2.0);
  EXPECT_EQ(series.points[3].value, 1.0);
  const HistorySeries asked = stage.collector().history(
      {.metric = "cost", .window = 1s, .step = 1s, .to = kStart + 11s - 24h});
  EXPECT_EQ(asked.points.at(0).value, 1.0) << "questions are in the wall's new time too";
}

}  // namespace
}  // namespace ltb
