// Decimal numbers as people and models write them.

#include "number_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

namespace llm_benchmark {
namespace {

/// An exponent beyond it is not a number that anybody compares.
constexpr int kMostExponent = 400;
constexpr std::size_t kMostFractionDigits = 6;

bool is_point(char32_t c) {
  return c == U'.' || c == 0x066B;  // The second is Arabic.
}

bool is_slash(char32_t c) {
  return c == U'/' || c == 0x2044 || c == 0x2215;
}

/// What digits that are not one number are written with: 1.2.3, 1/2/3, 12:30.
bool is_written_joint(char32_t c) {
  return is_point(c) || is_slash(c) || c == U':';
}

/// What a list or a pair begins or continues with.
bool is_list_start(char32_t c) {
  return c == U'(' || c == U'[' || c == U'{' || c == U',';
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
    const bool is_in_list = begin > 0 && is_list_start(text_[begin - 1]);
    if (begin > 0 && is_raised(begin)) return as_written(begin);  // x^2
    read_sign();
    const std::size_t first_digit = at_;
    whole_ = digits();
    const char mark = group_mark(peek());
    const bool has_groups = read_groups(mark) || read_groups('.');
    if (is_point(peek()) && is_digit(1)) {
      ++at_;
      fraction_ = digits();
      if (is_point(peek()) && is_digit(1)) return as_written(begin);  // 1.2.3, 01.05.2024
    } else if (is_decimal_comma(has_groups, mark, is_in_list)) {
      ++at_;
      fraction_ = digits();
    } else if (!has_groups && at_ > first_digit && (is_slash(peek()) || peek() == U':') &&
               is_digit(1)) {
      return read_fraction() ? fraction() : as_written(begin);  // 1/2, 05/01/2024, 12:30
    } else if (!has_groups && at_ > first_digit && peek() == U' ' && read_mixed()) {
      return fraction();  // 2 1/2
    }
    if (peek() == U'^' && !(whole_ == "10" && fraction_.empty() && read_power_of_ten())) {
      return as_written(begin);  // 2^10
    }
    read_exponent();
    read_scale_word();
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
    if (mark == '\0') return false;
    if (mark == '.' ? peek(ahead) != U'.' : group_mark(peek(ahead)) != mark) return false;
    for (std::size_t i = 1; i <= count; ++i) {
      if (!is_digit(ahead + i)) return false;
    }
    return !is_digit(ahead + count + 1);
  }

  /// "200" and "345" of "1,200,345"; "50" and "000" of "1,50,000".
  bool read_groups(char mark) {
    if (whole_.empty() || whole_ == "0" || whole_.size() > 3 || mark == '\0') return false;
    std::size_t ahead = 0;
    if (whole_.size() <= 2) {
      while (is_group(mark, ahead, 2)) ahead += 3;
    }
    if (!is_group(mark, ahead, 3)) return false;
    std::size_t groups = 0;
    for (; is_group(mark, ahead, 3); ahead += 4) ++groups;
    if (mark == '.') {  // 1.234.567 and 1.234,56, but 1.234 and 10.000.1 are not groups
      const bool has_comma = peek(ahead) == U',' && is_digit(ahead + 1);
      if ((groups < 2 && !has_comma) || (is_point(peek(ahead)) && is_digit(ahead + 1)))
        return false;
    }
    for (const std::size_t end = at_ + ahead; at_ < end;) {
      ++at_;
      whole_ += digits();
    }
    return true;
  }

  /// "3,5" and "0,125"; not "1,234", the list "1,2,3" or the pair "(1,2)".
  [[nodiscard]] bool is_decimal_comma(bool has_groups, char mark, bool is_in_list) const {
    if (peek() != U',' || !is_digit(1) || is_in_list || whole_.empty()) return false;
    std::size_t end = 1;
    while (is_digit(end)) ++end;
    const bool goes_on = (peek(end) == U',' || is_point(peek(end))) && is_digit(end + 1);
    if (goes_on) return false;
    if (has_groups) return mark != ',';
    return end - 1 != 3 || whole_ == "0";
  }

  /// Whether the digits at `begin` are an exponent: x^2, x^{2}.
  [[nodiscard]] bool is_raised(std::size_t begin) const {
    const char32_t before = text_[begin - 1];
    if (before == U'^') return true;
    return (before == U'{' || before == U'(') && begin > 1 && text_[begin - 2] == U'^';
  }

