#include "exporter/text_format.hpp"

#include "metrics/labels.hpp"
#include "metrics/number_text.hpp"

#include <array>
#include <cstring>
#include <string_view>
#include <variant>
#include <vector>

namespace ltb::exporter {
namespace {

using namespace metrics;  // the data model this room renders

/// Appends text and numbers to a string that grows by doubling.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void text(std::string_view piece) { out_.append(piece); }
  void number(double value) {
    char buffer[kNumberTextBytes];
    out_.append(buffer, write_number(buffer, value));
  }
  void decimal(std::uint64_t value, unsigned decimals) {
    char buffer[kNumberTextBytes];
    out_.append(buffer, write_decimal(buffer, value, decimals));
  }
  /// `name{labels,extra} ` with what is there.
  void head(std::string_view name, std::string_view suffix, std::string_view labels,
            std::string_view extra_name = {}, std::string_view extra_value = {}) {
    out_.append(name).append(suffix);
    if (!labels.empty() || !extra_name.empty()) {
      out_ += '{';
      out_.append(labels);
      if (!extra_name.empty()) {
        if (!labels.empty()) out_ += ',';
        out_.append(extra_name).append("=\"").append(extra_value).append("\"");
      }
      out_ += '}';
    }
    out_ += ' ';
  }
  void end_line() { out_ += '\n'; }

 private:
  std::string& out_;
};

class FamilyRenderer {
 public:
  FamilyRenderer(const Family& family, Writer& writer)
      : name_(family.name()), type_(family.type()), writer_(writer) {}

  void render(const Series& series) {
    if (const auto* counter = std::get_if<CounterCell>(&series.cell)) {
      writer_.head(name_, {}, series.text);
      writer_.decimal(counter->read(), counter->decimals);
      writer_.end_line();
    } else if (const auto* histogram = std::get_if<HistogramCell>(&series.cell)) {
      render_histogram(series, *histogram);
    } else if (const auto* gauge = std::get_if<GaugeCell>(&series.cell)) {
      sample({}, series.text, gauge->value->load(std::memory_order_relaxed));
    } else if (const auto* callback = std::get_if<CallbackCell>(&series.cell)) {
      sample({}, series.text, callback->read());
    } else {
      render_value(series, read_value(series, type_));
    }
  }

 private:
  void sample(std::string_view suffix, std::string_view labels, double value) {
    writer_.head(name_, suffix, labels);
    writer_.number(value);
    writer_.end_line();
  }

  void bucket(std::string_view labels, std::string_view le, std::uint64_t count) {
    writer_.head(name_, "_bucket", labels, "le", le);
    writer_.decimal(count, 0);
    writer_.end_line();
  }

  void count(std::string_view labels, std::uint64_t value) {
    writer_.head(name_, "_count", labels);
    writer_.decimal(value, 0);
    writer_.end_line();
  }

  void render_histogram(const Series& series, const HistogramCell& cell) {
    const std::uint32_t buckets = cell.layout->count();
    words_.assign(buckets + 1, 0);
    cell.words->sum_range(cell.first, buckets + 1, words_.data());
    std::uint64_t total = 0;
    for (std::uint32_t i = 0; i < buckets; ++i) {
      total += words_[i];
      bucket(series.text, cell.layout->le_texts()[i], total);
    }
    writer_.head(name_, "_sum", series.text);
    writer_.decimal(words_[buckets], cell.decimals);
    writer_.end_line();
    count(series.text, total);
  }

  void render_value(const Series& series, const MetricValue& value) {
    if (const auto* counter = std::get_if<ltb::Counter>(&value)) {
      sample({}, series.text, counter->value);
    } else if (const auto* gauge = std::get_if<ltb::Gauge>(&value)) {
      sample({}, series.text, gauge->value);
    } else if (const auto* histogram = std::get_if<HistogramValue>(&value)) {
      for (const auto& [le, cumulative] : histogram->buckets)
        bucket(series.text, number_text(le), cumulative);
      bucket(series.text, "+Inf", histogram->count);
      sample("_sum", series.text, histogram->sum);
      count(series.text, histogram->count);
    } else {
      const auto& summary = std::get<SummaryValue>(value);
      for (const auto& [quantile, at] : summary.quantiles) {
        writer_.head(name_, {}, series.text, "quantile", number_text(quantile));
        writer_.number(at);
        writer_.end_line();
      }
      sample("_sum", series.text, summary.sum);
      count(series.text, summary.count);
    }
  }

  std::string_view name_;
  MetricType type_;
  Writer& writer_;
  std::vector<std::uint64_t> words_;  // kept between series for its memory
};

}  // namespace

std::string render_text(const metrics::MetricStore& store) {
  std::string out;
  out.reserve(64 * 1024);
  Writer writer(out);
  for (const Family* family : store.families()) {
    bool has_head = false;
    FamilyRenderer renderer(*family, writer);
    family->for_each([&](const Series& series) {
      if (!has_head) {  // an empty family says nothing
        has_head = true;
        out.append("# HELP ").append(family->name()) += ' ';
        append_escaped_help(out, family->help());
        out.append("\n# TYPE ").append(family->name()) += ' ';
        out.append(to_string(family->type())) += '\n';
      }
      renderer.render(series);
    });
  }
  return out;
}

}  // namespace ltb::exporter
