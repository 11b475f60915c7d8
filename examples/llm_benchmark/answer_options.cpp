// The options of a multiple-choice question, and which of them is right.

#include "answer_options.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>

#include "question_shapes.hpp"

namespace llm_benchmark {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 7> kLists{
    "choices", "options", "endings", "candidates", "answerchoices", "mc1targets", "targetscores"};

/// Options that are fields of their own: option1, option2, ... `number_field` is the field that
/// gives the right one by number, counted from `first_number`.
struct Series {
  std::string_view prefix;
  char first;
  std::string_view number_field;
  std::size_t first_number;
};

constexpr std::array kSeries{
    Series{"option", '1', "answer", 1},  // WinoGrande
    Series{"choice", '1', "label", 0},   // COPA
    Series{"sol", '1', "label", 0},      // PIQA
    Series{"ending", '0', "label", 0},   // SWAG
    Series{"answer", 'a', "label", 1},   // SIQA
    Series{"op", 'a', "cop", 0},         // MedMCQA
    Series{"option", 'a', "", 0},       Series{"choice", 'a', "", 0},
    Series{"option", '0', "", 0},       Series{"choice", '0', "", 0},
    Series{"ending", '1', "", 0},       Series{"", 'a', "", 0},  // MMLU, C-Eval
};

/// A right option apart from the wrong ones, which are a list or numbered from 1.
struct Apart {
  std::string_view right;
  std::string_view wrong;
};

constexpr std::array kApart{
    Apart{"correctanswer", "incorrectanswer"},   // GPQA
    Apart{"correctanswer", "incorrectanswers"},  // Open Trivia
    Apart{"correctanswer", "distractor"},        // SciQ
    Apart{"bestanswer", "bestincorrectanswer"},  // TruthfulQA
};

constexpr std::array<std::string_view, 14> kAnswers{
    "answerkey",     "answer",        "answerindex", "answeridx",   "expected",
    "ideal",         "label",         "target",      "gold",        "cop",
    "correctoption", "correctanswer", "correct",     "correctindex"};
/// Fields in which digits written as text are a number and not the text of an option.
constexpr std::array<std::string_view, 6> kNumbers{"answerindex", "answeridx", "label",
                                                   "gold",        "cop",       "correctindex"};

std::string shown(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string option_text(const Field& field, const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  refuse({field.name, &value}, "options that are texts or numbers");
}

const json* member(const json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found != object.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

void read_list(const Field& field, const json& list, AnswerOptions& options) {
  if (!list.is_array()) refuse(field, "a list of texts");
  for (const json& option : list) {
    if (!option.is_object()) {
      options.texts.push_back(option_text(field, option));
      continue;
    }
    const json* text = member(option, {"text", "value", "content", "option"});
    if (text == nullptr) refuse({field.name, &option}, "options that are texts");
    options.texts.push_back(option_text(field, *text));
    if (const json* label = member(option, {"label", "key", "id"})) {
      options.labels.push_back(option_text(field, *label));
    }
  }
}

/// Notes the one option whose score is more than 0.
void note_score(const Field& field, const json& score, std::size_t index, AnswerOptions& options) {
  if (!score.is_number()) refuse({field.name, &score}, "a number for each option");
  if (score.get<double>() <= 0) return;
  if (options.right) {
    throw BadEntry("field \"" + std::string(field.name) + "\" has several right options");
  }
  options.right = index;
}

/// {"text": [...], "label": [...]}, {"choices": [...], "labels": [0, 1]}, {"A": "..."} or
/// {"...": 1}.
void read_object(const Field& field, AnswerOptions& options) {
  const json& object = *field.value;
  if (const json* texts = member(object, {"text", "texts"}); texts && texts->is_array()) {
    read_list(field, *texts, options);
    if (const json* labels = member(object, {"label", "labels"}); labels && labels->is_array()) {
      for (const json& label : *labels) options.labels.push_back(option_text(field, label));
    }
    return;
  }
  if (const json* texts = member(object, {"choices"}); texts && texts->is_array()) {
    read_list(field, *texts, options);
    const json* scores = member(object, {"labels"});
    for (std::size_t i = 0; scores != nullptr && i < scores->size(); ++i) {
      note_score(field, (*scores)[i], i, options);
    }
    return;
  }
  const bool has_scores = field.name.find("target") != field.name.npos;
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    if (has_scores) {
      note_score(field, value, options.texts.size(), options);
      options.texts.push_back(name);
    } else if (name.size() == 1) {
      options.labels.push_back(name);
      options.texts.push_back(option_text(field, value));
    } else {
      refuse(field, "a list of texts or an object such as {\"A\": \"text\"}");
    }
  }
}

void read_series(QuestionFields& fields, const Series& series, AnswerOptions& options) {
  std::string name(series.prefix);
  name += series.first;
  const auto next = [&name] { ++name.back(); };
  for (; name.back() != '9' + 1 && name.back() != 'z' + 1 && fields.has(name); next()) {
    const Field field = fields.take(name);
    options.labels.push_back(name);
    options.texts.push_back(option_text(field, *field.value));
  }
  const std::string missing = name;
  next();
  if (!options.texts.empty() && fields.has(name)) {
    throw BadEntry("option \"" + missing + "\" is empty, but \"" + name + "\" is not");
  }
  options.number_field = series.number_field;
  options.first_number = series.first_number;
  options.is_numbered = !series.number_field.empty() || series.first == 'a';
}

void read_apart(QuestionFields& fields, const Apart& apart, std::string_view question,
                AnswerOptions& options) {
  if (!fields.has(apart.right)) return;
  std::vector<std::string> wrong;
  if (const Field list = fields.take(apart.wrong)) {
    if (list.value->is_string()) wrong.push_back(text_of(list));
    if (list.value->is_array()) {
      for (const json& one : *list.value) wrong.push_back(option_text(list, one));
    }
  }
  for (std::string name = std::string(apart.wrong) + '1'; fields.has(name); ++name.back()) {
    const Field field = fields.take(name);
    wrong.push_back(option_text(field, *field.value));
  }
  if (wrong.empty()) return;
  const Field right = fields.take(apart.right);
  // A place that does not depend on anything but the question (FNV-1a).
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : question) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDU;
  options.texts = std::move(wrong);
  options.right = (hash >> 32U) % (options.texts.size() + 1);
  options.texts.insert(options.texts.begin() + static_cast<std::ptrdiff_t>(*options.right),
                       option_text(right, *right.value));
}

/// Omits the letters that the texts already begin with: "(A) 7", "B) 8".
void omit_own_letters(std::vector<std::string>& texts) {
  std::vector<std::string> bare;
  for (const std::string& text : texts) {
    std::size_t at = text.starts_with('(') ? 1 : 0;
    const auto letter = static_cast<char>('A' + bare.size());
    if (text.size() < at + 3 || text[at] != letter ||
        (text[at + 1] != ')' && (at == 1 || text[at + 1] != '.'))) {
      return;
    }
    bare.push_back(trimmed(text.substr(at + 2)));
  }
  texts = std::move(bare);
}

using Index = std::optional<std::size_t>;

Index index_of(const std::vector<std::string>& list, const std::string& text) {
  const auto found = std::ranges::find(list, text);
  return found == list.end() ? Index() : Index(static_cast<std::size_t>(found - list.begin()));
}

Index by_number(const AnswerOptions& options, std::string_view field, std::uint64_t number) {
  if (!options.is_numbered || (!options.number_field.empty() && options.number_field != field)) {
    throw BadEntry("the answer " + std::to_string(number) +
                   " may count the options from 0 or from 1; expected a letter or a text");
  }
  if (number < options.first_number) return {};
  const std::uint64_t index = number - options.first_number;
  return index < options.texts.size() ? Index(index) : Index();
}

/// "B" of "B", "b", "(B)", "B." and "B)".
Index by_letter(const AnswerOptions& options, std::string text) {
  if (text.starts_with('(')) text.erase(0, 1);
  if (text.size() == 2 && (text[1] == ')' || text[1] == '.')) text.pop_back();
  if (text.size() != 1) return {};
  const int index = (text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' : text[0] - 'A');
  if (index < 0 || index >= static_cast<int>(options.texts.size())) return {};
  return static_cast<std::size_t>(index);
}

Index by_text(const AnswerOptions& options, std::string_view field, const std::string& text) {
  if (const Index label = index_of(options.labels, text)) return label;
  const Index letter = by_letter(options, text);
  const Index same = index_of(options.texts, text);
  if (letter && same && letter != same) {
    throw BadEntry("the answer \"" + text +
                   "\" is the letter of one option and the text of another");
  }
  if (letter || same) return letter ? letter : same;
  const bool is_digits =
      !text.empty() && text.size() < 3 && text.find_first_not_of("0123456789") == std::string::npos;
  const bool is_number =
      field == options.number_field || std::ranges::find(kNumbers, field) != kNumbers.end();
  return is_digits && is_number ? by_number(options, field, std::stoul(text)) : Index();
}

/// Whether the entry keeps its answer to itself, as test splits do.
bool is_hidden(const json& answer) {
  return is_blank(answer) || answer == -1 || answer == "-1";
}

Index index_of_answer(const AnswerOptions& options, std::string_view key, const json& answer) {
  if (answer.is_string()) return by_text(options, key, trimmed(answer.get<std::string>()));
  if (!answer.is_number_integer() || answer < 0) return {};
  if (const Index label = index_of(options.labels, answer.dump())) return label;
  return by_number(options, key, answer.get<std::uint64_t>());
}

}  // namespace

AnswerOptions take_options(QuestionFields& fields, std::string_view question) {
  AnswerOptions options;
  for (const std::string_view name : kLists) {
    if (!fields.has(name)) continue;
    const Field list = fields.take(name);
    list.value->is_object() ? read_object(list, options) : read_list(list, *list.value, options);
    break;
  }
  for (const Series& series : kSeries) {
    std::string second(series.prefix);
    second += static_cast<char>(series.first + 1);
    if (options.texts.empty() && fields.has(second)) read_series(fields, series, options);
  }
  for (const Apart& apart : kApart) {
    if (options.texts.empty()) read_apart(fields, apart, question, options);
  }
  if (options.texts.empty()) return options;
  if (options.texts.size() < 2 || options.texts.size() > kMostOptions) {
    throw BadEntry("has " + std::to_string(options.texts.size()) + " options, expected 2 to " +
                   std::to_string(kMostOptions));
  }
  if (!options.labels.empty() && options.labels.size() != options.texts.size()) {
    throw BadEntry("has " + std::to_string(options.labels.size()) + " labels for " +
                   std::to_string(options.texts.size()) + " options");
  }
  omit_own_letters(options.texts);
  return options;
}

std::string take_letter(QuestionFields& fields, const AnswerOptions& options) {
  Index right = options.right;
  for (const std::string_view key : kAnswers) {
    const Field field = fields.take(key);
    if (!field || is_hidden(*field.value)) continue;
    const bool is_list = field.value->is_array() && field.value->size() == 1;
    const json& answer = is_list ? field.value->front() : *field.value;
    const Index index = index_of_answer(options, key, answer);
    if (!index && !right) {
      throw BadEntry("the answer " + shown(answer) + " is not one of the " +
                     std::to_string(options.texts.size()) + " options");
    }
    if (index && right && index != right) {
      throw BadEntry("field \"" + std::string(field.name) +
                     "\" gives another option as right than the fields before it");
    }
    if (index) right = index;
  }
  if (!right) return {};
  return {static_cast<char>('A' + *right)};
}

}  // namespace llm_benchmark
