// A block of counters split by thread: writing touches only the thread's own cache lines, reading
// sums all shards.
#pragma once

#include "metrics/thread_slot.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace ltb::metrics {

/// `count` unsigned words, one copy per thread slot, each copy allocated when its thread first
/// writes. Sums wrap, so a word may also carry a signed quantity that goes up on one thread and
/// down on another.
///
/// Thread safety: any thread may write and read at any time. Writing is wait-free after a slot's
/// first write. A read sees every write that happened before it, and concurrent ones as they come.
template <typename Word>
class Sharded {
 public:
  using Cell = std::atomic<Word>;

  /// The calling thread's copy, for the writes of one recording. Do not keep it: it belongs to this
  /// thread.
  class Writer {
   public:
    Writer(Cell* cells, bool exclusive) noexcept : cells_(cells), exclusive_(exclusive) {}
    /// False when memory for the shard could not be had; add() then drops.
    explicit operator bool() const noexcept { return cells_ != nullptr; }
    void add(std::uint32_t index, Word delta) const noexcept {
      if (cells_ == nullptr) return;
      Cell& cell = cells_[index];
      if (exclusive_) {
        // No other thread writes this word: no locked instruction needed. Readers tolerate any
        // interleaving (relaxed).
        cell.store(static_cast<Word>(cell.load(std::memory_order_relaxed) + delta),
                   std::memory_order_relaxed);
      } else {
        cell.fetch_add(delta, std::memory_order_relaxed);
      }
    }

   private:
    Cell* cells_;
    bool exclusive_;
  };

  /// As Writer, for a block whose shard is known to be there and to have one owner, or several: see
  /// write().
  template <bool kExclusive>
  class SureWriter {
   public:
    explicit SureWriter(Cell* cells) noexcept : cells_(cells) {}
    void add(std::uint32_t index, Word delta) const noexcept {
      Writer(cells_, kExclusive).add(index, delta);
    }

   private:
    Cell* cells_;
  };

  explicit Sharded(std::uint32_t count) noexcept : count_(count) {}
  ~Sharded() {
    for (auto& shard : near_) release(shard.load(std::memory_order_relaxed));
    if (Far* far = far_.load(std::memory_order_relaxed)) {
      for (auto& shard : *far) release(shard.load(std::memory_order_relaxed));
      delete far;
    }
  }
  Sharded(const Sharded&) = delete;
  Sharded& operator=(const Sharded&) = delete;

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  /// True while no thread has written: every sum is 0.
  [[nodiscard]] bool is_untouched() const noexcept {
    bool untouched = true;
    for_each_shard([&](const Cell*) { untouched = false; });
    return untouched;
  }

  /// `slot` is the calling thread's, for who writes to several blocks.
  [[nodiscard]] Writer writer(std::uint32_t slot = thread_slot()) noexcept {
    return Writer(shard(slot), slot != kSharedSlot);
  }

  /// Calls `record` with a writer: for many additions at once, since what kind of shard it is, is
  /// asked once and not with each. Nothing happens when memory for the shard could not be had.
  template <typename Record>
  void write(Record&& record, std::uint32_t slot = thread_slot()) noexcept {
    Cell* cells = shard(slot);
    if (cells == nullptr) [[unlikely]]
      return;
    if (slot != kSharedSlot) [[likely]] {
      record(SureWriter<true>(cells));
    } else {
      record(SureWriter<false>(cells));
    }
  }

  [[nodiscard]] Word sum(std::uint32_t index) const noexcept {
    Word total = 0;
    for_each_shard([&](const Cell* cells) {
      total = static_cast<Word>(total + cells[index].load(std::memory_order_relaxed));
    });
    return total;
  }

  /// Asks the processor for a word of the first thread's copy, which most programs have alone.
  void prefetch(std::uint32_t index) const noexcept {
    if (const Cell* cells = near_[0].load(std::memory_order_acquire))
      __builtin_prefetch(cells + index);
  }

  /// Adds the sums of words first, first + 1, ... to out[0], out[1], ...
  void sum_range(std::uint32_t first, std::uint32_t count, Word* out) const noexcept {
    for_each_shard([&](const Cell* cells) {
      for (std::uint32_t i = 0; i < count; ++i)
        out[i] = static_cast<Word>(out[i] + cells[first + i].load(std::memory_order_relaxed));
    });
  }

 private:
  // Most programs record from a few threads: their shard pointers sit in the object, the others in
  // an array that is allocated when the first of them writes.
  static constexpr std::uint32_t kNear = 6;
  using Far = std::array<std::atomic<Cell*>, kSlotCount - kNear>;
  static constexpr std::size_t kCacheLine = 64;

  template <typename Visit>
  void for_each_shard(Visit&& visit) const noexcept {
    for (const auto& shard : near_)
      if (const Cell* cells = shard.load(std::memory_order_acquire)) visit(cells);
    if (const Far* far = far_.load(std::memory_order_acquire))
      for (const auto& shard : *far)
        if (const Cell* cells = shard.load(std::memory_order_acquire)) visit(cells);
  }

  [[nodiscard]] Cell* shard(std::uint32_t slot) noexcept {
    Cell* cells = slot < kNear ? near_[slot].load(std::memory_order_acquire) : far_shard(slot);
    if (cells == nullptr) [[unlikely]]
      cells = make_shard(slot);
    return cells;
  }

  [[nodiscard]] Cell* far_shard(std::uint32_t slot) const noexcept {
    const Far* far = far_.load(std::memory_order_acquire);
    return far == nullptr ? nullptr : (*far)[slot - kNear].load(std::memory_order_acquire);
  }

  [[nodiscard]] Cell* make_shard(std::uint32_t slot) noexcept {
    std::atomic<Cell*>* place = slot < kNear ? &near_[slot] : far_place(slot);
    if (place == nullptr) return nullptr;
    // Whole cache lines: no two threads' shards share one.
    const std::size_t bytes = (count_ * sizeof(Cell) + kCacheLine - 1) / kCacheLine * kCacheLine;
    void* memory = ::operator new (bytes, std::align_val_t{kCacheLine}, std::nothrow);
    if (memory == nullptr) return nullptr;
    auto* fresh = static_cast<Cell*>(memory);
    for (std::uint32_t i = 0; i < count_; ++i) std::construct_at(fresh + i, Word{0});
    Cell* expected = nullptr;  // threads in the shared slot may race here: the first one wins
    if (!place->compare_exchange_strong(expected, fresh, std::memory_order_acq_rel)) {
      release(fresh);
      return expected;
    }
    return fresh;
  }

  [[nodiscard]] std::atomic<Cell*>* far_place(std::uint32_t slot) noexcept {
    Far* far = far_.load(std::memory_order_acquire);
    if (far == nullptr) {
      far = new (std::nothrow) Far{};
      if (far == nullptr) return nullptr;
      Far* expected = nullptr;
      if (!far_.compare_exchange_strong(expected, far, std::memory_order_acq_rel)) {
        delete far;
        far = expected;
      }
    }
    return &(*far)[slot - kNear];
  }

  static void release(Cell* cells) noexcept {
    ::operator delete (cells, std::align_val_t{kCacheLine});
  }

  std::array<std::atomic<Cell*>, kNear> near_{};
  std::atomic<Far*> far_{nullptr};
  std::uint32_t count_;
};

using Words = Sharded<std::uint64_t>;

}  // namespace ltb::metrics
