// What the scoring reads of LaTeX, in which models write mathematics.

#include "latex.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace llm_benchmark {
namespace {

struct Replacement {
  std::string_view from;
  std::string_view to;
};

constexpr std::array kPlain{
    Replacement{"^\\circ", "\u00B0"}, Replacement{"^{\\circ}", "\u00B0"},
    Replacement{"{,}", ","},          Replacement{"\\!", ""},
    Replacement{"\\,", "\u2009"},     Replacement{"\\;", "\u2009"},
    Replacement{"\\:", "\u2009"},     Replacement{"\\ ", "\u2009"},
    Replacement{"\\$", "$"},          Replacement{"\\%", "%"},
    Replacement{"\\times", "\u00D7"}, Replacement{"\\cdot", "\u00B7"},
    Replacement{"\\dfrac", "\\frac"}, Replacement{"\\tfrac", "\\frac"},
    Replacement{"\\cfrac", "\\frac"},
};

constexpr std::array<std::string_view, 12> kLooks{
    "\\left", "\\right", "\\text", "\\mathrm", "\\!", "\\,", "\\;", "\\:", "$", "{", "}", " "};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether the command begins `text` and is not the beginning of a longer one.
bool begins(std::string_view text, std::string_view command) {
  if (!text.starts_with(command)) return false;
  const bool goes_on = text.size() > command.size() && is_letter(text[command.size()]);
  return !(goes_on && is_letter(command.back()));
}

/// The index after the brace that closes the one before `begin`; npos when none does.
std::size_t end_of_braces(std::string_view text, std::size_t begin) {
  std::size_t depth = 1;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i + 1;
  }
  return text.npos;
}

/// Takes "{12}" or "3" from the beginning; empty when what is there is not a whole number.
std::string take_argument(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const bool has_braces = text.starts_with('{');
  if (has_braces) text.remove_prefix(1);
  std::size_t size = has_braces && text.starts_with('-') ? 1 : 0;
  while (size < text.size() && is_digit(text[size]) && (has_braces || size == 0)) ++size;
  std::string digits(text.substr(0, size));
  text.remove_prefix(size);
  if (has_braces && !text.starts_with('}')) return {};
  if (has_braces) text.remove_prefix(1);
  return digits == "-" ? std::string() : digits;
}

std::string with_plain_signs(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const Replacement* found = nullptr;
    for (const Replacement& one : kPlain) {
      if (found == nullptr && begins(text, one.from)) found = &one;
    }
    all += found != nullptr ? found->to : text.substr(0, 1);
    text.remove_prefix(found != nullptr ? found->from.size() : 1);
  }
  return all;
}

}  // namespace

std::optional<std::string> last_boxed(std::string_view text) {
  for (std::size_t from = text.npos;;) {
    const std::size_t boxed = text.rfind("boxed{", from);
    const std::size_t fbox = text.rfind("fbox{", from);
    if (boxed == text.npos && fbox == text.npos) return std::nullopt;
    const bool is_fbox = boxed == text.npos || (fbox != text.npos && fbox > boxed);
    const std::size_t at = is_fbox ? fbox : boxed;
    const std::size_t begin = text.find('{', at) + 1;
    const std::size_t end = end_of_braces(text, begin);
    const bool is_command = at > 0 && text[at - 1] == '\\';
    if (is_command && end != text.npos) return std::string(text.substr(begin, end - begin - 1));
    if (at == 0) return std::nullopt;
    from = at - 1;
  }
}

std::string with_plain_numbers(std::string_view text) {
  constexpr std::string_view kFraction = "\\frac";
  const std::string plain = with_plain_signs(text);
  std::string all;
  for (std::string_view rest = plain; !rest.empty();) {
    if (rest.starts_with(kFraction)) {
      std::string_view after = rest.substr(kFraction.size());
      const std::string above = take_argument(after);
      const std::string below = above.empty() ? std::string() : take_argument(after);
      if (!below.empty()) {
        if (!all.empty() && is_digit(all.back())) all += ' ';
        all += above + '/' + below;
        rest = after;
        continue;
      }
    }
    all += rest.front();
    rest.remove_prefix(1);
  }
  return all;
}

std::string bare_formula(std::string_view text) {
  const std::string plain = with_plain_signs(text);
  std::string all;
  for (std::string_view rest = plain; !rest.empty();) {
    std::size_t skipped = 0;
    for (const std::string_view look : kLooks) {
      if (begins(rest, look)) skipped = look.size();
    }
    if (skipped == 0) all += rest.front();
    rest.remove_prefix(skipped == 0 ? 1 : skipped);
  }
  return all;
}

}  // namespace llm_benchmark
