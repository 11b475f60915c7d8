// The answer of /api/v1/series as a table that grows series by series.
#pragma once

#include "dashboard/api_query.hpp"
#include "dashboard/csv.hpp"
#include "support/json_writer.hpp"

#include <ltb/collector.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace ltb::dashboard {

/// One series of an answer; empty names are left out.
struct NamedSeries {
  std::string metric{};
  std::string provider{};
  std::string model{};
  HistorySeries history{};
};

/// Distinct objects: safe. Shared objects: unsafe.
class SeriesTable {
 public:
  /// `reserved`: bytes to ask for at once, so that a large table is not copied while it grows.
  SeriesTable(const SeriesQuery& query, Format format, std::size_t reserved = 0);
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  void add(const NamedSeries& series);
  [[nodiscard]] std::size_t size() const noexcept {
    return csv_ ? csv_->size() : json_text_.size();
  }
  /// The whole; nothing is called after it.
  [[nodiscard]] std::string take();

 private:
  void begin_json(const HistorySeries* first);

  const SeriesQuery query_;
  std::optional<CsvWriter> csv_;
  std::string json_text_;
  support::JsonWriter json_{json_text_};
  bool begun_ = false;
};

}  // namespace ltb::dashboard
