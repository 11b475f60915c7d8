// Regular expressions over model names, by std::regex.

#if defined(__GNUC__) && !defined(__clang__)
// Under AddressSanitizer g++ 12 sees an uninitialised std::function in libstdc++'s <regex> (GCC bug
// 105562).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "metrics/name_pattern.hpp"

#include <locale>
#include <regex>
#include <stdexcept>

namespace ltb::metrics {

struct NamePattern::Compiled {
  std::regex expression;
};

NamePattern::NamePattern(const std::string& text) {
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

}  // namespace ltb::metrics
