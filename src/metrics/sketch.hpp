// Counts per bucket of SketchLayout as readers hold them: sparse in history, dense for quantiles.
#pragma once

#include "metrics/sketch_layout.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace ltb::metrics {

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

  /// The value in seconds below which a share `q` of the observations lies (nearest rank), within
  /// 1.09 %; 0 for at most 0.95 us. Nothing when there are no observations, or when the one asked
  /// for is over 72.8 h, which is all that is known of it.
  [[nodiscard]] std::optional<double> quantile(double q) const noexcept {
    if (total_ == 0) return std::nullopt;
    const double exact = q * static_cast<double>(total_);
    auto rank = static_cast<std::uint64_t>(exact);
    if (static_cast<double>(rank) < exact || rank == 0)
      ++rank;  // nearest rank: ceil(q * n), at least 1
    std::uint64_t seen = 0;
    for (std::uint32_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen < rank) continue;
      if (i == SketchLayout::kBuckets - 1) break;
      return SketchLayout::seconds_of(i);
    }
    return std::nullopt;
  }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

}  // namespace ltb::metrics
