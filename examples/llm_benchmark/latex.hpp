// What the scoring reads of LaTeX, in which models write mathematics.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llm_benchmark {

/// What is in the last `\boxed{...}` or `\fbox{...}` that is closed; absent without one.
[[nodiscard]] std::optional<std::string> last_boxed(std::string_view text);

/// The text with LaTeX's signs for numbers as plain ones: `1{,}234`, `3 \times 10^8`, `\$5`, and
/// `2\frac{1}{2}` (`\dfrac`, `\tfrac`) as 2 1/2. Throws std::bad_alloc.
[[nodiscard]] std::string with_plain_numbers(std::string_view text);

/// A formula without spaces, braces and commands that only change how it looks: two formulas that
/// are equal so are one.
[[nodiscard]] std::string bare_formula(std::string_view text);

}  // namespace llm_benchmark
