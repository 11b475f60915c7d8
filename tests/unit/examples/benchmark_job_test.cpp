// The work: what is asked, what is counted, and how a run ends. No listener is opened.

#include "benchmark_job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <optional>

#include "warm_up.hpp"

namespace {

using namespace llm_benchmark;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// Does what the test says, and notes what it was asked.
class ScriptedProvider : public ltb::Provider {
 public:
  using Script = std::function<std::string(const ltb::CompletionRequest&)>;

  ScriptedProvider(std::string name, Script script)
      : name_(std::move(name)), script_(std::move(script)) {}

  [[nodiscard]] std::string name() const override { return name_; }
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request.prompt);
    }
    ltb::CompletionResponse response;
    response.text = script_(request);
    response.cost = cost;
    return response;
  }
  ltb::CompletionResponse stream(const ltb::CompletionRequest& request,
                                 const ltb::StreamCallback& on_chunk) override {
    ++streamed;
    ltb::CompletionResponse response = complete(request);
    on_chunk(ltb::StreamChunk{.text = response.text});
    return response;
  }
  std::atomic<int> streamed{0};
  std::optional<double> cost{};
  [[nodiscard]] std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  const std::string name_;
  const Script script_;
  std::mutex mutex_;
  std::vector<std::string> asked_;
};

class BenchmarkJobTest : public testing::Test {
 protected:
  std::shared_ptr<ScriptedProvider> provider(const std::string& name,
                                             ScriptedProvider::Script script) {
    auto made = std::make_shared<ScriptedProvider>(name, std::move(script));
    targets_.push_back({std::make_shared<ltb::MonitoredProvider>(made, monitoring_), "model"});
    return made;
  }

  BenchmarkJob make_job(JobOptions options) {
    options.name = "questions";
    options.id = "bench";
    const auto note = [this](std::vector<std::string>& list) {
      return [this, &list](const std::string& message) {
        const std::lock_guard lock(mutex_);
        list.push_back(message);
      };
    };
    return {options,     questions_,        targets_,
            monitoring_, stop_.get_token(), {note(complaints_), note(notices_)}};
  }

  ltb::MonitoringSystem monitoring_;
  std::vector<Question> questions_{
      {"q1", "One?", {"1"}}, {"q2", "Two?", {"2"}}, {"q3", "Free?", {}}};
  std::vector<Target> targets_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::vector<std::string> complaints_;  // these two guarded by mutex_
  std::vector<std::string> notices_;
};

const auto kAlwaysOne = [](const ltb::CompletionRequest&) { return std::string("It is 1."); };

TEST_F(BenchmarkJobTest, EveryTargetIsAskedEveryQuestionInTurn) {
  const auto a = provider("a", kAlwaysOne);
  const auto b = provider("b", kAlwaysOne);

  make_job({.requests = 9, .concurrency = 1}).run();

  EXPECT_THAT(a->asked(), ElementsAre("One?", "Two?", "Free?", "One?", "Two?"));
  EXPECT_THAT(b->asked(), ElementsAre("One?", "Two?", "Free?", "One?"));
  EXPECT_EQ(monitoring_.collector().totals().successful_requests, 9U);
}

TEST_F(BenchmarkJobTest, ManyThreadsAskEachRequestOnce) {
  const auto a = provider("a", kAlwaysOne);

  make_job({.requests = 300, .concurrency = 8}).run();

  std::map<std::string, int> counts;
  for (const std::string& prompt : a->asked()) ++counts[prompt];
  EXPECT_EQ(counts, (std::map<std::string, int>{{"One?", 100}, {"Two?", 100}, {"Free?", 100}}));
}

TEST_F(BenchmarkJobTest, ANumberOfRequestsIsOneBenchmarkRunThatCompletes) {
  provider("a", [](const ltb::CompletionRequest& request) -> std::string {
    if (request.prompt == "Two?") throw ltb::ProviderError(ltb::ErrorType::Timeout, "late");
    return "1";
  });

  make_job({.requests = 7, .concurrency = 2}).run();

  const auto benchmarks = monitoring_.collector().benchmarks();
  ASSERT_EQ(benchmarks.size(), 1U);
  EXPECT_EQ(benchmarks[0].benchmark_id, "bench-1");
  EXPECT_EQ(benchmarks[0].name, "questions");
  EXPECT_EQ(benchmarks[0].state, ltb::BenchmarkState::Completed);
  EXPECT_EQ(benchmarks[0].total_examples, 7U);
  EXPECT_EQ(benchmarks[0].completed_examples, 7U);
  EXPECT_EQ(benchmarks[0].failed_examples, 2U);
  EXPECT_EQ(benchmarks[0].current_provider, "a");
}

