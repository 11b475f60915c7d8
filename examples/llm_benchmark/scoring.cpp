// Whether an answer is right.

#include "scoring.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "answer_words.hpp"
#include "option_letter.hpp"
#include "stated_numbers.hpp"
#include "thoughts.hpp"

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

/// Characters that touch each other in the wanted text must do so in the answer; between words any
/// punctuation may stand.
bool is_same(const AnswerWord& answered, const AnswerWord& wanted, bool is_first) {
  if (answered.text != wanted.text) return false;
  return is_first || wanted.kind != Kind::Character || !wanted.before.empty() ||
         answered.before.empty();
}

bool contains(const Words& answer, const Words& wanted) {
  const std::size_t skipped = has_leading_article(wanted) ? 1 : 0;
  const std::size_t length = wanted.size() - skipped;
  for (std::size_t begin = 0; begin + length <= answer.size(); ++begin) {
    std::size_t same = 0;
    while (same < length && is_same(answer[begin + same], wanted[skipped + same], same == 0)) {
      ++same;
    }
    if (same == length) return true;
  }
  return false;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

bool is_accepted(std::string_view text, const AnswerWords& answer, std::string_view accepted) {
  const AnswerWords wanted = words_of(accepted);
  if (wanted.words.empty()) {
    const std::string_view symbols = trimmed(accepted);
    return !symbols.empty() && text.find(symbols) != text.npos;
  }
  if (const auto option = as_option(wanted)) {
    return named_option(answer) == option;
  }
  if (wanted.words.size() == 1 && wanted.words[0].kind == Kind::Number) {
    return states_number(answer, wanted.words[0].text);
  }
  return contains(answer.words, wanted.words);
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
  const std::string text = without_thoughts(answer);
  const AnswerWords words = words_of(text);
  return std::ranges::any_of(
      accepted, [&](const std::string& wanted) { return is_accepted(text, words, wanted); });
}

}  // namespace llm_benchmark
