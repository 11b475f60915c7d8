// process_*: CPU, memory, descriptors and start time of the host process, as every Prometheus
// client names them.
#pragma once

#include "metrics/metric_store.hpp"

namespace ltb::exporter {

/// Adds the process_* families to the store; they read /proc/self when they are scraped. Where a
/// number cannot be read it is 0. Source: Prometheus "Writing client libraries", process metrics.
void add_process_metrics(metrics::MetricStore& store);

}  // namespace ltb::exporter
