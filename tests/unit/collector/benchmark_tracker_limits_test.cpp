// Benchmarks at their limits: expiry, bounds, hostile names, odd numbers.
#include "collector/benchmark_tracker.hpp"
#include "collector/collector_core.hpp"
#include "exporter/text_format.hpp"
#include "unit/exporter/exposition_parser.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::ManualClock;
using tests::number;
using tests::series_in;

BenchmarkPayload payload_of(const std::string& id, std::uint64_t done, std::uint64_t total) {
  BenchmarkPayload payload;
  payload.benchmark_id = id;
  payload.name = "MMLU";
  payload.completed_examples = done;
  payload.total_examples = total;
  return payload;
}

TEST(BenchmarkLimits, FinishedOnesAndTheirSeriesExpireAfterTheRetention) {
  const CoreStage stage(MonitoringConfig{}.with_retention_period(60s));
  stage.bus().publish(MonitoringEvent::benchmark_started("gone", "MMLU", 10));
  stage.bus().publish(MonitoringEvent::benchmark_started("runs", "MMLU", 10));
  stage.bus().publish(MonitoringEvent::benchmark_completed("gone", "MMLU", 10));
  stage.advance(60s);
  stage.tick();
  EXPECT_EQ(stage.collector().benchmarks().size(), 2u);
  stage.advance(1s);
  stage.tick();

  ASSERT_EQ(stage.collector().benchmarks().size(), 1u);
  EXPECT_EQ(stage.collector().benchmarks()[0].benchmark_id, "runs");
  for (const char* family : {"llm_benchmark_progress", "llm_benchmark_examples",
                             "llm_benchmark_examples_processed", "llm_benchmark_running"})
    EXPECT_EQ(series_in(stage.store(), family), 1u) << family;
  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_duration_seconds"), 0u);
  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_eta_seconds"), 0u);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples_completed_total", {{"name", "MMLU"}}),
            10.0);
}

TEST(BenchmarkLimits, TheStalledAlertCanBeTurnedOff) {
  AlertThresholds alerts;
  alerts.benchmark_stalled_after = 0s;
  const CoreStage stage(MonitoringConfig{}.with_alerts(alerts));
  EventReceiver receiver = stage.bus().subscribe();
  stage.bus().publish(MonitoringEvent::benchmark_started("b1", "MMLU", 10));
  stage.advance(24h);
  stage.tick();

  EXPECT_EQ(CoreStage::drain(receiver).size(), 1u);
  EXPECT_EQ(stage.collector().benchmarks()[0].state, BenchmarkState::Running);
}

TEST(BenchmarkLimits, AsManyAsTheSeriesLimitTheOldestFinishedMakesRoom) {
  const CoreStage stage(MonitoringConfig{}.with_max_series_per_family(2));
  for (const char* id : {"a", "b"}) {
    stage.bus().publish(MonitoringEvent::benchmark_started(id, "MMLU", 10));
    stage.advance(1s);
  }
  stage.bus().publish(MonitoringEvent::benchmark_completed("b", "MMLU", 10));
  stage.bus().publish(MonitoringEvent::benchmark_started("c", "MMLU", 10));

  const auto runs = stage.collector().benchmarks();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].benchmark_id, "c");
  EXPECT_EQ(runs[1].benchmark_id, "a");
  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_progress"), 2u);
}

