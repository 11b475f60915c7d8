// A regular expression over model names, hidden: <regex> is slow to compile and stays in one file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ltb::llm {

/// Immutable and cheap to copy; distinct objects and const members from any thread.
class NamePattern {
 public:
  /// ECMAScript, without back-references. Throws std::invalid_argument saying why the text is not a
  /// pattern.
  explicit NamePattern(const std::string& text);
  /// Whether the whole name matches. Time grows with the name and the pattern, never exponentially.
  [[nodiscard]] bool matches(std::string_view name) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace ltb::llm
