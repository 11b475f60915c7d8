// The questions of a benchmark, read from a JSON Lines file.

#include "dataset.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace llm_benchmark {
namespace {

using nlohmann::json;

/// Thrown for one line and caught for that line.
class BadLine : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string text_or_number(const json& value, const std::string& field, const char* expected) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  throw BadLine("field \"" + field + "\" is " + value.type_name() + ", expected " + expected);
}

std::string required_id(const json& object) {
  const auto found = object.find("id");
  if (found == object.end()) throw BadLine("field \"id\" is missing");
  std::string id = text_or_number(*found, "id", "text or a number");
  if (id.empty()) throw BadLine("field \"id\" is empty");
  return id;
}

std::string required_prompt(const json& object) {
  const auto found = object.find("prompt");
  if (found == object.end()) throw BadLine("field \"prompt\" is missing");
  if (!found->is_string()) {
    throw BadLine(std::string("field \"prompt\" is ") + found->type_name() + ", expected text");
  }
  std::string prompt = found->get<std::string>();
  if (prompt.empty()) throw BadLine("field \"prompt\" is empty");
  return prompt;
}

std::vector<std::string> optional_expected(const json& object) {
  const auto found = object.find("expected");
  if (found == object.end() || found->is_null()) return {};
  constexpr const char* kExpected = "text, a number or a list of them";
  if (!found->is_array()) return {text_or_number(*found, "expected", kExpected)};
  std::vector<std::string> accepted;
  for (const json& answer : *found) {
    accepted.push_back(text_or_number(answer, "expected", kExpected));
  }
  return accepted;
}

Question parse_line(const std::string& line) {
  json object;
  try {
    object = json::parse(line);
  } catch (const json::parse_error& error) {
    throw BadLine("not a JSON object: error at byte " + std::to_string(error.byte));
  }
  if (!object.is_object()) {
    throw BadLine(std::string("is ") + object.type_name() + ", expected a JSON object");
  }
  return {required_id(object), required_prompt(object), optional_expected(object)};
}

}  // namespace

Dataset parse_dataset(std::istream& input) {
  Dataset dataset;
  std::unordered_map<std::string, std::size_t> line_of_id;
  std::string line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    // Editors on other systems leave a byte order mark and carriage returns.
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      Question question = parse_line(line);
      const auto [first, is_new] = line_of_id.emplace(question.id, number);
      if (!is_new) {
        throw BadLine("id \"" + question.id + "\" is taken by line " +
                      std::to_string(first->second));
      }
      dataset.questions.push_back(std::move(question));
    } catch (const BadLine& error) {
      dataset.problems.push_back({number, error.what()});
    }
  }
  return dataset;
}

Dataset load_dataset(const std::filesystem::path& file) {
  const auto fail = [&file](const std::string& reason) {
    return std::runtime_error("data set " + file.string() + ": cannot be read: " + reason);
  };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) throw fail("it is a folder, expected a file");
  errno = 0;
  std::ifstream input(file, std::ios::binary);
  if (!input) throw fail(std::strerror(errno));
  Dataset dataset = parse_dataset(input);
  if (input.bad()) throw fail(std::strerror(errno));
  dataset.name = file.stem().string();
  return dataset;
}

}  // namespace llm_benchmark
