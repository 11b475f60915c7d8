// History: every metric name, gaps, steps and tiers.
#include "collector/collector_core.hpp"
#include "collector/one_moment.hpp"
#include "unit/support/core_stage.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::ManualClock;

const std::chrono::sys_seconds kStart{std::chrono::seconds{ManualClock::kStartSeconds}};

std::optional<double> at(const HistorySeries& series, std::chrono::system_clock::time_point time) {
  for (const HistoryPoint& point : series.points)
    if (point.time == time) return point.value;
  ADD_FAILURE() << "no such point";
  return -1;
}

double sum(const HistorySeries& series) {
  double total = 0;
  for (const HistoryPoint& point : series.points) total += point.value.value_or(0);
  return total;
}

// One second of four calls, ten seconds after the start.
struct HistoryTest : ::testing::Test {
  CoreStage stage;
  const std::chrono::sys_seconds busy = kStart + 10s;

  HistoryTest() {
    stage.advance(10s);
    RequestPayload streamed;
    streamed.provider = "openai";
    streamed.model = "gpt-4";
    streamed.latency = 0.3;
    streamed.tokens = TokenUsage{100, 40};
    streamed.cost = 0.002;
    streamed.time_to_first_token = 0.25;
    stage.bus().publish(MonitoringEvent(EventType::RequestCompleted, streamed));
    stage.succeed("openai", "gpt-4", 0.1, TokenUsage{50, 10}, 0.001);
    stage.fail("openai", "gpt-4", ErrorType::RateLimit);
    stage.fail("openai", "gpt-4", ErrorType::Cancelled);
    stage.tick();
    stage.advance(2s);
  }
  HistorySeries ask(const std::string& metric, std::chrono::seconds window = 5s) const {
    return stage.collector().history({.metric = metric, .window = window});
  }
};

TEST_F(HistoryTest, HasEveryRateOfTheBusySecondAndZeroBesideIt) {
  const std::vector<std::pair<std::string, double>> expected{{"requests_per_second", 4},
                                                             {"success_per_second", 2},
                                                             {"errors_per_second", 1},
                                                             {"cancelled_per_second", 1},
                                                             {"input_tokens_per_second", 150},
                                                             {"output_tokens_per_second", 50},
                                                             {"cost", 0.003},
                                                             {"cost_per_hour", 10.8},
                                                             {"errors.rate_limit", 1},
                                                             {"errors.cancelled", 1}};
  for (const auto& [metric, value] : expected) {
    const HistorySeries series = ask(metric);
    ASSERT_TRUE(at(series, busy).has_value()) << metric;
    EXPECT_DOUBLE_EQ(*at(series, busy), value) << metric;
    EXPECT_EQ(at(series, busy - 1s), 0.0) << metric;
    EXPECT_EQ(at(series, busy + 1s), 0.0) << metric;
  }
  EXPECT_EQ(at(ask("errors.timeout"), busy), 0.0);
}

TEST_F(HistoryTest, HasMeasurementsWhereThereWereAnyAndGapsBesideThem) {
  const std::vector<std::pair<std::string, double>> expected{
      {"error_rate", 1.0 / 3}, {"latency_avg", 0.2}, {"latency_p50", 0.1}, {"latency_p95", 0.3},
      {"latency_p99", 0.3},    {"ttft_p50", 0.25},   {"ttft_p95", 0.25},   {"ttft_p99", 0.25}};
  for (const auto& [metric, value] : expected) {
    const HistorySeries series = ask(metric);
    ASSERT_TRUE(at(series, busy).has_value()) << metric;
    EXPECT_NEAR(*at(series, busy), value, value * 0.0109) << metric;
    EXPECT_EQ(at(series, busy - 1s), std::nullopt) << metric;
    EXPECT_EQ(at(series, busy + 1s), std::nullopt) << metric;
  }
  for (const char* metric : {"itl_p50", "itl_p95", "itl_p99"})
    EXPECT_EQ(at(ask(metric), busy), std::nullopt) << metric;
}

TEST_F(HistoryTest, CostTotalIsCumulative) {
  const HistorySeries series = ask("cost_total");
  EXPECT_EQ(at(series, busy - 1s), 0.0);
  EXPECT_DOUBLE_EQ(*at(series, busy), 0.003);
  EXPECT_DOUBLE_EQ(*at(series, busy + 2s), 0.003);

  stage.advance(60s);
  stage.succeed("openai", "gpt-4", 0.1, {}, 0.5);
  const HistorySeries later = ask("cost_total", 3s);
  EXPECT_DOUBLE_EQ(*later.points.front().value, 0.003) << "what was spent before the window counts";
  EXPECT_DOUBLE_EQ(*later.points.back().value, 0.503);
}

