// Windows under concurrency: recorders only add to sums that grow, a sampler takes differences.
// What falls into all windows together is what was recorded, to the last observation.
#include "collector/history.hpp"
#include "collector/sampler.hpp"
#include "metrics/metric_store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace ltb::collector {
namespace {

using metrics::SketchLayout;
using Counts = std::array<std::uint64_t, SketchLayout::kBuckets>;

constexpr int kThreads = 4;
constexpr int kCallsPerThread = 20'000;

/// What one thread recorded, counted exactly.
struct Oracle {
  Counts latency{};
  Counts first_token{};
  Counts inter_token{};
  std::uint64_t success = 0;
  std::uint64_t failed = 0;
  std::uint64_t latency_ns = 0;

  void merge(const Oracle& other) {
    for (std::size_t i = 0; i < latency.size(); ++i) {
      latency[i] += other.latency[i];
      first_token[i] += other.first_token[i];
      inter_token[i] += other.inter_token[i];
    }
    success += other.success;
    failed += other.failed;
    latency_ns += other.latency_ns;
  }
};

Oracle record_calls(metrics::RequestSeries& series, unsigned seed) {
  Oracle oracle;
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::uint64_t> exponent(10, 41);
  for (int i = 0; i < kCallsPerThread; ++i) {
    const std::uint64_t ns = random() >> (64 - exponent(random));
    metrics::CallRecord call;
    call.duration_ns = ns;
    if (i % 5 == 0) {
      call.status = metrics::CallStatus::Error;
      ++oracle.failed;
    } else {
      ++oracle.success;
      ++oracle.latency[SketchLayout::index_of(ns)];
      oracle.latency_ns += ns;
    }
    series.record(call);
    if (i % 3 == 0) {
      series.first_token(ns / 2);
      ++oracle.first_token[SketchLayout::index_of(ns / 2)];
      series.inter_token(ns / 4);
      ++oracle.inter_token[SketchLayout::index_of(ns / 4)];
    }
  }
  return oracle;
}

Counts counts_of(const HistoryTier& tier, metrics::SparseSketch HistoryDelta::*sketch) {
  Counts counts{};
  for (const auto& slot : tier.slots())
    for (const auto& entry : (slot.delta.*sketch).entries) counts[entry.bucket] += entry.count;
  return counts;
}

TEST(Windows, HoldTogetherExactlyWhatFourThreadsRecordedWhileTheyMovedOn) {
  metrics::MetricStore store{{}};
  metrics::RequestSeries& series = store.request_series("p", "m");
  SeriesSampler sampler(series);
  SeriesHistory history;
  std::array<Oracle, kThreads> oracles;
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      oracles[static_cast<std::size_t>(i)] = record_calls(series, static_cast<unsigned>(i));
      running.fetch_sub(1);
    });

  // A second passes with every look, so that the windows of all three widths turn over all the
  // time.
  Second second = 1'000'000;
  const auto look = [&] {
    if (const auto delta = sampler.sample())
      history.add({static_cast<double>(second) - 1, static_cast<double>(second)}, *delta);
    ++second;
  };
  while (running.load() > 0) look();
  for (auto& thread : threads) thread.join();
  look();

  Oracle oracle;
  for (const Oracle& one : oracles) oracle.merge(one);
  for (std::size_t i = 0; i < HistoryReach::kSteps.size(); ++i) {
    SCOPED_TRACE(HistoryReach::kSteps[i]);
    const HistoryTier& tier = history.tier(i);
    HistoryDelta total;
    for (const auto& slot : tier.slots()) total.merge(slot.delta);
    EXPECT_EQ(total.success, oracle.success);
    EXPECT_EQ(total.error, oracle.failed);
    EXPECT_EQ(total.latency_ns, oracle.latency_ns);
    EXPECT_EQ(counts_of(tier, &HistoryDelta::latency), oracle.latency);
    EXPECT_EQ(counts_of(tier, &HistoryDelta::first_token), oracle.first_token);
    EXPECT_EQ(counts_of(tier, &HistoryDelta::inter_token), oracle.inter_token);
  }
  EXPECT_FALSE(sampler.sample().has_value()) << "something was left behind";
}

// A count that was seen stays seen: were a difference ever negative, it would be a huge number
// here.
// The first call of a series makes its sketch meanwhile, which takes the time of many samples.
TEST(Windows, ASampleThatFindsACallFindsItsLatency) {
  for (int round = 0; round < 100; ++round) {
    metrics::MetricStore store({});
    metrics::RequestSeries& series = store.request_series("p", "m");
    SeriesSampler sampler(series);
    std::atomic<bool> is_ready{false};
    std::thread core([&] {
      is_ready = true;
      series.record({.duration_ns = 5'000'000});
    });
    while (!is_ready) {
    }
    HistoryDelta found;
    while (found.success == 0)
      if (const auto delta = sampler.sample()) found.merge(*delta);
    core.join();
    if (found.latency.entries.empty()) {  // not by a sample that may never come
      ADD_FAILURE() << "round " << round;
      return;
    }
  }
}

TEST(Windows, NoWindowEverCountsMoreThanWasRecorded) {
  metrics::MetricStore store{{}};
  metrics::RequestSeries& series = store.request_series("p", "m");
  SeriesSampler sampler(series);
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      record_calls(series, static_cast<unsigned>(i));
      running.fetch_sub(1);
    });

  std::uint64_t most = 0;
  while (running.load() > 0) {
    const auto delta = sampler.sample();
    if (!delta) continue;
    most = std::max({most, delta->success, delta->error});
    for (const auto* sketch : {&delta->latency, &delta->first_token, &delta->inter_token})
      for (const auto& entry : sketch->entries) most = std::max<std::uint64_t>(most, entry.count);
  }
  for (auto& thread : threads) thread.join();

  EXPECT_LE(most, std::uint64_t{kThreads} * kCallsPerThread);
}

}  // namespace
}  // namespace ltb::collector
