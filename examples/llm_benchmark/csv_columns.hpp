// Which column of a CSV data set is what.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dataset.hpp"

namespace llm_benchmark {

/// Which column of a CSV data set is what.
class CsvColumns {
 public:
  /// From the first record: a header when it names a question in one of the ways that question_of()
  /// of an entry understands, otherwise MMLU's columns (question, options, letter).
  explicit CsvColumns(const std::vector<std::string>& first_record);

  [[nodiscard]] bool has_header() const noexcept { return !names_.empty(); }
  /// Throws BadEntry.
  [[nodiscard]] Question question_of(const std::vector<std::string>& record) const;

 private:
  std::size_t count_ = 0;
  std::vector<std::string> names_{};  // Empty without a header.
};

}  // namespace llm_benchmark
