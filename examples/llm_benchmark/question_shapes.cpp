// The shapes in which data sets write a question.

#include "question_shapes.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "answer_options.hpp"
#include "question_fields.hpp"

namespace llm_benchmark {
namespace {

using nlohmann::json;

constexpr const char* kTextOrList = "text, a number, true, false or a list of them";

// The names of what a question consists of, in data sets that people use; the first one counts.
constexpr std::array<std::string_view, 12> kTexts{
    "prompt",      "question",     "problem", "query", "goal",  "sentence",
    "instruction", "questionstem", "stem",    "ctx",   "input", "inputs"};
/// What the text is about; asked before it.
constexpr std::array<std::string_view, 8> kContexts{"context", "passage",    "article", "document",
                                                    "support", "background", "premise", "story"};
constexpr std::array<std::string_view, 11> kExpected{
    "expected",     "ideal",         "answer",      "answers", "target", "targets",
    "answersspans", "correctanswer", "finalanswer", "gold",    "label"};
constexpr std::string_view kAskForLetter = "\nAnswer with the letter alone.";
constexpr std::array<std::string_view, 3> kSystem{"systemprompt", "system", "systemmessage"};

const json* member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

void add_accepted(std::vector<std::string>& accepted, const Field& field, const json& value) {
  if (value.is_string()) {
    accepted.push_back(final_answer(value.get<std::string>()));
  } else if (value.is_number()) {
    accepted.push_back(value.dump());
  } else if (value.is_boolean()) {
    accepted.insert(accepted.end(), value.get<bool>()
                                        ? std::initializer_list<std::string>{"true", "yes"}
                                        : std::initializer_list<std::string>{"false", "no"});
  } else if (const json* text = value.is_object() ? member(value, "text") : nullptr) {
    add_accepted(accepted, field, *text);
  } else {
    refuse({field.name, &value}, kTextOrList);
  }
}

void add_all(std::vector<std::string>& accepted, const Field& field, const json& values) {
  if (!values.is_array()) return add_accepted(accepted, field, values);
  for (const json& one : values) add_accepted(accepted, field, one);
}

/// DROP: all of several different spans are wanted, which cannot be scored.
void require_one_span(const Field& field, const json& spans) {
  for (std::size_t i = 1; spans.is_array() && i < spans.size(); ++i) {
    if (spans[i] == spans[0]) continue;
    throw BadEntry("field \"" + std::string(field.name) +
                   "\" has several different spans, all of which are wanted");
  }
}

/// The last \boxed{...} of a solution (MATH), without its braces; empty without one.
std::string boxed_answer(const std::string& solution) {
  for (const std::string_view mark : {"\\boxed{", "\\fbox{"}) {
    std::size_t at = solution.rfind(mark);
    if (at == std::string::npos) continue;
    const std::size_t begin = at += mark.size();
    for (std::size_t depth = 1; at < solution.size(); ++at) {
      if (solution[at] == '{') ++depth;
      if (solution[at] == '}' && --depth == 0) return solution.substr(begin, at - begin);
    }
  }
  return {};
}

/// What counts as right, under whichever name it is given.
std::vector<std::string> take_accepted(QuestionFields& fields) {
  std::vector<std::string> accepted;
  for (const std::string_view name : kExpected) {
    const Field field = fields.take(name);
    if (!field || is_blank(*field.value)) continue;
    // A number that nothing explains: SuperGLUE's 1 for yes, the class of a classifier.
    if (name == "label" && !field.value->is_string()) continue;
    const json& value = *field.value;
    if (const json* main = value.is_object() ? member(value, "value") : nullptr) {  // TriviaQA
      add_accepted(accepted, field, *main);
      if (const json* aliases = member(value, "aliases")) add_all(accepted, field, *aliases);
    } else if (const json* spans = value.is_object() ? member(value, "spans") : nullptr) {
      require_one_span(field, *spans);
      add_all(accepted, field, *spans);
    } else if (const json* texts = value.is_object() ? member(value, "text") : nullptr) {  // SQuAD
      add_all(accepted, field, *texts);
    } else {
      add_all(accepted, field, value);
    }
    return accepted;
  }
  const Field solution = fields.take("solution");
  if (solution && solution.value->is_string()) {
    accepted.push_back(boxed_answer(solution.value->get<std::string>()));
  }
  return accepted;
}

/// The text of a message: text, or a list of parts that are text.
std::string content_of(const json& message) {
  const json* content = member(message, "content");
  if (content == nullptr) content = member(message, "value");
  if (content == nullptr) throw BadEntry("a message has no \"content\"");
  if (!content->is_array()) return text_of({"content", content});
  std::string text;
  for (const json& part : *content) {
    if (!part.is_object() || !part.contains("text") || !part["text"].is_string()) {
      throw BadEntry("a message has a part that is not text");
    }
    text += part["text"].get_ref<const std::string&>();
  }
  return text;
}

std::string role_of(const json& message) {
  for (const char* field : {"role", "from"}) {
    if (const json* role = member(message, field); role && role->is_string()) {
      return role->get<std::string>();
    }
  }
  throw BadEntry("a message has no \"role\"");
}

bool is_user(const std::string& role) {
  return role == "user" || role == "human";
}

bool is_system(const std::string& role) {
  return role == "system" || role == "developer";
}

/// A conversation up to and with its first user message; with `all`, every message, marked by its
/// role where there are several.
ReadQuestion conversation(const json& messages, std::string_view name, bool all) {
  const Field field{name, &messages};
  if (!messages.is_array()) refuse(field, "a list of messages");
  ReadQuestion read;
  Question& question = read.question;
  std::vector<std::pair<std::string, std::string>> turns;
  for (const json& message : messages) {
    if (!message.is_object()) refuse(field, "a list of objects");
    const std::string role = role_of(message);
    if (is_system(role)) {
      const std::string text = content_of(message);
      question.system_prompt =
          question.system_prompt ? *question.system_prompt + "\n\n" + text : text;
    } else if (all || (turns.empty() && is_user(role))) {
      turns.emplace_back(role, content_of(message));
    } else if (!turns.empty() && is_user(role)) {
      read.has_more_turns = true;
    }
  }
  if (turns.empty()) throw BadEntry("field \"" + std::string(name) + "\" has no user message");
  for (const auto& [role, text] : turns) {
    if (turns.size() == 1) {
      question.prompt = text;
    } else {
      question.prompt += (question.prompt.empty() ? "" : "\n\n") + role + ": " + text;
    }
  }
  return read;
}

ReadQuestion text_or_conversation(const Field& field) {
  if (field.value->is_array()) return conversation(*field.value, field.name, true);
  ReadQuestion read;
  read.question.prompt = text_of(field);
  return read;
}

ReadQuestion turns_shape(const json& turns) {
  const Field field{"turns", &turns};
  if (!turns.is_array()) refuse(field, "a list of texts");
  if (turns.empty()) throw BadEntry("field \"turns\" is empty");
  ReadQuestion read;
  read.question.prompt = text_of({"turns", &turns.front()});
  read.has_more_turns = turns.size() > 1;
  return read;
}

/// Puts what belongs to the question around its text, unless the text has it already.
void add_parts(QuestionFields& fields, std::string& prompt) {
  std::string before;
  for (const std::string_view name : kContexts) {
    if (!fields.has(name)) continue;
    const std::string text = text_of(fields.take(name));
    if (prompt.find(trimmed(text)) == std::string::npos) before += text + "\n\n";
  }
  if (fields.has("input")) {  // Alpaca
    const std::string text = text_of(fields.take("input"));
    if (prompt.find(trimmed(text)) == std::string::npos) prompt += "\n\n" + text;
  }
  prompt.insert(0, before);
}

/// A text with what belongs to it, and options or accepted answers.
ReadQuestion text_shape(const json& entry) {
  QuestionFields fields(entry);
  const auto* const name =
      std::ranges::find_if(kTexts, [&fields](std::string_view one) { return fields.has(one); });
  const Field text = name == kTexts.end() ? fields.take_first(kTexts) : fields.take(*name);
  if (!text) {
    throw BadEntry(
        "field \"prompt\" is missing, and so are \"question\", \"problem\", \"input\", "
        "\"messages\" and "
        "the other names of a question");
  }
  ReadQuestion read = text_or_conversation(text);
  Question& question = read.question;
  add_parts(fields, question.prompt);
  if (const Field system = fields.take_first(kSystem); system && !is_blank(*system.value)) {
    question.system_prompt = text_of(system);
  }
  const std::string asked = question.prompt;
  const AnswerOptions options = take_options(fields, asked);
  if (options.texts.empty()) {
    question.accepted = take_accepted(fields);
  } else {
    const auto system = std::move(question.system_prompt);
    question = choice_question(asked, options.texts, take_letter(fields, options));
    question.system_prompt = system;
  }
  fields.require_all_asked(question.prompt);
  return read;
}

/// lm-eval writes the question it asked under "doc".
ReadQuestion sample_shape(const json& entry, const json& doc) {
  ReadQuestion read = question_of(doc);
  const json* target = member(entry, "target");
  const bool has_options = read.question.prompt.ends_with(kAskForLetter);
  if (target != nullptr && target->is_string() && !has_options) {
    read.question.accepted = {final_answer(target->get<std::string>())};
  }
  return read;
}

ReadQuestion by_shape(const json& entry) {
  if (const json* doc = member(entry, "doc"); doc && doc->is_object()) {
    return sample_shape(entry, *doc);
  }
  // A benchmark's answer to a whole conversation is not a short text to look for.
  if (const json* turns = member(entry, "turns")) return turns_shape(*turns);
  for (const char* name : {"conversations", "messages"}) {
    if (const json* messages = member(entry, name)) return conversation(*messages, name, false);
  }
  const json* question = member(entry, "question");
  if (question == nullptr || !question->is_object()) return text_shape(entry);
  json flat = entry;  // ARC and OpenBookQA in their first form: {"question": {"stem", "choices"}}
  flat.erase("question");
  flat.update(*question);
  return text_shape(flat);
}

std::string id_of(const json& entry) {
  for (const char* field : {"id", "question_id", "doc_id", "task_id", "query_id", "qID", "ID",
                            "unique_id", "key", "Record ID"}) {
    const json* id = member(entry, field);
    if (id == nullptr) continue;
    if (id->is_string()) return trimmed(id->get<std::string>());
    if (id->is_number()) return id->dump();
  }
  return {};
}

}  // namespace

std::string trimmed(const std::string& text) {
  constexpr const char* kSpaces = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::string final_answer(const std::string& text) {
  constexpr std::string_view kMark = "####";
  const std::size_t mark = text.rfind(kMark);
  return mark == std::string::npos ? text : trimmed(text.substr(mark + kMark.size()));
}

bool names_a_question(const std::string& name) {
  return std::ranges::find(kTexts, key_of(name)) != kTexts.end();
}

ReadQuestion question_of(const json& entry) {
  if (!entry.is_object()) {
    throw BadEntry(std::string("is ") + entry.type_name() + ", expected a JSON object");
  }
  ReadQuestion read = by_shape(entry);
  read.question.id = id_of(entry);
  const json* length = member(entry, "output_len");  // vLLM
  if (length != nullptr && length->is_number_integer() && length->get<std::int64_t>() > 0 &&
      length->get<std::int64_t>() <= std::numeric_limits<std::uint32_t>::max()) {
    read.question.max_tokens = length->get<std::uint32_t>();
  }
  std::erase_if(read.question.accepted,
                [](const std::string& text) { return trimmed(text).empty(); });
  return read;
}

Question choice_question(std::string_view text, const std::vector<std::string>& options,
                         std::string_view answer) {
  Question question;
  question.prompt = text;
  char letter = 'A';
  for (const std::string& option : options) {
    question.prompt += std::string("\n") + letter++ + ". " + option;
  }
  question.prompt += kAskForLetter;
  if (!answer.empty()) question.accepted.emplace_back(answer);
  return question;
}

}  // namespace llm_benchmark
