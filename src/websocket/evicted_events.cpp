#include "websocket/evicted_events.hpp"

#include <algorithm>

namespace ltb::websocket {

void EvictedEvents::add(std::size_t type, std::uint64_t id) noexcept {
  ++counts_[type];
  auto& ids = ids_[type];
  try {
    ids.push_back(id);
  } catch (...) {  // no memory: what is kept must stay the newest without a gap
    ids.clear();
    return;
  }
  if (ids.size() > kKnownIds) ids.pop_front();
}

EvictedEvents::Counts EvictedEvents::after(std::uint64_t id) const noexcept {
  Counts out{};
  for (std::size_t type = 0; type < kEventTypeCount; ++type) {
    const auto& ids = ids_[type];
    const auto first = std::upper_bound(ids.begin(), ids.end(), id);
    out[type] = static_cast<std::uint64_t>(ids.end() - first);
    if (first != ids.begin()) continue;
    // All known ids are above: so may be some of those that are not known any more.
    const std::uint64_t unknown = counts_[type] - ids.size();
    const std::uint64_t room = ids.empty() ? unknown : ids.front() - id - 1;
    out[type] += std::min(unknown, room);
  }
  return out;
}

}  // namespace ltb::websocket