TEST_F(BenchmarkJobTest, WithoutANumberEachRoundIsARunAndAStopLeavesTheLastOneUndone) {
  int calls = 0;
  provider("a", [this, &calls](const ltb::CompletionRequest&) -> std::string {
    if (++calls == 8) {
      stop_.request_stop();
      throw ltb::ProviderError(ltb::ErrorType::Cancelled, "stopped");
    }
    return "1";
  });
  std::map<std::string, std::uint64_t> completed;
  std::vector<std::string> alerts;
  const auto watch = monitoring_.event_bus().on_event([&](const ltb::MonitoringEvent& event) {
    if (event.event_type == ltb::EventType::BenchmarkCompleted) {
      completed[event.benchmark()->benchmark_id] = event.benchmark()->completed_examples;
    }
    if (const auto* alert = event.alert_payload()) alerts.push_back(alert->message);
  });

  make_job({.concurrency = 1}).run();

  EXPECT_EQ(completed["bench-1"], 3U);
  EXPECT_EQ(completed["bench-2"], 3U);
  EXPECT_EQ(alerts.size(), 1U);
  const auto totals = monitoring_.collector().totals();
  EXPECT_EQ(totals.successful_requests, 7U);
  EXPECT_EQ(totals.cancelled_requests, 1U);
  EXPECT_EQ(totals.failed_requests, 0U);
}

TEST_F(BenchmarkJobTest, AnswersAreScoredWhereTheRightOneIsKnownAndToldAsEvents) {
  provider("a", kAlwaysOne);
  std::vector<std::string> told;
  const auto watch = monitoring_.event_bus().on_event([&told](const ltb::MonitoringEvent& event) {
    if (const ltb::EvaluationPayload* evaluation = event.evaluation()) {
      told.push_back(evaluation->evaluation_id + ' ' + evaluation->metric_name + ' ' +
                     evaluation->provider + '/' + evaluation->model + ' ' +
                     (evaluation->score ? std::to_string(*evaluation->score) : "started") + ' ' +
                     evaluation->details.value_or(""));
    }
  });

  auto job = make_job({.requests = 3, .concurrency = 1});
  job.run();

  EXPECT_THAT(told, ElementsAre("eval_1 accuracy a/model started ",
                                "eval_1 accuracy a/model 1.000000 q1: right",
                                "eval_2 accuracy a/model started ",
                                "eval_2 accuracy a/model 0.000000 q2: wrong, expected 2"));
  const Score score = job.scores().at({"a", "model"});
  EXPECT_EQ(score.scored, 2U);
  EXPECT_EQ(score.right, 1U);
}

TEST_F(BenchmarkJobTest, EachKindOfFailureIsToldOnceAndCountedAlways) {
  provider("a", [](const ltb::CompletionRequest& request) -> std::string {
    if (request.prompt == "One?") throw ltb::ProviderError(ltb::ErrorType::RateLimit, "slow down");
    if (request.prompt == "Two?") throw std::runtime_error("odd");
    return "fine";
  });

  make_job({.requests = 30, .concurrency = 3}).run();

  EXPECT_THAT(complaints_,
              UnorderedElementsAre("a/model: rate_limit: slow down", "a/model: other: odd"));
  const auto totals = monitoring_.collector().totals();
  EXPECT_EQ(totals.errors[static_cast<std::size_t>(ltb::ErrorType::RateLimit)], 10U);
  EXPECT_EQ(totals.errors[static_cast<std::size_t>(ltb::ErrorType::Other)], 10U);
  EXPECT_EQ(totals.successful_requests, 10U);
}

TEST_F(BenchmarkJobTest, ACallBelongsToTheRoundItWasAskedInAlsoWhileTheNextOneIsUnderWay) {
  questions_.resize(2);
  std::atomic<int> calls{0};
  const auto a = provider("a", [this, &calls](const ltb::CompletionRequest&) -> std::string {
    const int call = ++calls;
    calls.notify_all();
    // The first call of the first round ends when the second round has begun.
    for (int seen = call; call == 1 && seen < 3; seen = calls) calls.wait(seen);
    if (call == 4) stop_.request_stop();
    return "1";
  });
  a->cost = 1.0;

  make_job({.concurrency = 2}).run();

  const auto benchmarks = monitoring_.collector().benchmarks();
  ASSERT_EQ(benchmarks.size(), 2U);
  for (const ltb::BenchmarkStatus& benchmark : benchmarks) {
    EXPECT_EQ(benchmark.cost, 2.0) << benchmark.benchmark_id;
  }
}

