// What an answer claims about the option letters in it.
#pragma once

#include <cstddef>
#include <set>
#include <string_view>
#include <vector>

#include "answer_words.hpp"

namespace llm_benchmark {

/// Letters that an answer speaks of together ("A", "A and B", "A, B or C"), and its claim.
struct OptionClaim {
  std::size_t first = 0;      ///< The index of the first letter's word.
  std::size_t last = 0;       ///< That of the last letter's.
  std::set<char> letters{};   ///< In upper case.
  bool is_rejected = false;   ///< Called wrong, or excluded.
  bool is_affirmed = false;   ///< Called right.
  bool is_announced = false;  ///< Called the answer.
  bool is_capital = false;    ///< Written in upper case.
};

/// Whether the word at `i` is a Latin letter that is a word of its own: not the T of T-shirt or the
/// C of C++.
[[nodiscard]] bool is_lone_letter(const AnswerWords& answer, std::size_t i);

/// Whether the letter at `i` is the article "A" or the pronoun "I".
[[nodiscard]] bool is_english_word(const AnswerWords& answer, std::size_t i);

/// What follows the word at `i`, up to the next.
[[nodiscard]] std::string_view gap_after(const AnswerWords& answer, std::size_t i);

/// The claims of an answer in their order. Throws std::bad_alloc.
[[nodiscard]] std::vector<OptionClaim> option_claims(const AnswerWords& answer);

}  // namespace llm_benchmark
