// Benchmarks as they are heard of: progress, pace, ETA, cost, stalls.
#include "collector/benchmark_tracker.hpp"
#include "collector/collector_core.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::histogram;
using tests::number;
using tests::series_in;

const Metric::Labels kRun{{"benchmark_id", "b1"}, {"name", "MMLU"}};

struct BenchmarkTest : ::testing::Test {
  CoreStage stage;

  void started(const std::string& id = "b1", std::uint64_t total = 100) const {
    stage.bus().publish(MonitoringEvent::benchmark_started(id, "MMLU", total));
  }
  void progress(std::uint64_t done, const std::string& id = "b1", std::uint64_t total = 100) const {
    stage.bus().publish(MonitoringEvent::benchmark_progress(id, "MMLU", done, total));
  }
  void completed(const std::string& id = "b1", std::uint64_t total = 100) const {
    stage.bus().publish(MonitoringEvent::benchmark_completed(id, "MMLU", total));
  }
  BenchmarkStatus status(std::size_t index = 0) const {
    return stage.collector().benchmarks().at(index);
  }
};

TEST_F(BenchmarkTest, AStartedOneRunsAtZero) {
  started();

  const BenchmarkStatus now = status();
  EXPECT_EQ(now.benchmark_id, "b1");
  EXPECT_EQ(now.name, "MMLU");
  EXPECT_EQ(now.state, BenchmarkState::Running);
  EXPECT_EQ(now.total_examples, 100u);
  EXPECT_EQ(now.completed_examples, 0u);
  EXPECT_EQ(now.progress_percent, 0.0);
  EXPECT_EQ(now.eta_seconds, std::nullopt);
  EXPECT_EQ(now.started_at, stage.clock->system_now());
  EXPECT_EQ(number(stage.store(), "llm_benchmark_running", kRun), 1.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples", kRun), 100.0);
  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_eta_seconds"), 0u) << "not known yet";
}

TEST_F(BenchmarkTest, ProgressGivesPercentPaceAndEta) {
  EventReceiver receiver = stage.bus().subscribe();
  started();
  stage.advance(10s);
  progress(25);

  const BenchmarkStatus now = status();
  EXPECT_EQ(now.completed_examples, 25u);
  EXPECT_EQ(now.progress_percent, 25.0);
  EXPECT_EQ(now.examples_per_second, 2.5);
  EXPECT_EQ(now.eta_seconds, 30.0);
  EXPECT_EQ(now.elapsed_seconds, 10.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_progress", kRun), 25.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples_processed", kRun), 25.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_eta_seconds", kRun), 30.0);
  const auto events = CoreStage::drain(receiver);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].benchmark()->eta_seconds, 30.0) << "the bus completes the event";
}

TEST_F(BenchmarkTest, TheEtaCountsDownBetweenEvents) {
  started();
  stage.advance(10s);
  progress(25);
  stage.advance(4s);

  EXPECT_EQ(status().eta_seconds, 26.0);
  EXPECT_EQ(status().idle_seconds, 4.0);
  stage.advance(60s);
  EXPECT_EQ(status().eta_seconds, std::nullopt) << "what should be over and is not, is unknown";
}

TEST_F(BenchmarkTest, ThePaceIsThatOfTheLastMinute) {
  started("b1", 10'000);
  for (int i = 1; i <= 100; ++i) {  // 100 examples a second
    stage.advance(1s);
    progress(static_cast<std::uint64_t>(i) * 10, "b1", 10'000);
  }
  for (int i = 1; i <= 70; ++i) {  // then one
    stage.advance(1s);
    progress(1'000 + static_cast<std::uint64_t>(i), "b1", 10'000);
  }

  EXPECT_DOUBLE_EQ(status().examples_per_second.value(), 1.0);
  EXPECT_DOUBLE_EQ(*status().eta_seconds, 8'930.0);
}

TEST_F(BenchmarkTest, OneFirstHeardOfHalfWayHasThePaceOfWhatFollowed) {
  progress(50);
  EXPECT_EQ(status().completed_examples, 50u);
  EXPECT_EQ(status().eta_seconds, std::nullopt);
  stage.advance(10s);
  progress(60);

  EXPECT_EQ(status().examples_per_second, 1.0);
  EXPECT_EQ(status().eta_seconds, 40.0);
}

TEST_F(BenchmarkTest, TheCallersEtaIsKept) {
  started();
  stage.advance(10s);
  BenchmarkPayload payload;
  payload.benchmark_id = "b1";
  payload.name = "MMLU";
  payload.total_examples = 100;
  payload.completed_examples = 25;
  payload.eta_seconds = 77;
  payload.current_provider = "openai";
  EventReceiver receiver = stage.bus().subscribe();
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, payload));

  EXPECT_EQ(status().eta_seconds, 77.0);
  EXPECT_EQ(status().current_provider, "openai");
  EXPECT_EQ(receiver.try_receive()->event->benchmark()->eta_seconds, 77.0);
  EXPECT_EQ(receiver.try_receive(), std::nullopt);
}

TEST_F(BenchmarkTest, ACallersNegativeEtaIsNone) {
  started();
  stage.advance(10s);
  BenchmarkPayload payload;
  payload.benchmark_id = "b1";
  payload.name = "MMLU";
  payload.total_examples = 100;
  payload.completed_examples = 25;
  payload.eta_seconds = -5;
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, payload));

  EXPECT_EQ(status().eta_seconds, 30.0) << "computed in its place";
}