TEST_F(HistoryTest, ItlPercentilesComeFromChunks) {
  RequestScope scope = core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4");
  scope.on_chunk();
  stage.advance(50ms);
  scope.on_chunk();
  scope.finish();

  EXPECT_NEAR(at(ask("itl_p50"), busy + 2s).value_or(0), 0.05, 0.05 * 0.0109);
}

TEST_F(HistoryTest, ActiveRequestsAreTheHighestSeenInAStep) {
  RequestScope a = core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4");
  RequestScope b = core::MonitoringCore::begin_request(stage.core, "anthropic", "claude");
  stage.tick();
  a.finish();
  stage.tick();
  stage.advance(1s);
  b.finish();
  stage.advance(1s);

  const HistorySeries all = ask("active_requests");
  EXPECT_EQ(at(all, busy + 2s), 2.0) << "providers add up";
  EXPECT_EQ(at(all, busy + 1s), 0.0);
  EXPECT_EQ(all.points.back().value, 0.0);
  const HistorySeries one =
      stage.collector().history({.metric = "active_requests", .provider = "openai", .window = 5s});
  EXPECT_EQ(at(one, busy + 2s), 1.0);
}

TEST_F(HistoryTest, FiltersByProviderAndModel) {
  stage.succeed("openai", "gpt-4o", 1.0);
  stage.succeed("anthropic", "claude", 1.0);
  const auto calls = [&](const char* provider, const char* model) {
    return sum(stage.collector().history(
        {.metric = "requests_per_second", .provider = provider, .model = model, .window = 5s}));
  };

  EXPECT_EQ(calls("", ""), 6.0);
  EXPECT_EQ(calls("openai", ""), 5.0);
  EXPECT_EQ(calls("openai", "gpt-4o"), 1.0);
  EXPECT_EQ(calls("", "claude"), 1.0);
}

TEST_F(HistoryTest, AnUnknownProviderIsAllGaps) {
  const HistorySeries series = stage.collector().history(
      {.metric = "requests_per_second", .provider = "nobody", .window = 5s});

  EXPECT_EQ(series.points.size(), 5u);
  for (const HistoryPoint& point : series.points) EXPECT_EQ(point.value, std::nullopt);
}

TEST_F(HistoryTest, TheTimeBeforeTheStartIsAGap) {
  const HistorySeries series = ask("requests_per_second", 30s);

  EXPECT_EQ(at(series, kStart - 1s), std::nullopt);
  EXPECT_EQ(at(series, kStart), 0.0);
  EXPECT_EQ(series.points.size(), 30u);
  EXPECT_EQ(series.points.back().time, kStart + 12s);
}

TEST_F(HistoryTest, AnUnknownMetricIsRefusedWithTheOnesThereAre) {
  try {
    (void)ask("latency\n");
    FAIL();
  } catch (const std::invalid_argument& error) {
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("history metric \"latency\\n\": expected one of active_r"))
        << text;
    EXPECT_NE(text.find("latency_p95, "), std::string::npos);
    EXPECT_TRUE(text.ends_with("errors.<error_type>"));
  }
  EXPECT_THROW((void)ask("errors.unknown_type"), std::invalid_argument);
  EXPECT_THROW((void)ask(""), std::invalid_argument);
}

TEST(History, BeforeTheFirstCallNothingHappenedAndThatIsZero) {
  const CoreStage stage;
  stage.advance(3s);

  const HistorySeries series =
      stage.collector().history({.metric = "requests_per_second", .window = 3s});

  for (const HistoryPoint& point : series.points) EXPECT_EQ(point.value, 0.0);
}

TEST(History, TheNewestStepIsOverThePartThatHasPassed) {
  const CoreStage stage;
  stage.advance(30s);  // a step of 30 s starts here
  for (int i = 0; i < 50; ++i) stage.succeed("p", "m", 0.1);
  stage.advance(5s);

  const HistorySeries series =
      stage.collector().history({.metric = "requests_per_second", .window = 60s, .step = 30s});

  ASSERT_EQ(series.points.size(), 2u);
  EXPECT_EQ(series.points[1].value, 10.0) << "50 calls in 5 s so far";
}

