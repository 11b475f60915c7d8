// Which column of a CSV data set is what.

#include "csv_columns.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "question_shapes.hpp"

namespace llm_benchmark {
namespace {

using nlohmann::json;

/// MMLU's columns, as an entry: the question, its options, the letter of the right one.
json without_header(const std::vector<std::string>& record) {
  if (record.size() < 4) {
    throw BadEntry("has " + std::to_string(record.size()) +
                   " columns and no header, expected question, options and letter");
  }
  json entry{{"question", record.front()}, {"answerKey", record.back()}};
  for (std::size_t i = 1; i + 1 < record.size(); ++i) entry["choices"].push_back(record[i]);
  return entry;
}

}  // namespace

CsvColumns::CsvColumns(const std::vector<std::string>& first_record) : count_(first_record.size()) {
  if (std::ranges::any_of(first_record, names_a_question)) names_ = first_record;
}

Question CsvColumns::question_of(const std::vector<std::string>& record) const {
  if (record.size() != count_) {
    throw BadEntry("has " + std::to_string(record.size()) + " columns, the first line has " +
                   std::to_string(count_));
  }
  if (!has_header()) return llm_benchmark::question_of(without_header(record)).question;
  json entry = json::object();
  for (std::size_t i = 0; i < count_; ++i) {
    if (!trimmed(names_[i]).empty()) entry[trimmed(names_[i])] = record[i];
  }
  return llm_benchmark::question_of(entry).question;
}

}  // namespace llm_benchmark
