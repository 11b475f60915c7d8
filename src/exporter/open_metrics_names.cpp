#include "exporter/open_metrics_names.hpp"

#include "metrics/labels.hpp"

namespace ltb::exporter {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kInfo = "_info";

std::string_view unit_of(std::string_view name) noexcept {
  for (const std::string_view unit : {"seconds", "bytes"})
    if (name.size() > unit.size() && name.ends_with(unit) &&
        name[name.size() - unit.size() - 1] == '_')
      return unit;
  return {};
}

}  // namespace

void append_head(std::string& out, const OpenMetricsName& name, std::string_view help) {
  out.append("# TYPE ").append(name.name).append(" ").append(name.type) += '\n';
  if (!name.unit.empty())
    out.append("# UNIT ").append(name.name).append(" ").append(name.unit) += '\n';
  out.append("# HELP ").append(name.name) += ' ';
  metrics::append_escaped_label(out, help);  // here the quote is escaped as well
  out += '\n';
}

// The store's own names are distinct already, as samples of 0.0.4; what may clash is a shortened
// one.
OpenMetricsNames::OpenMetricsNames(const std::vector<const metrics::Family*>& families) {
  for (const metrics::Family* family : families) {
    taken_.insert(family->name());
    if (family->type() == MetricType::Counter || family->type() == MetricType::Gauge) continue;
    for (const char* suffix : {"_bucket", "_count", "_sum", "_created"})
      taken_.insert(family->name() + suffix);
  }
}

OpenMetricsName OpenMetricsNames::name_of(std::string_view sample_name,
                                          std::string_view type) const {
  OpenMetricsName out{std::string(sample_name), type, {}, false};
  const auto shortened = [&](std::string_view suffix) {
    if (sample_name.size() <= suffix.size() || !sample_name.ends_with(suffix)) return false;
    const std::string base(sample_name.substr(0, sample_name.size() - suffix.size()));
    if (taken_.contains(base) || taken_.contains(base + "_created")) return false;
    out.name = base;
    return true;
  };
  if (type == "counter") {
    out.has_created = shortened(kTotal);
    if (!out.has_created) out.type = "unknown";
  } else if (type == "info") {
    if (!shortened(kInfo)) out.type = "gauge";
  } else {
    out.has_created = type == "histogram" || type == "summary";
  }
  if (out.type != "info") out.unit = unit_of(out.name);
  return out;
}

OpenMetricsName OpenMetricsNames::take(const metrics::Family& family) {
  std::string_view type = to_string(family.type());
  // The library's constants that say what runs here; a user's gauge may have any value.
  if (family.owner() == metrics::FamilyOwner::Library && family.name().ends_with(kInfo))
    type = "info";
  OpenMetricsName out = name_of(family.name(), type);
  taken_.insert(out.name);
  if (out.has_created) taken_.insert(out.name + "_created");
  return out;
}

bool OpenMetricsNames::take_foreign(const std::string& sample_name, std::string_view type,
                                    OpenMetricsName& out) {
  out = name_of(sample_name, type);
  out.has_created = false;  // prometheus-cpp does not keep it
  std::vector<std::string> names{sample_name};
  if (out.name != sample_name) names.push_back(out.name);
  if (out.type == "counter") names.push_back(out.name + "_created");
  if (out.type == "histogram" || out.type == "summary")
    for (const char* suffix : {"_bucket", "_count", "_sum", "_created"})
      names.push_back(sample_name + suffix);
  for (const std::string& name : names)
    if (taken_.contains(name)) return false;
  taken_.insert(names.begin(), names.end());
  return true;
}

}  // namespace ltb::exporter