struct StepCase {
  std::chrono::seconds window, step;
  std::size_t max_points;
  std::chrono::seconds expected_step;
  std::size_t expected_points;
};

TEST(History, ChoosesStepsThatPeopleReadEasily) {
  const CoreStage stage;
  stage.advance(2h);
  for (const StepCase& c : {StepCase{5min, 0s, 600, 1s, 300}, StepCase{5min, 0s, 60, 5s, 60},
                            StepCase{15min, 0s, 600, 2s, 450}, StepCase{1h, 0s, 600, 10s, 360},
                            StepCase{1h, 0s, 7, 600s, 6}, StepCase{5min, 7s, 600, 7s, 43},
                            StepCase{1h, 7s, 600, 10s, 360}, StepCase{5min, 60s, 600, 60s, 5},
                            StepCase{1s, 0s, 600, 1s, 1}, StepCase{5min, 0s, 0, 300s, 1}}) {
    const HistorySeries series = stage.collector().history({.metric = "requests_per_second",
                                                            .window = c.window,
                                                            .step = c.step,
                                                            .max_points = c.max_points});
    EXPECT_EQ(series.step, c.expected_step) << c.window.count() << " " << c.step.count();
    EXPECT_EQ(series.points.size(), c.expected_points) << c.window.count() << " " << c.step.count();
    for (std::size_t i = 1; i < series.points.size(); ++i)
      ASSERT_EQ(series.points[i].time - series.points[i - 1].time, series.step);
  }
}

TEST(History, AnyStepAddsUpToTheSameCost) {
  const CoreStage stage;
  for (int i = 0; i < 1'000; ++i) {
    stage.succeed("p", "m", 0.1, {}, 0.001);
    stage.tick();
    stage.advance(700ms);
  }
  for (const auto step : {1s, 2s, 5s, 7s, 10s, 30s, 60s, 120s, 300s}) {
    const HistorySeries series =
        stage.collector().history({.metric = "cost", .window = 900s, .step = step});
    EXPECT_NEAR(sum(series), 1.0, 1e-9) << step.count();
  }
}

TEST(History, OlderCallsAreKeptInCoarserSlots) {
  const CoreStage stage(MonitoringConfig{}.with_retention_period(24h));
  stage.advance(3s);
  stage.succeed("p", "m", 0.5, {}, 1.0);
  stage.tick();
  stage.advance(20min);
  const HistorySeries minutes =
      stage.collector().history({.metric = "cost", .window = 30min, .step = 1s});
  EXPECT_EQ(minutes.step, 5s) << "seconds are kept for 15 minutes";
  EXPECT_EQ(at(minutes, kStart), 1.0);

  stage.advance(3h);
  const HistorySeries hours =
      stage.collector().history({.metric = "cost", .window = 4h, .step = 1s});
  EXPECT_EQ(hours.step, 60s) << "five seconds are kept for two hours";
  EXPECT_EQ(at(hours, kStart), 1.0);
}

TEST(History, AWindowMayEndInThePast) {
  const CoreStage stage;
  stage.succeed("p", "m", 0.5, {}, 1.0);
  stage.advance(10s);
  stage.succeed("p", "m", 0.5, {}, 2.0);
  stage.advance(60s);

  const HistorySeries series =
      stage.collector().history({.metric = "cost_total", .window = 5s, .to = kStart + 4s});
  ASSERT_EQ(series.points.size(), 5u);
  EXPECT_EQ(series.points.back().time, kStart + 3s);
  EXPECT_EQ(series.points.back().value, 1.0) << "what was spent later does not count";
  EXPECT_EQ(series.to, kStart + 4s);
  const HistorySeries future =
      stage.collector().history({.metric = "cost", .window = 5s, .to = kStart + 1h});
  EXPECT_EQ(future.points.back().time, kStart + 70s) << "the future ends now";
  EXPECT_EQ(future.to, kStart + 70s);
}

