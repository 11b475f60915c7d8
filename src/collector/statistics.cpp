#include "collector/statistics.hpp"

namespace ltb::collector {

using metrics::RequestLayout;

namespace {

template <typename Value>
std::optional<Value> when(bool known, Value value) {
  return known ? std::optional(value) : std::nullopt;
}

Percentiles percentiles_of(const metrics::DenseSketch& sketch) {
  return {sketch.quantile(.5), sketch.quantile(.95), sketch.quantile(.99), sketch.total()};
}

}  // namespace

void StatisticsSum::add(const metrics::RequestSeries& series) {
  const RequestLayout& layout = *series.layout;
  series.words.sum_range(0, RequestLayout::kDuration, words_.data());
  for (std::uint32_t i = 0; i < layout.duration.count(); ++i)
    observed_ += series.words.sum(RequestLayout::kDuration + i);
  duration_ns_ += series.words.sum(layout.duration_sum());
  series.words.sum_range(layout.errors, kErrorTypeCount, errors_.data());
  for (const std::uint32_t index : series.slo_indexes) {
    slos_[index].applies = true;
    slos_[index].good += series.words.sum(layout.slos + 2 * index);
    slos_[index].bad += series.words.sum(layout.slos + 2 * index + 1);
  }
  const WindowStats windows = history_->window_stats(series);
  windows_.last_10s.merge(windows.last_10s);
  windows_.last_60s.merge(windows.last_60s);
  windows_.latency.add(windows.latency);
  windows_.first_token.add(windows.first_token);
  windows_.inter_token.add(windows.inter_token);
}

void StatisticsSum::write(CallTotals& totals) const {
  totals.successful_requests = words_[RequestLayout::kStatus];
  totals.failed_requests = words_[RequestLayout::kStatus + 1];
  totals.cancelled_requests = words_[RequestLayout::kStatus + 2];
  const auto active = static_cast<std::int64_t>(words_[RequestLayout::kActive]);
  totals.active_requests = active > 0 ? static_cast<std::uint64_t>(active) : 0;
  totals.total_requests =
      totals.successful_requests + totals.failed_requests + totals.cancelled_requests;
  const auto word = [this](std::uint32_t index) { return words_[index]; };
  HistoryDelta all;  // of the whole life, to ask what is known of it
  all.input_tokens = word(RequestLayout::kInputTokens);
  all.output_tokens = word(RequestLayout::kOutputTokens);
  all.usage_missing = word(RequestLayout::kUsageMissing);
  all.zero_usage = word(RequestLayout::kZeroUsage);
  all.cost_nano = word(RequestLayout::kCostNano) + word(RequestLayout::kCostPico) / 1000;
  all.unpriced = word(RequestLayout::kUnpriced);
  all.zero_cost = word(RequestLayout::kZeroCost);
  totals.total_input_tokens = when(all.knows_tokens(), all.input_tokens);
  totals.total_output_tokens = when(all.knows_tokens(), all.output_tokens);
  totals.total_cost_nano_usd = when(all.knows_cost(), all.cost_nano);
  totals.total_cost = when(all.knows_cost(), static_cast<double>(all.cost_nano) / 1e9);
  totals.usage_missing_requests = all.usage_missing;
  totals.unpriced_requests = all.unpriced;
  totals.latency_missing_requests = word(RequestLayout::kLatencyMissing);
  if (observed_ > 0)
    totals.avg_latency = static_cast<double>(duration_ns_) / 1e9 / static_cast<double>(observed_);
  totals.latency = percentiles_of(windows_.latency);
  totals.time_to_first_token = percentiles_of(windows_.first_token);
  totals.inter_token_latency = percentiles_of(windows_.inter_token);
  const HistoryDelta& recent = windows_.last_10s;
  const double ten = history_->rate_seconds(10);
  totals.requests_per_second = static_cast<double>(recent.finished()) / ten;
  totals.input_tokens_per_second =
      when(recent.knows_tokens(), static_cast<double>(recent.input_tokens) / ten);
  totals.output_tokens_per_second =
      when(recent.knows_tokens(), static_cast<double>(recent.output_tokens) / ten);
  const HistoryDelta& minute = windows_.last_60s;
  totals.cost_per_hour = when(minute.knows_cost(), static_cast<double>(minute.cost_nano) / 1e9 /
                                                       history_->rate_seconds(60) * 3600);
  if (minute.success + minute.error > 0)
    totals.error_rate =
        static_cast<double>(minute.error) / static_cast<double>(minute.success + minute.error);
  totals.errors = errors_;
  for (std::size_t i = 0; i < slos_.size(); ++i) {
    if (!slos_[i].applies) continue;
    SloStats slo;
    slo.name = (*levels_)[i].name;
    slo.good = slos_[i].good;
    slo.bad = slos_[i].bad;
    if (slo.good + slo.bad > 0)
      slo.attainment = static_cast<double>(slo.good) / static_cast<double>(slo.good + slo.bad);
    slo.goodput = static_cast<double>(recent.slo_good_of(static_cast<std::uint32_t>(i))) / ten;
    totals.slos.push_back(std::move(slo));
  }
}

}  // namespace ltb::collector
