// The samples of a family, in either text format.
#pragma once

#include "exporter/line_writer.hpp"
#include "metrics/family.hpp"

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ltb::exporter {

/// Writes the samples of one family's series. Where the two formats differ, `Dialect` says how; it
/// is known at compile time, so that neither pays for the other.
template <typename Dialect>
class FamilyRenderer {
 public:
  FamilyRenderer(const metrics::Family& family, LineWriter& writer, bool shows_created = false)
      : name_(family.name()),
        created_name_(Dialect::created_name(name_)),
        type_(family.type()),
        shows_created_(shows_created),
        writer_(writer) {}

  /// What a series takes, more or less: the room for all of a family is asked for by its first.
  [[nodiscard]] std::size_t about_bytes(const metrics::SeriesRow& row,
                                        std::string_view labels) const noexcept {
    const std::size_t line = name_.size() + labels.size() + 16;
    return row.layout == nullptr ? line : (row.layout->count() + 2) * (line + kBucketRest);
  }

  void render(const metrics::SeriesRow& row, std::string_view labels) {
    if (row.layout != nullptr) {
      render_histogram(row, labels);
    } else if (row.words != nullptr) {
      head({}, labels);
      const metrics::CounterCell counter{row.words, row.first, row.decimals, row.carry};
      writer_.decimal(counter.read(), counter.decimals);
      writer_.character('\n');
      created(row, labels);
    } else if (const auto* gauge = std::get_if<metrics::GaugeCell>(&row.series->cell)) {
      sample({}, labels, gauge->value->load(std::memory_order_relaxed));
    } else if (const auto* callback = std::get_if<metrics::CallbackCell>(&row.series->cell)) {
      const double value = callback->read();
      if (std::isnan(value)) return;  // not known: a gap, never a number
      sample({}, labels, value);
      created(row, labels);
    } else if (const auto value = metrics::read_value(*row.series, type_)) {
      render_value(labels, *value);
      created(row, labels);
    }
  }

 private:
  // What a line has beside its name and labels: suffix, braces, an extra label's name, a number.
  static constexpr std::size_t kRestOfLine = 32 + support::kNumberTextBytes;

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

  /// When the series began, which says that a counter started anew.
  void created(const metrics::SeriesRow& row, std::string_view labels) {
    if constexpr (Dialect::kHasCreated) {
      if (!shows_created_) return;
      const std::string_view own = std::exchange(name_, created_name_);
      head("_created", labels);
      name_ = own;
      writer_.decimal(row.series->created_ms, 3);
      writer_.character('\n');
    }
  }

  void count(std::string_view labels, std::uint64_t value) {
    head("_count", labels);
    writer_.decimal(value, 0);
    writer_.character('\n');
  }

  // Out of line, as the rest of the rare is small: the loop over counters keeps its registers.
  [[gnu::noinline]] void render_histogram(const metrics::SeriesRow& row, std::string_view labels) {
    const std::uint32_t buckets = row.layout->count();
    words_.assign(buckets + 1, 0);
    row.words->sum_range(row.first, buckets + 1, words_.data());
    const auto& les = Dialect::le_texts(*row.layout);
    const auto* exemplars = Dialect::exemplars(*row.series);
    const std::size_t start = writer_.position();
    head("_bucket", labels, "le", les[0]);
    writer_.decimal(words_[0], 0);
    Dialect::exemplar(writer_, exemplars, 0);
    writer_.character('\n');
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
      Dialect::exemplar(writer_, exemplars, i);
      writer_.character('\n');
    }
    head("_sum", labels);
    writer_.decimal(words_[buckets], row.decimals);
    writer_.character('\n');
    count(labels, total);
    created(row, labels);
  }

  void render_value(std::string_view labels, const MetricValue& value) {
    if (const auto* counter = std::get_if<ltb::Counter>(&value)) {
      sample({}, labels, counter->value);
    } else if (const auto* gauge = std::get_if<ltb::Gauge>(&value)) {
      sample({}, labels, gauge->value);
    } else if (const auto* histogram = std::get_if<HistogramValue>(&value)) {
      for (const auto& [le, cumulative] : histogram->buckets)
        bucket(labels, Dialect::label_number(le), cumulative);
      bucket(labels, "+Inf", histogram->count);
      if (!Dialect::shows_sum(*histogram)) return;
      sample("_sum", labels, histogram->sum);
      count(labels, histogram->count);
    } else {
      const auto& summary = std::get<SummaryValue>(value);
      for (const auto& [quantile, at] : summary.quantiles) {
        if (!Dialect::shows_quantile(at)) continue;
        head({}, labels, "quantile", Dialect::label_number(quantile));
        writer_.number(at);
        writer_.character('\n');
      }
      if (Dialect::shows_sum(summary)) sample("_sum", labels, summary.sum);
      count(labels, summary.count);
    }
  }

  static constexpr std::size_t kBucketRest =
      18;  // a bucket's line beyond another: _bucket,le="0.25"
  static constexpr std::string_view kBucketStart = "_bucket{le=\"";  // the labels come after the {

  std::string_view name_;
  std::string created_name_;
  MetricType type_;
  bool shows_created_;
  LineWriter& writer_;
  std::vector<std::uint64_t> words_;  // kept between series for its memory
};

}  // namespace ltb::exporter
