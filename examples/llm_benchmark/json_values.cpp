// The values of a JSON text, one by one.

#include "json_values.hpp"

#include <algorithm>

namespace llm_benchmark {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

JsonValues::JsonValues(std::string_view text) : text_(text) {
  while (at_ < text_.size() && is_space(text_[at_])) {
    if (text_[at_++] == '\n') ++line_;
  }
  if (at_ < text_.size() && text_[at_] == '[') ++at_;
}

void JsonValues::skip_separators() {
  for (; at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == ','); ++at_) {
    if (text_[at_] == '\n') ++line_;
  }
}

std::size_t JsonValues::end_of_value() const {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = at_; i < text_.size(); ++i) {
    const char c = text_[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return i;
      if (--depth == 0) return i + 1;
    } else if (depth == 0 && (c == ',' || is_space(c))) {
      return i;
    }
  }
  return text_.size();
}

bool JsonValues::next() {
  skip_separators();
  if (at_ >= text_.size() || text_[at_] == ']') return false;
  const std::size_t end = std::max(end_of_value(), at_ + 1);
  value_ = text_.substr(at_, end - at_);
  line_of_value_ = line_;
  line_ += static_cast<std::size_t>(std::ranges::count(value_, '\n'));
  at_ = end;
  return true;
}

std::string with_long_numbers_as_text(std::string_view text) {
  constexpr std::size_t kExactDigits = 15;
  constexpr std::string_view kInNumber = "0123456789+-.eE";
  std::string all;
  all.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const bool is_number = !in_string && (c == '-' || (c >= '0' && c <= '9'));
    std::size_t end = i + 1;
    if (in_string && c == '\\') end = std::min(i + 2, text.size());
    if (is_number) end = std::min(text.find_first_not_of(kInNumber, i), text.size());
    if (c == '"') in_string = !in_string;
    const bool is_long = is_number && end - i > kExactDigits && text[end - 1] >= '0';
    if (is_long) all += '"';
    all += text.substr(i, end - i);
    if (is_long) all += '"';
    i = end;
  }
  return all;
}

}  // namespace llm_benchmark
