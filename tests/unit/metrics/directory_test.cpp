// The directory: one object per key whatever the race, found without a lock.
#include "metrics/directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ltb::metrics {
namespace {

struct Thing {
  explicit Thing(std::vector<std::string> names) : key(std::move(names)) {}
  std::vector<std::string> key;
};

using Key = std::array<std::string_view, 2>;

auto maker(const Key& key) {
  return
      [key] { return std::make_unique<Thing>(std::vector<std::string>(key.begin(), key.end())); };
}

TEST(Directory, FindsWhatWasMadeAndNothingElse) {
  Directory<Thing> directory;
  const Key key{"openai", "gpt-4"};

  EXPECT_EQ(directory.find(key), nullptr);
  Thing* made = directory.find_or_make(key, maker(key));

  EXPECT_EQ(directory.find(key), made);
  EXPECT_EQ(directory.find_or_make(key, maker(key)), made);
  EXPECT_EQ(directory.find(Key{"openai", "gpt-4o"}), nullptr);
  EXPECT_EQ(directory.size(), 1u);
}

TEST(Directory, TellsApartKeysThatJoinToTheSameText) {
  Directory<Thing> directory;
  const Key first{"ab", "c"};
  const Key second{"a", "bc"};

  EXPECT_NE(directory.find_or_make(first, maker(first)),
            directory.find_or_make(second, maker(second)));
  EXPECT_EQ(directory.size(), 2u);
}

TEST(Directory, KeepsObjectsInPlaceWhileItGrows) {
  Directory<Thing> directory;
  std::vector<Thing*> made;
  for (int i = 0; i < 10'000; ++i) {
    const std::string model = "model-" + std::to_string(i);
    const Key key{"p", model};
    made.push_back(directory.find_or_make(key, maker(key)));
  }

  EXPECT_EQ(directory.values(), made) << "in the order they were made";
  for (int i = 0; i < 10'000; ++i) {
    const std::string model = "model-" + std::to_string(i);
    ASSERT_EQ(directory.find(Key{"p", model}), made[static_cast<std::size_t>(i)]);
  }
}

TEST(Directory, ARefusedOrFailedMakeLeavesNothingBehind) {
  Directory<Thing> directory;
  const Key key{"p", "m"};

  EXPECT_EQ(directory.find_or_make(key, [] { return std::unique_ptr<Thing>(); }), nullptr);
  EXPECT_THROW(
      directory.find_or_make(key, []() -> std::unique_ptr<Thing> { throw std::bad_alloc(); }),
      std::bad_alloc);
  EXPECT_EQ(directory.size(), 0u);
  EXPECT_NE(directory.find_or_make(key, maker(key)), nullptr);
}

TEST(Directory, FourThreadsMakeEachObjectOnce) {
  constexpr int kKeys = 2'000;
  Directory<Thing> directory;
  std::atomic<int> makes{0};
  std::vector<std::vector<Thing*>> seen(4, std::vector<Thing*>(kKeys));
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < seen.size(); ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < kKeys; ++i) {
        const std::string model = std::to_string((i * (2 * t + 1)) % kKeys);
        const Key key{"p", model};
        seen[t][std::stoul(model)] = directory.find_or_make(key, [&] {
          ++makes;
          return maker(key)();
        });
      }
    });
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(makes, kKeys);
  EXPECT_EQ(directory.size(), static_cast<std::size_t>(kKeys));
  for (std::size_t i = 0; i < kKeys; ++i) {
    ASSERT_NE(seen[0][i], nullptr);
    ASSERT_EQ(seen[0][i]->key[1], std::to_string(i));
    for (std::size_t t = 1; t < 4; ++t)
      if (seen[t][i] != nullptr) {
        ASSERT_EQ(seen[t][i], seen[0][i]);
      }
  }
}

}  // namespace
}  // namespace ltb::metrics
