// The options of a multiple-choice question, and which of them is right.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "question_fields.hpp"

namespace llm_benchmark {

/// The options of a question.
struct AnswerOptions {
  std::vector<std::string> texts{};
  std::vector<std::string> labels{};   ///< What the entry calls them; may be empty.
  std::string_view number_field{};     ///< The field that numbers them; any when empty.
  std::size_t first_number = 0;        ///< The number of the first option.
  bool is_numbered = true;             ///< Whether a number is understood as an answer.
  std::optional<std::size_t> right{};  ///< Where the options say it themselves.
};

/// Takes the options of an entry in one of the ways in which data sets write them; empty when it
/// has none. `question` decides where a right option that is apart from the wrong ones is put.
/// Throws BadEntry.
[[nodiscard]] AnswerOptions take_options(QuestionFields& fields, std::string_view question);

/// The letter of the right option, which the entry gives as number, letter, label or text; empty
/// when it gives none. Throws BadEntry when it is none of the options, or several.
[[nodiscard]] std::string take_letter(QuestionFields& fields, const AnswerOptions& options);

}  // namespace llm_benchmark
