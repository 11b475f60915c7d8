#include "metrics/thread_slot.hpp"

#include <atomic>
#include <bit>
#include <cstdint>

namespace ltb::metrics::detail {
namespace {

// Which slots are free, one bit each. The one process-wide variable of the library: a slot must
// mean the same thread in every MetricStore, and it carries no data of any of them. Trivially
// destructible, so it outlives every static object.
constinit std::atomic<std::uint64_t> free_slots{~std::uint64_t{0}};
static_assert(kExclusiveSlots == 64);

// Gives the slot back when its thread ends. What the thread still records after that (from
// destructors of other thread_local objects) goes to the shared place.
struct SlotOwner {
  std::uint32_t slot = kSharedSlot;
  ~SlotOwner() {
    this_thread_slot = kSharedSlot;
    // release: the next owner must see every word this thread wrote.
    if (slot != kSharedSlot)
      free_slots.fetch_or(std::uint64_t{1} << slot, std::memory_order_release);
  }
};

}  // namespace

thread_local constinit std::uint32_t this_thread_slot = kNoSlot;

std::uint32_t claim_thread_slot() noexcept {
  static thread_local SlotOwner owner;
  std::uint64_t free = free_slots.load(std::memory_order_relaxed);
  while (free != 0) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(free));
    // acquire: pairs with the release of the slot's last owner.
    if (free_slots.compare_exchange_weak(free, free & ~(std::uint64_t{1} << slot),
                                         std::memory_order_acquire, std::memory_order_relaxed)) {
      owner.slot = slot;
      this_thread_slot = slot;
      return slot;
    }
  }
  // All taken: share. Decided anew by each thread once, so a thread born in a crowd stays in the
  // shared place.
  this_thread_slot = kSharedSlot;
  return kSharedSlot;
}

}  // namespace ltb::metrics::detail
