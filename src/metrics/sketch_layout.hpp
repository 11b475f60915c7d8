// The exponential buckets of every duration sketch: base 2^(1/32) on a grid in seconds.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace ltb::metrics {

/// Bucket arithmetic. Bucket `1 + i` holds durations in (2^((i-640)/32), 2^((i-639)/32)] seconds,
/// which is bucket `i - 639` of a Prometheus native histogram of schema 5 and of an OpenTelemetry
/// exponential histogram of scale 5. Bucket 0 holds what is at most 2^-20 s (0.95 us), the last
/// what is over 2^18 s (72.8 h).
struct SketchLayout {
  static constexpr std::uint32_t kPerOctave = 32;
  static constexpr int kFirstOctave = -20;  // the first octave begins at 2^-20 s
  static constexpr int kEndOctave = 18;     // the last ends at 2^18 s
  static constexpr std::uint32_t kOctaves = kEndOctave - kFirstOctave;
  static constexpr std::uint32_t kBuckets = kOctaves * kPerOctave + 2;

  [[nodiscard]] static std::uint32_t index_of(std::uint64_t nanoseconds) noexcept;

  /// The representative value of a bucket, in seconds: the one with the least relative error to
  /// both of its bounds, 1.083 % at most. 0 for bucket 0, and the lower bound for the last.
  [[nodiscard]] static double seconds_of(std::uint32_t index) noexcept;

  /// The longest duration of a bucket below the last, in nanoseconds, rounded down: exact, since
  /// durations are whole nanoseconds.
  [[nodiscard]] static std::uint64_t upper_bound_ns(std::uint32_t index) noexcept;

 private:
  // A slice is 1/64 of a power of two of nanoseconds. It is narrower than a bucket, so that it
  // meets at most two.
  static constexpr int kSliceBits = 6;
  static constexpr int kFirstWidth = 10;  // bits of the first whole nanosecond past bucket 0
  static constexpr int kLastWidth = 48;   // bits of the last one before the overflow
  struct Tables {
    std::array<std::uint64_t, kBuckets - 1> upper{};
    std::array<std::array<std::uint16_t, 1 << kSliceBits>, kLastWidth - kFirstWidth + 1> first{};
  };
  static constexpr Tables make_tables() noexcept;
  static const Tables kTables;
};

inline std::uint32_t SketchLayout::index_of(std::uint64_t nanoseconds) noexcept {
  if (nanoseconds <= kTables.upper.front()) return 0;
  if (nanoseconds > kTables.upper.back()) return kBuckets - 1;
  const auto width = static_cast<int>(std::bit_width(nanoseconds));
  const auto slice = (nanoseconds >> (width - 1 - kSliceBits)) & ((1u << kSliceBits) - 1);
  const std::uint32_t index = kTables.first[static_cast<std::size_t>(width - kFirstWidth)][slice];
  return index + (nanoseconds > kTables.upper[index] ? 1 : 0);
}

inline std::uint64_t SketchLayout::upper_bound_ns(std::uint32_t index) noexcept {
  return kTables.upper[index];
}

}  // namespace ltb::metrics
