// What a reasoning model writes before its answer.
#pragma once

#include <string>
#include <string_view>

namespace llm_benchmark {

/// The answer without its thoughts: what is between `<think>`, `<thinking>`, `<reasoning>`,
/// `<thought>`, `[THINK]` or the like and the tag that closes it, and what comes before a closing
/// tag that nothing opened. Thoughts that are not closed end with the text. Of gpt-oss's channels
/// only the last `final` is the answer. Empty when there are only thoughts. Throws std::bad_alloc.
[[nodiscard]] std::string without_thoughts(std::string_view answer);

}  // namespace llm_benchmark
