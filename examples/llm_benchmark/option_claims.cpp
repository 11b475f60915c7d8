// What an answer claims about the option letters in it.

#include "option_claims.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace llm_benchmark {
namespace {

// The words that decide, in folded case and without apostrophes.
constexpr std::array<std::string_view, 8> kJoints{"", "-", "/", "&", "\u2010", "\u2011", "_", "'"};
constexpr std::array<std::string_view, 17> kAfterOption{
    "is",  "isnt",  "because", "since", "as",     "and",  "or",   "but",  "not",
    "nor", "seems", "must",    "can",   "cannot", "cant", "does", "would"};
constexpr std::array<std::string_view, 4> kJoinWords{"and", "or", "nor", "\u548C"};
constexpr std::array<std::string_view, 12> kClauseWords{
    "but",   "because", "since",  "so",       "thus",      "hence",
    "while", "whereas", "though", "although", "therefore", "as"};
constexpr std::array<std::string_view, 15> kVerbs{"is",    "isnt",   "are",  "arent",  "was",
                                                  "seems", "looks",  "must", "cannot", "cant",
                                                  "does",  "doesnt", "can",  "would",  "should"};
constexpr std::array<std::string_view, 12> kRight{"right",     "correct", "true",  "yes",
                                                  "answer",    "best",    "valid", "\u5BF9",
                                                  "correctly", "fits",    "works", "\u2713"};
constexpr std::array<std::string_view, 16> kWrong{
    "wrong",      "incorrect", "false",       "no",          "invalid",  "impossible",
    "eliminated", "excluded",  "out",         "implausible", "rejected", "ruled",
    "unlikely",   "untrue",    "incorrectly", "inaccurate"};
constexpr std::array<std::string_view, 18> kNegations{
    "none",    "not",  "isnt",  "arent",   "cannot", "cant",   "doesnt",  "dont",     "wasnt",
    "wouldnt", "wont", "never", "neither", "nor",    "\u4E0D", "couldnt", "shouldnt", "no"};
constexpr std::array<std::string_view, 21> kExclusions{
    "rule",     "ruled",     "ruling", "eliminate", "eliminated", "eliminating", "exclude",
    "excluded", "excluding", "reject", "rejected",  "discard",    "discarded",   "except",
    "without",  "instead",   "than",   "unlike",    "dismiss",    "dismissed",   "ignore"};
constexpr std::array<std::string_view, 5> kAnnouncingVerbs{"is", "are", "be", "would", "should"};
constexpr std::array<std::string_view, 10> kFillers{"the",       "option", "choice", "letter",
                                                    "text",      "mathrm", "textbf", "mathbf",
                                                    "therefore", "\u662F"};
constexpr std::array<std::string_view, 10> kAnnouncements{
    "answer", "boxed", "choose", "select", "pick", "prefer", "chose", "\u6848", "\u9009", "\u9078"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_space(std::string_view gap) {
  return !gap.empty() && gap.find_first_not_of(" \t\r\n") == gap.npos;
}

bool is_letter(const AnswerWord& word) {
  return word.kind == AnswerWord::Kind::Word && word.raw.size() == 1 && word.text.size() == 1 &&
         word.text[0] >= 'a' && word.text[0] <= 'z';
}

bool is_capital(const AnswerWord& word) {
  return word.raw[0] >= 'A' && word.raw[0] <= 'Z';
}

/// Whether `gap` ties a letter to the neighbour beyond it: T-shirt, A/B, U.S., but not "B.Paris".
bool is_joint(std::string_view gap, const AnswerWord& neighbour) {
  if (neighbour.kind != AnswerWord::Kind::Word) return false;
  return is_one_of(gap, kJoints) || (gap == "." && is_letter(neighbour));
}

/// Whether a sentence, a line or a part of one ends in the gap.
bool ends_clause(std::string_view gap) {
  return gap.find_first_of(".!?;\n") != gap.npos || gap.find(" / ") != gap.npos ||
         gap.find("\u3002") != gap.npos || gap.find("\uFF0C") != gap.npos;
}

/// Whether the gap sets a verdict off from its option: "A - no", "B: yes".
bool introduces(std::string_view gap) {
  for (const std::string_view mark : {":", "-", "\u2013", "\u2014", "=", "\u2192", "("}) {
    if (gap.find(mark) != gap.npos) return true;
  }
  return false;
}

/// The word after the clause that the words from `i` on belong to.
std::size_t end_of_clause(const AnswerWords& answer, std::size_t i) {
  while (i < answer.words.size() && !ends_clause(answer.words[i].before) &&
         answer.words[i].before.find(',') == std::string::npos &&
         !is_one_of(answer.words[i].text, kClauseWords) && answer.words[i].text != "and") {
    ++i;
  }
  return i;
}

/// Reads what the clause says behind the letters: "is wrong", "cannot be right", "- no".
void read_verdict(const AnswerWords& answer, OptionClaim& claim) {
  constexpr std::size_t kReach = 5;  // Words; what comes later is about something else.
  const std::vector<AnswerWord>& words = answer.words;
  const std::size_t begin = claim.last + 1;
  const std::size_t end = end_of_clause(answer, begin);
  if (begin >= end) return;
  const bool has_verb = is_one_of(words[begin].text, kVerbs);
  const bool is_one_word = introduces(words[begin].before) && end - begin <= 2;
  if (!has_verb && !is_one_word) return;
  bool is_negated = false;
  for (std::size_t i = begin; i < std::min(end, begin + kReach); ++i) {
    const std::string& word = words[i].text;
    const bool is_wrong = is_one_of(word, kWrong);
    const bool is_right = is_one_of(word, kRight);
    if (is_wrong || is_right) {
      if (is_wrong && is_negated && has_verb) return;  // "A is not wrong" claims nothing.
      (is_wrong || is_negated ? claim.is_rejected : claim.is_affirmed) = true;
      return;
    }
    if (i < begin + 2 && is_one_of(word, kNegations)) is_negated = true;
  }
  claim.is_rejected = is_negated && (has_verb || end - begin == 1);  // Not "B (not C)".
}

/// Whether the words of the clause before the letters exclude them: "not A", "rule out A".
bool is_excluded_before(const AnswerWords& answer, std::size_t i) {
  constexpr std::size_t kReach = 6;
  for (std::size_t steps = 0; i > 0 && steps < kReach; ++steps, --i) {
    const AnswerWord& word = answer.words[i];
    if (ends_clause(word.before) || word.before.find(',') != std::string::npos) return false;
    const std::string& before = answer.words[i - 1].text;
    if (is_one_of(before, kClauseWords)) return false;
    if (is_one_of(before, kNegations) || is_one_of(before, kExclusions)) return true;
    if (is_lone_letter(answer, i - 1) && !is_english_word(answer, i - 1)) return false;
  }
  return false;
}

/// Whether the words before the letter at `i` call it the answer: "the answer is", "the correct
/// option is", "choose". "Option A" alone only mentions it.
bool is_announced_before(const AnswerWords& answer, std::size_t i) {
  const std::vector<AnswerWord>& words = answer.words;
  if (words[i].before.find("####") != std::string::npos) return true;
  bool has_verb = false;
  bool has_noun = false;
  for (; i > 0; --i) {
    const std::string_view word = words[i - 1].text;
    if (is_one_of(word, kAnnouncements) ||
        (word == "with" && i > 1 && words[i - 2].text.starts_with("go"))) {
      return true;
    }
    if (is_one_of(word, kAnnouncingVerbs)) {
      has_verb = true;
    } else if (is_one_of(word, kFillers)) {
      has_noun = has_noun || (has_verb && (word == "option" || word == "choice"));
    } else {
      break;
    }
  }
  return has_noun;
}

/// Whether the letter at `next` is spoken of together with the one before it.
bool is_joined(const AnswerWords& answer, std::size_t last, std::size_t next) {
  const std::vector<AnswerWord>& words = answer.words;
  const auto is_loose = [](std::string_view gap) {
    return is_space(gap) ? gap.find('\n') == gap.npos
                         : gap.find_first_of(",/&") != gap.npos && !ends_clause(gap);
  };
  if (next == last + 1) {
    return words[next].before.find_first_of(",/&") != std::string::npos &&
           !ends_clause(words[next].before);
  }
  if (next == last + 3 && (words[last + 2].text == "option" || words[last + 2].text == "both")) {
    --next;
  }
  return next == last + 2 && is_one_of(words[last + 1].text, kJoinWords) &&
         is_loose(words[last + 1].before) && is_space(words[next].before);
}

}  // namespace

std::string_view gap_after(const AnswerWords& answer, std::size_t i) {
  return i + 1 < answer.words.size() ? std::string_view(answer.words[i + 1].before)
                                     : std::string_view(answer.after);
}

bool is_lone_letter(const AnswerWords& answer, std::size_t i) {
  const std::vector<AnswerWord>& words = answer.words;
  if (!is_letter(words[i])) return false;
  const std::string_view after = gap_after(answer, i);
  if (after.starts_with('+') || after.starts_with('#')) return false;
  if (i + 1 < words.size() && is_joint(after, words[i + 1])) return false;
  return i == 0 || !is_joint(words[i].before, words[i - 1]);
}

bool is_english_word(const AnswerWords& answer, std::size_t i) {
  const AnswerWord& word = answer.words[i];
  if (word.text != "a" && word.text != "i") return false;
  if (i + 1 == answer.words.size()) return false;
  const AnswerWord& next = answer.words[i + 1];
  if (!is_space(next.before) || next.before.find('\n') != std::string::npos) return false;
  if (next.kind != AnswerWord::Kind::Word || is_capital(next)) return false;
  if (word.text == "i" && next.text != "is" && next.text != "and" && next.text != "or") {
    return next.text != "because" && next.text != "since" && next.text != "as" &&
           next.text != "but" && next.text != "not";
  }
  return !is_one_of(next.text, kAfterOption);
}

std::vector<OptionClaim> option_claims(const AnswerWords& answer) {
  std::vector<OptionClaim> claims;
  for (std::size_t i = 0; i < answer.words.size(); ++i) {
    if (!is_lone_letter(answer, i) || is_english_word(answer, i)) continue;
    const char letter = static_cast<char>(answer.words[i].text[0] - 'a' + 'A');
    const bool is_large = is_capital(answer.words[i]);
    if (!claims.empty() && claims.back().is_capital == is_large &&
        is_joined(answer, claims.back().last, i)) {
      claims.back().letters.insert(letter);
      claims.back().last = i;
    } else {
      claims.push_back({.first = i, .last = i, .letters = {letter}, .is_capital = is_large});
    }
  }
  for (OptionClaim& claim : claims) {
    claim.is_announced = is_announced_before(answer, claim.first);
    claim.is_rejected = is_excluded_before(answer, claim.first);
    if (!claim.is_rejected) read_verdict(answer, claim);
  }
  return claims;
}

}  // namespace llm_benchmark
