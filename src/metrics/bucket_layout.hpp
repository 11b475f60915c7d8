// The upper bounds of a histogram, in integer units, with a search that starts near the answer.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::metrics {

/// Bounds of a histogram whose observations are unsigned integers (nanoseconds, tokens). One more
/// bucket, +Inf, follows the last bound. Immutable after construction.
class BucketLayout {
 public:
  /// `bounds` ascending, finite, non-negative, at most 200; `units_per_one` integer units make 1.0
  /// of a bound (1e9 for seconds observed in nanoseconds). Throws std::invalid_argument naming the
  /// offending bound.
  BucketLayout(std::span<const double> bounds, double units_per_one);

  /// Buckets with +Inf.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(bounds_.size()) + 1;
  }
  [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }
  /// The text of `le` for each bucket, "+Inf" last.
  [[nodiscard]] const std::vector<std::string>& le_texts() const noexcept { return le_texts_; }
  /// The same as OpenMetrics writes them: "1.0" for "1".
  [[nodiscard]] const std::vector<std::string>& canonical_le_texts() const noexcept {
    return canonical_le_texts_;
  }
  [[nodiscard]] double units_per_one() const noexcept { return units_per_one_; }

  /// The bucket of a value: the first bound that is not below it (`le` is inclusive).
  [[nodiscard]] std::uint32_t index_of(std::uint64_t value) const noexcept {
    // The table knows the first bucket for each power of two; within one power there are a handful
    // of bounds at most. As many steps for every value: where a branch would end the search, the
    // processor would guess wrong for about every other call.
    std::uint32_t i = first_for_width_[static_cast<std::size_t>(std::bit_width(value))];
    for (std::uint32_t step = 0; step < most_in_width_; ++step) i += units_[i] < value ? 1u : 0u;
    return i;
  }

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> units_;  // then one that no value is above
  std::vector<std::string> le_texts_;
  std::vector<std::string> canonical_le_texts_;
  std::array<std::uint8_t, 65> first_for_width_{};
  std::uint32_t most_in_width_ = 0;  // bounds that lie within one power of two
  double units_per_one_;
};

/// The layout of one of kHistogramFamilies, with the configured bounds where there are some. Throws
/// std::invalid_argument that names the family: an unknown one, or one with bad bounds.
[[nodiscard]] BucketLayout histogram_layout(
    const std::map<std::string, std::vector<double>>& configured, std::string_view family);

}  // namespace ltb::metrics
