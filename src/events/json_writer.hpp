// Writes JSON straight into a string: no tree, no allocation but the string's own.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::events {

/// Appends the text as a JSON string, quotes included. Invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Puts commas and colons where they belong; nesting is the caller's to get right.
/// Keys are written as they are: they must need no escaping.
class JsonWriter {
 public:
  /// Appends to `out`, which must outlive the writer.
  explicit JsonWriter(std::string& out) noexcept : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    comma_ = false;
  }

  void value(std::string_view text) {
    separate();
    append_json_string(out_, text);
    comma_ = true;
  }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool truth) { raw(truth ? "true" : "false"); }
  /// Shortest text that reads back the same, but whole numbers in digits alone (100000, not 1e+05);
  /// null when not finite (JSON has no word for it).
  void value(double number) {
    if (!std::isfinite(number)) return raw("null");
    constexpr double kExact = 9007199254740992;  // 2^53: beyond it neighbours are not all there
    if (std::abs(number) < kExact && number == std::trunc(number)) {
      return value(static_cast<std::int64_t>(number));
    }
    char buffer[32];
    raw({buffer, static_cast<std::size_t>(
                     std::to_chars(buffer, buffer + sizeof buffer, number).ptr - buffer)});
  }
  template <std::integral Integer>
  void value(Integer number) {
    char buffer[24];
    raw({buffer, static_cast<std::size_t>(
                     std::to_chars(buffer, buffer + sizeof buffer, number).ptr - buffer)});
  }
  /// A value that is JSON already.
  void raw(std::string_view json) {
    separate();
    out_ += json;
    comma_ = true;
  }

  template <typename Value>
  void field(std::string_view name, const Value& held) {
    key(name);
    value(held);
  }
  /// Absent stays absent.
  template <typename Value>
  void field(std::string_view name, const std::optional<Value>& held) {
    if (held) field(name, *held);
  }
  /// What is not finite stays absent, as docs/protocol.md says.
  void field(std::string_view name, double number) {
    if (!std::isfinite(number)) return;
    key(name);
    value(number);
  }

 private:
  void separate() {
    if (comma_) out_ += ',';
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
  }
  void close(char bracket) {
    out_ += bracket;
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;
};

}  // namespace ltb::events
