// The shapes in which data sets write a question.

#include "question_shapes.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace llm_benchmark {
namespace {

using nlohmann::json;

constexpr const char* kTextOrList = "text, a number, true, false or a list of them";

const json* member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

[[noreturn]] void refuse(const char* field, const json& value, const char* expected) {
  throw BadEntry(std::string("field \"") + field + "\" is " + value.type_name() + ", expected " +
                 expected);
}

std::string text_of(const json& value, const char* field) {
  if (!value.is_string()) refuse(field, value, "text");
  const auto& text = value.get_ref<const std::string&>();
  if (trimmed(text).empty()) throw BadEntry(std::string("field \"") + field + "\" is empty");
  return text;
}

void add_accepted(std::vector<std::string>& accepted, const json& value, const char* field) {
  if (value.is_string()) {
    accepted.push_back(final_answer(value.get<std::string>()));
  } else if (value.is_number()) {
    accepted.push_back(value.dump());
  } else if (value.is_boolean()) {
    accepted.insert(accepted.end(), value.get<bool>()
                                        ? std::initializer_list<std::string>{"true", "yes"}
                                        : std::initializer_list<std::string>{"false", "no"});
  } else {
    refuse(field, value, kTextOrList);
  }
}

/// What counts as right, under whichever name it is given.
std::vector<std::string> accepted_of(const json& object) {
  std::vector<std::string> accepted;
  for (const char* field : {"expected", "ideal", "answer", "answers", "target"}) {
    const json* value = member(object, field);
    if (value == nullptr) continue;
    if (value->is_object() && value->contains("value")) {  // TriviaQA
      add_accepted(accepted, (*value)["value"], field);
      if (const json* aliases = member(*value, "aliases"); aliases && aliases->is_array()) {
        for (const json& alias : *aliases) add_accepted(accepted, alias, field);
      }
      return accepted;
    }
    if (value->is_object() && value->contains("text")) value = &(*value)["text"];  // SQuAD
    if (!value->is_array()) {
      add_accepted(accepted, *value, field);
      return accepted;
    }
    for (const json& one : *value) add_accepted(accepted, one, field);
    return accepted;
  }
  return accepted;
}

/// The text of a message: text, or a list of parts that are text.
std::string content_of(const json& message) {
  const json* content = member(message, "content");
  if (content == nullptr) content = member(message, "value");
  if (content == nullptr) throw BadEntry("a message has no \"content\"");
  if (!content->is_array()) return text_of(*content, "content");
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
ReadQuestion conversation(const json& messages, const char* field, bool all) {
  if (!messages.is_array()) refuse(field, messages, "a list of messages");
  ReadQuestion read;
  Question& question = read.question;
  std::vector<std::pair<std::string, std::string>> turns;
  for (const json& message : messages) {
    if (!message.is_object()) refuse(field, messages, "a list of objects");
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
  if (turns.empty()) throw BadEntry(std::string("field \"") + field + "\" has no user message");
  for (const auto& [role, text] : turns) {
    if (turns.size() == 1) {
      question.prompt = text;
    } else {
      question.prompt += (question.prompt.empty() ? "" : "\n\n") + role + ": " + text;
    }
  }
  return read;
}

ReadQuestion text_or_conversation(const json& value, const char* field) {
  if (value.is_array()) return conversation(value, field, true);
  ReadQuestion read;
  read.question.prompt = text_of(value, field);
  return read;
}

/// The options of a multiple-choice question, and their labels where they have some.
struct Options {
  std::vector<std::string> texts{};
  std::vector<std::string> labels{};
};

Options options_of(const json& choices) {
  Options options;
  const auto add = [](std::vector<std::string>& list, const json& value) {
    list.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  };
  const json* texts = &choices;
  if (choices.is_object() && choices.contains("text") && choices["text"].is_array()) {  // ARC
    texts = &choices["text"];
    if (const json* labels = member(choices, "label"); labels && labels->is_array()) {
      for (const json& label : *labels) add(options.labels, label);
    }
  }
  if (!texts->is_array()) refuse("choices", choices, "a list of texts");
  for (const json& choice : *texts) {
    if (choice.is_object() && choice.contains("text")) {
      add(options.texts, choice["text"]);
      if (choice.contains("label")) add(options.labels, choice["label"]);
    } else {
      add(options.texts, choice);
    }
  }
  if (options.texts.size() < 2 || options.texts.size() > kMostOptions) {
    throw BadEntry("field \"choices\" has " + std::to_string(options.texts.size()) +
                   " options, expected 2 to " + std::to_string(kMostOptions));
  }
  return options;
}

/// The letter of the right option: given as index, as letter, as label or as text.
std::string letter_of(const Options& options, const json* answer) {
  if (answer == nullptr) return {};
  std::size_t index = options.texts.size();
  if (answer->is_number_integer() && answer->get<std::int64_t>() >= 0) {
    index = answer->get<std::size_t>();
  } else if (answer->is_string()) {
    const auto& text = answer->get_ref<const std::string&>();
    const auto find = [&](const std::vector<std::string>& list) {
      return static_cast<std::size_t>(std::ranges::find(list, text) - list.begin());
    };
    if (!options.labels.empty()) {
      index = find(options.labels);
    } else if (text.size() == 1 && std::isalpha(static_cast<unsigned char>(text[0])) != 0) {
      index = static_cast<std::size_t>(std::toupper(static_cast<unsigned char>(text[0])) - 'A');
    }
    if (index >= options.texts.size()) index = find(options.texts);
  }
  if (index >= options.texts.size()) {
    throw BadEntry("the answer " + answer->dump(-1, ' ', false, json::error_handler_t::replace) +
                   " is not one of the " + std::to_string(options.texts.size()) + " options");
  }
  return {static_cast<char>('A' + index)};
}

ReadQuestion choices_shape(const json& entry, const json& choices) {
  std::string text;
  if (const json* question = member(entry, "question")) {
    const bool has_stem = question->is_object() && question->contains("stem");
    text = text_of(has_stem ? (*question)["stem"] : *question, "question");
  } else {
    throw BadEntry("field \"question\" is missing beside \"choices\"");
  }
  const Options options = options_of(choices);
  const json* answer = nullptr;
  for (const char* field : {"answerKey", "answer", "expected", "label", "target"}) {
    if (answer == nullptr) answer = member(entry, field);
  }
  return {choice_question(text, options.texts, letter_of(options, answer)), false};
}

ReadQuestion turns_shape(const json& turns) {
  if (!turns.is_array()) refuse("turns", turns, "a list of texts");
  if (turns.empty()) throw BadEntry("field \"turns\" is empty");
  ReadQuestion read;
  read.question.prompt = text_of(turns.front(), "turns");
  read.has_more_turns = turns.size() > 1;
  return read;
}

ReadQuestion question_shape(const json& entry, const json& question) {
  ReadQuestion read;
  read.question.prompt = text_of(question, "question");
  if (const json* context = member(entry, "context"); context && context->is_string()) {
    read.question.prompt = context->get<std::string>() + "\n\n" + read.question.prompt;
  }
  return read;
}

/// lm-eval writes the question it asked under "doc".
ReadQuestion sample_shape(const json& entry, const json& doc) {
  ReadQuestion read = question_of(doc);
  const json* target = member(entry, "target");
  if (target != nullptr && target->is_string() && !doc.contains("choices")) {
    read.question.accepted = {final_answer(target->get<std::string>())};
  }
  return read;
}

ReadQuestion by_shape(const json& entry) {
  if (const json* doc = member(entry, "doc"); doc && doc->is_object()) {
    return sample_shape(entry, *doc);
  }
  if (const json* choices = member(entry, "choices"); choices && !entry.contains("prompt")) {
    return choices_shape(entry, *choices);
  }
  // A benchmark's answer to a whole conversation is not a short text to look for.
  if (const json* turns = member(entry, "turns")) return turns_shape(*turns);
  if (const json* messages = member(entry, "conversations")) {
    return conversation(*messages, "conversations", false);
  }
  if (const json* messages = member(entry, "messages")) {
    return conversation(*messages, "messages", false);
  }
  ReadQuestion read;
  if (const json* prompt = member(entry, "prompt")) {
    read = text_or_conversation(*prompt, "prompt");
  } else if (const json* question = member(entry, "question")) {
    read = question_shape(entry, *question);
  } else if (const json* input = member(entry, "input")) {
    read = text_or_conversation(*input, "input");
  } else {
    throw BadEntry(
        "field \"prompt\" is missing, and so are \"question\", \"input\", \"messages\", "
        "\"turns\" and \"conversations\"");
  }
  read.question.accepted = accepted_of(entry);
  return read;
}

std::string id_of(const json& entry) {
  for (const char* field : {"id", "question_id", "doc_id", "task_id"}) {
    const json* id = member(entry, field);
    if (id == nullptr) continue;
    if (id->is_string()) return id->get<std::string>();
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
  std::erase_if(read.question.accepted, [](const std::string& text) { return text.empty(); });
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
  question.prompt += "\nAnswer with the letter alone.";
  if (!answer.empty()) question.accepted.emplace_back(answer);
  return question;
}

}  // namespace llm_benchmark
