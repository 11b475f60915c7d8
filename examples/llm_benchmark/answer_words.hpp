// A text taken apart into what can be compared: words, numbers, characters of unspaced scripts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llm_benchmark {

/// One part of a text.
struct AnswerWord {
  enum class Kind : std::uint8_t {
    Word,       ///< A word, or digits that are not one number (1.2.3, 12:30, 2^10).
    Number,     ///< A number.
    Character,  ///< One character of a script without spaces between words.
  };

  Kind kind = Kind::Word;
  /// A word in folded case without apostrophes; a number in one form each ("-1200.5", "3"):
  /// without thousands separators, `+`, leading zeros and trailing zeros after the point; a
  /// fraction without an end in lowest terms ("2/3").
  std::string text{};
  std::string raw{};     ///< As written, in NFKC: with its case.
  std::string before{};  ///< What is between it and the part before.
};

/// A text in parts.
struct AnswerWords {
  std::vector<AnswerWord> words{};
  std::string after{};  ///< What follows the last part.
};

/// Takes a text apart, in Unicode: typographic quotes, dashes and spaces separate as the ASCII ones
/// do, "don't" is one word with either apostrophe, and a number ends where its unit begins (72km).
/// Thousands separators are the comma, apostrophe, underscore, no-break and thin spaces, each
/// before exactly three digits (in India two, and three at the end), and the point where it cannot
/// be a decimal one (1.234.567). A comma that cannot separate thousands is a decimal point (3,5).
/// Scientific notation (1e3, 1.5x10^3), fractions (1/2, 2 1/2), LaTeX and words of scale (1.2
/// million) are numbers; "minus" and "negative" before one are its sign. Throws std::bad_alloc.
[[nodiscard]] AnswerWords words_of(std::string_view text);

}  // namespace llm_benchmark
