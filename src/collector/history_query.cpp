// Series over time: the answer to HistoryQuery.
#include "collector/history_book.hpp"
#include "collector/history_metrics.hpp"
#include "collector/one_moment.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ltb::collector {
namespace {

using Seconds = std::chrono::duration<double>;

// Widths people read easily; each is a multiple of a tier's step, so that slots add up without
// remainder.
Second nice_step(Second at_least) noexcept {
  for (const Second step :
       {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400})
    if (step >= at_least) return step;
  return (at_least + 86399) / 86400 * 86400;
}

Second floor_to(Second value, Second step) noexcept {
  return value - (value % step + step) % step;
}

// A time point as seconds, within what history can ever hold: the ends of time are no numbers to
// calculate with.
double bounded_seconds(support::SystemTime time, double low, double high) noexcept {
  return std::clamp(Seconds(time.time_since_epoch()).count(), low, high);
}

}  // namespace

/// The steps of an answer, in the wall clock's time.
struct HistoryBook::Grid {
  Second step = 1;
  std::size_t tier = 0;
  Second first = 0;
  double to = 0;  // where the answer ends: asked for, or now
  std::vector<HistoryDelta> deltas{};
  std::vector<char> is_known{};  // false: in a stretch that nobody sampled
  HistoryDelta after{};          // costs after the last step

  [[nodiscard]] std::size_t count() const noexcept { return deltas.size(); }
  [[nodiscard]] Second start_of(std::size_t i) const noexcept {
    return first + static_cast<Second>(i) * step;
  }
  /// The step of a wall time; count() and more after the last one.
  [[nodiscard]] std::size_t index_of(double wall) const noexcept {
    const double steps = (wall - static_cast<double>(first)) / static_cast<double>(step);
    return steps <= 0 ? 0 : static_cast<std::size_t>(steps);
  }
  void forget(std::size_t from, std::size_t to_index) noexcept {
    for (std::size_t i = from; i < std::min(to_index, count()); ++i) is_known[i] = 0;
  }
};

