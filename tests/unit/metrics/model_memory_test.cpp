// What a model costs in memory when many threads record its calls.
#include "metrics/metric_store.hpp"

#include <gtest/gtest.h>

#include <malloc.h>

#include <cstdint>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace ltb::metrics {
namespace {

std::size_t heap_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

void record_streamed_call(RequestSeries& series, std::uint64_t latency_ns) {
  series.started();
  series.first_token(latency_ns / 5);
  for (std::uint64_t i = 0; i < 8; ++i) series.inter_token(latency_ns / (10 + i));
  CallRecord call;
  call.was_active = true;
  call.duration_ns = latency_ns;
  series.record(call);
}

TEST(ModelMemory, IsBoundedWhileSixtyFourThreadsRecordItsStreamedCalls) {
  constexpr std::size_t kThreads = 64;
  constexpr std::size_t kModels = 40;
  constexpr std::size_t kMostPerModel = 200 * 1024;
  ASSERT_EQ(::mallopt(M_ARENA_MAX, 1), 1);  // mallinfo2() counts the first arena alone
  MetricStore store{StoreOptions{}};
  std::vector<RequestSeries*> models;
  for (std::size_t i = 0; i < kModels; ++i)
    models.push_back(&store.request_series("provider", "model-" + std::to_string(i)));
  // All threads live at once, so that each has its own slot, and their stacks do not count.
  std::latch started(kThreads), measured(1), recorded(kThreads), finished(1);
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      started.count_down();
      measured.wait();
      // From 2 ms to 2 minutes: sixteen octaves.
      for (RequestSeries* model : models)
        for (std::uint64_t ns = 2'000'000; ns < 120'000'000'000; ns *= 3)
          record_streamed_call(*model, ns);
      recorded.count_down();
      finished.wait();
    });
  started.wait();
  const std::size_t before = heap_bytes();
  measured.count_down();
  recorded.wait();
  const std::size_t grown = heap_bytes() - before;
  finished.count_down();
  RecordProperty("bytes_per_model", static_cast<int>(grown / kModels));
  EXPECT_LE(grown / kModels, kMostPerModel);
  EXPECT_GT(grown / kModels, std::size_t{1024}) << "nothing was measured";
}

}  // namespace
}  // namespace ltb::metrics
