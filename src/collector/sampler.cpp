#include "collector/sampler.hpp"

#include <algorithm>
#include <numeric>

namespace ltb::collector {

using metrics::RequestLayout;

std::optional<HistoryDelta> SeriesSampler::sample() {
  std::array<std::uint64_t, RequestLayout::kDuration> words{};
  series_->words.sum_range(0, RequestLayout::kDuration, words.data());
  const std::uint64_t active = series_->active();
  // The duration sum also moves for a latency published as a metric of its own, which finishes no
  // call.
  const std::uint32_t buckets = series_->layout->duration.count();
  durations_.assign(buckets + 1, 0);
  series_->words.sum_range(RequestLayout::kDuration, buckets + 1, durations_.data());
  const std::uint64_t duration_sum = durations_.back();
  const std::uint64_t duration_count =
      std::accumulate(durations_.begin(), durations_.end() - 1, std::uint64_t{0});
  // So do errors: an ErrorMetric is published without a call.
  std::array<std::uint64_t, kErrorTypeCount> errors{};
  series_->words.sum_range(series_->layout->errors, kErrorTypeCount, errors.data());
  const std::uint64_t limited_attempts =
      series_->words.sum(series_->layout->attempt_error(ErrorType::RateLimit));
  if (words == last_words_ && duration_sum == last_duration_sum_ &&
      duration_count == last_duration_count_ && errors == last_errors_ &&
      limited_attempts == last_limited_attempts_ && active == 0)
    return std::nullopt;

  const auto added = [&](std::uint32_t index) { return words[index] - last_words_[index]; };
  HistoryDelta delta;
  delta.success = added(RequestLayout::kStatus);
  delta.error = added(RequestLayout::kStatus + 1);
  delta.cancelled = added(RequestLayout::kStatus + 2);
  delta.input_tokens = added(RequestLayout::kInputTokens);
  delta.output_tokens = added(RequestLayout::kOutputTokens);
  // Whole nano-dollars of the sums, so that all deltas together are the total.
  const auto whole_nano = [](const auto& sums) {
    return sums[RequestLayout::kCostNano] + sums[RequestLayout::kCostPico] / 1000;
  };
  delta.cost_nano = whole_nano(words) - whole_nano(last_words_);
  delta.usage_missing = added(RequestLayout::kUsageMissing);
  delta.zero_usage = added(RequestLayout::kZeroUsage);
  delta.unpriced = added(RequestLayout::kUnpriced);
  delta.zero_cost = added(RequestLayout::kZeroCost);
  delta.latency_ns = duration_sum - last_duration_sum_;
  delta.latencies = duration_count - last_duration_count_;
  delta.active = active;
  last_words_ = words;
  last_duration_sum_ = duration_sum;
  last_duration_count_ = duration_count;

  for (std::size_t i = 0; i < errors.size(); ++i)
    if (errors[i] != last_errors_[i])
      delta.add_error(static_cast<ErrorType>(i),
                      static_cast<std::uint32_t>(errors[i] - last_errors_[i]));
  last_errors_ = errors;

  // A call that failed for good is an attempt and an error; those before it are attempts alone.
  const std::uint64_t limited = limited_attempts - last_limited_attempts_;
  const std::uint64_t failed = delta.errors_of(ErrorType::RateLimit);
  delta.limited_attempts = limited - std::min(limited, failed);
  last_limited_attempts_ = limited_attempts;

  last_slos_.resize(series_->slo_indexes.size());
  for (std::size_t i = 0; i < last_slos_.size(); ++i) {
    const std::uint32_t at = series_->layout->slos + 2 * series_->slo_indexes[i];
    const std::uint64_t good = series_->words.sum(at);
    if (good != last_slos_[i].good)
      delta.add_slo_good(series_->slo_indexes[i],
                         static_cast<std::uint32_t>(good - last_slos_[i].good));
    last_slos_[i] = {good, series_->words.sum(at + 1)};
  }

  sample_sketch(series_->latency_sketch, last_latency_, delta.latency);
  sample_sketch(series_->first_token_sketch, last_first_token_, delta.first_token);
  sample_sketch(series_->inter_token_sketch, last_inter_token_, delta.inter_token);
  return delta;
}

HistoryDelta SeriesSampler::total() const noexcept {
  HistoryDelta all;
  all.success = last_words_[RequestLayout::kStatus];
  all.error = last_words_[RequestLayout::kStatus + 1];
  all.cancelled = last_words_[RequestLayout::kStatus + 2];
  all.input_tokens = last_words_[RequestLayout::kInputTokens];
  all.output_tokens = last_words_[RequestLayout::kOutputTokens];
  all.usage_missing = last_words_[RequestLayout::kUsageMissing];
  all.zero_usage = last_words_[RequestLayout::kZeroUsage];
  all.cost_nano =
      last_words_[RequestLayout::kCostNano] + last_words_[RequestLayout::kCostPico] / 1000;
  all.unpriced = last_words_[RequestLayout::kUnpriced];
  all.zero_cost = last_words_[RequestLayout::kZeroCost];
  return all;
}

void SeriesSampler::sample_sketch(const metrics::DurationSketch& sketch,
                                  std::vector<std::uint32_t>& last, metrics::SparseSketch& out) {
  if (sketch.is_untouched()) return;
  metrics::DurationSketch::Counts now{};
  sketch.add_to(now);
  last.resize(now.size(), 0);
  for (std::uint32_t i = 0; i < now.size(); ++i)
    if (now[i] != last[i]) out.entries.push_back({i, now[i] - last[i]});
  std::copy(now.begin(), now.end(), last.begin());
}

}  // namespace ltb::collector
