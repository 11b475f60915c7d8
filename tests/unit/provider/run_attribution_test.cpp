// Which calls belong to a benchmark run, and what its numbers then are.
#include "unit/support/core_stage.hpp"

#include <ltb/benchmark_run.hpp>
#include <ltb/provider.hpp>

#include <gtest/gtest.h>

#include <atomic>
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

struct AttributionTest : ::testing::Test {
  CoreStage stage;

  BenchmarkRun begin(const std::string& id, std::uint64_t total = 100) const {
    return core::MonitoringCore::begin_benchmark(stage.core, id, "MMLU", total);
  }
  RequestScope call() const {
    return core::MonitoringCore::begin_request(stage.core, "openai", "gpt-4");
  }
  BenchmarkStatus status(const std::string& id) const {
    for (BenchmarkStatus& one : stage.collector().benchmarks())
      if (one.benchmark_id == id) return std::move(one);
    ADD_FAILURE() << "no benchmark " << id;
    return {};
  }
};

TEST_F(AttributionTest, EveryCallBelongsToTheOnlyRunInProgress) {
  call().finish({.input_tokens = 1000, .output_tokens = 1000}, 9.0);  // before it
  BenchmarkRun run = begin("a");
  {
    RequestScope scope = call();
    stage.advance(250ms);
    scope.on_chunk();
    stage.advance(250ms);
    scope.finish({.input_tokens = 100, .output_tokens = 10}, 0.25);
  }
  {
    RequestScope scope = call();
    stage.advance(1500ms);
    scope.fail(ErrorType::ServerError);
  }
  call().finish({.input_tokens = 5, .output_tokens = 2});  // no price
  call().cancel();
  run.advance(4);

  const BenchmarkStatus now = status("a");
  EXPECT_EQ(now.total_requests, 4u);
  EXPECT_EQ(now.successful_requests, 2u);
  EXPECT_EQ(now.failed_requests, 1u);
  EXPECT_EQ(now.cancelled_requests, 1u);
  EXPECT_EQ(now.total_input_tokens, 105u);
  EXPECT_EQ(now.total_output_tokens, 12u);
  EXPECT_EQ(now.cost_nano_usd, 250'000'000u);
  EXPECT_EQ(now.cost, 0.25);
  EXPECT_EQ(now.unpriced_requests, 1u);
  EXPECT_EQ(now.usage_missing_requests, 0u);
  EXPECT_EQ(now.projected_cost, 0.25 / 4 * 100);
  EXPECT_EQ(now.requests_per_second, 4 / 2.0);
  EXPECT_EQ(now.latency.count, 2u);
  EXPECT_NEAR(now.latency.p99.value(), 0.5, 0.5 * 0.0109);
  EXPECT_EQ(now.time_to_first_token.count, 1u);
  EXPECT_NEAR(now.time_to_first_token.p50.value(), 0.25, 0.25 * 0.0109);
  EXPECT_FALSE(now.has_unattributed_calls);
}

