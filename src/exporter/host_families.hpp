// The families of a host's own collectables in OpenMetrics.
#pragma once

#include "exporter/open_metrics_names.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace ltb::exporter {

/// Several families of one name and type become one. What clashes with a name that is taken is left
/// out, and so is what OpenMetrics has no form for (a counter that is not a number).
[[nodiscard]] std::string render_host_families(std::vector<prometheus::MetricFamily> families,
                                               OpenMetricsNames& names);

}  // namespace ltb::exporter
