#include "exporter/open_metrics.hpp"

#include "exporter/family_renderer.hpp"
#include "exporter/host_families.hpp"
#include "exporter/open_metrics_names.hpp"
#include "metrics/labels.hpp"

#include <chrono>

namespace ltb::exporter {
namespace {

struct OpenMetrics {
  static constexpr bool kHasCreated = true;
  static std::string created_name(std::string_view name) {
    return std::string(name.ends_with("_total") ? name.substr(0, name.size() - 6) : name);
  }
  static const std::vector<std::string>& le_texts(const metrics::BucketLayout& layout) {
    return layout.canonical_le_texts();
  }
  static std::string label_number(double value) { return support::canonical_number_text(value); }
  // OpenMetrics does not allow a sum that may go down, and without it no count either.
  static bool shows_sum(const HistogramValue& value) {
    return value.sum >= 0 && (value.buckets.empty() || value.buckets.front().le >= 0);
  }
  static bool shows_sum(const SummaryValue& value) { return value.sum >= 0; }
  static bool shows_quantile(double value) { return value >= 0; }
  static const metrics::HistogramCell* exemplars(const metrics::Series& series) {
    const auto& cell = std::get<metrics::HistogramCell>(series.cell);
    return cell.exemplars == nullptr ? nullptr : &cell;
  }
  /// ` # {request_id="req_1"} 0.67 1520879607.789` after the number of a bucket.
  static void exemplar(LineWriter& writer, const metrics::HistogramCell* cell,
                       std::uint32_t bucket) {
    if (cell == nullptr) return;
    const auto kept = cell->exemplars->read(bucket);
    if (!kept) return;
    std::string id;
    metrics::append_escaped_label(id, kept->request_id);
    writer.line(id.size() + 2 * support::kNumberTextBytes + 32);
    writer.text(" # {request_id=\"");
    writer.text(id);
    writer.text("\"} ");
    writer.decimal(kept->value, cell->decimals);
    writer.character(' ');
    const auto at = std::chrono::floor<std::chrono::milliseconds>(kept->time.time_since_epoch());
    writer.decimal(static_cast<std::uint64_t>(std::max<std::int64_t>(0, at.count())), 3);
  }
};

}  // namespace

std::string render_openmetrics(const metrics::MetricStore& store,
                               std::vector<prometheus::MetricFamily> hosts) {
  LineWriter writer;
  const auto families = store.families();
  OpenMetricsNames names(families);
  std::string head;
  for (const metrics::Family* family : families) {
    bool has_head = false;
    const OpenMetricsName name = names.take(*family);
    FamilyRenderer<OpenMetrics> renderer(*family, writer, name.has_created);
    const std::size_t start = writer.position();
    std::size_t samples = start;
    family->for_each_row([&](const metrics::SeriesRow& row, std::string_view labels) {
      if (!has_head) {  // an empty family says nothing
        has_head = true;
        head.clear();
        append_head(head, name, family->help());
        writer.line(head.size() + family->size() * renderer.about_bytes(row, labels));
        writer.text(head);
        samples = writer.position();
      }
      renderer.render(row, labels);
    });
    if (writer.position() == samples) writer.back_to(start);  // none of its values is known
  }
  const std::string foreign = render_host_families(std::move(hosts), names);
  writer.line(foreign.size() + 16);
  writer.text(foreign);
  writer.text("# EOF\n");
  return writer.take();
}

}  // namespace ltb::exporter