HistoryBook::Grid HistoryBook::grid_of(const HistoryQuery& query) const {
  const double wall_now = last_sample_ + static_cast<double>(wall_.offset());
  const double oldest = wall_now - static_cast<double>(2 * HistoryReach::kLongest);
  const Second window = std::clamp<Second>(query.window.count(), 1, HistoryReach::kLongest);
  const auto most = static_cast<Second>(std::clamp<std::size_t>(query.max_points, 1, 100'000));
  const bool ends_now = !query.to || Seconds(query.to->time_since_epoch()).count() > wall_now;
  Grid grid;
  grid.to = ends_now ? wall_now : bounded_seconds(*query.to, oldest, wall_now);
  // The second that begins now belongs to a question that ends now.
  const Second end = ends_now ? static_cast<Second>(std::floor(wall_now)) + 1
                              : static_cast<Second>(std::ceil(grid.to));

  const Second age = static_cast<Second>(last_sample_) + 1 - wall_.from_wall(end - window);
  const std::size_t finest = reach_.finest_for(std::max<Second>(age, 1));
  Second step =
      std::clamp<Second>(query.step.count(), HistoryReach::kSteps[finest], HistoryReach::kLongest);
  if (query.step.count() <= 0) step = nice_step(std::max(step, (window + most - 1) / most));
  if (step % HistoryReach::kSteps[finest] != 0) step = nice_step(step);
  std::size_t tier = finest;
  while (tier + 1 < HistoryReach::kSteps.size() && step % HistoryReach::kSteps[tier + 1] == 0 &&
         wall_.keeps(HistoryReach::kSteps[tier + 1]))
    ++tier;

  const Second last = floor_to(end - 1, step);
  grid.first =
      ends_now ? last - ((window + step - 1) / step - 1) * step : floor_to(end - window, step);
  grid.step = step;
  grid.tier = tier;
  const auto count = static_cast<std::size_t>((last - grid.first) / step + 1);
  grid.deltas.resize(count);
  grid.is_known.assign(count, 1);
  return grid;
}

std::vector<const SeriesHistory*> HistoryBook::select(const HistoryQuery& query,
                                                      bool active) const {
  std::vector<const SeriesHistory*> selected;
  if (active && query.model.empty()) {
    for (const auto& [series, provider] : providers_)
      if (query.provider.empty() || series->provider() == query.provider)
        selected.push_back(&provider->history);
    return selected;
  }
  for (const auto& entry : entries_) {
    const auto& series = entry->sampler.series();
    if ((query.provider.empty() || series.provider() == query.provider) &&
        (query.model.empty() || series.model() == query.model))
      selected.push_back(&entry->history);
  }
  return selected;
}

void HistoryBook::fill(Grid& grid, const SeriesHistory& history, HistoryKind kind) const {
  const bool is_active = kind == HistoryKind::Active;
  const HistoryTier& tier = history.tier(grid.tier);
  std::vector<std::uint64_t> peak(is_active ? grid.count() : 0, 0);
  const auto file = [&](std::size_t index, const HistoryDelta& delta) {
    if (index >= grid.count()) {
      grid.after.merge_counts(delta);
    } else if (is_active) {
      peak[index] = std::max(peak[index], delta.active);
    } else {
      grid.deltas[index].merge(delta);
    }
  };
  const Second from = wall_.from_wall(grid.first);
  for (auto slot = tier.from(from); slot != tier.slots().end(); ++slot)
    file(grid.index_of(wall_.to_wall(static_cast<double>(slot->start))), slot->delta);
  for (const HistoryTier::Gap& gap : tier.gaps()) {
    const double end = wall_.to_wall(gap.end);
    if (end <= static_cast<double>(grid.first)) continue;
    if (gap.delta.is_quiet() && !is_active) continue;
    const double begin = wall_.to_wall(gap.begin);
    // Its last moment belongs to the step before, when it ends where a step begins.
    const std::size_t last = grid.index_of(std::nextafter(end, begin));
    if (begin >= static_cast<double>(grid.first) && grid.index_of(begin) == last) {
      file(last, gap.delta);
    } else if (kind == HistoryKind::CostTotal) {
      // A step that ends in the gap ends with costs that nobody knows.
      if (gap.delta.cost_nano + gap.delta.unpriced > 0) grid.forget(grid.index_of(begin), last);
      file(last, gap.delta);
    } else {
      grid.forget(grid.index_of(begin), last + 1);
    }
  }
  // Over series, gauges add up.
  for (std::size_t i = 0; i < peak.size(); ++i) grid.deltas[i].active += peak[i];
}

// Costs so far at the end of each step, counted back from the sums.
void HistoryBook::accumulate_cost(Grid& grid, const HistoryQuery& query) const {
  HistoryDelta so_far;
  for (const auto& entry : entries_) {
    const auto& series = entry->sampler.series();
    if ((!query.provider.empty() && series.provider() != query.provider) ||
        (!query.model.empty() && series.model() != query.model))
      continue;
    so_far.merge_counts(entry->sampler.total());
  }
  const auto take_off = [&so_far](const HistoryDelta& delta) {
    const auto less = [](std::uint64_t& sum, std::uint64_t part) { sum -= std::min(sum, part); };
    less(so_far.success, delta.success);
    less(so_far.error, delta.error);
    less(so_far.cancelled, delta.cancelled);
    less(so_far.cost_nano, delta.cost_nano);
    less(so_far.zero_cost, delta.zero_cost);
  };
  take_off(grid.after);
  for (std::size_t i = grid.count(); i-- > 0;) {
    const HistoryDelta here = std::exchange(grid.deltas[i], so_far);
    take_off(here);
  }
}

bool HistoryBook::keeps_since(Second second, std::size_t tier) const {
  const Second forgotten = static_cast<Second>(last_sample_) - reach_.keep[tier];
  const Second width = HistoryReach::kSteps[tier];
  const auto born = static_cast<Second>(Seconds(system_start_.time_since_epoch()).count());
  return born >= forgotten || floor_to(second, width) + width > forgotten;
}

HistorySeries HistoryBook::history(const HistoryQuery& query) {
  const HistoryMetric metric = history_metric(query.metric);
  if (OneMoment::is_first(this)) sample();
  support::MutexLock lock(mutex_);
  Grid grid = grid_of(query);
  const auto selected = select(query, metric.kind == HistoryKind::Active);
  for (const SeriesHistory* history : selected) fill(grid, *history, metric.kind);
  if (metric.kind == HistoryKind::CostTotal) accumulate_cost(grid, query);

  // Of a provider never heard of nothing is known; of all of them together it is known that nothing
  // happened.
  const bool is_known = !selected.empty() || (query.provider.empty() && query.model.empty());
  HistorySeries series;
  series.step = std::chrono::seconds{grid.step};
  series.from = std::chrono::sys_seconds{std::chrono::seconds{grid.first}};
  series.to = support::SystemTime(
      std::chrono::duration_cast<support::SystemTime::duration>(Seconds(grid.to)));
  series.points.reserve(grid.count());
  const double born = Seconds(system_start_.time_since_epoch()).count();
  const bool is_total = metric.kind == HistoryKind::CostTotal;
  for (std::size_t i = 0; i < grid.count(); ++i) {
    const Second start = grid.start_of(i);
    HistoryPoint point;
    point.time = std::chrono::sys_seconds{std::chrono::seconds{start}};
    // A step that is not over yet, or in which the system was made, is over the part there was; so
    // is one in which the wall clock was set forward.
    const double covered = wall_.covered(
        static_cast<double>(start), static_cast<double>(start + grid.step), born, last_sample_);
    const bool begins_now = start == static_cast<Second>(last_sample_) + wall_.offset();
    // What is forgotten is not known to be 0. A total counts back from now: it needs the end only.
    const bool is_kept =
        keeps_since(wall_.from_wall(is_total ? start + grid.step - 1 : start), grid.tier);
    if ((covered > 0 || begins_now) && is_kept && is_known && grid.is_known[i] != 0)
      point.value =
          metric.read(grid.deltas[i], std::clamp(covered, 1.0, static_cast<double>(grid.step)));
    series.points.push_back(point);
  }
  return series;
}

}  // namespace ltb::collector
