// A sketch of durations that any number of threads records into: octaves of counters, made when the
// first duration falls into them.
#pragma once

#include "metrics/sketch_layout.hpp"
#include "metrics/thread_slot.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace ltb::metrics {

/// Counts per bucket of SketchLayout. The first few threads have a shard of their own and write it
/// without locked instructions; all others share two, so that memory stays bounded with any number
/// of threads: a shard is 0.4 KB and 128 bytes for each octave it has seen.
///
/// Thread safety: any thread may record and read at any time. Recording is wait-free after the
/// first duration of an octave. Counts are modulo 2^32; a duration for which memory cannot be had
/// is dropped.
class DurationSketch {
 public:
  DurationSketch() = default;
  ~DurationSketch() {
    for (auto& shard : shards_) delete shard.load(std::memory_order_relaxed);
  }
  DurationSketch(const DurationSketch&) = delete;
  DurationSketch& operator=(const DurationSketch&) = delete;

  /// `slot` is the calling thread's.
  void record(std::uint64_t nanoseconds, std::uint32_t slot = thread_slot()) noexcept {
    const bool is_owner = slot < kOwned;
    Shard* shard = made(shards_[is_owner ? slot : kOwned + slot % kShared]);
    if (shard == nullptr) [[unlikely]]
      return;
    const std::uint32_t index = SketchLayout::index_of(nanoseconds);
    std::atomic<std::uint32_t>* counter = shard->counter(index);
    if (counter == nullptr) [[unlikely]]
      return;
    if (is_owner) {
      counter->store(counter->load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    } else {
      counter->fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// True while nothing was recorded.
  [[nodiscard]] bool is_untouched() const noexcept {
    for (const auto& shard : shards_)
      if (shard.load(std::memory_order_acquire) != nullptr) return false;
    return true;
  }

  using Counts = std::array<std::uint32_t, SketchLayout::kBuckets>;
  /// Adds all counts to `out`.
  void add_to(Counts& out) const noexcept {
    for (const auto& shard : shards_)
      if (const Shard* made = shard.load(std::memory_order_acquire)) made->add_to(out);
  }

 private:
  static constexpr std::uint32_t kOwned = 4;
  static constexpr std::uint32_t kShared = 2;
  static constexpr std::size_t kCacheLine = 64;

  struct alignas(kCacheLine) Octave {
    std::array<std::atomic<std::uint32_t>, SketchLayout::kPerOctave> counts{};
  };

  struct alignas(kCacheLine) Shard {
    std::array<std::atomic<Octave*>, SketchLayout::kOctaves> octaves{};
    std::atomic<std::uint32_t> below{0};
    std::atomic<std::uint32_t> above{0};

    ~Shard() {
      for (auto& octave : octaves) delete octave.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::atomic<std::uint32_t>* counter(std::uint32_t index) noexcept {
      if (index == 0) return &below;
      if (index == SketchLayout::kBuckets - 1) return &above;
      Octave* octave = made(octaves[(index - 1) / SketchLayout::kPerOctave]);
      return octave == nullptr ? nullptr : &octave->counts[(index - 1) % SketchLayout::kPerOctave];
    }
    void add_to(Counts& out) const noexcept {
      out.front() += below.load(std::memory_order_relaxed);
      out.back() += above.load(std::memory_order_relaxed);
      for (std::uint32_t i = 0; i < octaves.size(); ++i) {
        const Octave* octave = octaves[i].load(std::memory_order_acquire);
        if (octave == nullptr) continue;
        for (std::uint32_t j = 0; j < SketchLayout::kPerOctave; ++j)
          out[1 + i * SketchLayout::kPerOctave + j] +=
              octave->counts[j].load(std::memory_order_relaxed);
      }
    }
  };

  /// What `place` points to, made when it is not there yet; null without memory.
  template <typename T>
  [[nodiscard]] static T* made(std::atomic<T*>& place) noexcept {
    T* there = place.load(std::memory_order_acquire);
    return there != nullptr ? there : make(place);
  }
  template <typename T>
  [[nodiscard]] static T* make(std::atomic<T*>& place) noexcept {
    std::unique_ptr<T> fresh(new (std::nothrow) T());
    T* there = nullptr;  // threads of a shared shard may race here: the first one wins
    if (fresh && place.compare_exchange_strong(there, fresh.get(), std::memory_order_acq_rel))
      there = fresh.release();
    return there;
  }

  std::array<std::atomic<Shard*>, kOwned + kShared> shards_{};
};

}  // namespace ltb::metrics
