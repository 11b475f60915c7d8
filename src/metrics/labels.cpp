#include "metrics/labels.hpp"

#include "support/utf8.hpp"

#include <algorithm>

namespace ltb::metrics {
namespace {

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

}  // namespace

bool is_legal_metric_name(std::string_view name) noexcept {
  if (name.empty() || is_digit(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

bool is_legal_label_name(std::string_view name) noexcept {
  if (name.empty() || is_digit(name.front()) || name.starts_with("__")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

void append_escaped_label(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '"') {
      out += "\\\"";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

void append_escaped_help(std::string& out, std::string_view help) {
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

void append_label(std::string& text, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!text.empty()) text += ',';
  text += name;
  text += "=\"";
  append_escaped_label(text, value);
  text += '"';
}

std::string label_text(std::span<const std::string> names, std::span<const std::string> values) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i)
    append_label(text, names[i], values[i]);
  return text;
}

std::string label_text(const Metric::Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) append_label(text, name, value);
  return text;
}

bool is_clean_label(std::string_view value, std::size_t max_bytes) noexcept {
  return value.size() <= max_bytes && support::is_valid_utf8(value);
}

std::string clean_label(std::string_view value, std::size_t max_bytes) {
  const std::string valid = support::to_valid_utf8(value);
  return std::string(support::utf8_prefix(valid, max_bytes));
}

}  // namespace ltb::metrics
