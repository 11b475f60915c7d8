// Which option of a multiple-choice question an answer names.

#include "option_letter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace llm_benchmark {
namespace {

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

/// What follows the word at `i`.
std::string_view gap_after(const AnswerWords& answer, std::size_t i) {
  return i + 1 < answer.words.size() ? std::string_view(answer.words[i + 1].before)
                                     : std::string_view(answer.after);
}

bool is_space(std::string_view gap) {
  return !gap.empty() && gap.find_first_not_of(" \t\r\n") == gap.npos;
}

bool is_letter(const AnswerWord& word) {
  return word.kind == AnswerWord::Kind::Word && word.raw.size() == 1 && word.text.size() == 1 &&
         word.text[0] >= 'a' && word.text[0] <= 'z';
}

/// Whether `gap` ties a letter to the neighbour beyond it: T-shirt, A/B, U.S., but not "B.Paris".
bool is_joint(std::string_view gap, const AnswerWord& neighbour) {
  if (neighbour.kind != AnswerWord::Kind::Word) return false;
  constexpr std::array<std::string_view, 4> kJoints{"", "-", "/", "&"};
  return is_one_of(gap, kJoints) || (gap == "." && is_letter(neighbour));
}

/// A letter that is a word of its own: not the T of T-shirt or the C of C++.
bool is_alone(const AnswerWords& answer, std::size_t i) {
  const std::vector<AnswerWord>& words = answer.words;
  if (!is_letter(words[i])) return false;
  const std::string_view after = gap_after(answer, i);
  if (after.starts_with('+') || after.starts_with('#')) return false;
  if (i + 1 < words.size() && is_joint(after, words[i + 1])) return false;
  return i == 0 || !is_joint(words[i].before, words[i - 1]);
}

bool is_capital(const AnswerWord& word) {
  return word.raw[0] >= 'A' && word.raw[0] <= 'Z';
}

/// "A" before a word in lower case is an article, and "I" a pronoun; but not in "A is right".
bool is_english_word(const AnswerWords& answer, std::size_t i) {
  const AnswerWord& word = answer.words[i];
  if (word.text != "a" && word.text != "i") return false;
  if (i + 1 == answer.words.size()) return false;
  const AnswerWord& next = answer.words[i + 1];
  if (!is_space(next.before) || next.before.find('\n') != std::string::npos) return false;
  if (next.kind != AnswerWord::Kind::Word || is_capital(next)) return false;
  constexpr std::array<std::string_view, 8> kAfterOption{"is",  "because", "since", "as",
                                                         "and", "or",      "but",   "not"};
  return !is_one_of(next.text, kAfterOption);
}

bool is_option(const AnswerWords& answer, std::size_t i) {
  const bool is_excluded = i > 0 && answer.words[i - 1].text == "not";
  return !is_excluded && is_alone(answer, i) && is_capital(answer.words[i]) &&
         !is_english_word(answer, i);
}

/// Whether the words before the letter at `i` call it the answer: "the answer is", "the correct
/// option is", "choose". "Option A" alone only mentions it.
bool is_announced(const AnswerWords& answer, std::size_t i) {
  const std::vector<AnswerWord>& words = answer.words;
  if (words[i].before.find("####") != std::string::npos) return true;
  constexpr std::array<std::string_view, 5> kVerbs{"is", "are", "be", "would", "should"};
  constexpr std::array<std::string_view, 7> kFillers{"the",  "option", "choice",   "letter",
                                                     "text", "mathrm", "therefore"};
  constexpr std::array<std::string_view, 5> kAnnouncements{"answer", "boxed", "choose", "select",
                                                           "pick"};
  bool has_verb = false;
  bool has_noun = false;
  for (; i > 0; --i) {
    const std::string_view word = words[i - 1].text;
    if (is_one_of(word, kAnnouncements)) return true;
    if (is_one_of(word, kVerbs)) {
      has_verb = true;
    } else if (is_one_of(word, kFillers)) {
      has_noun = has_noun || (has_verb && (word == "option" || word == "choice"));
    } else {
      break;
    }
  }
  return has_noun;
}

/// The last letter that is announced as the answer.
std::optional<char> announced(const AnswerWords& answer) {
  for (std::size_t i = answer.words.size(); i-- > 0;) {
    if (is_alone(answer, i) && !is_english_word(answer, i) && is_announced(answer, i)) {
      return upper(answer.words[i].raw[0]);
    }
  }
  return std::nullopt;
}

/// The letter that the answer begins with: alone, or set off by punctuation.
std::optional<char> leading(const AnswerWords& answer) {
  const std::vector<AnswerWord>& words = answer.words;
  if (words.empty()) return std::nullopt;
  const std::size_t i =
      words.size() > 1 && (words[0].text == "option" || words[0].text == "choice") ? 1 : 0;
  if (!is_alone(answer, i) || is_english_word(answer, i)) return std::nullopt;
  const bool is_set_off = !is_space(gap_after(answer, i)) || words.size() == i + 1 ||
                          gap_after(answer, i).find('\n') != std::string_view::npos;
  if (!is_capital(words[i]) && !is_set_off) return std::nullopt;
  return upper(words[i].raw[0]);
}

}  // namespace

std::optional<char> as_option(const AnswerWords& accepted) {
  if (accepted.words.size() != 1 || !is_alone(accepted, 0)) return std::nullopt;
  return upper(accepted.words[0].raw[0]);
}

std::optional<char> named_option(const AnswerWords& answer) {
  if (const auto stated = announced(answer)) return stated;
  if (const auto first = leading(answer)) return first;
  for (std::size_t i = 0; i < answer.words.size(); ++i) {
    if (is_option(answer, i)) return upper(answer.words[i].raw[0]);
  }
  return std::nullopt;
}

}  // namespace llm_benchmark
