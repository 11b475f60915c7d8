#include "exporter/store_collectable.hpp"

#include <limits>
#include <variant>

namespace ltb::exporter {
namespace {

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return prometheus::MetricType::Counter;
    case MetricType::Gauge:
      return prometheus::MetricType::Gauge;
    case MetricType::Histogram:
      return prometheus::MetricType::Histogram;
    case MetricType::Summary:
      return prometheus::MetricType::Summary;
  }
  return prometheus::MetricType::Untyped;
}

void fill(prometheus::ClientMetric& out, const MetricValue& value) {
  if (const auto* counter = std::get_if<Counter>(&value)) {
    out.counter.value = counter->value;
  } else if (const auto* gauge = std::get_if<Gauge>(&value)) {
    out.gauge.value = gauge->value;
  } else if (const auto* histogram = std::get_if<HistogramValue>(&value)) {
    out.histogram.sample_count = histogram->count;
    out.histogram.sample_sum = histogram->sum;
    for (const auto& [le, count] : histogram->buckets) out.histogram.bucket.push_back({count, le});
    out.histogram.bucket.push_back({histogram->count, std::numeric_limits<double>::infinity()});
  } else {
    const auto& summary = std::get<SummaryValue>(value);
    out.summary.sample_count = summary.count;
    out.summary.sample_sum = summary.sum;
    for (const auto& [quantile, at] : summary.quantiles)
      out.summary.quantile.push_back({quantile, at});
  }
}

}  // namespace

std::vector<prometheus::MetricFamily> collect(const metrics::MetricStore& store) {
  std::vector<prometheus::MetricFamily> families;
  for (const metrics::Family* family : store.families()) {
    prometheus::MetricFamily out;
    out.name = family->name();
    out.help = family->help();
    out.type = type_of(family->type());
    family->for_each([&](const metrics::Series& series) {
      const auto value = metrics::read_value(series, family->type());
      if (!value) return;
      prometheus::ClientMetric metric;
      for (const auto& [name, text] : series.labels) metric.label.push_back({name, text});
      fill(metric, *value);
      out.metric.push_back(std::move(metric));
    });
    if (!out.metric.empty()) families.push_back(std::move(out));
  }
  return families;
}

}  // namespace ltb::exporter
