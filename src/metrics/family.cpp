#include "metrics/family.hpp"

#include "metrics/labels.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ltb::metrics {

Family::Family(std::string name, std::string help, MetricType type, FamilyOwner owner)
    : name_(std::move(name)), help_(std::move(help)), type_(type), owner_(owner) {}

Family::~Family() {
  Series* series = fresh_.load(std::memory_order_relaxed);
  while (series != nullptr) {
    Series* next = series->next_fresh.load(std::memory_order_relaxed);
    delete series;
    series = next;
  }
}

Series* Family::add(Metric::Labels labels, Cell cell, std::shared_ptr<void> owner,
                    std::optional<std::chrono::system_clock::time_point> created) {
  return add(make_series(std::move(labels), std::move(cell), std::move(owner), created));
}

std::unique_ptr<Series> Family::make_series(
    Metric::Labels labels, Cell cell, std::shared_ptr<void> owner,
    std::optional<std::chrono::system_clock::time_point> created) {
  auto series = std::make_unique<Series>();
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  series->text = label_text(labels);
  series->labels = std::move(labels);
  series->cell = std::move(cell);
  series->owner = std::move(owner);
  const auto began = created.value_or(std::chrono::system_clock::now()).time_since_epoch();
  series->created_ms = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::floor<std::chrono::milliseconds>(began).count()));
  return series;
}

Series* Family::add(std::unique_ptr<Series> series) noexcept {
  Series* added = series.release();
  Series* head = fresh_.load(std::memory_order_relaxed);
  do {
    added->next_fresh.store(head, std::memory_order_relaxed);
    // release: the reader that takes the stack must see the finished series.
  } while (!fresh_.compare_exchange_weak(head, added, std::memory_order_release,
                                         std::memory_order_relaxed));
  size_.fetch_add(1, std::memory_order_relaxed);
  return added;
}

void Family::remove(Series* series) {
  support::MutexLock lock(reader_mutex_);
  merge_fresh();
  const auto found = std::find_if(sorted_.begin(), sorted_.end(),
                                  [&](const auto& s) { return s.get() == series; });
  if (found == sorted_.end()) return;
  sorted_.erase(found);
  rows_.clear();
  size_.fetch_sub(1, std::memory_order_relaxed);
}

void Family::merge_fresh() const {
  Series* series = fresh_.exchange(nullptr, std::memory_order_acquire);
  if (series == nullptr) return;
  rows_.clear();
  const auto old_size = static_cast<std::ptrdiff_t>(sorted_.size());
  while (series != nullptr) {
    Series* next = series->next_fresh.load(std::memory_order_relaxed);
    sorted_.emplace_back(series);
    series = next;
  }
  const auto by_text = [](const auto& a, const auto& b) { return a->text < b->text; };
  std::sort(sorted_.begin() + old_size, sorted_.end(), by_text);
  std::inplace_merge(sorted_.begin(), sorted_.begin() + old_size, sorted_.end(), by_text);
}

void Family::make_rows() const {
  std::vector<SeriesRow> rows;
  rows.reserve(sorted_.size());
  row_text_.clear();
  for (const auto& series : sorted_) {
    SeriesRow row{series.get(),
                  nullptr,
                  nullptr,
                  row_text_.size(),
                  static_cast<std::uint32_t>(series->text.size()),
                  0,
                  CounterCell::kNoCarry,
                  0};
    if (const auto* counter = std::get_if<CounterCell>(&series->cell)) {
      row.words = counter->words;
      row.first = counter->index;
      row.carry = counter->carry;
      row.decimals = counter->decimals;
    } else if (const auto* histogram = std::get_if<HistogramCell>(&series->cell)) {
      row.words = histogram->words;
      row.layout = histogram->layout;
      row.first = histogram->first;
      row.decimals = histogram->decimals;
    }
    row_text_ += series->text;
    rows.push_back(row);
  }
  rows_ = std::move(rows);
}

namespace {

double scaled(std::uint64_t value, unsigned decimals) {
  return static_cast<double>(value) / std::pow(10.0, decimals);
}

MetricValue plain(double value, MetricType type) {
  if (type == MetricType::Counter) return Counter{value};
  return Gauge{value};
}

HistogramValue read_histogram(const HistogramCell& cell) {
  const std::uint32_t buckets = cell.layout->count();
  std::vector<std::uint64_t> words(buckets + 1, 0);
  cell.words->sum_range(cell.first, buckets + 1, words.data());
  HistogramValue value;
  for (std::uint32_t i = 0; i < buckets; ++i) {
    value.count += words[i];
    if (i + 1 < buckets) value.buckets.push_back({cell.layout->bounds()[i], value.count});
  }
  value.sum = scaled(words[buckets], cell.decimals);
  return value;
}

}  // namespace

std::optional<MetricValue> read_value(const Series& series, MetricType type) {
  if (const auto* counter = std::get_if<CounterCell>(&series.cell))
    return plain(scaled(counter->read(), counter->decimals), type);
  if (const auto* histogram = std::get_if<HistogramCell>(&series.cell))
    return read_histogram(*histogram);
  if (const auto* gauge = std::get_if<GaugeCell>(&series.cell))
    return plain(gauge->value->load(std::memory_order_relaxed), type);
  if (const auto* callback = std::get_if<CallbackCell>(&series.cell)) {
    const double value = callback->read();
    if (std::isnan(value)) return std::nullopt;
    return plain(value, type);
  }
  const ValueCell& cell = *std::get<const ValueCell*>(series.cell);
  support::MutexLock lock(cell.mutex);
  return cell.value;
}

}  // namespace ltb::metrics
