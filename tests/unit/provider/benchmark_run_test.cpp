// BenchmarkRun: what it publishes, and how often.
#include <ltb/benchmark_run.hpp>

#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

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
using tests::CoreStage;

struct RunTest : ::testing::Test {
  CoreStage stage;
  EventReceiver receiver = stage.bus().subscribe();

  BenchmarkRun begin(std::uint64_t total = 100) {
    return core::MonitoringCore::begin_benchmark(stage.core, "b1", "MMLU", total);
  }
  std::vector<MonitoringEvent> events() { return CoreStage::drain(receiver); }
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

  second = core::MonitoringCore::begin_benchmark(stage.core, "b2", "GSM8K", 5);

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

TEST_F(RunTest, ABurstIsKnownAtEveryLookWithoutAnyTick) {
  BenchmarkRun run = begin(128);
  stage.advance(2s);
  for (int i = 0; i < 32; ++i) {
    core::MonitoringCore::begin_request(stage.core, "p", "m")
        .finish({.input_tokens = 1, .output_tokens = 1}, 0.01);
    if (i % 8 == 7) {
      run.fail_example();
    } else {
      run.advance();
    }
  }
  stage.advance(1500ms);  // the next batch is under way
  const Metric::Labels labels{{"benchmark_id", "b1"}, {"name", "MMLU"}};

  // Before any other look: a scrape alone must bring the numbers up to date.
  EXPECT_EQ(
      tests::number(stage.store(), "llm_benchmark_examples_completed_total", {{"name", "MMLU"}}),
      28.0);
  EXPECT_EQ(tests::number(stage.store(), "llm_benchmark_examples_failed_total", {{"name", "MMLU"}}),
            4.0);
  EXPECT_EQ(tests::number(stage.store(), "llm_benchmark_examples_processed", labels), 32.0);
  EXPECT_EQ(tests::number(stage.store(), "llm_benchmark_progress", labels), 25.0);
  EXPECT_EQ(tests::number(stage.store(), "llm_benchmark_eta_seconds", labels),
            96.0 / (32 / 2.0) - 1.5);
  const BenchmarkStatus now = stage.collector().benchmarks().at(0);
  EXPECT_EQ(now.completed_examples, 32u);
  EXPECT_EQ(now.failed_examples, 4u);
  EXPECT_EQ(now.examples_per_second, 16.0);
  EXPECT_EQ(now.eta_seconds, 4.5);
  EXPECT_EQ(now.idle_seconds, 1.5);
  EXPECT_EQ(now.cost_nano_usd, 320'000'000u);
  EXPECT_DOUBLE_EQ(now.projected_cost.value(), 1.28);
}

TEST_F(RunTest, TheTickPublishesTheProgressThatWasCoalesced) {
  BenchmarkRun run = begin(100);
  for (int i = 0; i < 32; ++i) run.advance();
  stage.tick();
  stage.tick();

  const auto all = events();
  ASSERT_EQ(all.size(), 3u) << "started, the first, and the rest once";
  EXPECT_EQ(all[1].benchmark()->completed_examples, 1u);
  EXPECT_EQ(all[2].event_type, EventType::BenchmarkProgress);
  EXPECT_EQ(all[2].benchmark()->completed_examples, 32u);
}

TEST_F(RunTest, PaceIsUnknownUntilItCanBeMeasured) {
  BenchmarkRun run = begin(1000);
  run.advance(500);  // what an earlier run did
  EXPECT_EQ(stage.collector().benchmarks().at(0).examples_per_second, std::nullopt);
  EXPECT_EQ(stage.collector().benchmarks().at(0).eta_seconds, std::nullopt);
  stage.advance(99ms);
  run.advance();
  EXPECT_EQ(stage.collector().benchmarks().at(0).examples_per_second, std::nullopt);
}

TEST_F(RunTest, BatchesFarApartKeepTheirPace) {
  BenchmarkRun run = begin(100'000);
  for (std::uint64_t batch = 1; batch <= 4; ++batch) {
    stage.advance(100s);
    for (int i = 0; i < 1000; ++i) run.advance();
    EXPECT_EQ(stage.collector().benchmarks().at(0).examples_per_second, 10.0) << batch;
  }
}

TEST_F(RunTest, MoreExamplesThanDeclaredHaveNoRemainingTime) {
  BenchmarkRun run = begin(10);
  stage.advance(10s);
  run.advance(15);

  EXPECT_EQ(stage.collector().benchmarks().at(0).progress_percent, 100.0);
  EXPECT_EQ(stage.collector().benchmarks().at(0).eta_seconds, std::nullopt);
}

TEST_F(RunTest, ARunAssignedOverOneWithItsIdIsNotEndedByIt) {
  BenchmarkRun run = begin(100);
  run.advance(31);
  stage.advance(150ms);
  (void)events();
  run = begin(100);

  const auto restarted = events();
  ASSERT_EQ(restarted.size(), 3u);
  EXPECT_EQ(restarted[0].event_type, EventType::BenchmarkCompleted);
  EXPECT_EQ(restarted[0].benchmark()->completed_examples, 31u);
  EXPECT_EQ(restarted[1].alert_payload()->title, "Benchmark abandoned");
  EXPECT_EQ(restarted[2].event_type, EventType::BenchmarkStarted);
  EXPECT_EQ(stage.collector().benchmarks().at(0).state, BenchmarkState::Running);
  EXPECT_EQ(stage.collector().benchmarks().at(0).completed_examples, 0u);

  stage.advance(500ms);
  core::MonitoringCore::begin_request(stage.core, "p", "m").finish({}, 5.0);
  run.advance(5);
  stage.advance(250ms);
  run.advance(95);
  run.complete();
  const BenchmarkStatus over = stage.collector().benchmarks().at(0);
  EXPECT_EQ(over.completed_examples, 100u);
  EXPECT_EQ(over.elapsed_seconds, 0.75);
  EXPECT_DOUBLE_EQ(over.examples_per_second.value(), 100 / 0.75);
  EXPECT_EQ(over.cost, 5.0);
  const HistogramValue took = tests::histogram(stage.store(), "llm_benchmark_duration_seconds",
                                               {{"benchmark_id", "b1"}, {"name", "MMLU"}});
  EXPECT_EQ(took.count, 1u);
  EXPECT_EQ(took.sum, 0.75);
  EXPECT_EQ(
      tests::number(stage.store(), "llm_benchmark_examples_completed_total", {{"name", "MMLU"}}),
      131.0);
}

TEST_F(RunTest, TheSameIdAgainAddsToTheHistogramOfDurations) {
  for (const auto took : {2s, 4s}) {
    BenchmarkRun run = begin(10);
    stage.advance(took);
    run.complete();
  }
  const HistogramValue took = tests::histogram(stage.store(), "llm_benchmark_duration_seconds",
                                               {{"benchmark_id", "b1"}, {"name", "MMLU"}});
  EXPECT_EQ(took.count, 2u);
  EXPECT_EQ(took.sum, 6.0);
}

TEST_F(RunTest, AnOldRunWithTheSameIdDoesNotTouchTheNewOne) {
  BenchmarkRun old_run = begin(10);
  old_run.advance(5);
  {
    BenchmarkRun new_run = begin(20);
    old_run.advance(3);
    old_run.fail_example();
    old_run.complete();
    new_run.advance(2);
    const BenchmarkStatus now = stage.collector().benchmarks().at(0);
    EXPECT_EQ(now.state, BenchmarkState::Running);
    EXPECT_EQ(now.completed_examples, 2u);
    EXPECT_EQ(now.failed_examples, 0u);
    EXPECT_EQ(now.total_examples, 20u);
    new_run.complete();
  }
  EXPECT_EQ(stage.collector().benchmarks().size(), 1u);
}

TEST_F(RunTest, StalledMeansNoExampleNotNoEvent) {
  BenchmarkRun run = begin(100);
  for (int i = 0; i < 3; ++i) {
    stage.advance(59s);
    run.advance();
    run.advance();
    stage.tick();
  }
  EXPECT_EQ(stage.collector().benchmarks().at(0).state, BenchmarkState::Running);
  stage.advance(60s);
  EXPECT_EQ(stage.collector().benchmarks().at(0).state, BenchmarkState::Stalled);
  EXPECT_EQ(stage.collector().benchmarks().at(0).eta_seconds, std::nullopt);
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
  stage.core.reset();

  run.advance(10);
  run.complete();

  EXPECT_EQ(events().size(), 3u);
}

}  // namespace
}  // namespace ltb
