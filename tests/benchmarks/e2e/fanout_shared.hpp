// What the publishing process and the load client's process share: a page of counters.
#pragma once

#include "metrics/sketch.hpp"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>

namespace ltb::bench {

struct FanoutOptions {
  std::size_t clients = 100;
  std::size_t stalled = 0;       ///< Of the clients: connected, never reading.
  double events_per_second = 0;  ///< 0: as fast as the clients follow (closed loop).
  int flush_ms = 10;             ///< Ours only; 0: no batching tick.
  double seconds = 2;
  bool memory = false;  ///< Tell what the clients cost in resident bytes.
};

/// Lives in memory that both processes map.
struct FanoutShared {
  static constexpr std::size_t kTimes = 1 << 17;

  std::atomic<int> port{0};
  std::atomic<std::uint64_t> connected{0};
  std::atomic<bool> measuring{false};
  std::atomic<bool> stop{false};
  /// When event number i % kTimes was published, in seconds of the steady clock.
  std::array<std::atomic<double>, kTimes> published_at{};

  // Written by the client.
  std::atomic<std::uint64_t> received{0};  ///< Events, over all reading clients.
  std::atomic<std::uint64_t> slowest{0};   ///< The least number of events that any of them has.
  std::atomic<std::uint64_t> gaps{0};      ///< Ids that a client did not get between two it got.
  std::atomic<std::uint64_t> lagged{0};    ///< Lagged messages.
  std::atomic<std::uint64_t> latency_count{0};
  std::array<std::atomic<std::uint32_t>, metrics::SketchLayout::kBuckets> latency{};

  static FanoutShared* map() {
    void* memory = ::mmap(nullptr, sizeof(FanoutShared), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("mmap of the shared counters failed");
    return new (memory) FanoutShared;
  }
  static void unmap(FanoutShared* shared) noexcept { ::munmap(shared, sizeof(FanoutShared)); }

  /// In seconds; of the events that were received while `measuring`.
  [[nodiscard]] double latency_quantile(double q) const {
    metrics::DenseSketch sketch;
    for (std::uint32_t i = 0; i < latency.size(); ++i) sketch.add(i, latency[i].load());
    return sketch.quantile(q).value_or(0);
  }
};

}  // namespace ltb::bench
