// A text taken apart into what can be compared.

#include "answer_words.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "latex.hpp"
#include "number_reader.hpp"
#include "unicode_text.hpp"

namespace llm_benchmark {
namespace {

bool is_spaced_word_character(char32_t c) {
  return is_word_character(c) && !is_unspaced_letter(c);
}

/// The end of the word that begins at `begin`; an apostrophe between two letters belongs to it.
std::size_t end_of_word(const CodePoints& text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size() &&
         (is_spaced_word_character(text[end]) ||
          (end > begin && is_apostrophe(text[end]) && end + 1 < text.size() &&
           is_spaced_word_character(text[end + 1]) && digit_value(text[end + 1]) < 0))) {
    ++end;
  }
  return end;
}

/// The end of the signs behind one or two letters that make another name of it: C++, C#, A+, AB-.
/// A hyphen before a word or a space only separates.
std::size_t end_of_signs(const CodePoints& text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size() && (text[end] == U'+' || text[end] == U'#')) ++end;
  if (end < text.size() && is_word_character(text[end])) return begin;
  if (end > begin || end == text.size() || text[end] != U'-') return end;
  constexpr std::u32string_view kEnds = U".,;:!?)\"'\n*";
  const bool is_sign = end + 1 == text.size() || kEnds.find(text[end + 1]) != kEnds.npos;
  return is_sign ? end + 1 : end;
}

/// The end of one character with the marks that belong to it.
std::size_t end_of_character(const CodePoints& text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && is_mark(text[end])) ++end;
  return end;
}

CodePoints part(const CodePoints& text, std::size_t begin, std::size_t end) {
  return {text.begin() + static_cast<std::ptrdiff_t>(begin),
          text.begin() + static_cast<std::ptrdiff_t>(end)};
}

CodePoints without_apostrophes(CodePoints word) {
  std::erase_if(word, is_apostrophe);
  return word;
}

/// Whether the number after the last of the words is called negative: "minus 3", but not "5 minus
/// 3".
bool is_called_negative(const std::vector<AnswerWord>& words, const AnswerWord& number) {
  if (words.empty() || number.before != " " || number.text == "0" || number.text[0] == '-') {
    return false;
  }
  if (words.back().text == "negative") return true;
  const bool is_subtraction =
      words.size() > 1 && words[words.size() - 2].kind == AnswerWord::Kind::Number;
  return words.back().text == "minus" && !is_subtraction;
}

}  // namespace

AnswerWords words_of(std::string_view utf8) {
  const CodePoints text = unified(with_plain_numbers(utf8));
  AnswerWords all;
  std::size_t gap = 0;  // Where what separates begins.
  for (std::size_t i = 0; i < text.size();) {
    AnswerWord word;
    std::size_t end = i;
    if (is_number_start(text, i)) {
      ReadNumber number = read_number(text, i);
      word.kind = number.is_number ? AnswerWord::Kind::Number : AnswerWord::Kind::Word;
      word.text = std::move(number.text);
      end = number.end;
    } else if (is_unspaced_letter(text[i])) {
      end = end_of_character(text, i);
      word.kind = AnswerWord::Kind::Character;
      word.text = folded(part(text, i, end));
    } else if (is_word_character(text[i])) {
      end = end_of_word(text, i);
      if (end <= i + 2) end = end_of_signs(text, end);
      word.text = folded(without_apostrophes(part(text, i, end)));
    } else {
      ++i;
      continue;
    }
    word.raw = to_utf8(part(text, i, end));
    word.before = to_utf8(part(text, gap, i));
    if (word.kind == AnswerWord::Kind::Number && is_called_negative(all.words, word)) {
      word.text.insert(0, 1, '-');
    }
    all.words.push_back(std::move(word));
    gap = i = end;
  }
  all.after = to_utf8(part(text, gap, text.size()));
  return all;
}

}  // namespace llm_benchmark
