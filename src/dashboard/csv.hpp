// Tables as CSV: RFC 4180, safe to open in a spreadsheet.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::dashboard {

/// Writes cell after cell; end_row() ends a line with CRLF.
class CsvWriter {
 public:
  /// `reserved`: bytes to ask for at once.
  explicit CsvWriter(std::initializer_list<std::string_view> header, std::size_t reserved = 0);

  /// Text that a spreadsheet would take for a formula gets an apostrophe in front, also behind a
  /// separator inside the text, which splits the cell in a program that was told another separator
  /// (OWASP, "CSV Injection").
  CsvWriter& cell(std::string_view text);
  CsvWriter& cell(const char* text) { return cell(std::string_view(text)); }
  /// Not finite is an empty cell.
  CsvWriter& cell(double number);
  template <std::integral Integer>
  CsvWriter& cell(Integer number) {
    return raw(std::to_string(number));
  }
  template <typename Value>
  CsvWriter& cell(const std::optional<Value>& value) {
    return value ? cell(*value) : raw({});
  }
  /// A cell that needs no quoting.
  CsvWriter& raw(std::string_view text);
  void end_row();

  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
  [[nodiscard]] std::string take() && { return std::move(out_); }

 private:
  std::string out_;
  bool first_ = true;
};

}  // namespace ltb::dashboard
