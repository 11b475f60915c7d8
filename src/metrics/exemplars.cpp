#include "metrics/exemplars.hpp"

#include <algorithm>

namespace ltb::metrics {

void Exemplars::offer(std::uint32_t bucket, std::uint64_t value, std::string_view request_id,
                      support::SteadyTime now, const support::Clock& clock) noexcept {
  if (!wants(bucket, now) || request_id.empty() || request_id.size() > kMostIdBytes) return;
  Slot& slot = slots_[bucket];
  if (slot.busy.exchange(true, std::memory_order_acquire)) return;
  slot.due.store((now + kRest).time_since_epoch().count(), std::memory_order_relaxed);
  std::copy(request_id.begin(), request_id.end(), slot.id.begin());
  slot.id_bytes = static_cast<std::uint8_t>(request_id.size());
  slot.value = value;
  slot.time = clock.system_now();
  slot.busy.store(false, std::memory_order_release);
}

std::optional<Exemplar> Exemplars::read(std::uint32_t bucket) const {
  Slot& slot = slots_[bucket];
  if (slot.busy.exchange(true, std::memory_order_acquire)) return std::nullopt;
  // Copied out before anything is allocated: a recorder must not find the slot taken for longer
  // than that.
  const auto id = slot.id;
  const std::size_t id_bytes = slot.id_bytes;
  const std::uint64_t value = slot.value;
  const auto time = slot.time;
  slot.busy.store(false, std::memory_order_release);
  if (id_bytes == 0) return std::nullopt;
  return Exemplar{std::string(id.data(), id_bytes), value, time};
}

}  // namespace ltb::metrics
