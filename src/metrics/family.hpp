// A metric family and its series, in the order /metrics shows them.
#pragma once

#include "metrics/bucket_layout.hpp"
#include "metrics/exemplars.hpp"
#include "metrics/sharded.hpp"
#include "support/mutex.hpp"

#include <ltb/metric.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ltb::metrics {

/// A counter in one word of a sharded block; shown as word / 10^decimals. With a carry, another
/// word counts thousandths of the first: sums of amounts finer than the first word's unit stay
/// exact without a wider word.
struct CounterCell {
  const Words* words;
  std::uint32_t index;
  unsigned decimals;
  std::uint32_t carry = kNoCarry;

  static constexpr std::uint32_t kNoCarry = 0xFFFFFFFF;
  [[nodiscard]] std::uint64_t read() const noexcept {
    const std::uint64_t whole = words->sum(index);
    return carry == kNoCarry ? whole : whole + words->sum(carry) / 1000;
  }
};

/// A histogram in consecutive words: one per bucket (not cumulative), then the sum in the layout's
/// integer units.
struct HistogramCell {
  const Words* words;
  std::uint32_t first;
  const BucketLayout* layout;
  unsigned decimals;                     // the sum is shown as word / 10^decimals
  const Exemplars* exemplars = nullptr;  // null: none are kept
};

/// A gauge somebody sets.
struct GaugeCell {
  const std::atomic<double>* value;
};

/// A number asked for when it is shown; NaN when it is not known, and then it is not shown. Must
/// not throw, block or render.
struct CallbackCell {
  std::function<double()> read;
};

/// A histogram or summary that is handed in ready-made, or a counter of doubles; guarded by a mutex
/// of its own.
struct ValueCell {
  mutable support::Mutex mutex;
  MetricValue value LTB_GUARDED_BY(mutex);
};

using Cell = std::variant<CounterCell, HistogramCell, GaugeCell, CallbackCell, const ValueCell*>;

/// One labelled series. Immutable but for what its cell points to.
struct Series {
  Metric::Labels labels;
  std::string text;  // the labels as /metrics shows them, rendered once
  Cell cell;
  std::uint64_t created_ms = 0;  // since the Unix epoch: when it began to count
  std::shared_ptr<void> owner;   // keeps what the cell points to, when nothing else does
  std::atomic<Series*> next_fresh{nullptr};
};

/// What showing a series takes, copied together so that a scrape of many reads memory in order and
/// not here and there.
struct SeriesRow {
  const Series* series;
  const Words* words;          // of a counter or histogram; null for the others
  const BucketLayout* layout;  // of a histogram; null for the others
  std::size_t text_at;         // its labels, in the text of the family
  std::uint32_t text_bytes;
  std::uint32_t first;  // of its words
  std::uint32_t carry;  // of a counter
  std::uint32_t decimals;
};

/// Who named a family and fills it.
enum class FamilyOwner : std::uint8_t { Library, User };

/// A family. Series may be added from any thread without waiting for a scrape; they are merged into
/// the sorted list by the next reader. Source of HELP and TYPE: docs/metrics.md.
class Family {
 public:
  Family(std::string name, std::string help, MetricType type,
         FamilyOwner owner = FamilyOwner::Library);
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& help() const noexcept { return help_; }
  [[nodiscard]] MetricType type() const noexcept { return type_; }
  [[nodiscard]] FamilyOwner owner() const noexcept { return owner_; }

  /// Adds a series; its labels must not be there already. Lock-free but for the allocation. It
  /// counts since `created`, or since now.
  Series* add(Metric::Labels labels, Cell cell, std::shared_ptr<void> owner = nullptr,
              std::optional<std::chrono::system_clock::time_point> created = std::nullopt);
  /// The same in two steps: all that can fail, and the rest.
  [[nodiscard]] static std::unique_ptr<Series> make_series(
      Metric::Labels labels, Cell cell, std::shared_ptr<void> owner = nullptr,
      std::optional<std::chrono::system_clock::time_point> created = std::nullopt);
  Series* add(std::unique_ptr<Series> series) noexcept;
  /// Takes a series out and destroys it. Waits for a reader, so it is not for recording threads.
  void remove(Series* series);
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  /// Calls `visit(const Series&)` for each, sorted by label text. One reader at a time; recorders
  /// never wait here.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    support::MutexLock lock(reader_mutex_);
    merge_fresh();
    for (const auto& series : sorted_) visit(*series);
  }

  /// The same with `visit(const SeriesRow&, std::string_view labels)`.
  template <typename Visit>
  void for_each_row(Visit&& visit) const {
    support::MutexLock lock(reader_mutex_);
    merge_fresh();
    if (rows_.size() != sorted_.size()) make_rows();
    // The words lie elsewhere: asked for ahead, they are there when their turn comes.
    constexpr std::size_t kFar = 24;
    constexpr std::size_t kNear = 10;
    const std::size_t count = rows_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (i + kFar < count) __builtin_prefetch(rows_[i + kFar].words);
      if (const SeriesRow* near = i + kNear < count ? &rows_[i + kNear] : nullptr;
          near != nullptr && near->words != nullptr)
        near->words->prefetch(near->first);
      visit(rows_[i], std::string_view(row_text_).substr(rows_[i].text_at, rows_[i].text_bytes));
    }
  }

 private:
  void merge_fresh() const LTB_REQUIRES(reader_mutex_);
  void make_rows() const LTB_REQUIRES(reader_mutex_);

  std::string name_;
  std::string help_;
  MetricType type_;
  FamilyOwner owner_;
  std::atomic<std::size_t> size_{0};
  mutable std::atomic<Series*> fresh_{
      nullptr};  // a stack: pushed by recorders, emptied by a reader
  mutable support::Mutex reader_mutex_;
  mutable std::vector<std::unique_ptr<Series>> sorted_ LTB_GUARDED_BY(reader_mutex_);
  // As sorted_; emptied when that changes.
  mutable std::vector<SeriesRow> rows_ LTB_GUARDED_BY(reader_mutex_);
  mutable std::string row_text_ LTB_GUARDED_BY(reader_mutex_);
};

/// The value of a series now, as a Metric value; nothing when it is not known.
[[nodiscard]] std::optional<MetricValue> read_value(const Series& series, MetricType type);

/// Series of several families that are added together or, when memory runs out, not at all: what
/// their cells point to may then be destroyed.
class SeriesBatch {
 public:
  /// Nothing is seen of it before publish(). Throws only std::bad_alloc.
  void add(Family& family, Metric::Labels labels, Cell cell) {
    made_.emplace_back(&family, Family::make_series(std::move(labels), std::move(cell)));
  }
  void publish() noexcept {
    for (auto& [family, series] : made_) family->add(std::move(series));
    made_.clear();
  }

 private:
  std::vector<std::pair<Family*, std::unique_ptr<Series>>> made_;
};

}  // namespace ltb::metrics
