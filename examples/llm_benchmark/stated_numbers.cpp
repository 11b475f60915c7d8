// Whether an answer states a number.

#include "stated_numbers.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

namespace llm_benchmark {
namespace {

using Words = std::vector<AnswerWord>;

bool is_number(const AnswerWord& word) {
  return word.kind == AnswerWord::Kind::Number;
}

/// Whether the number at `i` is `number`, alone or with the groups of three digits that follow it
/// after one space each.
bool is_here(const Words& words, std::size_t i, std::string_view number) {
  if (!is_number(words[i])) return false;
  if (words[i].text == number) return true;
  std::string grouped = words[i].text;
  if (grouped.size() > 4 || grouped.find_first_of("./") != std::string::npos) return false;
  for (++i; i < words.size() && is_number(words[i]) && words[i].before == " "; ++i) {
    const std::string& group = words[i].raw;
    if (group.size() != 3 || group.find_first_not_of("0123456789") != std::string::npos) break;
    grouped += group;
    if (grouped == number) return true;
  }
  return false;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

bool ends_sentence(std::string_view gap) {
  return gap.find_first_of(".!?;") != gap.npos;
}

/// Whether the number at `i` is called wrong: "not 20 but 18", "18 instead of 20".
bool is_rejected(const Words& words, std::size_t i) {
  constexpr std::array<std::string_view, 7> kNegations{"not",   "isnt",   "wasnt", "arent",
                                                       "never", "werent", "nor"};
  if (i == 0 || ends_sentence(words[i].before)) return false;
  const std::string& before = words[i - 1].text;
  if (is_one_of(before, kNegations)) return true;
  return i > 1 && ((before == "of" && words[i - 2].text == "instead") ||
                   (before == "than" && words[i - 2].text == "rather"));
}

/// Where the numbers begin of which any may be the answer when it names no result: at the
/// beginning; in a derivation of three sentences with numbers or more, at the last of them.
std::size_t begin_of_candidates(const Words& words) {
  std::size_t begin = 0;
  std::size_t sentences = 0;
  bool is_counted = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& gap = words[i].before;
    if (ends_sentence(gap) || gap.find('\n') != std::string::npos) is_counted = false;
    if (is_counted || !is_number(words[i])) continue;
    is_counted = true;
    ++sentences;
    begin = i;
  }
  return sentences < 3 ? 0 : begin;
}

/// Whether "=" before the number at `i` follows a calculation: "2 + 5 = 7", but not "100 C = 212
/// F".
bool ends_calculation(const Words& words, std::size_t i) {
  if (i < 2 || words[i].before.find('=') == std::string::npos) return false;
  if (!is_number(words[i - 1]) || !is_number(words[i - 2])) return false;
  const std::string& sign = words[i - 1].before;
  return sign.find_first_of("+*/-") != std::string::npos ||
         sign.find("\u00D7") != std::string::npos || sign.find("\u00F7") != std::string::npos ||
         sign.find("\u2212") != std::string::npos;
}

/// The results an answer names. `conclusion` counts only as its last number.
struct Results {
  std::optional<std::size_t> statement{};
  std::optional<std::size_t> calculation{};
  std::optional<std::size_t> conclusion{};
};

Results results_of(const Words& words) {
  constexpr std::array<std::string_view, 5> kVerbs{"is", "are", "be", "equals", "was"};
  constexpr std::array<std::string_view, 11> kConclusions{"gives",     "give",   "makes", "make",
                                                          "yields",    "leaves", "leave", "totals",
                                                          "therefore", "thus",   "hence"};
  Results results;
  bool has_answer = false;  // "answer" came, but not yet its verb.
  bool is_stated = false;
  bool is_concluded = false;
  bool is_in_statement = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& gap = words[i].before;
    if (ends_sentence(gap)) has_answer = is_stated = is_concluded = is_in_statement = false;
    const bool has_colon = gap.find_first_of(":=") != std::string::npos;
    is_stated = is_stated || gap.find("####") != std::string::npos || (has_answer && has_colon);
    if (!is_number(words[i])) {
      const std::string& word = words[i].text;
      is_stated = is_stated || word == "boxed" || (has_answer && is_one_of(word, kVerbs));
      has_answer = has_answer || word == "answer";
      is_concluded = is_concluded || is_one_of(word, kConclusions);
      continue;
    }
    if (is_rejected(words, i)) continue;
    results.conclusion.reset();
    if (is_stated || (has_answer && i > 0 && words[i - 1].text == "answer")) {
      results.statement = i;
      has_answer = false;
      is_in_statement = true;
    } else if (ends_calculation(words, i)) {  // "the answer is 9 * 2 = 18" states 18
      (is_in_statement ? results.statement : results.calculation) = i;
    } else if (is_concluded) {
      results.conclusion = i;
    }
    is_stated = is_concluded = false;
  }
  return results;
}

}  // namespace

bool states_number(const AnswerWords& answer, std::string_view number) {
  const Words& words = answer.words;
  const Results results = results_of(words);
  for (const auto& decisive : {results.statement, results.conclusion, results.calculation}) {
    if (decisive) return is_here(words, *decisive, number);
  }
  for (std::size_t i = begin_of_candidates(words); i < words.size(); ++i) {
    if (!is_rejected(words, i) && is_here(words, i, number)) return true;
  }
  return false;
}

bool is_number(const AnswerWords& answer, std::string_view number) {
  constexpr std::array<std::string_view, 16> kFormula{"sqrt", "frac", "pi",  "\u03C0", "log", "ln",
                                                      "sin",  "cos",  "tan", "i",      "x",   "y",
                                                      "z",    "n",    "e",   "infty"};
  const Words& words = answer.words;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].before.find('=') != std::string::npos) begin = i;
  }
  std::size_t numbers = 0;
  std::size_t first = words.size();
  for (std::size_t i = begin; i < words.size(); ++i) {
    if (is_one_of(words[i].text, kFormula)) return false;
    if (is_number(words[i]) && numbers++ == 0) first = i;
  }
  if (numbers == 0 || !is_here(words, first, number)) return false;
  return numbers == 1 || words[first].text != number;  // Otherwise a group of digits follows.
}

}  // namespace llm_benchmark