TEST(BenchmarkLimits, TenThousandIdsAndNamesStayBounded) {
  const CoreStage stage(MonitoringConfig{}.with_max_series_per_family(10));
  for (int i = 0; i < 10'000; ++i)
    stage.bus().publish(
        MonitoringEvent::benchmark_started("id" + std::to_string(i), "n" + std::to_string(i), 10));

  EXPECT_EQ(stage.collector().benchmarks().size(), 10u);
  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_progress"), 10u);
  EXPECT_LE(series_in(stage.store(), "llm_benchmark_examples_completed_total"), 11u);
}

TEST(BenchmarkLimits, IdsThatLookAlikeOnceCutShareOneRun) {
  const CoreStage stage(MonitoringConfig{}.with_max_label_bytes(16));
  const std::string same(16, 'x');
  stage.bus().publish(MonitoringEvent::benchmark_started(same + "1", "MMLU", 10));
  stage.bus().publish(MonitoringEvent::benchmark_progress(same + "2", "MMLU", 5, 10));
  stage.bus().publish(MonitoringEvent::benchmark_completed(same + "3", "MMLU", 10));

  EXPECT_EQ(stage.collector().benchmarks().size(), 1u);
  // The parser refuses a series that is there twice, as Prometheus does, with the whole scrape.
  EXPECT_NO_THROW(tests::ExpositionParser::parse(exporter::render_text(stage.store())));
}

TEST(BenchmarkLimits, OddNumbersStayOutOfTheGauges) {
  const CoreStage stage;
  BenchmarkPayload payload = payload_of("b1", 0, 0);
  payload.progress_percent = NAN;
  payload.eta_seconds = std::numeric_limits<double>::infinity();
  MonitoringEvent event(EventType::BenchmarkProgress, payload_of("b1", 0, 0));
  event.payload = payload;  // past the constructor's cleaning
  stage.bus().publish(event);
  const Metric::Labels run{{"benchmark_id", "b1"}, {"name", "MMLU"}};

  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_progress"), 0u);
  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_eta_seconds"), 0u);

  payload.progress_percent = 250;
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, payload));
  EXPECT_EQ(number(stage.store(), "llm_benchmark_progress", run), 100.0);
}

TEST(BenchmarkLimits, MoreThroughThanThereAreRaisesTheTotal) {
  const CoreStage stage;
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, payload_of("b1", 15, 10)));

  const BenchmarkStatus status = stage.collector().benchmarks().at(0);
  EXPECT_EQ(status.total_examples, 15u);
  EXPECT_EQ(status.progress_percent, 100.0);
}

TEST(BenchmarkLimits, AnUnknownTotalHasNoPercentageEtaOrProjection) {
  const CoreStage stage;
  EventReceiver receiver = stage.bus().subscribe();
  stage.bus().publish(MonitoringEvent::benchmark_started("b1", "MMLU", 0));
  stage.advance(10s);
  stage.succeed("p", "m", 0.1, {}, 0.5);
  stage.bus().publish(MonitoringEvent::benchmark_progress("b1", "MMLU", 3, 0));
  const Metric::Labels run{{"benchmark_id", "b1"}, {"name", "MMLU"}};

  const BenchmarkStatus running = stage.collector().benchmarks().at(0);
  EXPECT_EQ(running.total_examples, 0u);
  EXPECT_EQ(running.completed_examples, 3u);
  EXPECT_EQ(running.progress_percent, std::nullopt);
  EXPECT_EQ(running.eta_seconds, std::nullopt);
  EXPECT_EQ(running.examples_per_second, 0.3);
  EXPECT_EQ(running.cost, 0.5);
  EXPECT_EQ(running.projected_cost, std::nullopt);
  EXPECT_EQ(number(stage.store(), "llm_benchmark_examples_processed", run), 3.0);
  for (const char* family :
       {"llm_benchmark_progress", "llm_benchmark_examples", "llm_benchmark_eta_seconds"})
    EXPECT_EQ(series_in(stage.store(), family), 0u) << family;

  stage.bus().publish(MonitoringEvent::benchmark_completed("b1", "MMLU", 0));
  const BenchmarkStatus over = stage.collector().benchmarks().at(0);
  EXPECT_EQ(over.state, BenchmarkState::Completed);
  EXPECT_EQ(over.progress_percent, std::nullopt);
  EXPECT_EQ(over.completed_examples, 3u);
  for (const MonitoringEvent& event : CoreStage::drain(receiver)) {
    if (event.benchmark() == nullptr) continue;
    EXPECT_EQ(event.benchmark()->total_examples, 0u);
    EXPECT_EQ(event.benchmark()->progress_percent, 0.0);
    EXPECT_EQ(event.benchmark()->eta_seconds, std::nullopt);
  }
}

