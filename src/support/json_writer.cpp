#include "support/json_writer.hpp"

#include "support/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ltb::support {
namespace {

// What a byte needs inside a JSON string: 0 nothing, 1 a check that it is part of valid UTF-8, else
// the letter after the backslash ('u' for \u00XX).
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  for (std::size_t i = 0x80; i < 256; ++i) table[i] = 1;
  return table;
}();

char escape_of(char c) noexcept {
  return kEscapes[static_cast<unsigned char>(c)];
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char escape = escape_of(text[i]);
    if (escape <= 1) continue;
    out.append(text, from, i - from);
    out += '\\';
    out += escape;
    if (escape == 'u') {
      const auto byte = static_cast<unsigned char>(text[i]);
      out += "00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
    from = i + 1;
  }
  out.append(text, from);
}

}  // namespace

bool is_plain_json_text(std::string_view text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHigh = 0x80 * kOnes;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {  // eight bytes at a time
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    const std::uint64_t quote = word ^ ('"' * kOnes);
    const std::uint64_t backslash = word ^ ('\\' * kOnes);
    // A high bit wherever a byte is below 0x20, a quote, a backslash, or has its own high bit set;
    // what a borrow adds is only ever above a byte that is special itself.
    const std::uint64_t special =
        word | (word - 0x20 * kOnes) | (quote - kOnes) | (backslash - kOnes);
    if ((special & kHigh) != 0) break;
  }
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(),
                     [](char c) { return escape_of(c) == 0; });
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_plain_json_text(text)) {
    out += text;  // nearly every name and id
  } else if (support::is_valid_utf8(text)) {
    append_escaped(out, text);
  } else {
    append_escaped(out, support::to_valid_utf8(text));
  }
  out += '"';
}

}  // namespace ltb::support
