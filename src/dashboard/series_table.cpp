#include "dashboard/series_table.hpp"

#include "support/timestamp.hpp"

#include <utility>

namespace ltb::dashboard {
namespace {

std::int64_t milliseconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

double seconds_of(std::chrono::system_clock::time_point time) {
  return static_cast<double>(milliseconds_of(time)) / 1000;
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

// What is answered: all series of one question have the steps of the first.
void SeriesTable::begin_json(const HistorySeries* first) {
  if (std::exchange(begun_, true)) return;
  json_.begin_object();
  json_.field("from", first == nullptr ? query_.from : seconds_of(first->from));
  json_.field("to", first == nullptr ? query_.to : seconds_of(first->to));
  json_.field("step", first == nullptr ? query_.step : first->step.count());
  json_.key("series");
  json_.begin_array();
}

void SeriesTable::add(const NamedSeries& series) {
  if (csv_) {
    for (const HistoryPoint& point : series.history.points) {
      csv_->cell(series.metric).cell(series.provider).cell(series.model);
      csv_->cell(support::timestamp_text(point.time)).cell(point.value).end_row();
    }
    return;
  }
  begin_json(&series.history);
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
  begin_json(nullptr);
  json_.end_array();
  json_.end_object();
  return std::move(json_text_);
}

}  // namespace ltb::dashboard
