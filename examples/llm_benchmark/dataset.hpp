// The questions of a benchmark, read from a file in one of the usual shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llm_benchmark {

/// One question.
struct Question {
  std::string id{};
  std::string prompt{};
  std::vector<std::string>
      accepted{};  ///< Answers that count as right; empty: the question is not scored.
  std::optional<std::string> system_prompt{};  ///< Instead of the program's own.
  std::optional<std::uint32_t> max_tokens{};   ///< The longest answer asked for, in tokens.

  friend bool operator==(const Question&, const Question&) = default;
};

/// An entry that is not a question.
struct LineProblem {
  std::size_t line = 0;  ///< Where it begins, counted from 1.
  std::string what{};    ///< What is wrong with it.

  friend bool operator==(const LineProblem&, const LineProblem&) = default;
};

/// What a file contained: every usable entry, so that one typing error loses one question only,
/// and a summary of the others.
struct Dataset {
  std::string name{};  ///< The file's name without its ending.
  std::vector<Question> questions{};
  std::size_t entries = 0;  ///< Usable or not.
  std::size_t broken = 0;   ///< Entries that are not usable.
  /// The first entry of each kind of problem, at most kMostProblems.
  std::vector<LineProblem> problems{};
  std::vector<std::string> notices{};  ///< What else a person should know, one sentence each.
};

inline constexpr std::size_t kMostProblems = 3;
/// Larger files are rejected, and questions beyond the limit are not read.
inline constexpr std::uintmax_t kMostDatasetBytes = 2ULL << 30U;
inline constexpr std::size_t kMostQuestions = 1'000'000;

/// How the text of a data set is written.
enum class DatasetFormat {
  Json,  ///< JSON Lines, an array, or objects over several lines: found out from the text.
  Csv,
  Tsv,
};

/// The shapes that are read, a line each, indented by two spaces.
[[nodiscard]] std::string_view known_shapes() noexcept;

/// Reads questions from a text in UTF-8, with or without a byte order mark. An entry without an id
/// is called by its line (in an array: by its position); an id that occurs again gets a suffix
/// ("7#2").
[[nodiscard]] Dataset parse_dataset(std::string_view text,
                                    DatasetFormat format = DatasetFormat::Json);

/// The same from a file: CSV by the ending .csv, tabs by .tsv, otherwise JSON. Throws
/// std::runtime_error that names the file and the reason when it cannot be read.
[[nodiscard]] Dataset load_dataset(const std::filesystem::path& file);

/// Which entries are omitted and why, for people: one text, of a few lines at most. Empty when all
/// are usable.
[[nodiscard]] std::string problems_of(const Dataset& dataset, const std::filesystem::path& file);

}  // namespace llm_benchmark
