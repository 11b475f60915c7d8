// OpenMetrics 1.0, written straight from the store.
#pragma once

#include "metrics/metric_store.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace ltb::exporter {

/// What GET /metrics answers to a client that prefers OpenMetrics: the store, then the hosts'
/// families, then `# EOF`. A counter whose name does not end in `_total`, or whose family would
/// have the name of another, is of type unknown: names never depend on the format. A host's family
/// that would clash with one before it is left out. Any thread; no recorder waits for it. Throws
/// only std::bad_alloc. Source: OpenMetrics 1.0.
[[nodiscard]] std::string render_openmetrics(const metrics::MetricStore& store,
                                             std::vector<prometheus::MetricFamily> hosts = {});

inline constexpr const char* kOpenMetricsContentType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

}  // namespace ltb::exporter
