#include "collector/history_book.hpp"

#include <algorithm>
#include <cmath>

namespace ltb::collector {
namespace {

// Seconds; a running system samples four times in one. What was added in a longer stretch is not
// filed under the second in which it was found.
constexpr double kLongStretch = 1.25;

Percentiles percentiles_of(const metrics::DenseSketch& sketch) {
  return {sketch.quantile(.5), sketch.quantile(.95), sketch.quantile(.99), sketch.total()};
}

std::chrono::duration<double> since_epoch(support::SystemTime time) {
  return time.time_since_epoch();
}

}  // namespace

Window Moment::window(Second seconds) const noexcept {
  const auto second = static_cast<Second>(now);
  Window window(std::max(second - seconds + 1, second - reach.keep[0]));
  window.begin = std::max(window.begin, born);
  return window;
}

HistoryBook::HistoryBook(metrics::MetricStore& store, const support::Clock& clock,
                         std::chrono::seconds retention, std::size_t max_bytes, support::Log log)
    : store_(store),
      clock_(clock),
      steady_start_(clock.steady_now()),
      system_start_(clock.system_now()),
      slept_start_(clock.slept()),
      max_bytes_(max_bytes),
      log_(std::move(log)),
      reach_(retention.count()),
      last_sample_(since_epoch(system_start_).count()) {}

double HistoryBook::seconds_now() const {
  const std::chrono::duration<double> since = clock_.steady_now() - steady_start_ + slept_;
  return since_epoch(system_start_).count() + since.count();
}

Moment HistoryBook::moment() const {
  return {last_sample_, since_epoch(system_start_).count(), reach_};
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
      auto& place = providers_[series];
      if (!place) place = std::make_unique<ProviderEntry>(ProviderEntry{series, {}});
    }
  }
}

void HistoryBook::sample() {
  {
    support::MutexLock lock(mutex_);
    sample_locked();
  }
  log_limit();
}

void HistoryBook::read(const std::function<void(const SeriesView&, const Moment&)>& visit) {
  {
    support::MutexLock lock(mutex_);
    sample_locked();
    const Moment at = moment();
    for (const auto& entry : entries_) visit({entry->sampler, entry->history}, at);
  }
  log_limit();
}

void HistoryBook::sample_locked() {
  // Whole sleeps only: the difference of two clocks is never exact.
  const auto slept = clock_.slept() - slept_start_;
  if (slept - slept_ >= std::chrono::seconds{1}) slept_ = slept;
  const double exact_now = std::max(last_sample_, seconds_now());
  const auto now = static_cast<Second>(exact_now);
  wall_.observe(now, since_epoch(clock_.system_now()).count() - exact_now);
  const Stretch stretch{last_sample_, exact_now, exact_now - last_sample_ > kLongStretch,
                        wall_.since()};
  find_new_series();
  for (const auto& [series, provider] : providers_) provider->changed = false;
  for (const auto& entry : entries_) {
    if (const auto delta = entry->sampler.sample()) {
      entry->history.add(stretch, *delta);
      if (const auto owner = providers_.find(entry->sampler.series().provider_series);
          owner != providers_.end())
        owner->second->changed = true;
    }
    entry->history.trim(now, reach_);
  }
  for (const auto& [series, provider] : providers_) {
    HistoryDelta delta;
    delta.active = series->active();
    if (delta.active > 0 || (stretch.is_long && provider->changed))
      provider->history.add(stretch, delta);
    provider->history.trim(now, reach_);
  }
  wall_.trim(now - reach_.keep.back());
  last_sample_ = exact_now;
  enforce_limits(now);
}

std::size_t HistoryBook::bytes_locked() const {
  std::size_t sum = 0;
  for (const auto& entry : entries_) sum += entry->history.bytes();
  for (const auto& [series, provider] : providers_) sum += provider->history.bytes();
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
    for (const auto& [series, provider] : providers_) provider->history.trim(now, reach_);
  }
}

// Without the mutex: the host's logger may ask the collector something.
void HistoryBook::log_limit() {
  if (cuts() == 0 || limit_logged_.exchange(true, std::memory_order_relaxed)) return;
  log_.warn(
      "history: {} bytes are in use, the limit; older history is forgotten early from now on "
      "(raise it with with_max_history_bytes() or LTB_MAX_HISTORY_BYTES)",
      max_bytes_);
}

Percentiles HistoryBook::percentiles(std::string_view provider, std::string_view model,
                                     std::chrono::seconds window) {
  const Second seconds = std::clamp<Second>(window.count(), 1, HistoryReach::kLongest);
  metrics::DenseSketch sketch;
  bool is_known = true;
  read([&](const SeriesView& view, const Moment& at) {
    const auto& series = view.sums.series();
    if ((!provider.empty() && series.provider() != provider) ||
        (!model.empty() && series.model() != model))
      return;
    is_known &= at.visit(view.history, seconds,
                         [&](const HistoryDelta& delta) { sketch.add(delta.latency); });
  });
  if (!is_known) return {.p50 = {}, .p95 = {}, .p99 = {}, .count = std::nullopt};
  return percentiles_of(sketch);
}

std::map<std::string_view, Window> HistoryBook::provider_windows(Second window) {
  std::map<std::string_view, Window> sums;
  read([&](const SeriesView& view, const Moment& at) {
    sums.try_emplace(view.sums.series().provider(), at.window(window))
        .first->second.add(view.history.tier(0));
  });
  return sums;
}

}  // namespace ltb::collector
