// A strict parser of the Prometheus text format 0.0.4, written from its specification and sharing
// nothing with the library.
#pragma once

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::tests {

struct ParsedFamily {
  std::string type;
  std::string help;
};

using ParsedLabels = std::map<std::string, std::string>;

struct ParsedText {
  std::map<std::string, ParsedFamily> families;
  std::map<std::pair<std::string, ParsedLabels>, double> samples;
  std::vector<std::string> family_order;
  std::vector<std::string> sample_lines;
};

class ExpositionParser {
 public:
  static ParsedText parse(std::string_view text) {
    ExpositionParser parser;
    if (!text.empty() && text.back() != '\n')
      fail("the last line does not end with a line feed", "");
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      parser.line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    return std::move(parser.out_);
  }

 private:
  [[noreturn]] static void fail(const std::string& why, std::string_view line) {
    throw std::runtime_error(why + ": " + std::string(line));
  }

  static std::string take_name(std::string_view& rest, bool with_colon) {
    std::size_t n = 0;
    while (n < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[n])) != 0 ||
                               rest[n] == '_' || (with_colon && rest[n] == ':')))
      ++n;
    if (n == 0 || std::isdigit(static_cast<unsigned char>(rest[0])) != 0) fail("no name", rest);
    std::string name(rest.substr(0, n));
    rest.remove_prefix(n);
    return name;
  }

  static void expect(std::string_view& rest, char c) {
    if (rest.empty() || rest[0] != c) fail(std::string("expected ") + c, rest);
    rest.remove_prefix(1);
  }

  static std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      if (++i == text.size()) fail("a backslash at the end", text);
      if (text[i] == 'n')
        out += '\n';
      else if (text[i] == '\\')
        out += '\\';
      else if (text[i] == '"')
        out += '"';
      else
        fail("an unknown escape", text);
    }
    return out;
  }

  void comment(std::string_view rest, std::string_view whole) {
    const bool is_help = rest.substr(0, 5) == "HELP ";
    if (!is_help && rest.substr(0, 5) != "TYPE ") fail("an unknown comment", whole);
    rest.remove_prefix(5);
    const std::string name = take_name(rest, true);
    expect(rest, ' ');
    ParsedFamily& family = out_.families[name];
    if (is_help) {
      if (!out_.family_order.empty() && out_.family_order.back() == name) fail("two HELP", whole);
      family.help = unescape(rest);
      out_.family_order.push_back(name);
    } else {
      if (!family.type.empty()) fail("two TYPE", whole);
      family.type = std::string(rest);
    }
    current_ = name;
  }

  static double number(std::string_view text) {
    if (text == "+Inf") return std::numeric_limits<double>::infinity();
    if (text == "-Inf") return -std::numeric_limits<double>::infinity();
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    const std::string copy(text);
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    if (copy.empty() || *end != '\0') fail("no number", text);
    return value;
  }

  void line(std::string_view whole) {
    if (whole.empty()) fail("an empty line", whole);
    if (whole.substr(0, 2) == "# ") return comment(whole.substr(2), whole);
    std::string_view rest = whole;
    const std::string name = take_name(rest, true);
    belongs(name, whole);
    ParsedLabels labels;
    if (!rest.empty() && rest[0] == '{') {
      rest.remove_prefix(1);
      while (true) {
        const std::string label = take_name(rest, false);
        expect(rest, '=');
        expect(rest, '"');
        std::size_t end = 0;
        while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2u : 1u;
        if (end >= rest.size()) fail("an open label value", whole);
        if (!labels.emplace(label, unescape(rest.substr(0, end))).second)
          fail("a label twice", whole);
        rest.remove_prefix(end + 1);
        if (!rest.empty() && rest[0] == ',') {
          rest.remove_prefix(1);
          continue;
        }
        expect(rest, '}');
        break;
      }
    }
    expect(rest, ' ');
    if (!out_.samples.emplace(std::pair(name, labels), number(rest)).second) fail("twice", whole);
    out_.sample_lines.emplace_back(whole);
  }

  // All samples of a family stand together, after its HELP and TYPE.
  void belongs(const std::string& sample, std::string_view whole) const {
    const auto found = out_.families.find(current_);
    if (found == out_.families.end() || found->second.type.empty()) fail("no TYPE before", whole);
    const std::string& type = found->second.type;
    if (sample == current_ && type != "histogram") return;
    const bool has_parts = type == "histogram" || type == "summary";
    if (has_parts && (sample == current_ + "_sum" || sample == current_ + "_count")) return;
    if (type == "histogram" && sample == current_ + "_bucket") return;
    fail("a sample outside of its family " + current_, whole);
  }

  ParsedText out_;
  std::string current_;
};

}  // namespace ltb::tests
