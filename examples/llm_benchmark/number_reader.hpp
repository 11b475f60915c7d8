// Numbers as people and models write them.
#pragma once

#include <cstddef>
#include <string>

#include "unicode_text.hpp"

namespace llm_benchmark {

/// A number, or digits that are not one number: a date, a time, a version, a power.
struct ReadNumber {
  bool is_number = false;
  std::string text{};   ///< The number in one form each; the digits as written otherwise.
  std::size_t end = 0;  ///< The index after its last character.
};

/// Whether a number begins at `begin`: at a digit, at a point before a digit, or at a sign before
/// either that does not belong to a word or a number before it (as in 10-7 and 2024-05-01).
[[nodiscard]] bool is_number_start(const CodePoints& text, std::size_t begin);

/// Reads the number that begins at `begin`, where is_number_start() holds. Throws std::bad_alloc.
[[nodiscard]] ReadNumber read_number(const CodePoints& text, std::size_t begin);

}  // namespace llm_benchmark
