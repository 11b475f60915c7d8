// Sharded words and thread slots: exact over any number of threads, bounded in memory.
#include "metrics/sharded.hpp"

#include "metrics/thread_slot.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <functional>
#include <set>
#include <thread>
#include <vector>

namespace ltb::metrics {
namespace {

void in_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
}

TEST(Sharded, IsUntouchedAndZeroBeforeTheFirstWrite) {
  Words words(3);

  EXPECT_TRUE(words.is_untouched());
  EXPECT_EQ(words.sum(2), 0u);
  EXPECT_EQ(words.count(), 3u);
}

TEST(Sharded, SumsWhatFourThreadsAddedExactly) {
  Words words(2);

  in_threads(4, [&](int) {
    for (int i = 0; i < 100'000; ++i) {
      const auto writer = words.writer();
      writer.add(0, 1);
      writer.add(1, 3);
    }
  });

  EXPECT_EQ(words.sum(0), 400'000u);
  EXPECT_EQ(words.sum(1), 1'200'000u);
  EXPECT_FALSE(words.is_untouched());
}

TEST(Sharded, StaysExactWhenMoreThreadsThanSlotsWriteAtOnce) {
  constexpr int kThreads = 150;
  Words words(1);
  std::barrier all_have_a_slot(kThreads);
  std::vector<std::uint32_t> slots(kThreads);

  in_threads(kThreads, [&](int thread) {
    slots[static_cast<std::size_t>(thread)] = thread_slot();
    all_have_a_slot.arrive_and_wait();
    for (int i = 0; i < 1'000; ++i) words.writer().add(0, 1);
  });

  EXPECT_EQ(words.sum(0), 150'000u);
  // Exclusive slots have one owner each; the crowd shares the last place.
  std::set<std::uint32_t> exclusive;
  int shared = 0;
  for (const std::uint32_t slot : slots) {
    if (slot == kSharedSlot) {
      ++shared;
    } else {
      EXPECT_LT(slot, kExclusiveSlots);
      EXPECT_TRUE(exclusive.insert(slot).second) << "slot " << slot << " has two owners";
    }
  }
  EXPECT_GE(shared, kThreads - static_cast<int>(kExclusiveSlots));
}

TEST(Sharded, TenThousandShortThreadsReuseOneSlot) {
  Words words(1);
  std::set<std::uint32_t> slots;

  for (int i = 0; i < 10'000; ++i) {
    std::thread([&] {
      words.writer().add(0, 1);
      slots.insert(thread_slot());
    }).join();
  }

  EXPECT_EQ(words.sum(0), 10'000u);
  EXPECT_EQ(slots.size(), 1u) << "a slot is not given back when its thread ends";
}

// In crowds, so that slots change hands while others of the crowd write to theirs.
TEST(Sharded, ShortThreadsInCrowdsLoseNothing) {
  constexpr int kCrowd = 40;
  constexpr int kCrowds = 50;
  Words words(2);
  std::atomic<int> shared{0};

  for (int crowd = 0; crowd < kCrowds; ++crowd)
    in_threads(kCrowd, [&](int thread) {
      for (int i = 0; i < 10; ++i) {
        const auto writer = words.writer();
        writer.add(0, 1);
        writer.add(1, static_cast<std::uint64_t>(thread));
      }
      if (thread_slot() == kSharedSlot) shared.fetch_add(1);
    });

  EXPECT_EQ(words.sum(0), 20'000u);
  EXPECT_EQ(words.sum(1), std::uint64_t{kCrowds} * 10 * (kCrowd * (kCrowd - 1) / 2));
  EXPECT_EQ(shared, 0) << "slots of threads that ended were not given back";
}

TEST(Sharded, KeepsASignedQuantityThatRisesAndFallsOnDifferentThreads) {
  Words words(1);
  for (int i = 0; i < 100; ++i) words.writer().add(0, 1);

  in_threads(5, [&](int) {
    for (int i = 0; i < 20; ++i) words.writer().add(0, ~std::uint64_t{0});
  });

  EXPECT_EQ(words.sum(0), 0u);
}

TEST(Sharded, AReaderNeverSeesACounterFall) {
  Words words(1);
  std::atomic<bool> done{false};
  std::uint64_t falls = 0;
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!done) {
      const std::uint64_t now = words.sum(0);
      falls += now < last ? 1u : 0u;
      last = now;
    }
  });

  in_threads(3, [&](int) {
    for (int i = 0; i < 50'000; ++i) words.writer().add(0, 1);
  });
  done = true;
  reader.join();

  EXPECT_EQ(falls, 0u);
  EXPECT_EQ(words.sum(0), 150'000u);
}

TEST(Sharded, SumRangeAddsToWhatIsThere) {
  Sharded<std::uint32_t> words(4);
  words.writer().add(1, 5);
  words.writer().add(2, 7);
  std::uint32_t out[2] = {100, 200};

  words.sum_range(1, 2, out);

  EXPECT_EQ(out[0], 105u);
  EXPECT_EQ(out[1], 207u);
}

}  // namespace
}  // namespace ltb::metrics
