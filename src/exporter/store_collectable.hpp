// The store as a prometheus::Collectable: for a host's own Exposer, and the oracle of our text
// format in the tests.
#pragma once

#include "metrics/metric_store.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <memory>
#include <vector>

namespace ltb::exporter {

/// Every family and series of a store in prometheus-cpp's data model. Any thread.
[[nodiscard]] std::vector<prometheus::MetricFamily> collect(const metrics::MetricStore& store);

}  // namespace ltb::exporter
