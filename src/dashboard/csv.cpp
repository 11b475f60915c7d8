#include "dashboard/csv.hpp"

#include "metrics/number_text.hpp"

namespace ltb::dashboard {

CsvWriter::CsvWriter(std::initializer_list<std::string_view> header) {
  for (const std::string_view name : header) raw(name);
  end_row();
}

CsvWriter& CsvWriter::cell(std::string_view text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  if (!formula && text.find_first_of(",\"\r\n") == std::string_view::npos) return raw(text);
  std::string quoted = formula ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return raw(quoted);
}

CsvWriter& CsvWriter::cell(double number) {
  return std::isfinite(number) ? raw(metrics::number_text(number)) : raw({});
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
