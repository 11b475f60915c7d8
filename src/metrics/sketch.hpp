// A log-linear sketch of durations: 32 sub-buckets an octave, so a quantile is off by 1.54 % at
// most.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ltb::metrics {

/// Bucket arithmetic shared by every sketch. Values are nanoseconds; those below 16 us fall into
/// bucket 0, those of 1,099 s and more into the last.
struct SketchLayout {
  static constexpr std::uint32_t kSubBits = 5;
  static constexpr std::uint32_t kFirstExponent = 14;  // 2^14 ns = 16 us
  static constexpr std::uint32_t kLastExponent = 40;   // 2^40 ns = 1,099 s
  static constexpr std::uint32_t kBuckets = ((kLastExponent - kFirstExponent) << kSubBits) + 2;

  [[nodiscard]] static constexpr std::uint32_t index_of(std::uint64_t nanoseconds) noexcept {
    if (nanoseconds < (std::uint64_t{1} << kFirstExponent)) return 0;
    if (nanoseconds >= (std::uint64_t{1} << kLastExponent)) return kBuckets - 1;
    const auto exponent = static_cast<std::uint32_t>(std::bit_width(nanoseconds)) - 1;
    const auto sub =
        static_cast<std::uint32_t>(nanoseconds >> (exponent - kSubBits)) & ((1u << kSubBits) - 1);
    return 1 + ((exponent - kFirstExponent) << kSubBits) + sub;
  }

  /// The value that stands for a bucket, in seconds: the one with the least relative error to both
  /// of its ends.
  [[nodiscard]] static double seconds_of(std::uint32_t index) noexcept {
    if (index == 0) return 8.192e-6;
    if (index >= kBuckets - 1) return static_cast<double>(std::uint64_t{1} << kLastExponent) * 1e-9;
    const std::uint32_t exponent = ((index - 1) >> kSubBits) + kFirstExponent;
    const std::uint32_t sub = (index - 1) & ((1u << kSubBits) - 1);
    const double step = static_cast<double>(std::uint64_t{1} << (exponent - kSubBits));
    const double low = step * ((1u << kSubBits) + sub);
    const double high = low + step;
    return 2 * low * high / (low + high) * 1e-9;
  }
};

/// The non-empty buckets of a sketch, ascending: what a second or a minute of history keeps.
struct SparseSketch {
  struct Entry {
    std::uint32_t bucket;
    std::uint32_t count;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::vector<Entry> entries;

  void merge(const SparseSketch& other) {
    if (other.entries.empty()) return;
    if (entries.empty()) {
      entries = other.entries;
      return;
    }
    std::vector<Entry> merged;
    merged.reserve(entries.size() + other.entries.size());
    auto a = entries.begin();
    auto b = other.entries.begin();
    while (a != entries.end() && b != other.entries.end()) {
      if (a->bucket < b->bucket) {
        merged.push_back(*a++);
      } else if (b->bucket < a->bucket) {
        merged.push_back(*b++);
      } else {
        merged.push_back({a->bucket, a->count + b->count});
        ++a, ++b;
      }
    }
    merged.insert(merged.end(), a, entries.end());
    merged.insert(merged.end(), b, other.entries.end());
    entries = std::move(merged);
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return entries.capacity() * sizeof(Entry); }
};

/// Counts added up over many sparse sketches, to read quantiles from.
class DenseSketch {
 public:
  DenseSketch() : counts_(SketchLayout::kBuckets, 0) {}
  void add(std::uint32_t bucket, std::uint64_t count) noexcept {
    counts_[bucket] += count;
    total_ += count;
  }
  void add(const SparseSketch& sketch) noexcept {
    for (const auto& entry : sketch.entries) add(entry.bucket, entry.count);
  }
  void add(const DenseSketch& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

  /// The value in seconds below which a share `q` of the observations lies (nearest rank).
  [[nodiscard]] std::optional<double> quantile(double q) const noexcept {
    if (total_ == 0) return std::nullopt;
    const double exact = q * static_cast<double>(total_);
    auto rank = static_cast<std::uint64_t>(exact);
    if (static_cast<double>(rank) < exact || rank == 0)
      ++rank;  // nearest rank: ceil(q * n), at least 1
    std::uint64_t seen = 0;
    for (std::uint32_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank) return SketchLayout::seconds_of(i);
    }
    return SketchLayout::seconds_of(SketchLayout::kBuckets - 1);
  }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

}  // namespace ltb::metrics
