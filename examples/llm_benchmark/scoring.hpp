// Whether an answer is right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llm_benchmark {

/// A text reduced to what matters for comparing: lower case, words with one space between, without
/// punctuation and leading articles. Signs and decimal points of numbers stay, thousands separators
/// go: "The -1,200.5 km!" gives
/// "-1200.5 km". Letters beyond ASCII stay as they are.
[[nodiscard]] std::string normalised(std::string_view text);

/// Whether the answer is one of the accepted ones or holds one of them as whole words ("It is
/// Paris, of course." for "Paris"; but not "14" for "4"). A model that answers in a sentence is as
/// right as one that answers in a word.
[[nodiscard]] bool is_right(std::string_view answer, const std::vector<std::string>& accepted);

}  // namespace llm_benchmark
