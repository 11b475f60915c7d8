// The Prometheus text format 0.0.4, written straight from the store.
#pragma once

#include "metrics/metric_store.hpp"

#include <string>

namespace ltb::exporter {

/// What GET /metrics answers. Families and series are sorted; each histogram's +Inf bucket equals
/// its count, since both come from one reading. Any thread; no recorder waits for it. Throws only
/// std::bad_alloc. Source: Prometheus "Exposition formats", text format 0.0.4.
[[nodiscard]] std::string render_text(const metrics::MetricStore& store);

inline constexpr const char* kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace ltb::exporter
