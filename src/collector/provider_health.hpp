// Judges each provider by its last minute and says when the judgement changes.
#pragma once

#include "collector/history_book.hpp"
#include "metrics/metric_store.hpp"
#include "support/mutex.hpp"

#include <ltb/config.hpp>
#include <ltb/event.hpp>

#include <map>
#include <vector>

namespace ltb::collector {

/// Thread safety: every member from any thread.
class ProviderHealthMonitor {
 public:
  ProviderHealthMonitor(metrics::MetricStore& store, HistoryBook& history,
                        AlertThresholds thresholds)
      : store_(store), history_(history), thresholds_(thresholds) {}

  /// Judges all providers. Returns a ProviderStatus event for each whose health changed, and an
  /// alert with it. A provider with too few requests in the window keeps its health; one without
  /// any is taken to be well again. Getting better takes clearing the thresholds by a fifth, so
  /// that a provider at a threshold does not flap.
  [[nodiscard]] std::vector<MonitoringEvent> tick();

  /// The health that the numbers of a window stand for.
  [[nodiscard]] static ProviderHealth judge(const HistoryDelta& window,
                                            const AlertThresholds& thresholds) noexcept;
  /// The same for a provider that is not well: thresholds a fifth lower.
  [[nodiscard]] static ProviderHealth judge_recovery(const HistoryDelta& window,
                                                     const AlertThresholds& thresholds) noexcept;

 private:
  [[nodiscard]] bool is_silent(const metrics::ProviderSeries& provider) const;

  metrics::MetricStore& store_;
  HistoryBook& history_;
  const AlertThresholds thresholds_;
  support::Mutex mutex_;
  std::map<const metrics::ProviderSeries*, ProviderHealth> judged_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::collector
