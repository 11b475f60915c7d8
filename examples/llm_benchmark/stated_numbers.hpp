// Whether an answer states a number.
#pragma once

#include <string_view>

#include "answer_words.hpp"

namespace llm_benchmark {

/// Whether the answer states `number` (as AnswerWord::text has it). Where it names its result, the
/// last result named decides: after "####", "\boxed{", "answer" or "=" behind a calculation, or,
/// when no number comes after it, after "gives", "makes", "therefore" and the like. Otherwise any
/// number in it counts. A space may separate thousands (70 000). Throws std::bad_alloc.
[[nodiscard]] bool states_number(const AnswerWords& answer, std::string_view number);

}  // namespace llm_benchmark