TEST(BenchmarkLimits, ARunWhoseStartWasNotPublishedHasNoDuration) {
  const CoreStage stage;
  stage.bus().publish(MonitoringEvent::benchmark_completed("only its end", "MMLU", 10));
  stage.bus().publish(MonitoringEvent::benchmark_progress("half way", "MMLU", 5, 10));
  stage.advance(30s);
  stage.bus().publish(MonitoringEvent::benchmark_completed("half way", "MMLU", 10));

  EXPECT_EQ(series_in(stage.store(), "llm_benchmark_duration_seconds"), 0u);
  for (const BenchmarkStatus& one : stage.collector().benchmarks())
    EXPECT_EQ(one.state, BenchmarkState::Completed);
}

TEST(BenchmarkLimits, WhatARunBroughtAlongIsNotInItsPaceOrProjection) {
  const CoreStage stage;
  // Continues at 900 of 1,000, where it stopped.
  stage.bus().publish(
      MonitoringEvent(EventType::BenchmarkStarted, payload_of("resumed", 900, 1'000)));
  stage.advance(10s);
  stage.succeed("openai", "gpt-4", 1.0, {}, 0.5);
  stage.bus().publish(
      MonitoringEvent(EventType::BenchmarkProgress, payload_of("resumed", 950, 1'000)));

  EXPECT_DOUBLE_EQ(*stage.collector().benchmarks()[0].projected_cost, 10.0) << "50 cost 0.5";
  stage.advance(10s);
  stage.bus().publish(MonitoringEvent::benchmark_completed("resumed", "MMLU", 1'000));
  EXPECT_EQ(stage.collector().benchmarks()[0].examples_per_second, 5.0) << "100 in 20 s";
}

TEST(BenchmarkLimits, AnOvertakenEventDoesNotReplaceTheNewerEstimate) {
  const CoreStage stage;
  stage.bus().publish(MonitoringEvent::benchmark_started("b", "MMLU", 100));
  BenchmarkPayload newer = payload_of("b", 50, 100);
  newer.progress_percent = 55;  // by the caller's own weights
  newer.eta_seconds = 10;
  newer.current_provider = "newer";
  BenchmarkPayload older = payload_of("b", 30, 100);
  older.eta_seconds = 40;
  older.current_provider = "older";
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, newer));
  stage.bus().publish(MonitoringEvent(EventType::BenchmarkProgress, older));

  const BenchmarkStatus now = stage.collector().benchmarks()[0];
  EXPECT_EQ(now.completed_examples, 50u);
  EXPECT_EQ(now.progress_percent, 55.0);
  EXPECT_EQ(now.eta_seconds, 10.0);
  EXPECT_EQ(now.current_provider, "newer");
}

TEST(BenchmarkLimits, AnEventUnderAnotherNameIsOfTheRunInProgress) {
  const CoreStage stage;
  stage.bus().publish(MonitoringEvent::benchmark_started("b", "MMLU", 100));
  stage.advance(10s);
  stage.succeed("openai", "gpt-4", 1.0, {}, 0.5);
  stage.bus().publish(MonitoringEvent::benchmark_progress("b", "", 50, 100));
  stage.bus().publish(MonitoringEvent::benchmark_completed("b", "mmlu", 100));

  const BenchmarkStatus now = stage.collector().benchmarks().at(0);
  EXPECT_EQ(now.name, "MMLU");
  EXPECT_EQ(now.state, BenchmarkState::Completed);
  EXPECT_EQ(now.elapsed_seconds, 10.0);
  EXPECT_EQ(now.cost, 0.5);
}

}  // namespace
}  // namespace ltb
