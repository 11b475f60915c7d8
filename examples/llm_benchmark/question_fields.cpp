// The fields of an entry of a data set, under whichever spelling.

#include "question_fields.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "question_shapes.hpp"

namespace llm_benchmark {
namespace {

using nlohmann::json;

/// What belongs to a question wherever it is: texts, options, and media that cannot be asked.
constexpr std::array<std::string_view, 46> kQuestionParts{
    "prompt",       "question",   "problem", "query",      "goal",          "sentence",
    "instruction",  "input",      "inputs",  "ctx",        "questionstem",  "stem",
    "context",      "passage",    "article", "support",    "document",      "background",
    "premise",      "hypothesis", "story",   "paragraphs", "questions",     "table",
    "choices",      "options",    "endings", "candidates", "answerchoices", "mc1targets",
    "targetscores", "image",      "images",  "imageurl",   "image1",        "audio",
    "video",        "option1",    "optiona", "choice1",    "choicea",       "sol1",
    "ending0",      "answera",    "opa",     "ending1"};

}  // namespace

std::string key_of(std::string_view name) {
  std::string key;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) key += c;
    if (byte < 0x80 && std::isalnum(byte) != 0) key += static_cast<char>(std::tolower(byte));
  }
  return key;
}

void refuse(const Field& field, std::string_view expected) {
  throw BadEntry("field \"" + std::string(field.name) + "\" is " + field.value->type_name() +
                 ", expected " + std::string(expected));
}

std::string text_of(const Field& field) {
  if (!field.value->is_string()) refuse(field, "text");
  const auto& text = field.value->get_ref<const std::string&>();
  if (trimmed(text).empty()) {
    throw BadEntry("field \"" + std::string(field.name) + "\" is empty");
  }
  return text;
}

bool is_blank(const json& value) {
  if (value.is_string()) return trimmed(value.get_ref<const std::string&>()).empty();
  return value.empty();
}

QuestionFields::QuestionFields(const json& entry) {
  for (const auto& [name, value] : entry.items()) {
    if (value.is_null()) continue;
    std::string key = key_of(name);
    const auto same = std::ranges::find(entries_, key, &Entry::key);
    if (same == entries_.end()) {
      entries_.push_back({std::move(key), Field{name, &value}, false});
    } else if (is_blank(*same->field.value)) {
      same->field = Field{name, &value};
    } else if (!is_blank(value) && value != *same->field.value) {
      throw BadEntry("fields \"" + std::string(same->field.name) + "\" and \"" + name +
                     "\" have one name and different values");
    }
  }
}

Field QuestionFields::take(std::string_view name) {
  const auto found = std::ranges::find(entries_, name, &Entry::key);
  if (found == entries_.end()) return {};
  found->is_used = true;
  return found->field;
}

bool QuestionFields::has(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::key);
  return found != entries_.end() && !found->is_used && !is_blank(*found->field.value);
}

void QuestionFields::require_all_asked(std::string_view prompt) const {
  for (const Entry& entry : entries_) {
    const json& value = *entry.field.value;
    if (entry.is_used || is_blank(value) ||
        std::ranges::find(kQuestionParts, entry.key) == kQuestionParts.end() ||
        (value.is_string() &&
         prompt.find(trimmed(value.get_ref<const std::string&>())) != prompt.npos)) {
      continue;
    }
    throw BadEntry("field \"" + std::string(entry.field.name) +
                   "\" was not understood beside the others, and the question would lack it");
  }
}

}  // namespace llm_benchmark
