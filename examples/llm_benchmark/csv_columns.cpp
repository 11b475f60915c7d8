// Which column of a CSV data set is what.

#include "csv_columns.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>

#include "question_shapes.hpp"

namespace llm_benchmark {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Of a header's names, those that a column may have.
std::optional<std::size_t> column(const std::vector<std::string>& names,
                                  std::initializer_list<const char*> wanted) {
  for (const char* name : wanted) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  return std::nullopt;
}

/// The right letter in upper case; empty when it is not the letter of an option.
std::string letter_of(const std::string& text, std::size_t options) {
  const std::string answer = trimmed(text);
  if (answer.size() != 1) return {};
  const int index = std::toupper(static_cast<unsigned char>(answer[0])) - 'A';
  if (index < 0 || index >= static_cast<int>(options)) return {};
  return {static_cast<char>('A' + index)};
}

}  // namespace

CsvColumns::CsvColumns(const std::vector<std::string>& first_record) : count_(first_record.size()) {
  std::vector<std::string> names;
  for (const std::string& name : first_record) names.push_back(lower(trimmed(name)));
  question_ = column(names, {"question", "prompt", "input"});
  if (!question_) return;
  answer_ = column(names, {"expected", "answer", "ideal", "target", "correct", "answerkey"});
  id_ = column(names, {"id", "question_id"});
  for (char letter = 'a'; letter <= 'j'; ++letter) {
    const std::string name{letter};
    const auto option = column(names, {name.c_str(), ("option_" + name).c_str(),
                                       ("choice_" + name).c_str(), ("option " + name).c_str()});
    if (!option) break;
    options_.push_back(*option);
  }
}

Question CsvColumns::question_of(const std::vector<std::string>& record) const {
  if (record.size() != count_) {
    throw BadEntry("has " + std::to_string(record.size()) + " columns, the first line has " +
                   std::to_string(count_));
  }
  const std::size_t at = question_.value_or(0);
  if (trimmed(record[at]).empty()) throw BadEntry("the question is empty");
  Question question;
  std::vector<std::string> options;
  for (const std::size_t option : options_) options.push_back(record[option]);
  if (!has_header() && count_ >= 4) options.assign(record.begin() + 1, record.end() - 1);
  if (options.size() >= 2 && options.size() <= kMostOptions) {
    const std::size_t answer_at = has_header() ? answer_.value_or(count_) : count_ - 1;
    const std::string answer =
        answer_at < count_ ? letter_of(record[answer_at], options.size()) : "";
    if (answer_at < count_ && answer.empty()) {
      throw BadEntry("the answer \"" + record[answer_at] + "\" is not the letter of one of the " +
                     std::to_string(options.size()) + " options");
    }
    question = choice_question(record[at], options, answer);
  } else if (has_header()) {
    question.prompt = record[at];
    if (answer_ && !trimmed(record[*answer_]).empty()) {
      question.accepted.push_back(final_answer(record[*answer_]));
    }
  } else {
    throw BadEntry("has " + std::to_string(count_) +
                   " columns and no header, expected question, options and letter");
  }
  if (id_) question.id = trimmed(record[*id_]);
  return question;
}

}  // namespace llm_benchmark
