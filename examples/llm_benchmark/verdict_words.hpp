// Yes or no, as an answer says it.
#pragma once

#include <optional>

#include "answer_words.hpp"

namespace llm_benchmark {

/// What an accepted text of one word means: true for "yes" and "true", false for "no" and "false";
/// absent for another text.
[[nodiscard]] std::optional<bool> as_verdict(const AnswerWords& accepted);

/// What an answer says: its first word where that is a verdict, otherwise the last one after
/// "answer" or "is", otherwise the only kind that is in it, turned by "not" before it. Absent when
/// both kinds are in it, or none.
[[nodiscard]] std::optional<bool> verdict_of(const AnswerWords& answer);

}  // namespace llm_benchmark
