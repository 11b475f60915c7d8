#include "dashboard/series_table.hpp"

#include "events/timestamp.hpp"

#include <utility>

namespace ltb::dashboard {
namespace {

std::int64_t milliseconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

SeriesTable::SeriesTable(const SeriesQuery& query, Format format, std::size_t reserved)
    : query_(query) {
  if (format == Format::Csv) {
    csv_.emplace(std::initializer_list<std::string_view>{"metric", "provider", "model", "timestamp",
                                                         "value"},
                 reserved);
  } else {
    json_text_.reserve(reserved);
  }
}

// All series answer the same window, so that they have the same step: that of the first.
void SeriesTable::begin_json(std::int64_t step) {
  if (std::exchange(begun_, true)) return;
  json_.begin_object();
  json_.field("from", query_.from);
  json_.field("to", query_.to);
  json_.field("step", step);
  json_.key("series");
  json_.begin_array();
}

void SeriesTable::add(const NamedSeries& series) {
  if (csv_) {
    for (const HistoryPoint& point : series.history.points) {
      csv_->cell(series.metric).cell(series.provider).cell(series.model);
      csv_->cell(events::timestamp_text(point.time)).cell(point.value).end_row();
    }
    return;
  }
  begin_json(series.history.step.count());
  json_.begin_object();
  json_.field("metric", series.metric);
  if (!series.provider.empty()) json_.field("provider", series.provider);
  if (!series.model.empty()) json_.field("model", series.model);
  json_.key("points");
  json_.begin_array();
  for (const HistoryPoint& point : series.history.points) {
    json_.begin_array();
    json_.value(milliseconds_of(point.time));
    if (point.value) {
      json_.value(*point.value);
    } else {
      json_.raw("null");
    }
    json_.end_array();
  }
  json_.end_array();
  json_.end_object();
}

std::string SeriesTable::take() {
  if (csv_) return std::move(*csv_).take();
  begin_json(query_.step);
  json_.end_array();
  json_.end_object();
  return std::move(json_text_);
}

}  // namespace ltb::dashboard
