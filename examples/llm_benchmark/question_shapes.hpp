// The shapes in which data sets write a question.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dataset.hpp"

namespace llm_benchmark {

/// An entry that is not a question; what() says what is wrong with it.
class BadEntry : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A question, and whether turns of its conversation are omitted.
struct ReadQuestion {
  Question question{};  ///< With an empty id when the entry has none.
  bool has_more_turns = false;
};

/// The question of a JSON object in one of the shapes that known_shapes() lists. Throws BadEntry.
[[nodiscard]] ReadQuestion question_of(const nlohmann::json& entry);

/// Whether a column of that name holds the text of a question.
[[nodiscard]] bool names_a_question(const std::string& name);

/// A question has at most this many lettered options, A to Z.
inline constexpr std::size_t kMostOptions = 26;

/// A question with lettered options. `answer` is the letter; empty: not scored.
[[nodiscard]] Question choice_question(std::string_view text,
                                       const std::vector<std::string>& options,
                                       std::string_view answer);

/// The text without spaces and line breaks at both ends.
[[nodiscard]] std::string trimmed(const std::string& text);

/// What follows the last "####", after which GSM8K writes the answer; the whole text without one.
[[nodiscard]] std::string final_answer(const std::string& text);

}  // namespace llm_benchmark
