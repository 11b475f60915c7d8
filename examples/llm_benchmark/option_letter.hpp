// Which option of a multiple-choice question an answer names.
#pragma once

#include <optional>

#include "answer_words.hpp"

namespace llm_benchmark {

/// The option that an accepted text stands for, in upper case: "B", "b", "(B)", "B." for B.
/// Absent when the text is more than one Latin letter.
[[nodiscard]] std::optional<char> as_option(const AnswerWords& accepted);

/// The option that an answer names, in upper case. Letters that it rejects do not count ("not A",
/// "A is wrong", "A - no", "I would rule out A"), nor do the article "A" and the pronoun "I". Of
/// the others the first of these that there is decides:
///
/// - the last one that it calls its answer ("the answer is B", "\boxed{B}", "#### B"),
/// - the ones that it calls right ("B is correct", "B - yes"),
/// - the one that it begins with ("B", "b) Paris"), unless it lists other options likewise,
/// - the letters that stand alone, in upper case, otherwise in lower case.
///
/// Absent when it names none, and when that step gives several ("A or B").
[[nodiscard]] std::optional<char> named_option(const AnswerWords& answer);

}  // namespace llm_benchmark
