// Which column of a CSV data set is what.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dataset.hpp"

namespace llm_benchmark {

/// Which column of a CSV data set is what.
class CsvColumns {
 public:
  /// From the first record: a header when it names a question, otherwise MMLU's columns (question,
  /// options, letter).
  explicit CsvColumns(const std::vector<std::string>& first_record);

  [[nodiscard]] bool has_header() const noexcept { return question_.has_value(); }
  /// Throws BadEntry.
  [[nodiscard]] Question question_of(const std::vector<std::string>& record) const;

 private:
  std::size_t count_ = 0;
  std::optional<std::size_t> question_{};
  std::optional<std::size_t> answer_{};
  std::optional<std::size_t> id_{};
  std::vector<std::size_t> options_{};
};

}  // namespace llm_benchmark
