#include "exporter/text_format.hpp"

#include "metrics/labels.hpp"
#include "metrics/number_text.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ltb::exporter {
namespace {

using namespace metrics;  // the data model this room renders

/// Writes text and numbers into a string that is longer than its text until take(): the room of a
/// whole line is asked for once, and then filled without further questions.
class Writer {
 public:
  /// Room for what follows; `bytes` is the most it may be.
  void line(std::size_t bytes) {
    if (out_.size() - size_ < bytes) [[unlikely]]
      out_.resize(std::max(2 * out_.size(), size_ + bytes));
  }
  void text(std::string_view piece) noexcept { size_ += piece.copy(at(), piece.size()); }
  void character(char c) noexcept { out_[size_++] = c; }
  void number(double value) noexcept { advance_to(write_number(at(), value)); }
  void decimal(std::uint64_t value, unsigned decimals) noexcept {
    advance_to(write_decimal(at(), value, decimals));
  }
  /// Once more what was written between two positions.
  void again(std::size_t from, std::size_t to) noexcept {
    std::memcpy(at(), out_.data() + from, to - from);
    size_ += to - from;
  }
  [[nodiscard]] std::size_t position() const noexcept { return size_; }

  [[nodiscard]] std::string take() {
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  [[nodiscard]] char* at() noexcept { return out_.data() + size_; }
  void advance_to(const char* end) noexcept { size_ = static_cast<std::size_t>(end - out_.data()); }

  std::string out_;
  std::size_t size_ = 0;
};

class FamilyRenderer {
 public:
  FamilyRenderer(const Family& family, Writer& writer)
      : name_(family.name()), type_(family.type()), writer_(writer) {}

  void render(const SeriesRow& row, std::string_view labels) {
    if (row.layout != nullptr) {
      render_histogram(row, labels);
    } else if (row.words != nullptr) {
      head({}, labels);
      const CounterCell counter{row.words, row.first, row.decimals, row.carry};
      writer_.decimal(counter.read(), counter.decimals);
      writer_.character('\n');
    } else if (const auto* gauge = std::get_if<GaugeCell>(&row.series->cell)) {
      sample({}, labels, gauge->value->load(std::memory_order_relaxed));
    } else if (const auto* callback = std::get_if<CallbackCell>(&row.series->cell)) {
      sample({}, labels, callback->read());
    } else {
      render_value(labels, read_value(*row.series, type_));
    }
  }

 private:
  // What a line has beside its name and labels: suffix, braces, an extra label's name, a number.
  static constexpr std::size_t kRestOfLine = 32 + kNumberTextBytes;

  /// `name{labels,extra} ` with what is there.
  void head(std::string_view suffix, std::string_view labels, std::string_view extra_name = {},
            std::string_view extra_value = {}) {
    writer_.line(name_.size() + labels.size() + extra_value.size() + kRestOfLine);
    writer_.text(name_);
    writer_.text(suffix);
    if (!labels.empty() || !extra_name.empty()) {
      writer_.character('{');
      writer_.text(labels);
      if (!extra_name.empty()) {
        if (!labels.empty()) writer_.character(',');
        writer_.text(extra_name);
        writer_.text("=\"");
        writer_.text(extra_value);
        writer_.character('"');
      }
      writer_.character('}');
    }
    writer_.character(' ');
  }

  void sample(std::string_view suffix, std::string_view labels, double value) {
    head(suffix, labels);
    writer_.number(value);
    writer_.character('\n');
  }

  void bucket(std::string_view labels, std::string_view le, std::uint64_t count) {
    head("_bucket", labels, "le", le);
    writer_.decimal(count, 0);
    writer_.character('\n');
  }

  void count(std::string_view labels, std::uint64_t value) {
    head("_count", labels);
    writer_.decimal(value, 0);
    writer_.character('\n');
  }

  void render_histogram(const SeriesRow& row, std::string_view labels) {
    const std::uint32_t buckets = row.layout->count();
    words_.assign(buckets + 1, 0);
    row.words->sum_range(row.first, buckets + 1, words_.data());
    const auto& les = row.layout->le_texts();
    const std::size_t start = writer_.position();
    bucket(labels, les[0], words_[0]);
    // All buckets' lines begin alike, up to the value of `le`.
    const std::size_t alike =
        name_.size() + kBucketStart.size() + labels.size() + (labels.empty() ? 0u : 1u);
    std::uint64_t total = words_[0];
    for (std::uint32_t i = 1; i < buckets; ++i) {
      total += words_[i];
      writer_.line(alike + les[i].size() + kRestOfLine);
      writer_.again(start, start + alike);
      writer_.text(les[i]);
      writer_.text("\"} ");
      writer_.decimal(total, 0);
      writer_.character('\n');
    }
    head("_sum", labels);
    writer_.decimal(words_[buckets], row.decimals);
    writer_.character('\n');
    count(labels, total);
  }

  void render_value(std::string_view labels, const MetricValue& value) {
    if (const auto* counter = std::get_if<ltb::Counter>(&value)) {
      sample({}, labels, counter->value);
    } else if (const auto* gauge = std::get_if<ltb::Gauge>(&value)) {
      sample({}, labels, gauge->value);
    } else if (const auto* histogram = std::get_if<HistogramValue>(&value)) {
      for (const auto& [le, cumulative] : histogram->buckets)
        bucket(labels, number_text(le), cumulative);
      bucket(labels, "+Inf", histogram->count);
      sample("_sum", labels, histogram->sum);
      count(labels, histogram->count);
    } else {
      const auto& summary = std::get<SummaryValue>(value);
      for (const auto& [quantile, at] : summary.quantiles) {
        head({}, labels, "quantile", number_text(quantile));
        writer_.number(at);
        writer_.character('\n');
      }
      sample("_sum", labels, summary.sum);
      count(labels, summary.count);
    }
  }

  static constexpr std::string_view kBucketStart = "_bucket{le=\"";  // the labels come after the {

  std::string_view name_;
  MetricType type_;
  Writer& writer_;
  std::vector<std::uint64_t> words_;  // kept between series for its memory
};

}  // namespace

std::string render_text(const metrics::MetricStore& store) {
  Writer writer;
  std::string head;
  for (const Family* family : store.families()) {
    bool has_head = false;
    FamilyRenderer renderer(*family, writer);
    family->for_each_row([&](const SeriesRow& row, std::string_view labels) {
      if (!has_head) {  // an empty family says nothing
        has_head = true;
        head.assign("# HELP ").append(family->name()) += ' ';
        append_escaped_help(head, family->help());
        head.append("\n# TYPE ").append(family->name()) += ' ';
        head.append(to_string(family->type())) += '\n';
        writer.line(head.size() + family->size() * (family->name().size() + labels.size() + 16));
        writer.text(head);
      }
      renderer.render(row, labels);
    });
  }
  return writer.take();
}

}  // namespace ltb::exporter
