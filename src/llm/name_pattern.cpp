// Regular expressions over model names, by std::regex.

#if defined(__GNUC__) && !defined(__clang__)
// Under AddressSanitizer g++ 12 sees an uninitialised std::function in libstdc++'s <regex> (GCC bug
// 105562).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "llm/name_pattern.hpp"

#include <locale>
#include <regex>
#include <stdexcept>

namespace ltb::llm {

struct NamePattern::Compiled {
  std::regex expression;
};

namespace {

/// Whether a repetition count ("{1,12345}") or a back-reference has more digits than a name could
/// use: libstdc++ reads them into an int without a look at its range.
bool has_huge_number(const std::string& text) noexcept {
  constexpr std::size_t kMostDigits = 4;
  std::size_t digits = 0;
  bool counts = false;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (is_digit && counts && ++digits > kMostDigits) return true;
    if (is_digit) continue;
    counts = c == '{' || c == '\\' || (counts && c == ',');
    digits = 0;
  }
  return false;
}

}  // namespace

NamePattern::NamePattern(const std::string& text) {
  if (has_huge_number(text)) {
    throw std::invalid_argument(
        "not a regular expression for names: a repetition of more than 4 digits");
  }
  auto flags = std::regex::ECMAScript | std::regex::optimize;
#ifdef __GLIBCXX__
  // libstdc++'s other matcher: no back-references, but neither exponential time nor a stack frame
  // per character, whatever name it is given.
  flags |= std::regex_constants::__polynomial;
#endif
  try {
    auto compiled = std::make_shared<Compiled>();
    compiled->expression.imbue(
        std::locale::classic());  // the host's global locale changes no price
    compiled->expression.assign(text, flags);
    compiled_ = std::move(compiled);
  } catch (const std::regex_error& error) {
    throw std::invalid_argument(
        std::string("not a regular expression (ECMAScript, without back-references): ") +
        error.what());
  }
}

bool NamePattern::matches(std::string_view name) const {
  try {
    return std::regex_match(name.begin(), name.end(), compiled_->expression);
  } catch (const std::regex_error&) {  // too complex: no price is better than a wrong one
    return false;
  }
}

}  // namespace ltb::llm
