// GET /metrics and GET /-/healthy.
#pragma once

#include "metrics/metric_store.hpp"
#include "net/router.hpp"

#include <prometheus/collectable.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ltb::exporter {

/// What /metrics shows: the store, then the collectables that the host added. Thread safety: any thread.
class Exposition {
 public:
  /// Adds the metrics of scraping itself to the store.
  explicit Exposition(metrics::MetricStore& store);

  /// The text of a scrape; counts and times itself.
  [[nodiscard]] std::string render();
  /// Shows a host's collectable too, while it lives. Its families come after the library's own.
  void add(std::weak_ptr<prometheus::Collectable> collectable);

 private:
  metrics::MetricStore& store_;
  std::atomic<double> scrapes_{0};
  metrics::Words duration_words_;
  metrics::BucketLayout duration_layout_;
  mutable support::Mutex mutex_;
  std::vector<std::weak_ptr<prometheus::Collectable>> collectables_ LTB_GUARDED_BY(mutex_);
};

/// The routes of the prometheus listener. `exposition` must outlive the router.
[[nodiscard]] net::Router make_metrics_router(std::shared_ptr<Exposition> exposition);

}  // namespace ltb::exporter
