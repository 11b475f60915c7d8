// Decimal numbers as people and models write them.

#include "number_reader.hpp"

#include <algorithm>

namespace llm_benchmark {
namespace {

/// An exponent beyond it is not a number that anybody compares.
constexpr int kMostExponent = 400;

bool is_point(char32_t c) {
  return c == U'.' || c == 0x066B;  // The second is Arabic.
}

bool is_slash(char32_t c) {
  return c == U'/' || c == 0x2044 || c == 0x2215;
}

/// One form for all marks that separate thousands; 0 for another character.
char group_mark(char32_t c) {
  if (c == U',' || c == 0x066C) return ',';
  if (c == U'_') return '_';
  return is_apostrophe(c) ? '\'' : '\0';
}

/// Reads one number, part by part.
class NumberReader {
 public:
  NumberReader(const CodePoints& text, std::size_t begin) : text_(text), at_(begin) {}

  ReadNumber read() {
    const std::size_t begin = at_;
    read_sign();
    const std::size_t first_digit = at_;
    whole_ = digits();
    const bool has_groups = read_groups();
    if (is_point(peek()) && is_digit(1)) {
      ++at_;
      fraction_ = digits();
      if (is_point(peek()) && is_digit(1)) return as_written(begin);  // 1.2.3, 01.05.2024
    } else if (!has_groups && at_ > first_digit && is_slash(peek()) && is_digit(1)) {
      return as_written(begin);  // 1/2, 05/01/2024
    }
    read_exponent();
    return {true, canonical(), at_};
  }

 private:
  [[nodiscard]] char32_t peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : U'\0';
  }
  [[nodiscard]] bool is_digit(std::size_t ahead) const { return digit_value(peek(ahead)) >= 0; }

  std::string digits() {
    std::string all;
    for (; is_digit(0); ++at_) all += static_cast<char>('0' + digit_value(peek()));
    return all;
  }

  void read_sign() {
    is_negative_ = is_minus(peek());
    if (is_negative_) ++at_;
    if (is_currency(peek())) ++at_;  // -$5
  }

  /// Whether exactly `count` digits follow a mark `ahead` of here.
  [[nodiscard]] bool is_group(char mark, std::size_t ahead, std::size_t count) const {
    if (mark == '\0' || group_mark(peek(ahead)) != mark) return false;
    for (std::size_t i = 1; i <= count; ++i) {
      if (!is_digit(ahead + i)) return false;
    }
    return !is_digit(ahead + count + 1);
  }

  /// "200" and "345" of "1,200,345"; "50" and "000" of "1,50,000".
  bool read_groups() {
    const char mark = group_mark(peek());
    if (whole_.empty() || whole_.size() > 3 || mark == '\0') return false;
    std::size_t ahead = 0;
    if (whole_.size() <= 2) {
      while (is_group(mark, ahead, 2)) ahead += 3;
    }
    if (!is_group(mark, ahead, 3)) {
      return false;
    }
    while (is_group(mark, ahead, 3)) ahead += 4;
    for (const std::size_t end = at_ + ahead; at_ < end;) {
      ++at_;
      whole_ += digits();
    }
    return true;
  }

  ReadNumber as_written(std::size_t begin) {
    at_ = begin;
    std::string all;
    if (is_minus(peek())) {
      all += '-';
      ++at_;
    }
    if (is_currency(peek())) ++at_;
    while (is_digit(0) || ((is_point(peek()) || is_slash(peek())) && is_digit(1))) {
      if (is_digit(0)) {
        all += static_cast<char>('0' + digit_value(peek()));
      } else {
        all += is_slash(peek()) ? '/' : '.';
      }
      ++at_;
    }
    return {false, std::move(all), at_};
  }

  void read_exponent() {
    const std::size_t here = at_;
    if (peek() == U'e' || peek() == U'E') {
      ++at_;
    } else if (!skip_times_ten()) {
      at_ = here;
      return;
    }
    const bool is_small = is_minus(peek());
    if (is_small || peek() == U'+') ++at_;
    const std::string power = digits();
    const bool has_end = !is_word_character(peek()) || is_unspaced_letter(peek());
    if (power.empty() || power.size() > 3 || !has_end || std::stoi(power) > kMostExponent) {
      at_ = here;
      return;
    }
    if (peek() == U'}' || peek() == U')') ++at_;
    exponent_ = is_small ? -std::stoi(power) : std::stoi(power);
  }

  /// Passes over "x10^", with spaces around the sign or without, and "{" of LaTeX.
  bool skip_times_ten() {
    while (peek() == U' ') ++at_;
    constexpr std::u32string_view kSigns = U"\u00D7*xX\u00B7\u22C5";
    if (kSigns.find(peek()) == std::u32string_view::npos || peek() == U'\0') return false;
    ++at_;
    while (peek() == U' ') ++at_;
    if (digits() != "10" || peek() != U'^') return false;
    ++at_;
    if (peek() == U'{' || peek() == U'(') ++at_;
    return true;
  }

  [[nodiscard]] std::string canonical() const {
    std::string whole = whole_;
    std::string fraction = fraction_;
    for (int i = 0; i < exponent_; ++i) {
      whole += fraction.empty() ? '0' : fraction.front();
      if (!fraction.empty()) fraction.erase(0, 1);
    }
    for (int i = 0; i > exponent_; --i) {
      fraction.insert(fraction.begin(), whole.empty() ? '0' : whole.back());
      if (!whole.empty()) whole.pop_back();
    }
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    fraction.erase(fraction.find_last_not_of('0') + 1);
    if (whole.empty()) whole = "0";
    const std::string magnitude = fraction.empty() ? whole : whole + '.' + fraction;
    return is_negative_ && magnitude != "0" ? '-' + magnitude : magnitude;
  }

  const CodePoints& text_;
  std::size_t at_;
  bool is_negative_ = false;
  std::string whole_{};
  std::string fraction_{};
  int exponent_ = 0;
};

}  // namespace

bool is_number_start(const CodePoints& text, std::size_t begin) {
  const auto at = [&](std::size_t i) { return i < text.size() ? text[i] : U'\0'; };
  const auto is_digit = [&](std::size_t i) { return digit_value(at(i)) >= 0; };
  const char32_t before = begin == 0 ? U' ' : text[begin - 1];
  const bool follows_word = is_word_character(before) && !is_unspaced_letter(before);
  if (is_digit(begin)) return true;
  if (is_point(at(begin))) return is_digit(begin + 1) && !follows_word && !is_point(before);
  if (!is_minus(at(begin)) || follows_word || is_minus(before) || before == U')' ||
      before == U']') {
    return false;
  }
  const std::size_t next = begin + (is_currency(at(begin + 1)) ? 2 : 1);
  return is_digit(next) || (is_point(at(next)) && is_digit(next + 1));
}

ReadNumber read_number(const CodePoints& text, std::size_t begin) {
  return NumberReader(text, begin).read();
}

}  // namespace llm_benchmark
