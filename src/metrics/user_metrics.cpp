#include "metrics/user_metrics.hpp"

#include "metrics/labels.hpp"
#include "support/number_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace ltb::metrics {
namespace {

std::string refused(const Metric& metric, const std::string& what) {
  return "metric \"" + metric.name() + "\": " + what;
}

// Which word of a RequestSeries a family of the library counts in, and how many decimals it has.
struct OwnCounter {
  std::string_view name;
  std::uint32_t word;
  double units;
};
constexpr OwnCounter kOwnCounters[] = {
    {"llm_tokens_input_total", RequestLayout::kInputTokens, 1},
    {"llm_tokens_output_total", RequestLayout::kOutputTokens, 1},
    {"llm_tokens_cached_input_total", RequestLayout::kCachedTokens, 1},
    {"llm_tokens_reasoning_total", RequestLayout::kReasoningTokens, 1},
    {"llm_cost_usd_total", RequestLayout::kCostNano, 1e3},  // micro-dollars in, nano-dollars kept
};

bool is_counter_value(double value) noexcept {
  return std::isfinite(value) && value >= 0 && value <= 1e15;
}

// What is wrong with the numbers of a metric; empty when nothing is.
std::string check_value(const Metric& metric) {
  if (const auto* counter = std::get_if<Counter>(&metric.value())) {
    if (!std::isfinite(counter->value) || counter->value < 0)
      return refused(metric, "counter increment " + support::number_text(counter->value) +
                                 ": expected a finite number from 0 up");
  } else if (const auto* gauge = std::get_if<Gauge>(&metric.value())) {
    if (!std::isfinite(gauge->value))
      return refused(metric, "gauge value " + support::number_text(gauge->value) +
                                 ": expected a finite number");
  } else if (const auto* histogram = std::get_if<HistogramValue>(&metric.value())) {
    if (!std::isfinite(histogram->sum))
      return refused(metric, "histogram sum: expected a finite number");
    double previous_le = -INFINITY;
    std::uint64_t previous_count = 0;
    for (const auto& bucket : histogram->buckets) {
      // A +Inf bucket that agrees with `count` is not there any more: see Metric.
      if (!(bucket.le > previous_le) || std::isinf(bucket.le) || bucket.count < previous_count ||
          bucket.count > histogram->count)
        return refused(metric, "histogram bucket le=" + support::number_text(bucket.le) +
                                   ": expected ascending bounds and cumulative counts up to "
                                   "`count`, which a +Inf bucket must equal");
      previous_le = bucket.le;
      previous_count = bucket.count;
    }
  } else {
    const auto& summary = std::get<SummaryValue>(metric.value());
    if (!std::isfinite(summary.sum))
      return refused(metric, "summary sum: expected a finite number");
    for (std::size_t i = 0; i < summary.quantiles.size(); ++i) {
      const auto [quantile, value] = summary.quantiles[i];
      if (!(quantile >= 0 && quantile <= 1) || !std::isfinite(value))
        return refused(metric, "summary quantile " + support::number_text(quantile) +
                                   ": expected a quantile in 0..1 with a finite value");
      for (std::size_t k = 0; k < i; ++k)
        if (summary.quantiles[k].quantile == quantile)
          return refused(metric, "summary quantile " + support::number_text(quantile) +
                                     ": expected each quantile once");
    }
  }
  return {};
}

bool same_bounds(const std::vector<HistogramBucket>& a, const std::vector<HistogramBucket>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.le == y.le; });
}

bool adds_up(std::uint64_t a, std::uint64_t b) noexcept {
  return a <= std::numeric_limits<std::uint64_t>::max() - b;
}

constexpr const char* kTooLarge = "with it the total would be too large";

// Takes a published value into what is there. Says what is wrong when it cannot, and changes
// nothing then.
const char* merge(MetricValue& have, const MetricValue& published) {
  if (const auto* counter = std::get_if<Counter>(&published)) {
    double& sum = std::get<Counter>(have).value;
    if (!std::isfinite(sum + counter->value)) return kTooLarge;
    sum += counter->value;
  } else if (std::holds_alternative<Gauge>(published)) {
    have = published;
  } else if (const auto* histogram = std::get_if<HistogramValue>(&published)) {
    auto& sum = std::get<HistogramValue>(have);
    if (!same_bounds(sum.buckets, histogram->buckets))
      return "its histogram bounds differ from those published first";
    // Bucket counts are at most the count, so they fit when it does.
    if (!adds_up(sum.count, histogram->count) || !std::isfinite(sum.sum + histogram->sum))
      return kTooLarge;
    for (std::size_t i = 0; i < sum.buckets.size(); ++i)
      sum.buckets[i].count += histogram->buckets[i].count;
    sum.count += histogram->count;
    sum.sum += histogram->sum;
  } else {
    const auto& summary = std::get<SummaryValue>(published);
    auto& sum = std::get<SummaryValue>(have);
    if (!adds_up(sum.count, summary.count) || !std::isfinite(sum.sum + summary.sum))
      return kTooLarge;
    sum.quantiles = summary.quantiles;
    sum.count += summary.count;
    sum.sum += summary.sum;
  }
  return nullptr;
}

}  // namespace

