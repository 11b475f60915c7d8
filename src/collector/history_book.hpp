// The histories of all series of a system, sampled from the store, and the questions asked of them.
#pragma once

#include "collector/history.hpp"
#include "collector/sampler.hpp"
#include "metrics/metric_store.hpp"
#include "support/clock.hpp"
#include "support/mutex.hpp"

#include <ltb/collector.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace ltb::collector {

/// What happened to one series in the windows that statistics show.
struct WindowStats {
  HistoryDelta last_10s;
  HistoryDelta last_60s;
  metrics::DenseSketch latency;  // the last 5 minutes
  metrics::DenseSketch first_token;
  metrics::DenseSketch inter_token;
};

/// Thread safety: every member from any thread; the mutex is never taken by a recording thread.
class HistoryBook {
 public:
  HistoryBook(metrics::MetricStore& store, const support::Clock& clock,
              std::chrono::seconds retention, std::size_t max_bytes, support::Log log);

  /// Books what was added to every series since the last call. Cheap, idempotent; every question
  /// calls it first.
  void sample();

  [[nodiscard]] WindowStats window_stats(const metrics::RequestSeries& series) const;
  [[nodiscard]] Percentiles percentiles(std::string_view provider, std::string_view model,
                                        std::chrono::seconds window) const;
  [[nodiscard]] HistorySeries history(const HistoryQuery& query) const;
  /// Seconds that rates over `window` must divide by: less than the window just after the start.
  [[nodiscard]] double rate_seconds(Second window) const;
  /// What a provider's calls counted over the last `window` seconds; the sketches stay empty.
  [[nodiscard]] HistoryDelta provider_delta(std::string_view provider, Second window) const;
  /// The same for every provider at once, in one pass over the series; a provider without series is
  /// absent. The names live as long as the store.
  [[nodiscard]] std::map<std::string_view, HistoryDelta> provider_deltas(Second window) const;
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
  };

  [[nodiscard]] double seconds_now() const noexcept;
  [[nodiscard]] Second second_now() const noexcept { return static_cast<Second>(seconds_now()); }
  void find_new_series() LTB_REQUIRES(mutex_);
  void enforce_limits(Second now) LTB_REQUIRES(mutex_);
  [[nodiscard]] std::size_t bytes_locked() const LTB_REQUIRES(mutex_);
  [[nodiscard]] std::vector<const SeriesHistory*> select(const HistoryQuery& query,
                                                         bool active) const LTB_REQUIRES(mutex_);
  template <typename Visit>
  static void visit(const HistoryTier& tier, Second from, Second to, Visit&& visit);

  void log_first_cut() const noexcept;

  metrics::MetricStore& store_;
  const support::Clock& clock_;
  const support::SteadyTime steady_start_;
  const support::SystemTime system_start_;
  const std::size_t max_bytes_;
  support::Log log_;
  mutable support::Mutex mutex_;
  HistoryReach reach_ LTB_GUARDED_BY(mutex_);
  double last_sample_ LTB_GUARDED_BY(mutex_);
  double gap_end_ LTB_GUARDED_BY(mutex_) = 0;  // the last sample that came late, and how late
  double gap_seconds_ LTB_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Entry>> entries_ LTB_GUARDED_BY(mutex_);
  std::map<const metrics::RequestSeries*, Entry*> by_series_ LTB_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<ProviderEntry>> providers_ LTB_GUARDED_BY(mutex_);
  mutable std::atomic<bool> limit_logged_{false};
  std::atomic<std::uint64_t> cuts_{0};
};

}  // namespace ltb::collector
