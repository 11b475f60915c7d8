#include "collector/history_book.hpp"

#include "collector/history_metrics.hpp"

#include <algorithm>
#include <cmath>

namespace ltb::collector {
namespace {

constexpr Second kPercentileWindow = 300;
constexpr double kLongGap = 2;           // seconds; a running system samples four times in one
constexpr std::size_t kFiveSeconds = 1;  // the tier with 5 s slots

// Widths people read easily; each is a multiple of a tier's step, so that slots add up without
// remainder.
Second nice_step(Second at_least) noexcept {
  for (const Second step :
       {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400})
    if (step >= at_least) return step;
  return (at_least + 86399) / 86400 * 86400;
}

Percentiles percentiles_of(const metrics::DenseSketch& sketch) {
  return {sketch.quantile(.5), sketch.quantile(.95), sketch.quantile(.99), sketch.total()};
}

}  // namespace

HistoryBook::HistoryBook(metrics::MetricStore& store, const support::Clock& clock,
                         std::chrono::seconds retention, std::size_t max_bytes, support::Log log)
    : store_(store),
      clock_(clock),
      steady_start_(clock.steady_now()),
      system_start_(clock.system_now()),
      max_bytes_(max_bytes),
      log_(std::move(log)),
      reach_(retention.count()),
      last_sample_(seconds_now()) {}

double HistoryBook::seconds_now() const noexcept {
  const std::chrono::duration<double> start = system_start_.time_since_epoch();
  const std::chrono::duration<double> since = clock_.steady_now() - steady_start_;
  return start.count() + since.count();
}

void HistoryBook::find_new_series() {
  if (by_series_.size() < store_.request_series_count()) {
    for (const metrics::RequestSeries* series : store_.all_request_series()) {
      if (by_series_.contains(series)) continue;
      entries_.push_back(std::make_unique<Entry>(*series));
      by_series_[series] = entries_.back().get();
    }
  }
  if (providers_.size() < store_.provider_series_count()) {
    for (const metrics::ProviderSeries* series : store_.all_provider_series()) {
      const bool known =
          std::any_of(providers_.begin(), providers_.end(),
                      [&](const auto& provider) { return provider->series == series; });
      if (!known) providers_.push_back(std::make_unique<ProviderEntry>(ProviderEntry{series, {}}));
    }
  }
}

void HistoryBook::log_first_cut() const noexcept {
  if (cuts() == 0 || limit_logged_.exchange(true)) return;
  log_.warn(
      "history: {} bytes are in use, the limit; older history is forgotten early from now on "
      "(raise it with with_max_history_bytes() or LTB_MAX_HISTORY_BYTES)",
      max_bytes_);
}

void HistoryBook::sample() {
  // Logs after the lock, which is released before it: the host's sink may call the library.
  struct AtEnd {
    const HistoryBook& book;
    ~AtEnd() { book.log_first_cut(); }
  } const at_end{*this};
  const double exact_now = seconds_now();
  const auto now = static_cast<Second>(exact_now);
  support::MutexLock lock(mutex_);
  find_new_series();
  bool found_any = false;
  for (const auto& entry : entries_) {
    if (const auto delta = entry->sampler.sample()) {
      entry->history.add(now, *delta);
      found_any = true;
    }
    entry->history.trim(now, reach_);
  }
  for (const auto& provider : providers_) {
    HistoryDelta delta;
    delta.active = provider->series->active();
    if (delta.active > 0) provider->history.add(now, delta);
    provider->history.trim(now, reach_);
  }
  // What happened since the last look is filed under this second. When nobody looked for long (the
  // system was not started), rates must divide by that time instead: rate_seconds() asks for it.
  if (found_any && exact_now - last_sample_ > kLongGap) {
    gap_end_ = exact_now;
    gap_seconds_ = exact_now - last_sample_;
  }
  last_sample_ = exact_now;
  enforce_limits(now);
}

std::size_t HistoryBook::bytes_locked() const {
  std::size_t sum = 0;
  for (const auto& entry : entries_) sum += entry->history.bytes();
  for (const auto& provider : providers_) sum += provider->history.bytes();
  return sum;
}

std::size_t HistoryBook::bytes() const {
  support::MutexLock lock(mutex_);
  return bytes_locked();
}

void HistoryBook::enforce_limits(Second now) {
  while (bytes_locked() > max_bytes_) {
    // Halve the reach of the tier with the most slots: the resolution that costs most is given up
    // first.
    const auto& keep = reach_.keep;  // by name: a lambda is not seen to hold the mutex
    const auto slots = [&keep](std::size_t i) { return keep[i] / HistoryReach::kSteps[i]; };
    std::size_t most = 0;
    for (std::size_t i = 1; i < reach_.keep.size(); ++i)
      if (slots(i) > slots(most)) most = i;
    if (reach_.keep[most] == 0) return;
    reach_.keep[most] /= 2;
    cuts_.fetch_add(1, std::memory_order_relaxed);
    for (const auto& entry : entries_) entry->history.trim(now, reach_);
    for (const auto& provider : providers_) provider->history.trim(now, reach_);
  }
}

template <typename Visit>
void HistoryBook::visit(const HistoryTier& tier, Second from, Second to, Visit&& visit) {
  for (auto slot = tier.from(from); slot != tier.slots().end() && slot->start < to; ++slot)
    visit(*slot);
}

double HistoryBook::rate_seconds(Second window) const {
  const double now = seconds_now();
  const double first =
      std::floor(now) - static_cast<double>(window - 1);  // as window_stats() selects slots
  const std::chrono::duration<double> up = clock_.steady_now() - steady_start_;
  support::MutexLock lock(mutex_);
  double covered =
      std::min({now - first, up.count(), static_cast<double>(std::max<Second>(1, reach_.keep[0]))});
  // A slot in the window that holds more than its second.
  if (gap_end_ >= first) covered = std::max(covered, now - gap_end_ + gap_seconds_);
  return std::max(1.0, covered);
}

WindowStats HistoryBook::window_stats(const metrics::RequestSeries& series) const {
  WindowStats stats;
  const Second now = second_now();
  support::MutexLock lock(mutex_);
  const auto found = by_series_.find(&series);
  if (found == by_series_.end()) return stats;
  const SeriesHistory& history = found->second->history;
  visit(history.tier(0), now - 59, now + 1, [&](const HistoryTier::Slot& slot) {
    stats.last_60s.merge(slot.delta);
    if (slot.start > now - 10) stats.last_10s.merge(slot.delta);
  });
  visit(history.tier(kFiveSeconds), now - kPercentileWindow, now + 1,
        [&](const HistoryTier::Slot& slot) {
          stats.latency.add(slot.delta.latency);
          stats.first_token.add(slot.delta.first_token);
          stats.inter_token.add(slot.delta.inter_token);
        });
  return stats;
}

Percentiles HistoryBook::percentiles(std::string_view provider, std::string_view model,
                                     std::chrono::seconds window) const {
  const Second now = second_now();
  support::MutexLock lock(mutex_);
  const Second seconds = std::max<Second>(1, window.count());
  const std::size_t tier = seconds <= 60 ? 0 : std::max(kFiveSeconds, reach_.finest_for(seconds));
  metrics::DenseSketch sketch;
  for (const auto& entry : entries_) {
    const auto& series = entry->sampler.series();
    if ((!provider.empty() && series.provider() != provider) ||
        (!model.empty() && series.model() != model))
      continue;
    visit(entry->history.tier(tier), now - seconds + 1, now + 1,
          [&](const HistoryTier::Slot& slot) { sketch.add(slot.delta.latency); });
  }
  return percentiles_of(sketch);
}

HistoryDelta HistoryBook::provider_delta(std::string_view provider, Second window) const {
  const Second now = second_now();
  HistoryDelta sum;
  support::MutexLock lock(mutex_);
  for (const auto& entry : entries_)
    if (entry->sampler.series().provider() == provider)
      visit(entry->history.tier(0), now - window + 1, now + 1,
            [&](const HistoryTier::Slot& slot) { sum.merge_counts(slot.delta); });
  return sum;
}

std::map<std::string_view, HistoryDelta> HistoryBook::provider_deltas(Second window) const {
  const Second now = second_now();
  std::map<std::string_view, HistoryDelta> sums;
  support::MutexLock lock(mutex_);
  for (const auto& entry : entries_) {
    HistoryDelta& sum = sums[entry->sampler.series().provider()];
    visit(entry->history.tier(0), now - window + 1, now + 1,
          [&](const HistoryTier::Slot& slot) { sum.merge_counts(slot.delta); });
  }
  return sums;
}

std::vector<const SeriesHistory*> HistoryBook::select(const HistoryQuery& query,
                                                      bool active) const {
  std::vector<const SeriesHistory*> selected;
  if (active && query.model.empty()) {
    for (const auto& provider : providers_)
      if (query.provider.empty() || provider->series->provider() == query.provider)
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

HistorySeries HistoryBook::history(const HistoryQuery& query) const {
  const HistoryMetric metric = history_metric(query.metric);
  const Second now = second_now();
  // How far the wall clock was moved since the start: slots are kept in unmoved time, points shown
  // in the wall's.
  const std::chrono::duration<double> wall = clock_.system_now().time_since_epoch();
  const std::chrono::seconds clock_step{std::llround(wall.count() - seconds_now())};
  Second to = now;
  if (query.to)
    to = (std::chrono::floor<std::chrono::seconds>(*query.to) - clock_step)
             .time_since_epoch()
             .count();
  to = std::min(to, now);
  const Second window = std::clamp<Second>(query.window.count(), 1, 604800);
  const auto most = static_cast<Second>(std::clamp<std::size_t>(query.max_points, 1, 100'000));

  support::MutexLock lock(mutex_);
  const std::size_t finest = reach_.finest_for(now - to + window);
  Second step = std::max<Second>(query.step.count(), HistoryReach::kSteps[finest]);
  if (query.step.count() == 0) step = nice_step(std::max(step, (window + most - 1) / most));
  if (step % HistoryReach::kSteps[finest] != 0) step = nice_step(step);
  std::size_t tier = finest;
  while (tier + 1 < HistoryReach::kSteps.size() && step % HistoryReach::kSteps[tier + 1] == 0)
    ++tier;

  const Second last = to - to % step;
  const Second first = last - std::max<Second>(0, (window + step - 1) / step - 1) * step;
  const auto count = static_cast<std::size_t>((last - first) / step + 1);
  std::vector<HistoryDelta> deltas(count);
  std::uint64_t after = 0;  // cost booked after the last step
  std::uint64_t total = 0;
  const bool is_active = metric.kind == HistoryKind::Active;
  const auto selected = select(query, is_active);
  for (const SeriesHistory* history : selected) {
    std::vector<std::uint64_t> peak(is_active ? count : 0, 0);
    visit(history->tier(tier), first, now + 1, [&](const HistoryTier::Slot& slot) {
      const auto index = static_cast<std::size_t>((slot.start - first) / step);
      if (index >= count) {
        after += slot.delta.cost_nano;
      } else if (is_active) {
        peak[index] = std::max(peak[index], slot.delta.active);
      } else {
        deltas[index].merge(slot.delta);
      }
    });
    for (std::size_t i = 0; i < peak.size(); ++i)
      deltas[i].active += peak[i];  // over providers, gauges add up
  }
  if (metric.kind == HistoryKind::CostTotal) {
    for (const auto& entry : entries_) {
      const auto& series = entry->sampler.series();
      if ((query.provider.empty() || series.provider() == query.provider) &&
          (query.model.empty() || series.model() == query.model))
        total += series.cost_nano();
    }
    std::uint64_t so_far = total - std::min(total, after);
    for (std::size_t i = count; i-- > 0;) {
      const std::uint64_t here = deltas[i].cost_nano;
      deltas[i].cost_nano = so_far;
      so_far -= std::min(so_far, here);
    }
  }

  // Of a provider never heard of nothing is known; of all of them together it is known that nothing
  // happened.
  const bool is_known = !selected.empty() || (query.provider.empty() && query.model.empty());
  HistorySeries series;
  series.step = std::chrono::seconds{step};
  series.points.reserve(count);
  const auto born = static_cast<Second>(
      std::chrono::floor<std::chrono::seconds>(system_start_).time_since_epoch().count());
  const double now_exact = seconds_now();
  for (std::size_t i = 0; i < count; ++i) {
    const Second start = first + static_cast<Second>(i) * step;
    HistoryPoint point;
    point.time = std::chrono::sys_seconds{std::chrono::seconds{start}} + clock_step;
    const bool ran = start + step > born;
    // The newest step is not over yet: its rate is over the part that is.
    const double begun = std::max(static_cast<double>(start), static_cast<double>(born));
    const double seconds = std::clamp(now_exact - begun, 1.0, static_cast<double>(step));
    const bool is_kept =
        start + step > now - reach_.keep[tier];  // what is forgotten is not known to be 0
    if (ran && is_kept && is_known) point.value = metric.read(deltas[i], seconds);
    series.points.push_back(point);
  }
  return series;
}

}  // namespace ltb::collector
