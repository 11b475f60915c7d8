// A small number that belongs to the calling thread alone while it lives: its place in every
// sharded cell.
#pragma once

#include <cstdint>

namespace ltb::metrics {

/// Slots a thread can own. More threads than this at once share the last place, kSharedSlot.
inline constexpr std::uint32_t kExclusiveSlots = 64;
inline constexpr std::uint32_t kSharedSlot = kExclusiveSlots;
inline constexpr std::uint32_t kSlotCount = kExclusiveSlots + 1;

namespace detail {
inline constexpr std::uint32_t kNoSlot = 0xFFFFFFFF;
// constinit and trivially destructible: reading it costs one load, and it stays readable while a
// thread's other thread_local objects are destroyed.
extern thread_local constinit std::uint32_t this_thread_slot;
[[nodiscard]] std::uint32_t claim_thread_slot() noexcept;
}  // namespace detail

/// The slot of this thread: claimed at the first call, given back when the thread ends, so that a
/// program may start any number of threads one after another. A slot below kExclusiveSlots has one
/// owner at a time, who may write its words with plain loads and stores; the hand-over from one
/// thread to the next is ordered by the free list.
[[nodiscard]] inline std::uint32_t thread_slot() noexcept {
  const std::uint32_t slot = detail::this_thread_slot;
  return slot != detail::kNoSlot ? slot : detail::claim_thread_slot();
}

}  // namespace ltb::metrics
