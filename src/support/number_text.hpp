// Numbers as text: shortest round trip for doubles, exact decimals for scaled integers.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

namespace ltb::support {

/// Room enough for any number this header writes.
inline constexpr std::size_t kNumberTextBytes = 40;

/// Writes a double as Prometheus reads it (shortest text that reads back the same; +Inf, -Inf,
/// NaN). Returns the end.
inline char* write_number(char* out, double value) noexcept {
  if (std::isnan(value)) return std::copy_n("NaN", 3, out);
  if (std::isinf(value)) return std::copy_n(value > 0 ? "+Inf" : "-Inf", 4, out);
  return std::to_chars(out, out + kNumberTextBytes, value).ptr;
}

/// Writes value / 10^decimals exactly, without trailing zeros: (13500500, 3) is "13500.5". Returns
/// the end.
inline char* write_decimal(char* out, std::uint64_t value, unsigned decimals) noexcept {
  if (decimals == 0) return std::to_chars(out, out + kNumberTextBytes, value).ptr;
  std::uint64_t scale = 1;
  for (unsigned i = 0; i < decimals; ++i) scale *= 10;
  out = std::to_chars(out, out + kNumberTextBytes, value / scale).ptr;
  std::uint64_t fraction = value % scale;
  if (fraction == 0) return out;
  *out++ = '.';
  while (fraction != 0) {
    scale /= 10;
    *out++ = static_cast<char>('0' + fraction / scale);
    fraction %= scale;
  }
  return out;
}

/// As the labels `le` and `quantile` of OpenMetrics have it, and Go writes it: "1.0", "0.0001",
/// "1.5e+06". Source: OpenMetrics 1.0, "Considerations: Canonical Numbers".
inline std::string canonical_number_text(double value) {
  char buffer[kNumberTextBytes];
  if (!std::isfinite(value)) return std::string(buffer, write_number(buffer, value));
  char* end =
      std::to_chars(buffer, buffer + kNumberTextBytes, value, std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  int exponent = 0;
  const std::size_t at = text.find('e') + (text[text.find('e') + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + at, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent > 5) return text;
  end = std::to_chars(buffer, buffer + kNumberTextBytes, value, std::chars_format::fixed).ptr;
  text.assign(buffer, end);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

inline std::string number_text(double value) {
  char buffer[kNumberTextBytes];
  return std::string(buffer, write_number(buffer, value));
}

}  // namespace ltb::support
