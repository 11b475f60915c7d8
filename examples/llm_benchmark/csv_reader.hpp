// Comma-separated values, as spreadsheets and Python write them (RFC 4180).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llm_benchmark {

/// Reads records: quoted fields may contain the separator, line breaks and doubled quotes. Thread
/// safety: distinct objects: safe; shared objects: unsafe.
class CsvReader {
 public:
  /// `text` outlives this object.
  CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  /// Whether there is a record after the last one; empty lines are omitted. Throws
  /// std::invalid_argument for a quote that is not closed.
  [[nodiscard]] bool next();
  [[nodiscard]] const std::vector<std::string>& fields() const noexcept { return fields_; }
  /// The line the record begins on, counted from 1.
  [[nodiscard]] std::size_t line() const noexcept { return line_of_record_; }

 private:
  [[nodiscard]] std::string read_field();
  [[nodiscard]] std::string read_quoted();

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_of_record_ = 1;
  std::vector<std::string> fields_{};
};

}  // namespace llm_benchmark
