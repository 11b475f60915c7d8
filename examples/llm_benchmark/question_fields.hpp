// The fields of an entry of a data set, under whichever spelling.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm_benchmark {

/// A field of an entry; without a value when the entry does not have it.
struct Field {
  std::string_view name{};  ///< As the entry spells it.
  const nlohmann::json* value = nullptr;

  explicit operator bool() const noexcept { return value != nullptr; }
};

/// The name without case, spaces and ASCII signs: what fields are compared by.
[[nodiscard]] std::string key_of(std::string_view name);

/// Throws BadEntry that says what the field is and what was expected.
[[noreturn]] void refuse(const Field& field, std::string_view expected);

/// The text of a field, which is not blank. Throws BadEntry.
[[nodiscard]] std::string text_of(const Field& field);

/// Null, blank text, an empty list or an empty object.
[[nodiscard]] bool is_blank(const nlohmann::json& value);

/// The fields of an entry. Names are compared without case, spaces and signs: "Correct Answer" and
/// "correct_answer" are one. Not thread-safe; the entry outlives this object.
class QuestionFields {
 public:
  /// `entry` is an object. Throws BadEntry when two of its names are one and both have values.
  explicit QuestionFields(const nlohmann::json& entry);

  /// The field of that name (lower case letters and digits) unless it is null; it counts as used.
  [[nodiscard]] Field take(std::string_view name);
  /// The first of the names that the entry has.
  template <class Names>
  [[nodiscard]] Field take_first(const Names& names) {
    for (const std::string_view name : names) {
      if (const Field field = take(name)) return field;
    }
    return {};
  }
  /// Whether the entry has the field, and it is neither blank nor used.
  [[nodiscard]] bool has(std::string_view name) const;

  /// Throws BadEntry when a field that belongs to a question was not used: it would be missing from
  /// what is asked. A text that `prompt` contains is not missing.
  void require_all_asked(std::string_view prompt) const;

 private:
  struct Entry {
    std::string key{};
    Field field{};
    bool is_used = false;
  };
  std::vector<Entry> entries_{};
};

}  // namespace llm_benchmark
