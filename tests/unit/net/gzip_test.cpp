// What the encoder makes, undone by zlib.
#include "net/gzip.hpp"
#include "unit/support/gunzip.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ltb::net {
namespace {

struct Packed {
  std::string bytes;
  std::size_t steps = 0;
};

Packed pack(const std::string& text) {
  GzipEncoder encoder(std::make_shared<const std::string>(text));
  Packed packed;
  do ++packed.steps;
  while (!encoder.step());
  packed.bytes = encoder.take();
  return packed;
}

std::string noise(std::size_t size) {  // does not shrink: the output outgrows what was set aside
  std::mt19937 random(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST(Gzip, ComesBackAsItWas) {
  const std::size_t slice = GzipEncoder::kSlice;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, slice - 1, slice, slice + 1, 3 * slice}) {
    EXPECT_EQ(test::gunzip(pack(noise(size)).bytes), noise(size)) << size;
    const std::string even(size, 'x');
    EXPECT_EQ(test::gunzip(pack(even).bytes), even) << size;
  }
}

TEST(Gzip, TakesOneSliceAStep) {
  const std::size_t slice = GzipEncoder::kSlice;

  EXPECT_EQ(pack(std::string(slice, 'x')).steps, 1u);
  EXPECT_EQ(pack(std::string(slice + 1, 'x')).steps, 2u);
  EXPECT_EQ(pack(std::string(10 * slice, 'x')).steps, 10u);
}

TEST(Gzip, ShrinksWhatRepeatsItself) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "llm_requests_total{provider=\"openai\",model=\"m" + std::to_string(i) + "\"} 1\n";

  EXPECT_LT(pack(text).bytes.size(), text.size() / 8);
}

}  // namespace
}  // namespace ltb::net
