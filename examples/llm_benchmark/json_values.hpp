// The values of a JSON text, one by one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llm_benchmark {

/// Reads the top-level values of a text one by one, without holding more than one: the elements of
/// an array, or objects that follow each other over several lines.
class JsonValues {
 public:
  /// `text` outlives this object.
  explicit JsonValues(std::string_view text);

  /// Whether there is a value after the last one; then text() and line() describe it.
  [[nodiscard]] bool next();
  /// The value as written; not necessarily valid JSON.
  [[nodiscard]] std::string_view text() const noexcept { return value_; }
  /// The line it begins on, counted from 1.
  [[nodiscard]] std::size_t line() const noexcept { return line_of_value_; }

 private:
  void skip_separators();
  [[nodiscard]] std::size_t end_of_value() const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::string_view value_{};
  std::size_t line_of_value_ = 1;
};

/// The JSON text with the numbers that a double cannot hold exactly (more than 15 characters) as
/// strings, so that they keep their digits.
[[nodiscard]] std::string with_long_numbers_as_text(std::string_view text);

}  // namespace llm_benchmark