std::string UserMetrics::record(const Metric& metric) {
  if (std::string wrong = check_value(metric); !wrong.empty()) return wrong;
  if (store_.own_.contains(metric.name())) return record_own(metric);
  return record_user(metric);
}

std::string UserMetrics::record_own(const Metric& metric) {
  const Family& family = *store_.own_.find(metric.name())->second;
  if (family.type() != metric.type())
    return refused(metric, "published as a " + std::string(to_string(metric.type())) +
                               ", but the library's own family is a " +
                               std::string(to_string(family.type())));
  const std::string_view provider = metric.label("provider");
  const std::string_view model = metric.label("model");
  if (provider.empty() || model.empty())
    return refused(metric, "the library's own family needs the labels provider and model");
  if (metric.name() == "llm_evaluation_score" && metric.labels().size() == 3 &&
      !metric.label("metric").empty()) {
    store_.set_score(store_.evaluation_series(provider, model, metric.label("metric")),
                     std::get<Gauge>(metric.value()).value);
    return {};
  }
  if (metric.type() == MetricType::Histogram && metric.name() == "llm_request_duration_seconds" &&
      metric.labels().size() == 2)
    return record_own_histogram(metric, store_.request_series(provider, model));
  if (metric.type() == MetricType::Counter) {
    const double value = std::get<Counter>(metric.value()).value;
    if (!is_counter_value(value))
      return refused(metric, "increment " + support::number_text(value) + " is too large");
    const auto add = [&](std::uint32_t word, double units) -> std::string {
      // Things are counted whole: half a token rounded would be a wrong number that nobody sees.
      if (units == 1 && value != std::floor(value))
        return refused(metric,
                       "increment " + support::number_text(value) + ": expected a whole number");
      store_.request_series(provider, model)
          .words.writer()
          .add(word, static_cast<std::uint64_t>(std::llround(value * units)));
      return {};
    };
    if (metric.name() == "llm_requests_total" && metric.labels().size() == 3) {
      const auto status =
          std::find(kCallStatusTexts.begin(), kCallStatusTexts.end(), metric.label("status"));
      if (status == kCallStatusTexts.end())
        return refused(metric, "label status: expected success, error or cancelled");
      return add(
          RequestLayout::kStatus + static_cast<std::uint32_t>(status - kCallStatusTexts.begin()),
          1);
    }
    if (metric.name() == "llm_errors_total" && metric.labels().size() == 3) {
      const auto type = parse_error_type(metric.label("error_type"));
      if (!type)
        return refused(metric, "label error_type: expected one of the library's error types");
      return add(store_.layout_.errors + static_cast<std::uint32_t>(*type), 1);
    }
    for (const auto& own : kOwnCounters)
      if (metric.name() == own.name && metric.labels().size() == 2) return add(own.word, own.units);
  }
  return refused(metric,
                 "the library fills this family itself, or its labels are others; publish under a "
                 "name of your own");
}

std::string UserMetrics::record_own_histogram(const Metric& metric, RequestSeries& series) {
  const auto& value = std::get<HistogramValue>(metric.value());
  if (value.sum < 0)
    return refused(metric,
                   "sum " + support::number_text(value.sum) + ": durations cannot be negative");
  constexpr double kMostSum = 1e9;  // of many calls
  const auto sum = to_nanoseconds(value.sum, value.count > 1 ? kMostSum : kMostSeconds);
  if (!sum) return refused(metric, "sum " + support::number_text(value.sum) + " is too large");
  const BucketLayout& layout = store_.layout_.duration;
  const auto writer = series.words.writer();
  if (value.count == 1) {  // one observation: its value is the sum, whatever the bounds
    series.latency_sketch.record(*sum);  // first, as RequestSeries::record() does
    writer.add(RequestLayout::kDuration + layout.index_of(*sum), 1);
    writer.add(store_.layout_.duration_sum(), *sum);
    return {};
  }
  std::vector<std::uint64_t> counts(layout.count(), 0);
  std::uint64_t below = 0;
  for (const auto& bucket : value.buckets) {
    const auto found = std::find(layout.bounds().begin(), layout.bounds().end(), bucket.le);
    if (found == layout.bounds().end())
      return refused(metric, "bucket le=" + support::number_text(bucket.le) +
                                 " is not one of the family's bounds");
    counts[static_cast<std::size_t>(found - layout.bounds().begin())] = bucket.count - below;
    below = bucket.count;
  }
  counts.back() = value.count - below;
  for (std::uint32_t i = 0; i < counts.size(); ++i)
    writer.add(RequestLayout::kDuration + i, counts[i]);
  writer.add(store_.layout_.duration_sum(), *sum);
  return {};
}

