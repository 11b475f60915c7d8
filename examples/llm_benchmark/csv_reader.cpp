// Comma-separated values, as spreadsheets and Python write them (RFC 4180).

#include "csv_reader.hpp"

#include <algorithm>
#include <stdexcept>

namespace llm_benchmark {

std::string CsvReader::read_quoted() {
  std::string field;
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\n') ++line_;
    if (text_[at_] != '"') {
      field += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      field += text_[at_++];
    } else {
      ++at_;
      return field;
    }
  }
  throw std::invalid_argument("a quoted field is not closed");
}

std::string CsvReader::read_field() {
  std::string field;
  if (at_ < text_.size() && text_[at_] == '"') field = read_quoted();
  const std::size_t end =
      std::min(text_.find_first_of(std::string{separator_, '\r', '\n'}, at_), text_.size());
  field += text_.substr(at_, end - at_);
  at_ = end;
  return field;
}

bool CsvReader::next() {
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {
    if (text_[at_++] == '\n') ++line_;
  }
  if (at_ >= text_.size()) return false;
  line_of_record_ = line_;
  fields_.clear();
  fields_.push_back(read_field());
  while (at_ < text_.size() && text_[at_] == separator_) {
    ++at_;
    fields_.push_back(read_field());
  }
  return true;
}

}  // namespace llm_benchmark
