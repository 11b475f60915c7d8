#include "exporter/host_families.hpp"

#include "metrics/labels.hpp"
#include "support/number_text.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string_view>

namespace ltb::exporter {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string_view type_of(MetricType type) noexcept {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Summary:
      return "summary";
    case MetricType::Histogram:
      return "histogram";
    default:
      return "unknown";
  }
}

class MetricWriter {
 public:
  MetricWriter(std::string& out, const std::string& name, const ClientMetric& metric)
      : out_(out), name_(name), metric_(metric) {}

  void write(MetricType type) {
    switch (type) {
      case MetricType::Counter:
        if (metric_.counter.value >= 0) line("", support::number_text(metric_.counter.value));
        return;
      case MetricType::Gauge:
        return line("", support::number_text(metric_.gauge.value));
      case MetricType::Histogram:
        return histogram();
      case MetricType::Summary:
        return summary();
      default:
        return line("", support::number_text(metric_.untyped.value));
    }
  }

 private:
  void line(std::string_view suffix, const std::string& value, std::string_view extra = {},
            const std::string& extra_value = {}) {
    out_.append(name_).append(suffix);
    char separator = '{';
    const auto label = [&](std::string_view label_name, std::string_view label_value) {
      (out_ += separator).append(label_name).append("=\"");
      metrics::append_escaped_label(out_, label_value);
      out_ += '"';
      separator = ',';
    };
    for (const auto& [label_name, label_value] : metric_.label) label(label_name, label_value);
    if (!extra.empty()) label(extra, extra_value);
    if (separator == ',') out_ += '}';
    out_.append(" ").append(value);
    if (metric_.timestamp_ms > 0) {
      char text[support::kNumberTextBytes];
      const char* end =
          support::write_decimal(text, static_cast<std::uint64_t>(metric_.timestamp_ms), 3);
      out_.append(" ").append(text, static_cast<std::size_t>(end - text));
    }
    out_ += '\n';
  }

  void totals(std::uint64_t count, double sum, bool has_sum) {
    if (!has_sum) return;
    line("_count", std::to_string(count));
    line("_sum", support::number_text(sum));
  }

  void histogram() {
    const auto& value = metric_.histogram;
    bool has_inf = false;
    for (const auto& bucket : value.bucket) {
      has_inf = std::isinf(bucket.upper_bound);
      line("_bucket", std::to_string(bucket.cumulative_count), "le",
           support::canonical_number_text(bucket.upper_bound));
    }
    if (!has_inf) line("_bucket", std::to_string(value.sample_count), "le", "+Inf");
    const bool may_go_down = !value.bucket.empty() && value.bucket.front().upper_bound < 0;
    totals(value.sample_count, value.sample_sum, value.sample_sum >= 0 && !may_go_down);
  }

  void summary() {
    const auto& value = metric_.summary;
    for (const auto& [quantile, at] : value.quantile)
      if (!(at < 0))
        line("", support::number_text(at), "quantile", support::canonical_number_text(quantile));
    totals(value.sample_count, value.sample_sum, value.sample_sum >= 0);
  }

  std::string& out_;
  const std::string& name_;
  const ClientMetric& metric_;
};

}  // namespace

std::string render_host_families(std::vector<MetricFamily> families, OpenMetricsNames& names) {
  std::vector<MetricFamily> merged;
  for (MetricFamily& family : families) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const MetricFamily& other) {
      return other.name == family.name && other.type == family.type;
    });
    if (same == merged.end()) {
      merged.push_back(std::move(family));
    } else {
      std::move(family.metric.begin(), family.metric.end(), std::back_inserter(same->metric));
    }
  }
  std::string out;
  for (const MetricFamily& family : merged) {
    OpenMetricsName name;
    if (family.metric.empty() || !names.take_foreign(family.name, type_of(family.type), name))
      continue;
    append_head(out, name, family.help);
    for (const ClientMetric& metric : family.metric)
      MetricWriter(out, family.name, metric).write(family.type);
  }
  return out;
}

}  // namespace ltb::exporter