  /// Reads "/2" of "1/2".
  bool read_fraction() {
    if (!is_slash(peek()) || whole_.size() > kMostFractionDigits) return false;
    ++at_;
    const std::string below = digits();
    const bool goes_on = (is_written_joint(peek()) && is_digit(1)) || peek() == U'^';
    if (goes_on || below.size() > kMostFractionDigits) return false;
    above_ = std::stoull(whole_);
    below_ = std::stoull(below);
    return below_ != 0;
  }

  /// Reads " 1/2" of "2 1/2".
  bool read_mixed() {
    const std::size_t here = at_;
    const std::string whole = whole_;
    while (peek() == U' ') ++at_;
    whole_ = digits();
    if (!whole_.empty() && whole.size() <= kMostFractionDigits && read_fraction() &&
        above_ < below_) {
      above_ += std::stoull(whole) * below_;
      return true;
    }
    whole_ = whole;
    at_ = here;
    return false;
  }

  /// As a decimal number where it has an end, otherwise in lowest terms.
  ReadNumber fraction() {
    const std::uint64_t divisor = std::gcd(above_, below_);
    above_ /= divisor;
    below_ /= divisor;
    whole_ = std::to_string(above_ / below_);
    std::uint64_t rest = above_ % below_;
    for (; rest != 0 && fraction_.size() < kMostFractionDigits * 4; rest = rest * 10 % below_) {
      fraction_ += static_cast<char>('0' + rest * 10 / below_);
    }
    if (rest == 0) {
      read_scale_word();
      return {true, canonical(), at_};
    }
    const std::string text = std::to_string(above_) + '/' + std::to_string(below_);
    return {true, is_negative_ ? '-' + text : text, at_};
  }

  bool read_power_of_ten() {
    const std::size_t here = at_++;
    if (peek() == U'{' || peek() == U'(') ++at_;
    whole_ = "1";
    if (read_power()) return true;
    whole_ = "10";
    at_ = here;
    return false;
  }

  /// " million" and the like.
  void read_scale_word() {
    struct Scale {
      std::u32string_view word;
      int power;
    };
    constexpr std::array kScales{Scale{U"hundred", 2}, Scale{U"thousand", 3}, Scale{U"lakh", 5},
                                 Scale{U"million", 6}, Scale{U"crore", 7},    Scale{U"billion", 9},
                                 Scale{U"bn", 9},      Scale{U"trillion", 12}};
    std::size_t begin = 0;
    while (peek(begin) == U' ' || (begin == 0 && is_minus(peek()))) ++begin;
    std::u32string word;
    for (char32_t c = peek(begin); is_word_character(c); c = peek(begin + word.size())) {
      word += c >= U'A' && c <= U'Z' ? c - U'A' + U'a' : c;
    }
    const auto* const scale = std::ranges::find(kScales, word, &Scale::word);
    if (begin == 0 || scale == kScales.end()) return;
    exponent_ += scale->power;
    at_ += begin + word.size();
  }

  ReadNumber as_written(std::size_t begin) {
    at_ = begin;
    std::string all;
    if (is_minus(peek())) {
      all += '-';
      ++at_;
    }
    if (is_currency(peek())) ++at_;
    for (; is_digit(0) || (is_written_joint(peek()) && is_digit(1)); ++at_) {
      all += is_digit(0)        ? static_cast<char>('0' + digit_value(peek()))
             : is_slash(peek()) ? '/'
             : is_point(peek()) ? '.'
                                : static_cast<char>(peek());
    }
    if (peek() != U'^') return {false, std::move(all), at_};
    const auto is_power = [this] {
      return is_digit(0) || is_minus(peek()) || peek() == U'{' || peek() == U'(';
    };
    for (all += '^', ++at_; is_power(); ++at_) {
      if (is_digit(0)) all += static_cast<char>('0' + digit_value(peek()));
      if (is_minus(peek())) all += '-';
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
    if (!read_power()) at_ = here;
  }

  bool read_power() {
    const bool is_small = is_minus(peek());
    if (is_small || peek() == U'+') ++at_;
    const std::string power = digits();
    const bool has_end = !is_word_character(peek()) || is_unspaced_letter(peek());
    if (power.empty() || power.size() > 3 || !has_end || std::stoi(power) > kMostExponent) {
      return false;
    }
    if (peek() == U'}' || peek() == U')') ++at_;
    exponent_ = is_small ? -std::stoi(power) : std::stoi(power);
    return true;
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
  std::uint64_t above_ = 0;  // Of a fraction.
  std::uint64_t below_ = 1;
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
