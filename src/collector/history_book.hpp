// The histories of all series of a system, sampled from the store, and the questions asked of them.
#pragma once

#include "collector/history.hpp"
#include "collector/history_metrics.hpp"
#include "collector/history_window.hpp"
#include "collector/sampler.hpp"
#include "collector/wall_time.hpp"
#include "metrics/metric_store.hpp"
#include "support/clock.hpp"
#include "support/mutex.hpp"

#include <ltb/collector.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace ltb::collector {

/// A series as it was at one sample.
struct SeriesView {
  const SeriesSampler& sums;  // since the system was made
  const SeriesHistory& history;
};

/// The moment of a sample, and where windows that end then begin.
struct Moment {
  double now = 0;
  double born = 0;
  HistoryReach reach{0};

  /// The counts of the last `seconds`, as far as seconds are kept.
  [[nodiscard]] Window window(Second seconds) const noexcept;
  /// What a rate over a window divides by: less than its width just after the start.
  [[nodiscard]] double seconds_of(const Window& window) const noexcept {
    return std::max(1.0, now - window.begin);
  }
  /// See visit_since(): the tiers that answer for the last `seconds`.
  template <typename Visit>
  bool visit(const SeriesHistory& history, Second seconds, Visit&& visit_delta) const {
    const std::size_t fine = reach.finest_for(std::min(seconds, reach.keep.back()));
    const std::size_t coarse = std::max<std::size_t>(fine, 1);
    const Second from = std::max(static_cast<Second>(now) - seconds + 1,
                                 static_cast<Second>(now) - reach.keep[coarse]);
    return visit_since(from, history.tier(fine), history.tier(coarse), visit_delta);
  }
};

/// Thread safety: every member from any thread; the mutex is never taken by a recording thread.
class HistoryBook {
 public:
  HistoryBook(metrics::MetricStore& store, const support::Clock& clock,
              std::chrono::seconds retention, std::size_t max_bytes, support::Log log);

  /// Books what was added to every series since the last call. Cheap, idempotent; every question
  /// does it first.
  void sample();
  /// Samples and shows every series as it was at that moment. `visit` must not call back.
  void read(const std::function<void(const SeriesView&, const Moment&)>& visit);

  [[nodiscard]] Percentiles percentiles(std::string_view provider, std::string_view model,
                                        std::chrono::seconds window);
  [[nodiscard]] HistorySeries history(const HistoryQuery& query);
  /// What is known to have happened to each provider in the last `window` seconds; a provider
  /// without series is absent. The sketches stay empty. The names live as long as the store.
  [[nodiscard]] std::map<std::string_view, Window> provider_windows(Second window);
  [[nodiscard]] std::size_t bytes() const;
  /// How often the reach of a resolution was halved to stay within the limit.
  [[nodiscard]] std::uint64_t cuts() const noexcept {
    return cuts_.load(std::memory_order_relaxed);
  }

 private:
  struct Entry {
    explicit Entry(const metrics::RequestSeries& series) : sampler(series) {}
    SeriesSampler sampler;
    SeriesHistory history;
  };
  struct ProviderEntry {
    const metrics::ProviderSeries* series;
    SeriesHistory history;  // active requests only
    bool changed = false;   // since the last sample
  };
  struct Grid;

  void sample_locked() LTB_REQUIRES(mutex_);
  [[nodiscard]] double seconds_now() const LTB_REQUIRES(mutex_);
  [[nodiscard]] Moment moment() const LTB_REQUIRES(mutex_);
  void find_new_series() LTB_REQUIRES(mutex_);
  void enforce_limits(Second now) LTB_REQUIRES(mutex_);
  void log_limit();
  [[nodiscard]] std::size_t bytes_locked() const LTB_REQUIRES(mutex_);
  [[nodiscard]] Grid grid_of(const HistoryQuery& query) const LTB_REQUIRES(mutex_);
  [[nodiscard]] std::vector<const SeriesHistory*> select(const HistoryQuery& query,
                                                         bool active) const LTB_REQUIRES(mutex_);
  void fill(Grid& grid, const SeriesHistory& history, HistoryKind kind) const LTB_REQUIRES(mutex_);
  /// True when a tier still has all that happened from a second on.
  [[nodiscard]] bool keeps_since(Second second, std::size_t tier) const LTB_REQUIRES(mutex_);
  void accumulate_cost(Grid& grid, const HistoryQuery& query) const LTB_REQUIRES(mutex_);

  metrics::MetricStore& store_;
  const support::Clock& clock_;
  const support::SteadyTime steady_start_;
  const support::SystemTime system_start_;
  const std::chrono::nanoseconds slept_start_;
  const std::size_t max_bytes_;
  support::Log log_;
  mutable support::Mutex mutex_;
  std::chrono::nanoseconds slept_ LTB_GUARDED_BY(mutex_){0};  // since the start
  HistoryReach reach_ LTB_GUARDED_BY(mutex_);
  WallTime wall_ LTB_GUARDED_BY(mutex_);
  double last_sample_ LTB_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Entry>> entries_ LTB_GUARDED_BY(mutex_);
  std::map<const metrics::RequestSeries*, Entry*> by_series_ LTB_GUARDED_BY(mutex_);
  std::map<const metrics::ProviderSeries*, std::unique_ptr<ProviderEntry>> providers_
      LTB_GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> cuts_{0};
  std::atomic<bool> limit_logged_{false};
};

}  // namespace ltb::collector
