// What the scoring asks of Unicode, answered by utf8proc.

#include "unicode_text.hpp"

#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace llm_benchmark {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

utf8proc_category_t category(char32_t c) noexcept {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

void append_utf8(std::string& text, char32_t c) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const utf8proc_ssize_t size =
      utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
  text.append(bytes.begin(), bytes.begin() + size);
}

/// Valid or not: each byte that begins no character is one U+FFFD.
CodePoints decoded(std::string_view utf8) {
  CodePoints text;
  text.reserve(utf8.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  for (std::size_t i = 0; i < utf8.size();) {
    utf8proc_int32_t c = -1;
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(utf8.size() - i), &c);
    text.push_back(size > 0 ? static_cast<char32_t>(c) : kReplacement);
    i += size > 0 ? static_cast<std::size_t>(size) : 1;
  }
  return text;
}

std::string mapped(const std::string& valid, int options) {
  utf8proc_uint8_t* out = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(valid.data()),
      static_cast<utf8proc_ssize_t>(valid.size()), &out, static_cast<utf8proc_option_t>(options));
  // The text is valid and the options are constant: only memory can be missing.
  if (size < 0) throw std::bad_alloc();
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(out, &std::free);
  return {out, out + size};
}

constexpr int kUnify = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_IGNORE;

bool is_thousands_space(char32_t c) noexcept {
  return c == 0x00A0 || c == 0x2007 || c == 0x2009 || c == 0x202F;
}

bool is_superscript_digit(char32_t c) noexcept {
  return c == 0x00B2 || c == 0x00B3 || c == 0x00B9 || (c >= 0x2070 && c <= 0x2079);
}

bool is_subscript_digit(char32_t c) noexcept {
  return c >= 0x2080 && c <= 0x2089;
}

/// What stands for a character before NFKC. `before` and `after` are its neighbours.
void append_prepared(std::string& text, char32_t before, char32_t c, char32_t after) {
  const bool follows_superscript = is_superscript_digit(before) || before == 0x207B;
  if (is_thousands_space(c) && digit_value(before) >= 0 && digit_value(after) >= 0) {
    text += '\'';
  } else if (c ==
             0x00B4) {  // An acute accent as an apostrophe: NFKC makes a space and a mark of it.
    text += '\'';
  } else if (c == 0x2122 || c == 0x2120) {  // Trade mark signs, which NFKC makes letters of.
    text += ' ';
  } else if ((is_superscript_digit(c) || c == 0x207B) && !follows_superscript) {
    text += '^';
    append_utf8(text, c);
  } else if (category(c) == UTF8PROC_CATEGORY_NO && !is_superscript_digit(c) &&
             !is_subscript_digit(c)) {
    text += ' ';
    append_utf8(text, c);
  } else {
    append_utf8(text, c);
  }
}

}  // namespace

CodePoints unified(std::string_view utf8) {
  const CodePoints text = decoded(utf8);
  std::string prepared;
  prepared.reserve(utf8.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    append_prepared(prepared, i == 0 ? 0 : text[i - 1], text[i],
                    i + 1 < text.size() ? text[i + 1] : 0);
  }
  return decoded(mapped(prepared, kUnify));
}

std::string to_utf8(const CodePoints& text) {
  std::string utf8;
  for (const char32_t c : text) append_utf8(utf8, c);
  return utf8;
}

std::string folded(const CodePoints& text) {
  return mapped(to_utf8(text), kUnify | UTF8PROC_CASEFOLD);
}

std::optional<std::size_t> first_invalid_byte(std::string_view text) noexcept {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    utf8proc_int32_t c = -1;
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(text.size() - i), &c);
    if (size <= 0) return i;
    i += static_cast<std::size_t>(size);
  }
  return std::nullopt;
}

bool is_mark(char32_t c) noexcept {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_MC ||
         kind == UTF8PROC_CATEGORY_ME;
}

bool is_word_character(char32_t c) noexcept {
  const auto kind = category(c);
  return (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_NO);
}

bool is_unspaced_letter(char32_t c) noexcept {
  const auto kind = category(c);
  if (kind < UTF8PROC_CATEGORY_LU || kind > UTF8PROC_CATEGORY_LO) return false;
  const bool is_south_east_asian = (c >= 0x0E00 && c <= 0x0EFF) ||  // Thai, Lao
                                   (c >= 0x1000 && c <= 0x109F) ||  // Burmese
                                   (c >= 0x1780 && c <= 0x17FF);    // Khmer
  return is_south_east_asian || utf8proc_charwidth(static_cast<utf8proc_int32_t>(c)) == 2;
}

int digit_value(char32_t c) noexcept {
  if (c >= U'0' && c <= U'9') return static_cast<int>(c - U'0');
  if (c < 0x80 || category(c) != UTF8PROC_CATEGORY_ND) return -1;
  // The digits of a script stand in one row from its zero on.
  int value = 0;
  while (value < 9 && category(c - static_cast<char32_t>(value) - 1) == UTF8PROC_CATEGORY_ND) {
    ++value;
  }
  return value;
}

bool is_minus(char32_t c) noexcept {
  return c == U'-' || (c >= 0x2010 && c <= 0x2013) || c == 0x2212;
}

bool is_apostrophe(char32_t c) noexcept {
  return c == U'\'' || c == U'`' || c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2032 ||
         c == 0x02BB || c == 0x02BC;
}

bool is_currency(char32_t c) noexcept {
  return category(c) == UTF8PROC_CATEGORY_SC;
}

}  // namespace llm_benchmark