TEST_F(BenchmarkJobTest, ACallThatTheServerCancelsEndsItsExample) {
  provider("a", [](const ltb::CompletionRequest& request) -> std::string {
    if (request.prompt == "Two?") throw ltb::ProviderError(ltb::ErrorType::Cancelled, "HTTP 499");
    return "1";
  });

  make_job({.requests = 6, .concurrency = 2}).run();

  const auto benchmarks = monitoring_.collector().benchmarks();
  ASSERT_EQ(benchmarks.size(), 1U);
  EXPECT_EQ(benchmarks[0].state, ltb::BenchmarkState::Completed);
  EXPECT_EQ(benchmarks[0].completed_examples, 6U);
  EXPECT_EQ(benchmarks[0].failed_examples, 2U);
  EXPECT_THAT(complaints_, ElementsAre("a/model: cancelled: HTTP 499"));
}

TEST_F(BenchmarkJobTest, WhateverAProviderThrowsEndsItsExample) {
  provider("a", [](const ltb::CompletionRequest&) -> std::string { throw 42; });

  make_job({.requests = 3, .concurrency = 1}).run();

  const auto benchmarks = monitoring_.collector().benchmarks();
  ASSERT_EQ(benchmarks.size(), 1U);
  EXPECT_EQ(benchmarks[0].completed_examples, 3U);
  EXPECT_EQ(benchmarks[0].failed_examples, 3U);
}

TEST_F(BenchmarkJobTest, AQuestionsOwnSystemPromptAndLongestAnswerAreAskedFor) {
  questions_ = {{"q1", "One?", {}}, {"q2", "Two?", {}, "Be kind.", 5}};
  std::vector<std::pair<std::string, std::uint32_t>> asked;
  provider("a", [&asked](const ltb::CompletionRequest& request) -> std::string {
    asked.emplace_back(request.system_prompt.value_or(""), request.max_tokens.value_or(0));
    return "1";
  });

  make_job({.requests = 2, .concurrency = 1}).run();

  ASSERT_EQ(asked.size(), 2U);
  EXPECT_THAT(asked[0].first, testing::HasSubstr("answer alone"));
  EXPECT_EQ(asked[0].second, 0U);
  EXPECT_EQ(asked[1], std::pair(std::string("Be kind."), 5U));
}

TEST_F(BenchmarkJobTest, AStopBeforeTheStartAsksNothing) {
  const auto a = provider("a", kAlwaysOne);
  stop_.request_stop();

  make_job({.requests = 10, .concurrency = 4}).run();

  EXPECT_TRUE(a->asked().empty());
}

TEST_F(BenchmarkJobTest, AnEndedDurationStartsNothingMoreAndCompletesTheRun) {
  const auto a = provider("a", kAlwaysOne);

  make_job({.duration = std::chrono::nanoseconds{1}, .concurrency = 4}).run();

  EXPECT_TRUE(a->asked().empty());
  EXPECT_TRUE(monitoring_.collector().benchmarks().empty());
}

TEST_F(BenchmarkJobTest, AStreamingJobStreams) {
  const auto a = provider("a", kAlwaysOne);

  make_job({.requests = 3, .concurrency = 1, .stream = true}).run();
  EXPECT_EQ(a->streamed, 3);
  EXPECT_EQ(monitoring_.collector().totals().time_to_first_token.count, 3U);

  make_job({.requests = 3, .concurrency = 1}).run();
  EXPECT_EQ(a->streamed, 3);
}

TEST_F(BenchmarkJobTest, AWarmUpAsksEveryTargetAndIsInNoNumber) {
  const auto good = std::make_shared<ScriptedProvider>("good", kAlwaysOne);
  const auto bad =
      std::make_shared<ScriptedProvider>("bad", [](const ltb::CompletionRequest&) -> std::string {
        throw ltb::ProviderError(ltb::ErrorType::Auth, "no key");
      });

  const auto results = warm_up({.requests = 5, .concurrency = 3, .stream = true}, questions_,
                               {{good, "m"}, {bad, "m"}}, stop_.get_token());

  EXPECT_EQ(good->asked().size(), 5U);
  EXPECT_EQ(good->streamed, 5);
  EXPECT_EQ(bad->asked().size(), 5U);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].failed, 0U);
  EXPECT_EQ(results[1].failed, 5U);
  EXPECT_EQ(results[1].first_error, "no key");
  EXPECT_EQ(monitoring_.collector().totals().total_requests, 0U);
}

}  // namespace
