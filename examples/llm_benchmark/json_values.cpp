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

}  // namespace llm_benchmark
