// BenchmarkRun: what it publishes, and how often.
#include <ltb/benchmark_run.hpp>

#include "unit/support/recorder_stage.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::RecorderStage;

struct RunTest : ::testing::Test {
  RecorderStage stage;
  EventReceiver receiver = stage.bus().subscribe();

  BenchmarkRun begin(std::uint64_t total = 100) {
    return detail::Recorder::begin_benchmark(stage.recorder, "b1", "MMLU", total);
  }
  std::vector<MonitoringEvent> events() { return RecorderStage::drain(receiver); }
};

TEST_F(RunTest, PublishesStartProgressAndEnd) {
  BenchmarkRun run = begin(10);
  run.set_current_provider("openai");
  stage.advance(1s);
  run.advance(4);
  run.fail_example();
  stage.advance(1s);
  run.advance();
  run.complete();

  EXPECT_EQ(run.completed_examples(), 6u);
  EXPECT_EQ(run.failed_examples(), 1u);
  EXPECT_EQ(run.total_examples(), 10u);
  const auto all = events();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].event_type, EventType::BenchmarkStarted);
  EXPECT_EQ(all[0].benchmark()->total_examples, 10u);
  EXPECT_EQ(all[1].event_type, EventType::BenchmarkProgress);
  EXPECT_EQ(all[1].benchmark()->completed_examples, 4u);
  EXPECT_EQ(all[1].benchmark()->progress_percent, 40.0);
  EXPECT_EQ(all[1].benchmark()->eta_seconds, 1.5);
  EXPECT_EQ(all[1].benchmark()->current_provider, "openai");
  EXPECT_EQ(all[2].benchmark()->completed_examples, 6u);
  EXPECT_EQ(all[2].benchmark()->failed_examples, 1u);
  EXPECT_EQ(all[3].event_type, EventType::BenchmarkCompleted);
  EXPECT_EQ(all[3].benchmark()->completed_examples, 6u) << "as many as were through";
  EXPECT_EQ(all[3].benchmark()->progress_percent, 60.0);
}

TEST_F(RunTest, CoalescesProgressToOneEventPerTenthOfASecond) {
  BenchmarkRun run = begin(1'000'000);
  (void)events();
  for (int i = 0; i < 1'000; ++i) {
    run.advance();
    stage.advance(1ms);
  }

  const auto all = events();
  ASSERT_EQ(all.size(), 10u);
  EXPECT_EQ(all[0].benchmark()->completed_examples, 1u) << "the first at once";
  EXPECT_EQ(all[1].benchmark()->completed_examples, 101u);
}

TEST_F(RunTest, TheLastExampleIsAlwaysTold) {
  BenchmarkRun run = begin(50);
  for (int i = 0; i < 50; ++i) run.advance();

  const auto all = events();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].benchmark()->completed_examples, 1u);
  EXPECT_EQ(all[2].benchmark()->completed_examples, 50u);
}

TEST_F(RunTest, AnUnknownTotalIsCoalescedToo) {
  BenchmarkRun run = begin(0);
  (void)events();
  for (int i = 0; i < 1'000; ++i) run.advance();

  EXPECT_EQ(events().size(), 1u);
  EXPECT_EQ(run.completed_examples(), 1'000u);
}

TEST_F(RunTest, MoreThanTheTotalIsCoalescedToo) {
  BenchmarkRun run = begin(10);
  run.advance(10);
  (void)events();
  for (int i = 0; i < 1'000; ++i) run.advance();

  EXPECT_LE(events().size(), 1u);
}

TEST_F(RunTest, AbandonedItEndsWhereItStandsAndSaysSo) {
  {
    BenchmarkRun run = begin(10);
    run.advance(3);
  }
  const auto all = events();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2].event_type, EventType::BenchmarkCompleted);
  EXPECT_EQ(all[2].benchmark()->completed_examples, 3u);
  EXPECT_EQ(all[3].alert_payload()->severity, AlertSeverity::Warning);
  EXPECT_EQ(all[3].alert_payload()->title, "Benchmark abandoned");
  EXPECT_EQ(all[3].alert_payload()->message,
            "benchmark \"MMLU\" (b1) ended without complete() at 3 of 10 examples");
  EXPECT_EQ(stage.collector().benchmarks().at(0).state, BenchmarkState::Completed);
}

TEST_F(RunTest, CompletedTwiceOrAdvancedAfterwardsItSaysNothingMore) {
  BenchmarkRun run = begin(10);
  run.complete();
  (void)events();
  run.complete();
  run.advance();
  run.fail_example();
  run.set_current_provider("x");

  EXPECT_TRUE(events().empty());
  EXPECT_EQ(run.completed_examples(), 0u);
}

TEST_F(RunTest, MovedItIsStillOneRunAndMovedOverItIsAbandoned) {
  BenchmarkRun first = begin(10);
  BenchmarkRun second = std::move(first);
  EXPECT_EQ(first.total_examples(), 0u);  // NOLINT: moved from on purpose
  first.advance();
  first.complete();
  EXPECT_EQ(events().size(), 1u);

  second = detail::Recorder::begin_benchmark(stage.recorder, "b2", "GSM8K", 5);

  const auto all = events();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].benchmark()->benchmark_id, "b2");
  EXPECT_EQ(all[1].event_type, EventType::BenchmarkCompleted);
  EXPECT_EQ(all[1].benchmark()->benchmark_id, "b1");
  EXPECT_EQ(all[2].event_type, EventType::SystemAlert);
}

TEST_F(RunTest, AnotherRunWithTheSameIdTakesItsPlace) {
  BenchmarkRun first = begin(10);
  first.advance(5);
  BenchmarkRun second = begin(20);
  second.advance(2);

  ASSERT_EQ(stage.collector().benchmarks().size(), 1u);
  EXPECT_EQ(stage.collector().benchmarks()[0].total_examples, 20u);
  EXPECT_EQ(stage.collector().benchmarks()[0].completed_examples, 2u);
}

TEST_F(RunTest, CountsExactlyFromManyThreads) {
  BenchmarkRun run = begin(4'000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1'000; ++i) {
        if (i % 10 == 0) {
          run.fail_example();
        } else {
          run.advance();
        }
        if (i % 100 == 0) run.set_current_provider("p" + std::to_string(t));
      }
    });
  for (auto& thread : threads) thread.join();
  run.complete();

  EXPECT_EQ(run.completed_examples(), 4'000u);
  EXPECT_EQ(run.failed_examples(), 400u);
  EXPECT_EQ(stage.collector().benchmarks().at(0).completed_examples, 4'000u);
  EXPECT_EQ(stage.collector().benchmarks().at(0).progress_percent, 100.0);
}

TEST_F(RunTest, OutlivesEverythingElse) {
  BenchmarkRun run = begin(10);
  stage.recorder.reset();

  run.advance(10);
  run.complete();

  EXPECT_EQ(events().size(), 3u);
}

}  // namespace
}  // namespace ltb
