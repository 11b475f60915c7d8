// What the wall clock said at each moment of the history.
#pragma once

#include "collector/history.hpp"

#include <vector>

namespace ltb::collector {

/// History counts seconds by the steady clock; this turns them into the wall clock's, which may be
/// set. A clock that is set forward leaves what happened before where it was. One that is set back
/// takes what happened before with it, so that history keeps its order. Not synchronised.
class WallTime {
 public:
  /// The wall clock is `exact` seconds ahead from `now` on. True when that is another offset than
  /// before: changes under a second are taken for drift.
  bool observe(Second now, double exact);
  /// Since when the present offset holds.
  [[nodiscard]] Second since() const noexcept { return parts_.back().from; }
  [[nodiscard]] Second offset() const noexcept { return parts_.back().offset; }
  [[nodiscard]] Second offset_at(Second second) const noexcept;
  [[nodiscard]] double to_wall(double seconds) const noexcept {
    return seconds + static_cast<double>(offset_at(static_cast<Second>(seconds)));
  }
  /// How much of the wall's [from, to) there was between the moments `born` and `now`. Seconds.
  [[nodiscard]] double covered(double from, double to, double born, double now) const noexcept;
  /// The moment of the first wall second at or after `wall`.
  [[nodiscard]] Second from_wall(Second wall) const noexcept;
  /// True when every offset is a multiple of `step`: slots of that width are whole in both times.
  [[nodiscard]] bool keeps(Second step) const noexcept;
  void trim(Second cutoff);

 private:
  struct Part {
    Second from;
    Second offset;  // ascending, as `from` is
  };
  std::vector<Part> parts_{{0, 0}};
};

}  // namespace ltb::collector
