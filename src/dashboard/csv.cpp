#include "dashboard/csv.hpp"

#include "support/number_text.hpp"

namespace ltb::dashboard {
namespace {

/// Characters that begin a formula, also in their full-width forms (OWASP, "CSV Injection").
bool begins_formula(std::string_view text) noexcept {
  if (text.empty()) return false;
  if (std::string_view("=+-@\t\r\n").find(text[0]) != std::string_view::npos) return true;
  for (const std::string_view wide : {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"})
    if (text.starts_with(wide)) return true;
  return false;
}

/// What some program takes for the end of a cell, whichever separator it was told of.
bool ends_cell(char c) noexcept {
  return std::string_view(",;\t\r\n").find(c) != std::string_view::npos;
}

}  // namespace

CsvWriter::CsvWriter(std::initializer_list<std::string_view> header, std::size_t reserved) {
  out_.reserve(reserved);
  for (const std::string_view name : header) raw(name);
  end_row();
}

CsvWriter& CsvWriter::cell(std::string_view text) {
  if (!begins_formula(text) && text.find_first_of(",;\"\t\r\n") == std::string_view::npos)
    return raw(text);
  std::string quoted = "\"";
  // Opened with another separator, the text behind a ';' is a cell of its own, whatever quotes and
  // spaces stand before it.
  bool at_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (at_start && begins_formula(text.substr(i)) && (i == 0 || !ends_cell(text[i])))
      quoted += '\'';
    at_start = ends_cell(text[i]) || (at_start && i > 0 && (text[i] == '"' || text[i] == ' '));
    if (text[i] == '"') quoted += '"';
    quoted += text[i];
  }
  quoted += '"';
  return raw(quoted);
}

CsvWriter& CsvWriter::cell(double number) {
  return std::isfinite(number) ? raw(support::number_text(number)) : raw({});
}

CsvWriter& CsvWriter::raw(std::string_view text) {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += text;
  return *this;
}

void CsvWriter::end_row() {
  out_ += "\r\n";
  first_ = true;
}

}  // namespace ltb::dashboard
