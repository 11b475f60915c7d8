// The last seconds and minutes of some series, added up.
#pragma once

#include "collector/history.hpp"

#include <algorithm>

namespace ltb::collector {

/// What happened from `from` on until now, and whether all of it is known: a gap that lies across
/// the beginning holds calls of which nobody knows whether they belong to the window.
struct Window {
  Second from = 0;
  double begin = 0;  // since when that is: `from`, or just before it where a sample lay across
  HistoryDelta sum{};
  bool is_known = true;

  explicit Window(Second start = 0) noexcept : from(start), begin(static_cast<double>(start)) {}

  /// Counts only: the sketches stay empty.
  void add(const HistoryTier& seconds) {
    auto slot = seconds.from(from);
    if (slot != seconds.slots().end() && slot->begin < begin) begin = slot->begin;
    for (; slot != seconds.slots().end(); ++slot) sum.merge_counts(slot->delta);
    for (const HistoryTier::Gap& gap : seconds.gaps()) {
      if (gap.end <= static_cast<double>(from) || gap.delta.is_quiet()) continue;
      if (gap.begin >= static_cast<double>(from)) {
        sum.merge_counts(gap.delta);
      } else {
        is_known = false;
      }
    }
  }
};

/// Calls `visit(delta)` for all that happened since `from`. False when a gap lies across the
/// beginning. Reads `fine` up to the first slot of `coarse` and `coarse` from there on: as exact as
/// the one, almost as quick as the other. Both may be the same.
template <typename Visit>
bool visit_since(Second from, const HistoryTier& fine, const HistoryTier& coarse, Visit&& visit) {
  const Second step = coarse.step();
  const Second border = (from + step - 1) / step * step;
  const auto begin = static_cast<double>(from);
  const auto turn = static_cast<double>(border);
  for (auto slot = fine.from(from); slot != fine.slots().end() && slot->start < border; ++slot)
    visit(slot->delta);
  for (auto slot = coarse.from(border); slot != coarse.slots().end(); ++slot) visit(slot->delta);
  bool is_known = true;
  const auto take = [&](const HistoryTier::Gap& gap) {
    if (gap.delta.is_quiet()) return;
    if (gap.begin >= begin) {
      visit(gap.delta);
    } else {
      is_known = false;
    }
  };
  for (const HistoryTier::Gap& gap : fine.gaps())
    if (gap.end > begin && gap.end <= turn) take(gap);
  for (const HistoryTier::Gap& gap : coarse.gaps())
    if (gap.end > turn) take(gap);
  return is_known;
}

}  // namespace ltb::collector
