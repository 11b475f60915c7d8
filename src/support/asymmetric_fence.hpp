// A handshake between something done often and something done rarely, of which the rare side pays
// for both.
#pragma once

#include <atomic>

namespace ltb::support {

/// Whether heavy_fence() works here: Linux from 4.14 on, and not under ThreadSanitizer, which does
/// not know of it. Asked of the kernel once. Where it does not, both sides need seq_cst operations.
[[nodiscard]] bool has_heavy_fence() noexcept;

/// Every thread of this program has passed a full memory barrier between the start and the return
/// of this call: what a thread stored before a signal fence is seen by the caller from now on, and
/// what it loads after one is no older than what the caller stored before. Costs a system call of
/// some microseconds. Call it only where has_heavy_fence() is true.
void heavy_fence() noexcept;

/// The often taken side: stores, and loads nothing older afterwards. With heavy fences on the other
/// side an ordinary store will do, which is some 20 times cheaper than one that waits for itself.
template <typename T>
inline void store_before_loads(std::atomic<T>& place, T value, bool other_side_is_heavy) noexcept {
  if (other_side_is_heavy) {
    place.store(value, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    place.store(value, std::memory_order_seq_cst);
  }
}

}  // namespace ltb::support
