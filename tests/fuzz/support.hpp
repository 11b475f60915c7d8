// What the fuzz targets share: how a property is asserted, and how bytes become values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

/// The entry point that libFuzzer and the replay program call; each target defines it once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace ltb::fuzz {

/// Ends the program when a property does not hold; both drivers then keep the input.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property does not hold: %s\n", property);
  std::abort();
}

/// Prints what was compared before it ends the program.
inline void require_equal(std::string_view found, std::string_view expected, const char* property) {
  if (found == expected) return;
  std::fprintf(stderr, "found:    %.*s\nexpected: %.*s\n", static_cast<int>(found.size()),
               found.data(), static_cast<int>(expected.size()), expected.data());
  require(false, property);
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Printable ASCII, and line feeds: what a log, a terminal or a text/plain body can take.
inline bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c != '\n' && (c < 0x20 || c > 0x7e)) return false;
  }
  return true;
}

/// Unicode 15, table 3-7, written anew: shares nothing with the library.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    const unsigned first = byte(i);
    std::size_t more = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (first >= 0x80) {
      if (first >= 0xC2 && first <= 0xDF) more = 1;
      if (first >= 0xE0 && first <= 0xEF) more = 2;
      if (first >= 0xF0 && first <= 0xF4) more = 3;
      if (more == 0) return false;
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
      if (byte(i + 1) < low || byte(i + 1) > high) return false;
      for (std::size_t k = 2; k <= more; ++k) {
        if (byte(i + k) < 0x80 || byte(i + k) > 0xBF) return false;
      }
    }
    i += 1 + more;
  }
  return true;
}

/// Takes values off the front of an input; what is not there is zero or empty.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(as_text(data, size)) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  bool flag() { return (byte() & 1U) != 0; }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }
  /// Any bit pattern: NaN, infinities and the smallest numbers too.
  double real() {
    const std::uint64_t bits = number();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  /// One byte says how long.
  std::string_view text() {
    const std::size_t size = byte();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  /// Up to the next line feed, which is taken off with it.
  std::string_view line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return taken;
  }
  std::string_view rest() {
    const std::string_view taken = rest_;
    rest_ = {};
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace ltb::fuzz
