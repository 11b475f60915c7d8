// Text from servers that is almost right, made right.

#include "text_repair.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

namespace llm_benchmark {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEscapedReplacement = "\\ufffd";

/// What may follow a leading byte: how many bytes, and the range of the first of them.
struct Sequence {
  std::size_t following = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

/// Source: Unicode Standard, table 3-7. Nothing for a byte that begins no character.
std::optional<Sequence> sequence_of(unsigned char lead) {
  if (lead <= 0x7F) return Sequence{};
  if (lead >= 0xC2 && lead <= 0xDF) return Sequence{1};
  if (lead == 0xE0) return Sequence{2, 0xA0, 0xBF};
  if (lead == 0xED) return Sequence{2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return Sequence{2};
  if (lead == 0xF0) return Sequence{3, 0x90, 0xBF};
  if (lead == 0xF4) return Sequence{3, 0x80, 0x8F};
  if (lead >= 0xF1 && lead <= 0xF3) return Sequence{3};
  return std::nullopt;
}

/// Copies JSON and repairs what is outside and inside of its strings.
class JsonRepair {
 public:
  explicit JsonRepair(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        string();
      } else if (is_bare(c)) {
        bare();
      } else {
        result_ += c;
        ++at_;
      }
    }
    return std::move(result_);
  }

 private:
  static bool is_bare(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '.';
  }

  void bare() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_bare(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    result_ += is_no_number(word) ? "null" : word;
  }

  /// NaN and the infinities, as Python and C write them, and numbers that no double holds.
  static bool is_no_number(std::string_view word) {
    std::string lower(word.substr(word.starts_with('-') || word.starts_with('+') ? 1 : 0));
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower == "nan" || lower == "inf" || lower == "infinity") return true;
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc::result_out_of_range && end == word.data() + word.size();
  }

  void string() {
    result_ += text_[at_++];
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        escape();
      } else {
        character(text_[at_++]);
      }
    }
    if (at_ < text_.size()) result_ += text_[at_++];
  }

  void character(char c) {
    if (static_cast<unsigned char>(c) >= 0x20) {
      result_ += c;
      return;
    }
    std::array<char, 8> code{};
    std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
    result_ += code.data();
  }

  /// The value of \uXXXX at a place, or nothing.
  [[nodiscard]] std::optional<unsigned> unit_at(std::size_t place) const {
    if (text_.size() < place + 6 || text_[place] != '\\' || text_[place + 1] != 'u') {
      return std::nullopt;
    }
    unsigned value = 0;
    const char* const begin = text_.data() + place + 2;
    const auto [end, error] = std::from_chars(begin, begin + 4, value, 16);
    if (error != std::errc{} || end != begin + 4) return std::nullopt;
    return value;
  }

  void escape() {
    const auto first = unit_at(at_);
    const bool is_surrogate = first && *first >= 0xD800 && *first <= 0xDFFF;
    if (!is_surrogate) {
      copy(first ? 6 : 2);
      return;
    }
    const auto second = unit_at(at_ + 6);
    if (*first <= 0xDBFF && second && *second >= 0xDC00 && *second <= 0xDFFF) {
      copy(12);
      return;
    }
    result_ += kEscapedReplacement;
    at_ += 6;
  }

  void copy(std::size_t bytes) {
    const std::string_view part = text_.substr(at_, bytes);
    result_ += part;
    at_ += part.size();
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string result_{};
};

}  // namespace

std::string to_valid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const auto sequence = sequence_of(static_cast<unsigned char>(text[at]));
    const std::size_t begin = at++;
    if (!sequence) {
      result += kReplacement;
      continue;
    }
    std::size_t left = sequence->following;
    for (unsigned char low = sequence->low, high = sequence->high; left > 0; --left, ++at) {
      if (at == text.size()) break;
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < low || byte > high) break;
      low = 0x80;
      high = 0xBF;
    }
    result += left == 0 ? text.substr(begin, at - begin) : kReplacement;
  }
  return result;
}

nlohmann::json read_json(std::string_view text) {
  auto read = nlohmann::json::parse(text, nullptr, false);
  if (!read.is_discarded()) return read;
  return nlohmann::json::parse(JsonRepair(to_valid_utf8(text)).run(), nullptr, false);
}

}  // namespace llm_benchmark