std::string UserMetrics::refuse_name(const Metric& metric) const {
  support::MutexLock lock(store_.families_mutex_);
  if (store_.families_.contains(metric.name()))
    return refused(metric,
                   "the library fills this family itself; publish under a name of your own");
  // A histogram "x" shows samples x_bucket, x_sum, x_count and x_created: no other family may be
  // called so, before or after it.
  for (const std::string_view suffix : {"_bucket", "_sum", "_count", "_created"}) {
    if (metric.name().ends_with(suffix)) {
      const auto other =
          store_.families_.find(metric.name().substr(0, metric.name().size() - suffix.size()));
      if (other != store_.families_.end() && (other->second->type() == MetricType::Histogram ||
                                              other->second->type() == MetricType::Summary))
        return refused(metric, "the name is taken by a sample of \"" + other->first + "\"");
    }
    const bool has_samples =
        metric.type() == MetricType::Histogram || metric.type() == MetricType::Summary;
    if (has_samples && store_.families_.contains(metric.name() + std::string(suffix)))
      return refused(
          metric, "its sample \"" + metric.name() + std::string(suffix) + "\" is a family already");
  }
  return {};
}

std::string UserMetrics::record_user(const Metric& metric) {
  for (const auto& [name, value] : metric.labels()) {
    const bool reserved = (name == "le" && metric.type() == MetricType::Histogram) ||
                          (name == "quantile" && metric.type() == MetricType::Summary);
    if (reserved) return refused(metric, "label " + name + " is kept for the samples of its type");
  }
  const char* overflowed = nullptr;
  std::string wrong = record_locked(metric, overflowed);
  // Without the mutex: the host's log sink may publish.
  if (overflowed != nullptr) store_.note_overflow(overflowed);
  return wrong;
}

std::string UserMetrics::record_locked(const Metric& metric, const char*& overflowed) {
  support::MutexLock lock(mutex_);
  auto found = families_.find(metric.name());
  if (found == families_.end()) {
    if (families_.size() >= store_.options_.max_series_per_family) {
      overflowed = "user metric names";
      return refused(metric, "there are " + std::to_string(families_.size()) +
                                 " user families already, the limit");
    }
    if (std::string wrong = refuse_name(metric); !wrong.empty()) return wrong;
    const std::string help =
        metric.help().empty() ? "Published by the host program." : metric.help();
    Family& family = store_.add_family(metric.name(), help, metric.type(), FamilyOwner::User);
    found = families_.emplace(metric.name(), UserFamily{&family}).first;
  }
  UserFamily& family = found->second;
  if (family.family->type() != metric.type())
    return refused(metric, "published as a " + std::string(to_string(metric.type())) +
                               ", but it is a " + std::string(to_string(family.family->type())) +
                               " since it was first published");
  Metric::Labels labels = metric.labels();
  for (auto& [name, value] : labels) value = store_.clean(value);
  std::string key = label_text(labels);
  const auto place = family.series.find(key);
  std::shared_ptr<UserSeries> known = place != family.series.end() ? place->second : nullptr;
  const bool is_overflow =
      known == nullptr && family.series.size() >= store_.options_.max_series_per_family;
  if (is_overflow) {
    overflowed = "a user metric";
    for (auto& [name, value] : labels) value = kOverflow;
    known = family.overflow;
    // Somebody may have published the word itself as a value.
    if (const auto same = family.series.find(label_text(labels));
        known == nullptr && same != family.series.end())
      known = same->second;
  }
  if (known == nullptr) {
    auto series = std::make_shared<UserSeries>();
    {
      support::MutexLock value_lock(series->cell.mutex);
      series->cell.value = metric.value();
    }
    family.family->add(std::move(labels), &series->cell, series);
    if (is_overflow) {
      family.overflow = std::move(series);
    } else {
      family.series.emplace(std::move(key), std::move(series));
    }
    return {};
  }
  ValueCell& cell = known->cell;
  support::MutexLock value_lock(cell.mutex);
  if (const char* wrong = merge(cell.value, metric.value())) return refused(metric, wrong);
  return {};
}

}  // namespace ltb::metrics
