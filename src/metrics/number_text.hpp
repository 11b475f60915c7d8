// Numbers as text: shortest round trip for doubles, exact decimals for scaled integers.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

namespace ltb::metrics {

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

inline std::string number_text(double value) {
  char buffer[kNumberTextBytes];
  return std::string(buffer, write_number(buffer, value));
}

}  // namespace ltb::metrics