TEST_F(BenchmarkTest, ACompletedOneStopsItsClocks) {
  started();
  stage.advance(250s);
  completed();
  stage.advance(1h - 1s);

  const BenchmarkStatus now = status();
  EXPECT_EQ(now.state, BenchmarkState::Completed);
  EXPECT_EQ(now.progress_percent, 100.0);
  EXPECT_EQ(now.completed_examples, 100u);
  EXPECT_EQ(now.elapsed_seconds, 250.0);
  EXPECT_EQ(now.idle_seconds, 0.0);
  EXPECT_EQ(now.eta_seconds, 0.0);
  EXPECT_EQ(now.examples_per_second, 0.4);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_running", kRun), 0.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_progress", kRun), 100.0);
  const HistogramValue duration = histogram(stage.store(), "llm_benchmark_duration_seconds", kRun);
  EXPECT_EQ(duration.count, 1u);
  EXPECT_EQ(duration.sum, 250.0);
  for (const auto& [le, count] : duration.buckets) EXPECT_EQ(count, le >= 300 ? 1u : 0u) << le;
}

TEST_F(BenchmarkTest, CompletingTwiceCountsOnce) {
  started();
  stage.advance(10s);
  completed();
  stage.advance(10s);
  completed();

  EXPECT_EQ(status().elapsed_seconds, 10.0);
  EXPECT_EQ(histogram(stage.store(), "llm_benchmark_duration_seconds", kRun).count, 1u);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples_completed_total", {{"name", "MMLU"}}),
            100.0);
}

TEST_F(BenchmarkTest, AStragglerAfterTheEndDoesNotStartItAgain) {
  started();
  stage.advance(10s);
  progress(50);
  stage.advance(10s);
  completed();
  stage.advance(10s);
  progress(60);

  EXPECT_EQ(status().state, BenchmarkState::Completed);
  EXPECT_EQ(status().progress_percent, 100.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_progress", kRun), 100.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_eta_seconds", kRun), 0.0);
}

TEST_F(BenchmarkTest, ARestartWithTheSameIdBeginsAnew) {
  started();
  stage.advance(10s);
  progress(40);
  stage.advance(10s);
  started();

  ASSERT_EQ(stage.collector().benchmarks().size(), 1u);
  EXPECT_EQ(status().completed_examples, 0u);
  EXPECT_EQ(status().progress_percent, 0.0);
  EXPECT_EQ(status().elapsed_seconds, 0.0);
  EXPECT_EQ(status().eta_seconds, std::nullopt);
  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_progress"), 1u);
  stage.advance(10s);
  progress(20);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples_completed_total", {{"name", "MMLU"}}),
            60.0)
      << "the counter by name goes on";
}

TEST_F(BenchmarkTest, CountsGoodAndFailedExamplesByName) {
  started();
  BenchmarkPayload payload;
  payload.benchmark_id = "b1";
  payload.name = "MMLU";
  payload.total_examples = 100;
  payload.completed_examples = 30;
  payload.failed_examples = 4;
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, payload));
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, payload));

  EXPECT_EQ(status().failed_examples, 4u);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples_completed_total", {{"name", "MMLU"}}),
            26.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples_failed_total", {{"name", "MMLU"}}), 4.0);
}

TEST_F(BenchmarkTest, CountsNeverFallWhenEventsOvertakeEachOther) {
  started();
  progress(30);
  progress(20);

  EXPECT_EQ(status().completed_examples, 30u);
  EXPECT_EQ(status().progress_percent, 30.0);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_progress", kRun), 30.0);
}

TEST_F(BenchmarkTest, CostIsWhatTheSystemSpentMeanwhileAndProjectedToTheEnd) {
  stage.succeed("p", "m", 0.1, {}, 5.0);
  started();
  stage.succeed("p", "m", 0.1, {}, 0.5);
  progress(25);
  EXPECT_EQ(status().cost, 0.5);
  EXPECT_EQ(status().projected_cost, 2.0);

  completed();
  stage.succeed("p", "m", 0.1, {}, 7.0);

  EXPECT_EQ(status().cost, 0.5) << "what came after the end is not its cost";
  EXPECT_EQ(status().projected_cost, 0.5);
}

TEST_F(BenchmarkTest, AStalledOneRaisesOneAlertAndRecovers) {
  EventReceiver receiver = stage.bus().subscribe();
  started();
  progress(12);
  stage.advance(59s);
  stage.tick();
  EXPECT_EQ(CoreStage::drain(receiver).size(), 2u) << "no alert yet";
  stage.advance(1s);
  stage.tick();
  stage.tick();
  stage.advance(60s);
  stage.tick();

  const auto alerts = CoreStage::drain(receiver);
  ASSERT_EQ(alerts.size(), 1u) << "once";
  EXPECT_EQ(alerts[0].alert_payload()->severity, AlertSeverity::Warning);
  EXPECT_EQ(alerts[0].alert_payload()->title, "Benchmark stalled");
  EXPECT_EQ(alerts[0].alert_payload()->message,
            "benchmark \"MMLU\" (b1): no progress for 60 s at 12 of 100 examples");
  EXPECT_EQ(status().state, BenchmarkState::Stalled);
  EXPECT_EQ(status().examples_per_second, 0.0);

  progress(13);
  EXPECT_EQ(status().state, BenchmarkState::Running);
  stage.advance(60s);
  stage.tick();
  EXPECT_EQ(CoreStage::drain(receiver).size(), 2u) << "progress, and a new alert";
}

TEST_F(BenchmarkTest, RunningOnesComeFirstThenTheNewest) {
  for (const char* id : {"a", "b", "c", "d"}) {
    started(id);
    stage.advance(1s);
  }
  completed("b");
  completed("c");

  std::vector<std::string> ids;
  for (const auto& run : stage.collector().benchmarks()) ids.push_back(run.benchmark_id);
  EXPECT_EQ(ids, (std::vector<std::string>{"d", "a", "c", "b"}));
}

}  // namespace
}  // namespace ltb
