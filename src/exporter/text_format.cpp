#include "exporter/text_format.hpp"

#include "exporter/family_renderer.hpp"
#include "metrics/labels.hpp"

namespace ltb::exporter {
namespace {

struct PlainText {
  static constexpr bool kHasCreated = false;
  static std::string created_name(std::string_view) { return {}; }
  static const std::vector<std::string>& le_texts(const metrics::BucketLayout& layout) {
    return layout.le_texts();
  }
  static std::string label_number(double value) { return support::number_text(value); }
  static bool shows_sum(const HistogramValue&) { return true; }
  static bool shows_sum(const SummaryValue&) { return true; }
  static bool shows_quantile(double) { return true; }
  static const void* exemplars(const metrics::Series&) { return nullptr; }
  static void exemplar(LineWriter&, const void*, std::uint32_t) {}
};

}  // namespace

std::string render_text(const metrics::MetricStore& store) {
  LineWriter writer;
  std::string head;
  for (const metrics::Family* family : store.families()) {
    bool has_head = false;
    FamilyRenderer<PlainText> renderer(*family, writer);
    const std::size_t start = writer.position();
    std::size_t samples = start;
    family->for_each_row([&](const metrics::SeriesRow& row, std::string_view labels) {
      if (!has_head) {  // an empty family says nothing
        has_head = true;
        head.assign("# HELP ").append(family->name()) += ' ';
        metrics::append_escaped_help(head, family->help());
        head.append("\n# TYPE ").append(family->name()) += ' ';
        head.append(to_string(family->type())) += '\n';
        writer.line(head.size() + family->size() * renderer.about_bytes(row, labels));
        writer.text(head);
        samples = writer.position();
      }
      renderer.render(row, labels);
    });
    if (writer.position() == samples) writer.back_to(start);  // none of its values is known
  }
  return writer.take();
}

}  // namespace ltb::exporter
