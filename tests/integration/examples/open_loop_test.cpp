// The open loop on the real clock: a slow answer cannot hide behind the ones it delays.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "benchmark_job.hpp"
#include "stop_signal.hpp"

namespace {

using namespace llm_benchmark;
using testing::ElementsAre;

constexpr std::chrono::milliseconds kSlow{1200};

/// Needs kSlow for its first answer and no time for the others.
class SlowFirstProvider : public ltb::Provider {
 public:
  [[nodiscard]] std::string name() const override { return "a"; }
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override {
    scheduled.push_back(request.scheduled_at.has_value());
    if (scheduled.size() == 1) {
      wait_until({}, Pacer::Clock::now() + kSlow);
      if (after_first) after_first();
    }
    return {.text = "1"};
  }
  std::vector<bool> scheduled{};  // One worker writes it.
  std::function<void()> after_first{};
};

/// One worker, whose first request holds up those that are due after it.
class OpenLoopTest : public testing::Test {
 protected:
  void run(JobOptions options) {
    options.name = options.id = "bench";
    options.concurrency = 1;
    const auto monitored = std::make_shared<ltb::MonitoredProvider>(provider_, monitoring_);
    const JobListener listener{[](const std::string&) {},
                               [this](const std::string& notice) { notices_.push_back(notice); }};
    BenchmarkJob job(options, questions_, {{monitored, "model"}}, monitoring_, stop_.get_token(),
                     listener);
    job.run();
    never_sent_ = job.never_sent();
  }

  ltb::MonitoringSystem monitoring_;
  const std::vector<Question> questions_{{"q", "One?", {}}};
  std::shared_ptr<SlowFirstProvider> provider_ = std::make_shared<SlowFirstProvider>();
  std::stop_source stop_;
  std::uint64_t never_sent_ = 0;
  std::vector<std::string> notices_;  // One worker writes it, then this thread.
};

TEST_F(OpenLoopTest, ASlowAnswerDelaysTheOnesDueBehindItAndTheirLatencyTells) {
  std::vector<double> latencies;
  const auto watch = monitoring_.event_bus().on_event([&](const ltb::MonitoringEvent& event) {
    if (event.event_type != ltb::EventType::RequestCompleted) return;
    latencies.push_back(event.request_payload()->latency.value_or(-1));
  });

  run({.requests = 3, .rate = 1000, .arrival = Arrival::Constant});

  EXPECT_THAT(provider_->scheduled, ElementsAre(true, true, true));
  ASSERT_EQ(latencies.size(), 3U);
  // Due one and two milliseconds after the first one, answered after it.
  EXPECT_GE(latencies[1], 1.198);
  EXPECT_GE(latencies[2], 1.197);
  EXPECT_THAT(notices_, ElementsAre(testing::HasSubstr("faster than 1 workers")));
}

TEST_F(OpenLoopTest, WhatWasDueAndNeverSentIsTold) {
  run({.duration = std::chrono::seconds{1}, .rate = 100, .arrival = Arrival::Constant});

  EXPECT_EQ(provider_->scheduled.size(), 1U);
  EXPECT_THAT(notices_, ElementsAre(testing::StartsWith("99 requests that were due")));
  EXPECT_EQ(never_sent_, 99U);
}

TEST_F(OpenLoopTest, WhatWasDueBeforeAStopAndNeverSentIsCounted) {
  const auto begin = Pacer::Clock::now();
  provider_->after_first = [this] { stop_.request_stop(); };

  run({.requests = 1'000'000, .rate = 100, .arrival = Arrival::Constant});

  // Due at 0, 10, 20 ... ms; the first one was answered and stopped the run after kSlow.
  const std::chrono::duration<double> took = Pacer::Clock::now() - begin;
  EXPECT_EQ(provider_->scheduled.size(), 1U);
  EXPECT_GE(never_sent_, 119U);
  EXPECT_LE(static_cast<double>(never_sent_), took.count() * 100);
}

TEST_F(OpenLoopTest, NoMoreRequestsAreMissingThanWereWanted) {
  run({.requests = 4,
       .duration = std::chrono::seconds{1},
       .rate = 100,
       .arrival = Arrival::Constant});

  EXPECT_EQ(provider_->scheduled.size(), 1U);
  EXPECT_EQ(never_sent_, 3U);
}

TEST_F(OpenLoopTest, WhereAllWereSentNoneIsMissing) {
  run({.requests = 3, .rate = 1000, .arrival = Arrival::Constant});

  EXPECT_EQ(never_sent_, 0U);
}

TEST_F(OpenLoopTest, AClosedLoopHasNoScheduleAndNoQueue) {
  run({.requests = 2});

  EXPECT_THAT(provider_->scheduled, ElementsAre(false, false));
  EXPECT_TRUE(notices_.empty());
}

}  // namespace
