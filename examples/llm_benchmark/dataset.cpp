// The questions of a benchmark, read from a file in one of the usual shapes.

#include "dataset.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "csv_columns.hpp"
#include "csv_reader.hpp"
#include "json_values.hpp"
#include "question_shapes.hpp"
#include "text_repair.hpp"
#include "unicode_text.hpp"

namespace llm_benchmark {
namespace {

using nlohmann::json;

constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The sentence without its digits: a thousand problems of one kind are reported as one.
std::string kind_of(std::string what) {
  std::erase_if(what, [](unsigned char c) { return c >= '0' && c <= '9'; });
  return what;
}

/// Takes entries one by one and makes a data set of them.
class Collector {
 public:
  /// `name` is what an entry without an id is called.
  void take(ReadQuestion read, std::size_t name) {
    ++dataset_.entries;
    Question& question = read.question;
    if (read.has_more_turns) ++more_turns_;
    if (question.id.empty()) {
      question.id = std::to_string(name);
    } else if (taken_.contains(question.id)) {
      ++repeated_;
    }
    make_unique(question.id);
    dataset_.questions.push_back(std::move(question));
  }

  void refuse(std::size_t line, const std::string& what) {
    ++dataset_.entries;
    ++dataset_.broken;
    if (dataset_.problems.size() < kMostProblems && kinds_.insert(kind_of(what)).second) {
      dataset_.problems.push_back({line, what});
    }
  }

  [[nodiscard]] bool is_full() {
    is_cut_ = dataset_.questions.size() >= kMostQuestions;
    return is_cut_;
  }

  Dataset finish() {
    const auto note = [this](std::string text) { dataset_.notices.push_back(std::move(text)); };
    if (repeated_ > 0) {
      note(std::to_string(repeated_) +
           " ids are not the first of their name and get a suffix, such as #2");
    }
    if (more_turns_ > 0) {
      note(std::to_string(more_turns_) +
           " conversations have several turns, of which only the first is asked");
    }
    if (is_cut_) {
      note("only the first " + std::to_string(kMostQuestions) + " questions are read");
    }
    return std::move(dataset_);
  }

 private:
  void make_unique(std::string& id) {
    const std::string own = id;
    std::size_t& count = taken_[own];
    while (++count > 1) {
      id = own + '#' + std::to_string(count);
      if (taken_.try_emplace(id, 1).second) return;
    }
  }

  Dataset dataset_{};
  std::unordered_map<std::string, std::size_t> taken_{};  // Ids, and how often each was asked for.
  std::unordered_set<std::string> kinds_{};
  std::size_t repeated_ = 0;
  std::size_t more_turns_ = 0;
  bool is_cut_ = false;
};

void require_utf8(std::string_view text) {
  const auto invalid = first_invalid_byte(text);
  if (!invalid) return;
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(text[*invalid]);
  throw BadEntry(std::string("is not UTF-8 (byte ") + std::to_string(*invalid + 1) + " is 0x" +
                 kHex[byte >> 4U] + kHex[byte & 15U] + "); save the file as UTF-8");
}

json value_of(std::string_view text) {
  require_utf8(text);
  json value = read_json(with_long_numbers_as_text(text));
  if (!value.is_discarded()) return value;
  try {
    return json::parse(text);  // Again, to know where it fails.
  } catch (const json::parse_error& error) {
    throw BadEntry("not a JSON object: error at byte " + std::to_string(error.byte));
  }
}

/// The list of an object that only wraps one, as {"data": [...]}; nullptr otherwise.
const json* wrapped_list(const json& value) {
  if (!value.is_object()) return nullptr;
  for (const char* name : {"data", "examples", "questions", "instances"}) {
    const auto found = value.find(name);
    if (found != value.end() && found->is_array() && !found->empty() &&
        found->front().is_object()) {
      return &*found;
    }
  }
  return nullptr;
}

void read_value(std::string_view text, std::size_t line, std::size_t name, Collector& collector) {
  try {
    const json value = value_of(text);
    const json* list = wrapped_list(value);
    if (list == nullptr) return collector.take(question_of(value), name);
    std::size_t position = 0;
    for (const json& entry : *list) {
      if (collector.is_full()) return;
      ++position;
      try {
        collector.take(question_of(entry), position);
      } catch (const BadEntry& error) {
        collector.refuse(line, "entry " + std::to_string(position) + ": " + error.what());
      }
    }
  } catch (const BadEntry& error) {
    collector.refuse(line, error.what());
  }
}

void read_lines(std::string_view text, Collector& collector) {
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size() && !collector.is_full();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(kSpaces) == line.npos) continue;
    read_value(line, number, number, collector);
  }
}

void read_values(std::string_view text, Collector& collector) {
  JsonValues values(text);
  for (std::size_t position = 1; !collector.is_full() && values.next(); ++position) {
    read_value(values.text(), values.line(), position, collector);
  }
}

