// The percentage of a benchmark, computed in one place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ltb::events {

/// 0..100; absent while the total is unknown (0).
[[nodiscard]] inline std::optional<double> progress_percent(std::uint64_t completed,
                                                            std::uint64_t total) noexcept {
  if (total == 0) return std::nullopt;
  // Percent before the division: 456 of 1000 is 45.6, not 45.60000000000001.
  return std::min(100.0, static_cast<double>(completed) * 100.0 / static_cast<double>(total));
}

}  // namespace ltb::events
