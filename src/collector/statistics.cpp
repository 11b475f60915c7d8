#include "collector/statistics.hpp"

#include <utility>

namespace ltb::collector {

using metrics::RequestLayout;

namespace {

constexpr Second kPercentileWindow = 300;

template <typename Value>
std::optional<Value> when(bool known, Value value) {
  return known ? std::optional(value) : std::nullopt;
}

Percentiles percentiles_of(const metrics::DenseSketch& sketch, bool is_known) {
  if (!is_known) return {.p50 = {}, .p95 = {}, .p99 = {}, .count = std::nullopt};
  return {sketch.quantile(.5), sketch.quantile(.95), sketch.quantile(.99), sketch.total()};
}

double usd(std::uint64_t nano) {
  return static_cast<double>(nano) / 1e9;
}

}  // namespace

void StatisticsSum::add(const SeriesView& view, const Moment& at) {
  const SeriesSampler& sums = view.sums;
  if (!at_) {
    at_ = at;
    ten_seconds_ = at.window(10);
    minute_ = at.window(60);
  }
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] += sums.words()[i];
  observed_ += sums.durations();
  duration_ns_ += sums.duration_ns();
  active_ += sums.series().active();
  for (std::size_t i = 0; i < errors_.size(); ++i) errors_[i] += sums.errors()[i];
  for (const std::uint32_t index : sums.series().slo_indexes) slos_[index].applies = true;
  for (std::size_t i = 0; i < sums.slos().size(); ++i) {
    SloSum& slo = slos_[sums.series().slo_indexes[i]];
    slo.good += sums.slos()[i].good;
    slo.bad += sums.slos()[i].bad;
  }
  ten_seconds_.add(view.history.tier(0));
  minute_.add(view.history.tier(0));
  knows_percentiles_ &=
      at.visit(view.history, kPercentileWindow, [this](const HistoryDelta& delta) {
        latency_.add(delta.latency);
        first_token_.add(delta.first_token);
        inter_token_.add(delta.inter_token);
      });
}

void StatisticsSum::write(CallTotals& totals) const {
  const auto word = [this](std::uint32_t index) { return words_[index]; };
  totals.active_requests = active_;
  totals.successful_requests = word(RequestLayout::kStatus);
  totals.failed_requests = word(RequestLayout::kStatus + 1);
  totals.cancelled_requests = word(RequestLayout::kStatus + 2);
  totals.total_requests =
      totals.successful_requests + totals.failed_requests + totals.cancelled_requests;
  HistoryDelta all;  // of the whole life, to ask what is known of it
  all.success = totals.successful_requests;
  all.error = totals.failed_requests;
  all.cancelled = totals.cancelled_requests;
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
  totals.total_cost = when(all.knows_cost(), usd(all.cost_nano));
  totals.usage_missing_requests = all.usage_missing;
  totals.unpriced_requests = all.unpriced;
  totals.latency_missing_requests = word(RequestLayout::kLatencyMissing);
  if (observed_ > 0) totals.avg_latency = usd(duration_ns_) / static_cast<double>(observed_);
  totals.errors = errors_;
  totals.latency = percentiles_of(latency_, knows_percentiles_);
  totals.time_to_first_token = percentiles_of(first_token_, knows_percentiles_);
  totals.inter_token_latency = percentiles_of(inter_token_, knows_percentiles_);
  write_rates(totals);
  write_slos(totals);
}

void StatisticsSum::write_rates(CallTotals& totals) const {
  const HistoryDelta& recent = ten_seconds_.sum;
  if (ten_seconds_.is_known) {
    const double seconds = at_ ? at_->seconds_of(ten_seconds_) : 1;
    const auto rate = [&](std::uint64_t count) { return static_cast<double>(count) / seconds; };
    totals.requests_per_second = rate(recent.finished());
    totals.input_tokens_per_second = when(recent.knows_tokens(), rate(recent.input_tokens));
    totals.output_tokens_per_second = when(recent.knows_tokens(), rate(recent.output_tokens));
  }
  const HistoryDelta& minute = minute_.sum;
  if (!minute_.is_known) return;
  const double seconds = at_ ? at_->seconds_of(minute_) : 1;
  totals.cost_per_hour = when(minute.knows_cost(), usd(minute.cost_nano) / seconds * 3600);
  if (minute.success + minute.error > 0)
    totals.error_rate =
        static_cast<double>(minute.error) / static_cast<double>(minute.success + minute.error);
}

void StatisticsSum::write_slos(CallTotals& totals) const {
  for (std::size_t i = 0; i < slos_.size(); ++i) {
    if (!slos_[i].applies) continue;
    SloStats slo;
    slo.name = (*levels_)[i].name;
    slo.good = slos_[i].good;
    slo.bad = slos_[i].bad;
    if (slo.good + slo.bad > 0)
      slo.attainment = static_cast<double>(slo.good) / static_cast<double>(slo.good + slo.bad);
    if (ten_seconds_.is_known && at_)
      slo.goodput =
          static_cast<double>(ten_seconds_.sum.slo_good_of(static_cast<std::uint32_t>(i))) /
          at_->seconds_of(ten_seconds_);
    totals.slos.push_back(std::move(slo));
  }
}

}  // namespace ltb::collector