/// Whether each line is a value of its own. An object over several lines is not, and a first line
/// that is broken has another object below it.
bool is_json_lines(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == text.npos || text[begin] == '[') return begin == text.npos;
  JsonValues values(text);
  if (!values.next() || values.text().find('\n') == std::string_view::npos) return true;
  const std::size_t second = text.find_first_not_of("\r\n", text.find('\n', begin));
  return second == text.npos || text[second] == '{';
}

void read_csv(std::string_view text, char separator, Collector& collector) {
  CsvReader reader(text, separator);
  std::optional<CsvColumns> columns;
  try {
    while (!collector.is_full() && reader.next()) {
      const bool is_first = !columns;
      if (is_first) columns.emplace(reader.fields());
      if (is_first && columns->has_header()) continue;
      try {
        for (const std::string& field : reader.fields()) require_utf8(field);
        collector.take({columns->question_of(reader.fields()), false}, reader.line());
      } catch (const BadEntry& error) {
        collector.refuse(reader.line(), error.what());
      }
    }
  } catch (const std::invalid_argument& error) {
    collector.refuse(reader.line(), error.what());
  }
}

/// What a file is when it is not text in UTF-8; empty when nothing speaks against that.
std::string_view other_format(std::string_view text) {
  using namespace std::string_view_literals;
  constexpr std::string_view kUtf16 =
      "it is UTF-16 or UTF-32, expected UTF-8 (iconv -f UTF-16 -t UTF-8 converts it)";
  if (text.starts_with("\xFF\xFE"sv) || text.starts_with("\xFE\xFF"sv)) return kUtf16;
  if (text.starts_with("\x1F\x8B"sv)) return "it is compressed (gzip); unpack it first";
  if (text.starts_with("\x28\xB5\x2F\xFD"sv)) return "it is compressed (zstd); unpack it first";
  if (text.starts_with("PK\x03\x04"sv)) return "it is a zip archive; unpack it first";
  if (text.starts_with("PAR1"sv)) return "it is a Parquet file; convert it to JSON Lines first";
  if (text.substr(0, 4).find('\0') != text.npos) return kUtf16;
  return {};
}

std::string read_file(const std::filesystem::path& file) {
  const auto fail = [&file](const std::string& reason) {
    return std::runtime_error("data set " + file.string() + ": cannot be read: " + reason);
  };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) throw fail("it is a folder, expected a file");
  errno = 0;
  std::ifstream input(file, std::ios::binary);
  if (!input) throw fail(std::strerror(errno));
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (!error && size > kMostDatasetBytes) {
    throw fail("it has " + std::to_string(size) + " bytes, at most " +
               std::to_string(kMostDatasetBytes) + " are read");
  }
  std::string text(std::istreambuf_iterator<char>(input), {});
  if (input.bad()) throw fail(std::strerror(errno));
  if (const std::string_view format = other_format(text); !format.empty()) {
    throw fail(std::string(format));
  }
  return text;
}

DatasetFormat format_of(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (ending == ".csv") return DatasetFormat::Csv;
  return ending == ".tsv" ? DatasetFormat::Tsv : DatasetFormat::Json;
}

}  // namespace

std::string_view known_shapes() noexcept {
  return R"(  {"prompt", "expected"}          expected: text, number, or a list of accepted ones; optional
  {"question", "answer"}          GSM8K: what follows #### is expected
  {"question", "choices", "answer"}  multiple choice: the answer as index, letter or text; also
                                  "options", "endings", option1 ..., A ..., sol1 ..., opa ...
  {"instruction", "input"}        Alpaca; "context", "passage" are asked before a question
  {"problem", "solution"}         MATH: what is in \boxed{} is expected
  {"input", "ideal"}              OpenAI evals: input is text or messages
  {"messages"}, {"conversations"} chats, ShareGPT: the first user message, not scored
  {"turns"}                       MT-bench: the first turn, not scored
  {"doc", "target"}               samples of lm-evaluation-harness
  .csv, .tsv                      MMLU: question, options, letter; or a header with these names
)";
}

Dataset parse_dataset(std::string_view text, DatasetFormat format) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Collector collector;
  if (format != DatasetFormat::Json) {
    read_csv(text, format == DatasetFormat::Csv ? ',' : '\t', collector);
  } else if (is_json_lines(text)) {
    read_lines(text, collector);
  } else {
    read_values(text, collector);
  }
  return collector.finish();
}

Dataset load_dataset(const std::filesystem::path& file) {
  Dataset dataset = parse_dataset(read_file(file), format_of(file));
  dataset.name = file.stem().string();
  return dataset;
}

std::string problems_of(const Dataset& dataset, const std::filesystem::path& file) {
  if (dataset.broken == 0) return {};
  std::string text = std::to_string(dataset.broken) + " of " + std::to_string(dataset.entries) +
                     (dataset.entries == 1 ? " entry is" : " entries are") +
                     " not usable, the first:";
  for (const LineProblem& problem : dataset.problems) {
    text += "\n  " + file.string() + ':' + std::to_string(problem.line) + ": " + problem.what;
  }
  return text;
}

}  // namespace llm_benchmark
