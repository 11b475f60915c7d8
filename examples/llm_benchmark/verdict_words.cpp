// Yes or no, as an answer says it.

#include "verdict_words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace llm_benchmark {
namespace {

std::optional<bool> meaning_of(std::string_view word) {
  constexpr std::array<std::string_view, 4> kYes{"yes", "true", "yeah", "yep"};
  constexpr std::array<std::string_view, 4> kNo{"no", "false", "untrue", "nope"};
  if (std::ranges::find(kYes, word) != kYes.end()) return true;
  if (std::ranges::find(kNo, word) != kNo.end()) return false;
  return std::nullopt;
}

/// Whether "not" or the like turns the word at `i`; "no" as an article does not count either.
bool is_negated(const AnswerWords& answer, std::size_t i) {
  if (i == 0) return false;
  const std::string& before = answer.words[i - 1].text;
  return before == "not" || before == "isnt" || before == "never" || before == "cannot" ||
         before == "wasnt" || before == "arent";
}

/// Whether the word at `i` ends a statement of the answer: "the answer is no", "answer: yes".
bool is_stated(const AnswerWords& answer, std::size_t i) {
  for (std::size_t reach = 0; i > 0 && reach < 3; ++reach, --i) {
    const std::string& before = answer.words[i - 1].text;
    if (before == "answer" || before == "boxed") return true;
    if (before != "is" && before != "not" && before != "therefore" && before != "text")
      return false;
  }
  return false;
}

}  // namespace

std::optional<bool> as_verdict(const AnswerWords& accepted) {
  if (accepted.words.size() != 1) return std::nullopt;
  return meaning_of(accepted.words[0].text);
}

std::optional<bool> verdict_of(const AnswerWords& answer) {
  std::optional<bool> stated;
  std::optional<bool> found;
  bool is_mixed = false;
  for (std::size_t i = 0; i < answer.words.size(); ++i) {
    const auto meaning = meaning_of(answer.words[i].text);
    if (!meaning) continue;
    const bool verdict = *meaning != is_negated(answer, i);
    if (is_stated(answer, i)) stated = verdict;
    is_mixed = is_mixed || (found && *found != verdict);
    if (i == 0 || !found) found = verdict;
  }
  if (stated) return stated;
  if (!answer.words.empty()) {
    if (const auto first = meaning_of(answer.words[0].text)) return first;
  }
  return is_mixed ? std::nullopt : found;
}

}  // namespace llm_benchmark
