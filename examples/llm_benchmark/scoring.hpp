// Whether an answer is right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llm_benchmark {

/// A text reduced to what is compared: words in folded case with one space between, without
/// punctuation and a leading article; numbers in one form each. "The -1,200.50 km!" gives
/// "-1200.5 km". Characters of scripts without spaces between words count as words. Accents
/// matter. Throws std::bad_alloc.
[[nodiscard]] std::string normalised(std::string_view text);

/// Whether the answer contains one of the accepted ones. A model that answers in a sentence is as
/// right as one that answers in a word. The thoughts of a reasoning model are not part of its
/// answer (see without_thoughts()), and of an answer with \boxed{} only what is in the last one is
/// compared. An accepted text that is
///
/// - one number ("29", "-3", "$1,200.50", "1/2") is compared as a number: 29.00 is 29. Where the
///   answer names its result ("#### 7", "the answer is 7", "which gives 7.", "2 + 5 = 7"), the
///   result decides; otherwise any number in it counts (see states_number()).
/// - one letter ("B", "(b)") is an option (see named_option()).
/// - "yes", "true", "no" or "false" is a verdict (see verdict_of()).
/// - anything else is searched as whole words ("It is Paris, of course." contains "Paris"; but
///   "14" does not contain "4"), and in Chinese, Japanese, Korean and the like as characters. Words
///   after "not" do not count, and between numbers and variables the signs must agree.
/// - without letters and digits ("+", "<=") is searched as it is.
///
/// An empty answer is wrong, and an empty accepted text matches nothing. Throws std::bad_alloc.
[[nodiscard]] bool is_right(std::string_view answer, const std::vector<std::string>& accepted);

}  // namespace llm_benchmark
