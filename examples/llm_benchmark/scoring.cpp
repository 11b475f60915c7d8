// Whether an answer is right.

#include "scoring.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "answer_words.hpp"
#include "latex.hpp"
#include "option_letter.hpp"
#include "stated_numbers.hpp"
#include "thoughts.hpp"
#include "verdict_words.hpp"

namespace llm_benchmark {
namespace {

using Words = std::vector<AnswerWord>;
using Kind = AnswerWord::Kind;

constexpr std::string_view kSpaces = " \t\r\n";

bool has_leading_article(const Words& words) {
  if (words.size() < 2 || words[1].before.find_first_not_of(kSpaces) != std::string::npos) {
    return false;
  }
  const std::string& first = words[0].text;
  return first == "a" || first == "an" || first == "the";
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

/// A part of a formula: a number or a variable.
bool is_operand(const AnswerWord& word) {
  return word.kind == Kind::Number || (word.kind == Kind::Word && word.raw.size() == 1);
}

/// The signs of a calculation in a gap, every dash as a minus.
std::string operators(std::string_view gap) {
  std::string signs;
  for (std::string_view rest = gap; !rest.empty(); rest.remove_prefix(1)) {
    if (std::string_view("+*/^=<>").find(rest.front()) != std::string_view::npos) {
      signs += rest.front();
    }
    const bool is_dash = rest.starts_with('-') || rest.starts_with("\u2010") ||
                         rest.starts_with("\u2011") || rest.starts_with("\u2012") ||
                         rest.starts_with("\u2013") || rest.starts_with("\u2212");
    if (is_dash) signs += '-';
  }
  return signs;
}

/// Whether the signs between two parts agree: always in a formula (x+1 is not x-1); elsewhere a
/// hyphen is as good as a space.
bool has_same_signs(const AnswerWord& answered, const AnswerWord& wanted, const AnswerWord& left) {
  const std::string signs = operators(wanted.before);
  if (is_operand(left) && is_operand(wanted)) return signs == operators(answered.before);
  return signs.find_first_not_of('-') == signs.npos || signs == operators(answered.before);
}

/// Names that are another word in lower case.
bool has_same_case(const AnswerWord& answered, const AnswerWord& wanted) {
  constexpr std::array<std::string_view, 10> kNames{"US", "IT", "WHO", "AIDS", "OR",
                                                    "IN", "ME", "HI",  "OK",   "OH"};
  const bool is_lower =
      std::ranges::any_of(answered.raw, [](char c) { return c >= 'a' && c <= 'z'; });
  return !is_lower || !is_one_of(wanted.raw, kNames);
}

/// Characters that touch each other in the wanted text must do so in the answer; between words any
/// punctuation may stand.
bool is_same(const AnswerWord& answered, const Words& wanted, std::size_t i, std::size_t first) {
  if (answered.text != wanted[i].text || !has_same_case(answered, wanted[i])) return false;
  if (i == first) return true;
  if (!has_same_signs(answered, wanted[i], wanted[i - 1])) return false;
  return wanted[i].kind != Kind::Character || !wanted[i].before.empty() || answered.before.empty();
}

/// Whether "not" or the like before the word at `i` excludes it: "not Paris", "isn't the Seine".
bool is_excluded(const Words& answer, std::size_t i) {
  constexpr std::array<std::string_view, 9> kNegations{
      "not", "isnt", "wasnt", "arent", "never", "werent", "cannot", "nor", "neither"};
  constexpr std::array<std::string_view, 4> kArticles{"a", "an", "the", "be"};
  const auto touches = [&](std::size_t at) {
    return answer[at].before.find_first_not_of(" \t\r\n*_\"'`") == std::string::npos;
  };
  if (i > 1 && touches(i) && is_one_of(answer[i - 1].text, kArticles)) --i;
  if (i == 0 || !touches(i)) return false;
  if (is_one_of(answer[i - 1].text, kNegations)) return true;
  return i > 1 && ((answer[i - 1].text == "of" && answer[i - 2].text == "instead") ||
                   (answer[i - 1].text == "than" && answer[i - 2].text == "rather"));
}

bool contains(const Words& answer, const Words& wanted) {
  const std::size_t skipped = has_leading_article(wanted) ? 1 : 0;
  const std::size_t length = wanted.size() - skipped;
  for (std::size_t begin = 0; begin + length <= answer.size(); ++begin) {
    std::size_t same = 0;
    while (same < length && is_same(answer[begin + same], wanted, skipped + same, skipped)) ++same;
    if (same == length && !is_excluded(answer, begin)) return true;
  }
  return false;
}

/// The words with initials as one: "U.S.A." as "USA", "J. K. Rowling" as "JK Rowling".
Words with_joined_initials(const Words& words) {
  const auto is_initial = [](const AnswerWord& word) {
    return word.kind == Kind::Word && word.raw.size() == 1 && word.raw[0] >= 'A' &&
           word.raw[0] <= 'Z';
  };
  Words joined;
  bool goes_on = false;
  for (const AnswerWord& word : words) {
    goes_on = goes_on && is_initial(word) && (word.before == "." || word.before == ". ");
    if (goes_on) {
      joined.back().text += word.text;
      joined.back().raw += word.raw;
    } else {
      joined.push_back(word);
    }
    goes_on = is_initial(word);
  }
  return joined;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

bool is_accepted(std::string_view text, const AnswerWords& answer, bool is_boxed,
                 std::string_view accepted) {
  const AnswerWords wanted = words_of(accepted);
  if (wanted.words.empty()) {
    const std::string_view symbols = trimmed(accepted);
    return !symbols.empty() && text.find(symbols) != text.npos;
  }
  if (const auto option = as_option(wanted)) return named_option(answer) == option;
  if (const auto verdict = as_verdict(wanted)) return verdict_of(answer) == verdict;
  if (wanted.words.size() == 1 && wanted.words[0].kind == Kind::Number) {
    return is_boxed ? is_number(answer, wanted.words[0].text)
                    : states_number(answer, wanted.words[0].text);
  }
  if (is_boxed && std::ranges::any_of(wanted.words, is_operand)) {
    return bare_formula(text) == bare_formula(accepted);
  }
  return contains(answer.words, wanted.words) ||
         contains(with_joined_initials(answer.words), with_joined_initials(wanted.words));
}

}  // namespace

std::string normalised(std::string_view text) {
  const Words words = words_of(text).words;
  std::string all;
  for (std::size_t i = has_leading_article(words) ? 1 : 0; i < words.size(); ++i) {
    if (!all.empty()) all += ' ';
    all += words[i].text;
  }
  return all;
}

bool is_right(std::string_view answer, const std::vector<std::string>& accepted) {
  std::string text = without_thoughts(answer);
  const auto boxed = last_boxed(text);
  if (boxed) text = *boxed;
  const AnswerWords words = words_of(text);
  return std::ranges::any_of(accepted, [&](const std::string& wanted) {
    return is_accepted(text, words, boxed.has_value(), wanted);
  });
}

}  // namespace llm_benchmark
