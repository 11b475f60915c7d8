// Whether an answer is right: normalised, then looked for as whole words.

#include "scoring.hpp"

#include <algorithm>
#include <cstddef>

namespace llm_benchmark {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  // Every byte of a UTF-8 character beyond ASCII counts as part of a word.
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Exactly three digits: what follows the comma in "1,200", but not in "1,2" or "1,2000".
bool is_thousands_group(std::string_view rest) {
  return std::ranges::distance(rest.begin(), std::ranges::find_if_not(rest, is_digit)) == 3;
}

bool is_article(std::string_view word) {
  return word == "a" || word == "an" || word == "the";
}

}  // namespace

std::string normalised(std::string_view text) {
  std::string words;
  const auto at = [text](std::size_t i) { return i < text.size() ? text[i] : ' '; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char before = i == 0 ? ' ' : text[i - 1];
    const bool in_number = is_digit(before) && is_digit(at(i + 1));
    if (is_word(c) || (c == '.' && in_number) ||
        (c == '-' && is_digit(at(i + 1)) && !is_word(before))) {
      words += lower(c);
    } else if (c == '\'' || (c == ',' && in_number && is_thousands_group(text.substr(i + 1)))) {
      // "don't" stays one word, "1,200" one number.
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  if (!words.empty() && words.back() == ' ') words.pop_back();
  const std::size_t space = words.find(' ');
  if (space != std::string::npos && is_article(std::string_view(words).substr(0, space))) {
    words.erase(0, space + 1);
  }
  return words;
}

bool is_right(std::string_view answer, const std::vector<std::string>& accepted) {
  const std::string padded = ' ' + normalised(answer) + ' ';
  return std::ranges::any_of(accepted, [&padded](const std::string& text) {
    const std::string wanted = normalised(text);
    return !wanted.empty() && padded.find(' ' + wanted + ' ') != std::string::npos;
  });
}

}  // namespace llm_benchmark