TEST_F(AttributionTest, TwoRunsAtOnceAreEachChargedForTheirOwnCalls) {
  BenchmarkRun a = begin("a");
  BenchmarkRun b = begin("b");
  constexpr int kCalls = 500;
  const auto work = [&](BenchmarkRun& run, double cost, std::uint64_t tokens, bool by_thread) {
    for (int i = 0; i < kCalls; ++i) {
      if (by_thread) {
        const CurrentRun current = run.make_current();
        call().finish({.input_tokens = tokens, .output_tokens = 1}, cost);
      } else {
        run.begin_request("openai", "gpt-4")
            .finish({.input_tokens = tokens, .output_tokens = 1}, cost);
      }
      run.advance();
    }
  };
  std::vector<std::thread> threads;
  for (const bool by_thread : {true, false}) {
    threads.emplace_back([&, by_thread] { work(a, 0.000'000'003, 7, by_thread); });
    threads.emplace_back([&, by_thread] { work(b, 0.1, 11, by_thread); });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(status("a").cost_nano_usd, 2u * kCalls * 3u);
  EXPECT_EQ(status("b").cost_nano_usd, 2u * kCalls * 100'000'000ull);
  EXPECT_EQ(status("a").total_input_tokens, 2u * kCalls * 7u);
  EXPECT_EQ(status("b").total_input_tokens, 2u * kCalls * 11u);
  for (const char* id : {"a", "b"}) {
    EXPECT_EQ(status(id).total_requests, 2u * kCalls);
    EXPECT_EQ(status(id).completed_examples, 2u * kCalls);
    EXPECT_FALSE(status(id).has_unattributed_calls);
  }
}

TEST_F(AttributionTest, ACallThatMayBelongToEitherRunBelongsToNone) {
  BenchmarkRun a = begin("a");
  call().finish({.input_tokens = 1, .output_tokens = 1}, 1.0);
  BenchmarkRun b = begin("b");
  call().finish({.input_tokens = 1, .output_tokens = 1}, 2.0);
  b.complete();
  call().finish({.input_tokens = 1, .output_tokens = 1}, 4.0);
  a.advance(50);

  for (const char* id : {"a", "b"}) {
    const BenchmarkStatus now = status(id);
    EXPECT_TRUE(now.has_unattributed_calls) << id;
    EXPECT_EQ(now.cost, std::nullopt) << id;
    EXPECT_EQ(now.cost_nano_usd, std::nullopt) << id;
    EXPECT_EQ(now.projected_cost, std::nullopt) << id;
    EXPECT_EQ(now.total_input_tokens, std::nullopt) << id;
    EXPECT_EQ(now.requests_per_second, std::nullopt) << id;
    EXPECT_EQ(now.latency.p50, std::nullopt) << id;
  }
  EXPECT_EQ(status("a").total_requests, 2u) << "those that are known to be its own";
  EXPECT_EQ(status("a").progress_percent, 50.0) << "examples are still known";
}

TEST_F(AttributionTest, ACallBelongsToTheRunInWhichItStarted) {
  RequestScope early = call();
  BenchmarkRun a = begin("a");
  RequestScope own = call();
  BenchmarkRun b = begin("b");
  early.finish({.input_tokens = 1, .output_tokens = 1}, 8.0);
  a.complete();
  own.finish({.input_tokens = 1, .output_tokens = 1}, 0.5);
  a.begin_request("openai", "gpt-4").finish({.input_tokens = 1, .output_tokens = 1}, 4.0);

  EXPECT_EQ(status("a").cost, 0.5) << "also when it ended after the run";
  EXPECT_EQ(status("b").cost, 0.0);
  EXPECT_FALSE(status("b").has_unattributed_calls);
}

TEST_F(AttributionTest, TheInnermostRunInProgressIsCurrent) {
  BenchmarkRun a = begin("a");
  BenchmarkRun b = begin("b");
  const CurrentRun outer = a.make_current();
  {
    const CurrentRun inner = b.make_current();
    call().finish({}, 1.0);
    b.complete();
    call().finish({}, 2.0);
  }
  call().finish({}, 4.0);
  stage.succeed("openai", "gpt-4", 0.1, {}, 8.0);  // a published event
  stage.core->record_cost("openai", "gpt-4", 16.0);

  EXPECT_EQ(status("a").cost, 30.0);
  EXPECT_EQ(status("b").cost, 1.0);
}

TEST_F(AttributionTest, AGuardMayOutliveTheRunAndEndOnAnotherThread) {
  std::unique_ptr<CurrentRun> guard;
  {
    BenchmarkRun a = begin("a");
    guard.reset(new CurrentRun(a.make_current()));
    a.complete();
  }
  BenchmarkRun b = begin("b");
  const BenchmarkRun c = begin("c");
  guard.reset(new CurrentRun(b.make_current()));
  std::thread([&] { guard.reset(); }).join();
  call().finish({}, 1.0);

  EXPECT_EQ(status("b").total_requests, 0u) << "no longer current";
  EXPECT_TRUE(status("b").has_unattributed_calls);
}

TEST_F(AttributionTest, ARunOfAnotherSystemIsNotCurrentHere) {
  const CoreStage other;
  BenchmarkRun foreign = core::MonitoringCore::begin_benchmark(other.core, "x", "MMLU", 10);
  const CurrentRun current = foreign.make_current();
  const BenchmarkRun own = begin("a");
  call().finish({}, 1.0);

  EXPECT_EQ(status("a").cost, 1.0);
  EXPECT_EQ(other.collector().benchmarks().at(0).total_requests, 0u);
}

TEST_F(AttributionTest, WrappersAndObserveTakeARun) {
  struct Fixed : Provider {
    std::string name() const override { return "fixed"; }
    CompletionResponse complete(const CompletionRequest&) override { return {.cost = 0.5}; }
  };
  BenchmarkRun a = begin("a");
  const BenchmarkRun b = begin("b");
  MonitoredProvider wrapped(std::make_shared<Fixed>(), a);
  (void)wrapped.complete({.model = "m", .prompt = "?"});
  observe(a, "openai", "gpt-4", [](RequestScope& scope) { scope.set_cost(0.25); });

  EXPECT_EQ(status("a").cost, 0.75);
  EXPECT_EQ(status("a").usage_missing_requests, 2u);
  EXPECT_EQ(status("a").total_input_tokens, std::nullopt) << "no call reported usage";
  EXPECT_EQ(status("b").total_requests, 0u);
  EXPECT_FALSE(status("b").has_unattributed_calls);
}

TEST_F(AttributionTest, UnpricedCallsLeaveTheCostOpen) {
  BenchmarkRun a = begin("a", 10);
  EXPECT_EQ(status("a").cost, 0.0) << "no call, no cost";
  call().finish({.input_tokens = 1, .output_tokens = 1});
  a.advance();
  EXPECT_EQ(status("a").cost, std::nullopt);
  EXPECT_EQ(status("a").projected_cost, std::nullopt);
  call().finish({.input_tokens = 1, .output_tokens = 1}, 0.5);
  a.advance();

  EXPECT_EQ(status("a").cost, 0.5);
  EXPECT_EQ(status("a").unpriced_requests, 1u);
  EXPECT_EQ(status("a").projected_cost, 0.5 / 2 * 10);
}

TEST_F(AttributionTest, ASubscriberMayBeginCallsWhenARunStarts) {
  const Subscription subscription = stage.bus().on_event([&](const MonitoringEvent& event) {
    if (event.event_type == EventType::BenchmarkStarted) call().finish({}, 0.5);
  });
  const BenchmarkRun a = begin("a");

  EXPECT_EQ(status("a").cost, 0.5);
}

TEST_F(AttributionTest, ARunThatReplacesAnotherIsNotConfusedWithIt) {
  const BenchmarkRun old_run = begin("a");
  call().finish({}, 1.0);
  const BenchmarkRun new_run = begin("a");
  call().finish({}, 2.0);
  stage.bus().publish(MonitoringEvent::benchmark_started("a", "MMLU", 10));  // published anew
  call().finish({}, 4.0);

  EXPECT_EQ(status("a").cost, 4.0);
  EXPECT_FALSE(status("a").has_unattributed_calls);
}

TEST_F(AttributionTest, ARunHeardOfHalfWayDoesNotKnowWhatItCost) {
  stage.bus().publish(MonitoringEvent::benchmark_progress("late", "MMLU", 50, 100));
  call().finish({}, 1.0);

  EXPECT_TRUE(status("late").has_unattributed_calls);
  EXPECT_EQ(status("late").cost, std::nullopt);
}

TEST_F(AttributionTest, ARunMovedFromStillMakesCalls) {
  BenchmarkRun a = begin("a");
  BenchmarkRun moved = std::move(a);
  RequestScope nothing = a.begin_request("openai", "gpt-4");  // NOLINT: moved from on purpose
  nothing.finish();
  const CurrentRun none = a.make_current();
  moved.begin_request("openai", "gpt-4").finish({}, 1.0);

  EXPECT_EQ(status("a").total_requests, 1u);
}

// The separate calls of one call come from one thread, one by one, while runs begin and end.
TEST_F(AttributionTest, SeparateCallsBelongToTheRunInWhichTheirCallStarted) {
  BenchmarkRun a = begin("a");
  stage.core->record_request("openai", "gpt-4");
  a.complete();
  const BenchmarkRun b = begin("b");
  stage.core->record_latency("openai", {}, 1.5);
  stage.core->record_tokens("openai", {}, {.input_tokens = 150, .output_tokens = 75});
  stage.core->record_cost("openai", {}, 0.0135);

  EXPECT_EQ(status("a").total_requests, 1u);
  EXPECT_EQ(status("a").total_input_tokens, 150u);
  EXPECT_EQ(status("a").cost_nano_usd, 13'500'000u);
  EXPECT_EQ(status("a").usage_missing_requests, 0u);
  EXPECT_EQ(status("a").unpriced_requests, 0u);
  EXPECT_EQ(status("b").total_requests, 0u);
  EXPECT_EQ(status("b").cost_nano_usd, 0u);
  EXPECT_EQ(status("b").usage_missing_requests, 0u);
  EXPECT_EQ(status("b").unpriced_requests, 0u);
}

TEST_F(AttributionTest, TokensAndCostThatComeAfterTheRunAreThoseOfItsCall) {
  BenchmarkRun a = begin("a");
  stage.core->record_latency("openai", "gpt-4", 1.5);
  a.complete();
  const BenchmarkRun b = begin("b");
  stage.core->record_tokens("openai", {}, {.input_tokens = 150, .output_tokens = 75});
  stage.core->record_cost("openai", {}, 0.0135);

  EXPECT_EQ(status("a").total_output_tokens, 75u);
  EXPECT_EQ(status("a").cost_nano_usd, 13'500'000u);
  EXPECT_EQ(status("a").usage_missing_requests, 0u);
  EXPECT_EQ(status("a").unpriced_requests, 0u);
  EXPECT_EQ(status("b").total_output_tokens, 0u);
  EXPECT_EQ(status("b").usage_missing_requests, 0u);
  EXPECT_EQ(status("b").unpriced_requests, 0u);
}

// A program that publishes its events died in the middle of a run, or never says that it is over.
TEST_F(AttributionTest, AStalledRunOfPublishedEventsLeavesTheCallsToTheOtherRun) {
  stage.bus().publish(MonitoringEvent::benchmark_started("left", "MMLU", 100));
  call().finish({}, 1.0);
  stage.clock->advance(60s);  // AlertThresholds::benchmark_stalled_after
  BenchmarkRun a = begin("a");
  call().finish({}, 2.0);
  stage.core->record_latency("openai", "gpt-4", 0.1);
  stage.succeed("openai", "gpt-4", 0.1, {}, 4.0);

  EXPECT_FALSE(status("a").has_unattributed_calls);
  EXPECT_EQ(status("a").total_requests, 3u);
  EXPECT_EQ(status("a").cost, 6.0);
  EXPECT_TRUE(status("left").has_unattributed_calls) << "it may have made these calls";
  EXPECT_EQ(status("left").cost, std::nullopt);
}

TEST_F(AttributionTest, AStalledRunThatIsAloneKeepsItsCalls) {
  stage.bus().publish(MonitoringEvent::benchmark_started("slow", "MMLU", 100));
  stage.clock->advance(1h);
  call().finish({}, 1.0);
  stage.bus().publish(MonitoringEvent::benchmark_progress("slow", "MMLU", 1, 100));
  call().finish({}, 2.0);

  EXPECT_FALSE(status("slow").has_unattributed_calls);
  EXPECT_EQ(status("slow").cost, 3.0);
}

TEST_F(AttributionTest, ARunThatPublishesAgainIsInProgressAgain) {
  stage.bus().publish(MonitoringEvent::benchmark_started("slow", "MMLU", 100));
  stage.clock->advance(1h);
  stage.bus().publish(MonitoringEvent::benchmark_progress("slow", "MMLU", 0, 100));  // still there
  BenchmarkRun a = begin("a");
  call().finish({}, 2.0);

  EXPECT_TRUE(status("a").has_unattributed_calls);
  EXPECT_TRUE(status("slow").has_unattributed_calls);
}

// A BenchmarkRun is an object that ends: it is in progress however long an example takes.
TEST_F(AttributionTest, ABenchmarkRunIsInProgressUntilItEnds) {
  const BenchmarkRun slow = begin("slow");
  stage.clock->advance(1h);
  const BenchmarkRun a = begin("a");
  call().finish({}, 2.0);

  EXPECT_TRUE(status("a").has_unattributed_calls);
  EXPECT_TRUE(status("slow").has_unattributed_calls);
}

TEST_F(AttributionTest, RunsOfOneIdThatBeginAtOnceLeaveNoneInProgress) {
  for (int round = 0; round < 500; ++round) {
    std::atomic<int> ready{0};
    const auto run = [&] {
      ++ready;
      while (ready < 2) {
      }
      const BenchmarkRun one = begin("same");
    };
    std::thread first(run);
    std::thread second(run);
    first.join();
    second.join();
  }
  const BenchmarkRun after = begin("after");
  call().finish({}, 1.0);

  EXPECT_FALSE(status("after").has_unattributed_calls);
  EXPECT_EQ(status("after").cost, 1.0);
}

}  // namespace
}  // namespace ltb
