// Fragments are counted whatever the lengths of frames and however the bytes arrive.
#include "net/fragment_counter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ltb::net {
namespace {

constexpr unsigned kText = 1;
constexpr unsigned kContinuation = 0;
constexpr unsigned kPing = 9;
constexpr unsigned kFinal = 0x80;

/// A client's frame. The mask looks like first bytes of unfinished frames.
std::string frame(unsigned first, std::size_t size) {
  std::string out(1, static_cast<char>(first));
  const unsigned form = size < 126 ? static_cast<unsigned>(size) : size < 65536 ? 126 : 127;
  out.push_back(static_cast<char>(0x80U | form));
  const int length_bytes = form == 126 ? 2 : form == 127 ? 8 : 0;
  for (int i = length_bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i) & 0xff));
  return out + std::string(4, '\0') + std::string(size, '\0');
}

bool take(FragmentCounter& counter, const std::string& bytes) {
  return counter.take(std::as_bytes(std::span(bytes)));
}

bool take_bytewise(FragmentCounter& counter, const std::string& bytes) {
  bool is_well = true;
  for (const char byte : bytes) is_well = take(counter, std::string(1, byte));
  return is_well;
}

TEST(FragmentCounter, OneFragmentMoreThanTheLimitIsFound) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{125}, std::size_t{126},
                                 std::size_t{65535}, std::size_t{65536}}) {
    for (const bool bytewise : {false, true}) {
      if (bytewise && size > 126) continue;
      const auto give = bytewise ? take_bytewise : take;
      FragmentCounter counter;
      EXPECT_TRUE(give(counter, frame(kText, size)));
      for (std::size_t i = 1; i < FragmentCounter::kMost; ++i)
        ASSERT_TRUE(give(counter, frame(kContinuation, size))) << size << ' ' << i;
      EXPECT_FALSE(give(counter, frame(kContinuation, size))) << size;
    }
  }
}

TEST(FragmentCounter, EachMessageBeginsAnewAndControlFramesDoNotCount) {
  FragmentCounter counter;
  for (int message = 0; message < 3; ++message) {
    ASSERT_TRUE(take(counter, frame(kText, 3)));
    for (std::size_t i = 1; i < FragmentCounter::kMost; ++i)
      ASSERT_TRUE(take(counter, frame(kContinuation, 0) + frame(kFinal | kPing, 5)));
    ASSERT_TRUE(take(counter, frame(kFinal | kContinuation, 200)));
  }
}

TEST(FragmentCounter, WholeMessagesNeverCount) {
  FragmentCounter counter;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(take(counter, frame(kFinal | kText, 200)));
}

TEST(FragmentCounter, AnEndlessLengthDoesNotWrap) {
  FragmentCounter counter;
  const std::string endless = std::string("\x01\xff", 2) + std::string(8, '\xff');
  EXPECT_TRUE(take(counter, endless));
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(take(counter, frame(kContinuation, 0)));
}

}  // namespace
}  // namespace ltb::net
