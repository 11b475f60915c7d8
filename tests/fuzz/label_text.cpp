// Names and texts from anywhere: cleaned once and for all, and read back by another parser from
// labels, logs and JSON.
#include "fuzz/support.hpp"
#include "metrics/labels.hpp"
#include "support/json_writer.hpp"
#include "support/utf8.hpp"
#include "unit/exporter/exposition_parser.hpp"

#include <nlohmann/json.hpp>

namespace {

using namespace ltb;
using namespace ltb::fuzz;

void check_clean(const std::string& clean, std::size_t limit) {
  require(clean.size() <= limit, "a label is not longer than the limit");
  require(is_utf8(clean), "a label is valid UTF-8");
  require(metrics::is_clean_label(clean, limit), "what was cleaned is clean");
  require_equal(metrics::clean_label(clean, limit), clean, "cleaning twice changes nothing");
}

void check_label_line(const std::string& value, const std::string& help) {
  const std::vector<std::string> names{"a", "b"};
  const std::vector<std::string> values{value, ""};
  std::string text = "# HELP m ";
  metrics::append_escaped_help(text, help);
  const std::string set = metrics::label_text(names, values);
  text += "\n# TYPE m gauge\nm" + (set.empty() ? set : "{" + set + "}") + " 1\n";
  const auto parsed = tests::ExpositionParser::parse(text);
  require(parsed.families.at("m").help == help, "help is read back");
  tests::ParsedLabels labels;  // an empty value is no label
  if (!value.empty()) labels.emplace("a", value);
  const std::pair key{std::string("m"), labels};
  require(parsed.samples.size() == 1 && parsed.samples.contains(key), "labels are read back");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t limit = 16 + input.byte();
  const std::string_view raw = input.rest();
  require(support::is_valid_utf8(raw) == is_utf8(raw), "UTF-8 is what Unicode says");
  const std::string valid = support::to_valid_utf8(raw);
  require(is_utf8(valid), "repaired text is valid UTF-8");
  if (is_utf8(raw)) require_equal(valid, raw, "valid text is left alone");
  const std::string clean = metrics::clean_label(raw, limit);
  check_clean(clean, limit);
  check_label_line(clean, valid);
  const std::string log = support::escape_for_log(raw, limit);
  require(is_printable(log) && log.find('\n') == log.npos, "a log line is one readable line");
  std::string json;
  support::JsonWriter writer(json);
  writer.begin_object();
  writer.field("k", raw);
  writer.end_object();
  const auto read = nlohmann::json::parse(json);
  require(read.at("k").get<std::string>() == valid, "JSON has the text, repaired");
  return 0;
}