// 72 calls in the first ten seconds, 128 in the next.
TEST(History, AWindowOnTheBordersOfStepsIsAnsweredExactly) {
  const CoreStage stage;
  stage.advance(60s);
  for (int i = 0; i < 72; ++i) stage.succeed("p", "m", 0.1);
  stage.advance(10s);
  for (int i = 0; i < 128; ++i) stage.succeed("p", "m", 0.1);
  stage.advance(120s);
  const auto counts = [&](auto from, auto to, std::chrono::seconds step) {
    const HistorySeries series = stage.collector().history(
        {.metric = "requests_per_second", .window = to - from, .step = step, .to = kStart + to});
    EXPECT_EQ(series.from, kStart + from);
    EXPECT_EQ(series.points.front().time, kStart + from);
    EXPECT_EQ(series.points.back().time + series.step, kStart + to);
    std::vector<double> each;
    for (const HistoryPoint& point : series.points)
      each.push_back(point.value.value_or(-1) * static_cast<double>(series.step.count()));
    return each;
  };

  EXPECT_EQ(counts(60s, 80s, 10s), (std::vector<double>{72, 128}));
  EXPECT_EQ(counts(60s, 70s, 5s), (std::vector<double>{72, 0}));
  EXPECT_EQ(counts(70s, 80s, 5s), (std::vector<double>{128, 0}));
  EXPECT_EQ(counts(50s, 60s, 10s), (std::vector<double>{0}));
  EXPECT_EQ(counts(60s, 120s, 60s), (std::vector<double>{200}));
}

TEST(History, AWindowThatCutsStepsHasThemWhole) {
  const CoreStage stage;
  stage.advance(200s);
  const HistorySeries series = stage.collector().history(
      {.metric = "requests_per_second", .window = 50s, .step = 30s, .to = kStart + 100s});

  ASSERT_EQ(series.points.size(), 3u) << "30, 60 and 90 hold [50, 100)";
  EXPECT_EQ(series.from, kStart + 30s);
  EXPECT_EQ(series.to, kStart + 100s);
}

TEST(History, TheEndsOfTimeAreNoNumbersToCalculateWith) {
  const CoreStage stage;
  stage.succeed("p", "m", 0.1);
  stage.advance(10s);
  using Time = std::chrono::system_clock::time_point;
  using std::chrono::seconds;
  for (const Time to : {Time::min(), Time::max(), Time{}})
    for (const seconds window : {seconds::min(), 0s, 60s, seconds::max()})
      for (const seconds step : {seconds::min(), -1s, 7s, seconds::max()}) {
        const HistorySeries series = stage.collector().history({.metric = "requests_per_second",
                                                                .window = window,
                                                                .step = step,
                                                                .max_points = 10,
                                                                .to = to});
        EXPECT_FALSE(series.points.empty());
      }
  EXPECT_EQ(stage.collector().percentiles("p", "m", seconds::max()).count, 1u);
}

TEST(History, MetricsPublishedByThemselvesMoveItToo) {
  const CoreStage stage;
  const auto publish = [&](Metric metric) {
    stage.bus().publish(MonitoringEvent::metric_recorded(std::move(metric)));
  };
  publish(ErrorMetric("p", "rate_limit").with_model("m").to_metric());
  publish(LatencyMetric("p", "m", 0.5).to_metric());
  stage.tick();
  stage.advance(5s);
  publish(ErrorMetric("p", "rate_limit").with_model("m").to_metric());
  stage.tick();
  stage.advance(5s);

  const HistorySeries errors =
      stage.collector().history({.metric = "errors.rate_limit", .window = 12s});
  EXPECT_EQ(at(errors, kStart), 1.0);
  EXPECT_EQ(at(errors, kStart + 5s), 1.0) << "seen when it happened, not with the next call";
  EXPECT_NEAR(
      at(stage.collector().history({.metric = "latency_p50", .window = 12s}), kStart).value_or(0),
      0.5, 0.008);
}

// What an answer about hundreds of series does: sampling all of them for each would take seconds.
TEST_F(HistoryTest, QuestionsOfOneMomentShareTheFirstSample) {
  const auto succeed = [this] {
    stage.succeed("openai", "gpt-4", 0.1, TokenUsage{.input_tokens = 7}, 0.001);
  };
  {
    const collector::OneMoment moment;
    succeed();
    EXPECT_EQ(sum(ask("input_tokens_per_second")), 157) << "the first question samples";
    succeed();
    EXPECT_EQ(sum(ask("input_tokens_per_second")), 157) << "the second one does not";
  }
  EXPECT_EQ(sum(ask("input_tokens_per_second")), 164) << "afterwards every question does";
}

}  // namespace
}  // namespace ltb
