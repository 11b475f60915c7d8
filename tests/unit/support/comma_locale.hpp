// A host whose locale writes 1.234,5 for 1234.5.
#pragma once

#include <clocale>
#include <cstdlib>
#include <locale>
#include <string>

namespace ltb::tests {

/// While it lives, the locale of C and of C++ streams has a decimal comma and groups of digits.
/// Both are of the whole process: for programs that run one test at a time.
class CommaLocale {
 public:
  CommaLocale() {
    setenv("LOCPATH", LTB_TEST_LOCALES, 1);
    has_c_ = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr &&
             std::string(std::localeconv()->decimal_point) == ",";
  }
  ~CommaLocale() {
    std::locale::global(before_);
    std::setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
  }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;

  /// Whether this machine could make a C locale with a comma; that of C++ is there always.
  [[nodiscard]] bool has_c() const noexcept { return has_c_; }

 private:
  struct Commas : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };

  std::locale before_ = std::locale::global(std::locale(std::locale::classic(), new Commas));
  bool has_c_ = false;
};

}  // namespace ltb::tests
