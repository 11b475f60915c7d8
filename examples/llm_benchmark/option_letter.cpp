// Which option of a multiple-choice question an answer names.

#include "option_letter.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <vector>

#include "option_claims.hpp"

namespace llm_benchmark {
namespace {

using Claims = std::vector<OptionClaim>;

std::optional<char> only(const std::set<char>& letters) {
  return letters.size() == 1 ? std::optional(*letters.begin()) : std::nullopt;
}

/// The letters of the claims that `wanted` holds for.
template <class Wanted>
std::set<char> letters_of(const Claims& claims, Wanted wanted) {
  std::set<char> letters;
  for (const OptionClaim& claim : claims) {
    if (wanted(claim)) letters.insert(claim.letters.begin(), claim.letters.end());
  }
  return letters;
}

/// Whether the letter begins a line, set off by punctuation: "B) Paris".
bool heads_line(const AnswerWords& answer, const OptionClaim& claim) {
  const std::string_view before = answer.words[claim.first].before;
  const std::string_view after = gap_after(answer, claim.first);
  const bool is_first = claim.first == 0 || before.find('\n') != before.npos;
  return is_first && after.find_first_not_of(" \t") != after.npos;
}

/// The letter that the answer begins with: alone, or set off by punctuation.
const OptionClaim* leading(const AnswerWords& answer, const Claims& claims) {
  const std::vector<AnswerWord>& words = answer.words;
  const std::size_t begin =
      words.size() > 1 && (words[0].text == "option" || words[0].text == "choice") ? 1 : 0;
  if (claims.empty() || claims.front().first != begin || claims.front().is_rejected) return nullptr;
  const OptionClaim& first = claims.front();
  const std::string_view after = gap_after(answer, begin);
  const bool is_set_off =
      after.find_first_not_of(" \t\r") != after.npos || words.size() == begin + 1;
  if (!first.is_capital && !is_set_off) return nullptr;
  if (after.find_first_of("<>=+*/") == 0 || after.find_first_of("<>=+") == 1)
    return nullptr;  // A > B
  const bool is_list = std::ranges::any_of(claims, [&](const OptionClaim& claim) {
    return !claim.is_rejected && claim.letters != first.letters && heads_line(answer, claim);
  });
  return is_list ? nullptr : &first;
}

}  // namespace

std::optional<char> as_option(const AnswerWords& accepted) {
  if (accepted.words.size() != 1 || !is_lone_letter(accepted, 0)) return std::nullopt;
  return static_cast<char>(accepted.words[0].text[0] - 'a' + 'A');
}

std::optional<char> named_option(const AnswerWords& answer) {
  const Claims claims = option_claims(answer);
  for (auto claim = claims.rbegin(); claim != claims.rend(); ++claim) {
    if (claim->is_announced && !claim->is_rejected) return only(claim->letters);
  }
  const auto affirmed = letters_of(claims, [](const OptionClaim& c) { return c.is_affirmed; });
  if (!affirmed.empty()) return only(affirmed);
  if (const OptionClaim* first = leading(answer, claims)) return only(first->letters);
  const auto rejected = letters_of(claims, [](const OptionClaim& c) { return c.is_rejected; });
  for (const bool is_capital : {true, false}) {
    auto mentioned = letters_of(claims, [is_capital](const OptionClaim& claim) {
      return claim.is_capital == is_capital && !claim.is_rejected;
    });
    for (const char letter : rejected) mentioned.erase(letter);
    if (!mentioned.empty()) return only(mentioned);
  }
  return std::nullopt;
}

}  // namespace llm_benchmark
