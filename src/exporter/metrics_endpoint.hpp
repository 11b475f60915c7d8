// GET /metrics and GET /-/healthy.
#pragma once

#include "exporter/format.hpp"
#include "metrics/metric_store.hpp"
#include "net/router.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <memory>
#include <string>
#include <vector>

namespace ltb::exporter {

/// What /metrics shows: the store, then the collectables that the host added. Thread safety: any
/// thread.
class Exposition {
 public:
  /// Adds the metrics of scraping itself to the store.
  explicit Exposition(metrics::MetricStore& store);

  /// The text of a scrape; counts and times itself.
  [[nodiscard]] std::string render(Format format = Format::Text);
  /// Shows a host's collectable too, while it lives. Its families come after the library's own. One
  /// that throws is left out of that scrape and counted.
  void add(std::weak_ptr<prometheus::Collectable> collectable);

 private:
  struct ScrapeMetrics;
  /// The families of the hosts' collectables; one that throws is left out and counted.
  [[nodiscard]] std::vector<prometheus::MetricFamily> collect_hosts();

  metrics::MetricStore& store_;
  const std::shared_ptr<ScrapeMetrics> scrapes_;  // shared with the store, which may outlive this
  support::Mutex mutex_;
  std::vector<std::weak_ptr<prometheus::Collectable>> collectables_ LTB_GUARDED_BY(mutex_);
};

/// The routes of the prometheus listener; without `openmetrics`, /metrics answers in one format
/// only.
[[nodiscard]] net::Router make_metrics_router(const std::shared_ptr<Exposition>& exposition,
                                              bool openmetrics = true);

}  // namespace ltb::exporter
