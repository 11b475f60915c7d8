// The questions of a benchmark, read from a JSON Lines file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace llm_benchmark {

/// One question.
struct Question {
  std::string id{};
  std::string prompt{};
  std::vector<std::string>
      accepted{};  ///< Answers that count as right; empty: the question is not scored.

  friend bool operator==(const Question&, const Question&) = default;
};

/// A line that is not a question.
struct LineProblem {
  std::size_t line = 0;  ///< Counted from 1.
  std::string what{};    ///< What is wrong with it.

  friend bool operator==(const LineProblem&, const LineProblem&) = default;
};

/// What a file held: every good line, and every bad one told apart, so that one typing error loses
/// one question only.
struct Dataset {
  std::string name{};  ///< The file's name without its ending.
  std::vector<Question> questions{};
  std::vector<LineProblem> problems{};
};

/// Reads questions, one JSON object a line: `id` (text or number, unique), `prompt` (text),
/// optional `expected` (text, number, or a list of them). Empty lines are passed over, other fields
/// ignored.
[[nodiscard]] Dataset parse_dataset(std::istream& input);

/// The same from a file. Throws std::runtime_error naming the file when it cannot be read.
[[nodiscard]] Dataset load_dataset(const std::filesystem::path& file);

}  // namespace llm_benchmark
