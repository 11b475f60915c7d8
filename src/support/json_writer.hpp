// Writes JSON straight into a string: no tree, no allocation but the string's own.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ltb::support {

/// Appends the text as a JSON string, quotes included. Invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
/// Whether a text stands in JSON as it is: ASCII without quotes, backslashes and control
/// characters.
[[nodiscard]] bool is_plain_json_text(std::string_view text) noexcept;

/// Where a JSON text goes: a string, which is whole after every call.
class StringOut {
 public:
  explicit StringOut(std::string& out) noexcept : out_(out) {}
  void put(char c) { out_ += c; }
  void put(std::string_view text) { out_ += text; }
  void put_text(std::string_view text) { append_json_string(out_, text); }
  void put_key(std::string_view name, bool comma) {
    if (comma) out_ += ',';
    out_.append("\"").append(name).append("\":");
  }

 private:
  std::string& out_;
};

/// The same, faster: the string is longer than its text until this object is destroyed.
class BufferOut {
 public:
  explicit BufferOut(std::string& out) noexcept : out_(out), size_(out.size()) {}
  ~BufferOut() { out_.resize(size_); }
  BufferOut(const BufferOut&) = delete;
  BufferOut& operator=(const BufferOut&) = delete;

  void put(char c) {
    make_room(1);
    out_[size_++] = c;
  }
  void put(std::string_view text) {
    make_room(text.size());
    size_ += text.copy(out_.data() + size_, text.size());
  }
  [[gnu::always_inline]] void put_key(std::string_view name, bool comma) {
    make_room(name.size() + 4);
    char* at = out_.data() + size_;
    *at = ',';
    at += comma ? 1 : 0;
    *at++ = '"';
    at += name.copy(at, name.size());
    *at++ = '"';
    *at++ = ':';
    size_ = static_cast<std::size_t>(at - out_.data());
  }
  void put_text(std::string_view text) {
    if (is_plain_json_text(text)) {
      make_room(text.size() + 2);
      char* at = out_.data() + size_;
      *at++ = '"';
      at += text.copy(at, text.size());
      *at = '"';
      size_ += text.size() + 2;
    } else {
      std::string escaped;
      append_json_string(escaped, text);
      put(escaped);
    }
  }

 private:
  void make_room(std::size_t bytes) {
    if (out_.size() - size_ < bytes) [[unlikely]]
      out_.resize(std::max(2 * out_.size(), size_ + bytes + kLeastRoom));
  }
  static constexpr std::size_t kLeastRoom = 448;  // most events fit

  std::string& out_;
  std::size_t size_;
};

/// Puts commas and colons where they belong; nesting is the caller's to get right.
/// Keys are written as they are: they must need no escaping.
template <typename Out>
class BasicJsonWriter {
 public:
  /// Appends to `out`, which must outlive the writer.
  explicit BasicJsonWriter(std::string& out) noexcept : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  // Inlined into every caller: there the name is a constant, whose copy is a store or two.
  [[gnu::always_inline]] void key(std::string_view name) {
    out_.put_key(name, comma_);
    comma_ = false;
  }

  void value(std::string_view text) {
    separate();
    out_.put_text(text);
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
    out_.put(json);
    comma_ = true;
  }

  template <typename Value>
  [[gnu::always_inline]] void field(std::string_view name, const Value& held) {
    key(name);
    value(held);
  }
  /// Absent stays absent.
  template <typename Value>
  [[gnu::always_inline]] void field(std::string_view name, const std::optional<Value>& held) {
    if (held) field(name, *held);
  }
  /// What is not finite stays absent, as docs/protocol.md says.
  [[gnu::always_inline]] void field(std::string_view name, double number) {
    if (!std::isfinite(number)) return;
    key(name);
    value(number);
  }

 private:
  void separate() {
    if (comma_) out_.put(',');
  }
  void open(char bracket) {
    separate();
    out_.put(bracket);
    comma_ = false;
  }
  void close(char bracket) {
    out_.put(bracket);
    comma_ = true;
  }

  Out out_;
  bool comma_ = false;
};

using JsonWriter = BasicJsonWriter<StringOut>;

}  // namespace ltb::support
