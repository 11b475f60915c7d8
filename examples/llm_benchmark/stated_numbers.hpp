// Whether an answer states a number.
#pragma once

#include <string_view>

#include "answer_words.hpp"

namespace llm_benchmark {

/// Whether the answer states `number` (as AnswerWord::text has it). Where it names its result, the
/// last result named decides: after "####", "\boxed{", "answer" or "=" behind a calculation, or,
/// when no number comes after it, after "gives", "makes", "therefore" and the like. Otherwise any
/// number in it counts, of three sentences with numbers or more only those of the last. A number
/// after "not", "instead of" or "rather than" never counts. A space may separate thousands (70
/// 000). Throws std::bad_alloc.
[[nodiscard]] bool states_number(const AnswerWords& answer, std::string_view number);

/// Whether a formula is `number`, with a unit or without, or after "=": "72 km", "x = 5", but not
/// "2 sqrt 3" or "1, 2". Throws std::bad_alloc.
[[nodiscard]] bool is_number(const AnswerWords& answer, std::string_view number);

}  // namespace llm_benchmark
