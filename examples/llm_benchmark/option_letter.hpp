// Which option of a multiple-choice question an answer names.
#pragma once

#include <optional>

#include "answer_words.hpp"

namespace llm_benchmark {

/// The option that an accepted text stands for, in upper case: "B", "b", "(B)", "B." for B.
/// Absent when the text is more than one Latin letter.
[[nodiscard]] std::optional<char> as_option(const AnswerWords& accepted);

/// The option that an answer names, in upper case: the last one that it calls its answer ("the
/// answer is B", "\boxed{B}", "#### B"), otherwise the one it begins with ("B", "b) Paris"),
/// otherwise the first capital letter that stands alone and is not an article or pronoun. Absent
/// when it names none.
[[nodiscard]] std::optional<char> named_option(const AnswerWords& answer);

}  // namespace llm_benchmark
