// What the scoring asks of Unicode, answered by utf8proc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llm_benchmark {

using CodePoints = std::vector<char32_t>;

/// The characters of a text in one form each (NFKC): full-width and ligature forms become plain
/// ones, accents are composed, invisible characters are omitted, and invalid bytes become U+FFFD.
/// What NFKC would confuse is replaced first: a superscript digit is set off by `^`, other
/// digit-like signs (circled numbers, fractions) by a space, and a no-break or thin space between
/// two digits becomes an apostrophe, because it separates thousands. Throws std::bad_alloc.
[[nodiscard]] CodePoints unified(std::string_view utf8);

/// The text without differences of case, as UTF-8. Throws std::bad_alloc.
[[nodiscard]] std::string folded(const CodePoints& text);

/// As UTF-8. Throws std::bad_alloc.
[[nodiscard]] std::string to_utf8(const CodePoints& text);

/// The index of the first byte that is not part of a character; absent when the text is UTF-8.
[[nodiscard]] std::optional<std::size_t> first_invalid_byte(std::string_view text) noexcept;

/// A letter, a combining mark or a digit of any script.
[[nodiscard]] bool is_word_character(char32_t c) noexcept;
[[nodiscard]] bool is_mark(char32_t c) noexcept;
/// A letter of a script that is written without spaces between its words, or whose words take
/// endings freely: Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese.
[[nodiscard]] bool is_unspaced_letter(char32_t c) noexcept;
/// The value of a decimal digit of any script; -1 for another character.
[[nodiscard]] int digit_value(char32_t c) noexcept;
/// A hyphen, en dash or minus sign, but not an em dash.
[[nodiscard]] bool is_minus(char32_t c) noexcept;
[[nodiscard]] bool is_apostrophe(char32_t c) noexcept;
[[nodiscard]] bool is_currency(char32_t c) noexcept;

}  // namespace llm_benchmark
