// The families of calls and evaluations: their names, help texts, and which word of a series each
// one shows.
#include "metrics/default_buckets.hpp"
#include "metrics/metric_store.hpp"

#include <string>

namespace ltb::metrics {
namespace {

using enum MetricType;
constexpr unsigned kNano = 9;
constexpr unsigned kMilli = 3;

struct FamilyText {
  const char* name;
  const char* help;
  MetricType type;
};

constexpr FamilyText kRequestFamilies[] = {
    {"llm_requests_total", "Finished LLM requests by status (success, error, cancelled).", Counter},
    {"llm_request_duration_seconds",
     "Duration of successful LLM requests, from call to end, retries included.", Histogram},
    {"llm_requests_active", "LLM requests in flight.", Gauge},
    {"llm_tokens_input_total", "Input tokens as reported by the provider, cached ones included.",
     Counter},
    {"llm_tokens_output_total",
     "Output tokens as reported by the provider, reasoning ones included.", Counter},
    {"llm_tokens_cached_input_total",
     "The part of the input tokens read from the provider's cache.", Counter},
    {"llm_tokens_reasoning_total", "The part of the output tokens spent on reasoning.", Counter},
    {"llm_cost_usd_total", "Cost in micro-dollars (1,000,000 = 1 USD), summed exactly.", Counter},
    {"llm_spend_usd_total", "Cost in USD, summed exactly.", Counter},
    {"llm_unpriced_requests_total",
     "Requests whose cost is not known: successful ones, and others that used tokens.", Counter},
    {"llm_usage_missing_total",
     "Successful requests for which the provider reported no token usage.", Counter},
    {"llm_errors_total", "Failed and cancelled LLM requests by error type.", Counter},
    {"llm_finish_reasons_total", "Requests by the reason why the model stopped.", Counter},
    {"llm_time_to_first_token_seconds",
     "Time from sending a streamed request to its first content.", Histogram},
    {"llm_inter_token_latency_seconds", "Time between two pieces of content of a streamed request.",
     Histogram},
    {"llm_time_per_output_token_seconds",
     "Time per output token after the first, one observation per streamed request.", Histogram},
    {"llm_output_tokens_per_second",
     "Output tokens per second after the first, one observation per streamed request.", Histogram},
    {"llm_queue_seconds", "Time requests waited before they were sent, where the caller says so.",
     Histogram},
    {"llm_attempts_total",
     "Attempts of requests by outcome and, when they failed, by error type; more than requests "
     "where calls were retried.",
     Counter},
    {"llm_retry_wait_seconds_total", "Time spent waiting between attempts.", Counter},
    {"llm_ratelimit_limit", "Limit of the current window, from the provider's response headers.",
     Gauge},
    {"llm_ratelimit_remaining", "What is left of it.", Gauge},
    {"llm_ratelimit_reset_timestamp_seconds",
     "When the window starts anew, in seconds since the Unix epoch.", Gauge},
    {"llm_slo_requests_total",
     "Requests that kept (good) or broke (bad) a service-level objective.", Counter},
    {"llm_provider_up", "Health of a provider: 1 for the current status, 0 for the others.", Gauge},
};

constexpr FamilyText kDetailedFamilies[] = {
    {"llm_request_error_duration_seconds", "Duration of failed LLM requests by error type.",
     Histogram},
    {"llm_request_input_tokens", "Input tokens per request.", Histogram},
    {"llm_request_output_tokens", "Output tokens per request.", Histogram},
};

constexpr FamilyText kEvaluationFamilies[] = {
    {"llm_evaluation_score", "Last score of an evaluation metric.", Gauge},
    {"llm_evaluations_total", "Completed evaluations.", Counter},
    {"llm_evaluation_duration_seconds",
     "Duration of evaluations, from their start event to their completion.", Histogram},
};

}  // namespace

Family& MetricStore::own_family(std::string_view name) const {
  return *own_.find(name)->second;
}

void MetricStore::make_request_families() {
  for (const auto& [name, help, type] : kRequestFamilies)
    own_[name] = &add_family(name, help, type);
  if (layout_.detailed)
    for (const auto& [name, help, type] : kDetailedFamilies)
      own_[name] = &add_family(name, help, type);
}

void MetricStore::make_evaluation_families() {
  for (const auto& [name, help, type] : kEvaluationFamilies)
    own_[name] = &add_family(name, help, type);
}

void MetricStore::link_model(RequestSeries& series) noexcept {
  ProviderSeries& owner = *series.provider_series;
  RequestSeries* head = owner.first_model.load(std::memory_order_relaxed);
  do {
    series.next_model = head;
    // release: whoever walks the list must see the finished series.
  } while (!owner.first_model.compare_exchange_weak(head, &series, std::memory_order_release));
}

void MetricStore::add_provider_series(ProviderSeries& series) {
  SeriesBatch batch;
  batch.add(own_family("llm_requests_active"), {{"provider", series.provider()}},
            CallbackCell{[&series] { return static_cast<double>(series.active()); }});
  for (std::size_t i = 0; i < kProviderHealthCount; ++i) {
    const auto health = static_cast<ProviderHealth>(i);
    batch.add(own_family("llm_provider_up"),
              {{"provider", series.provider()}, {"status", std::string(to_string(health))}},
              CallbackCell{[&series, health] {
                return series.health.load(std::memory_order_relaxed) == health ? 1.0 : 0.0;
              }});
  }
  batch.publish();
}

void MetricStore::add_request_series_to(SeriesBatch& batch, RequestSeries& series,
                                        std::string_view family, Cell cell, std::string_view label,
                                        std::string_view value) {
  Metric::Labels labels{{"provider", series.provider()}, {"model", series.model()}};
  if (!label.empty()) labels.emplace_back(std::string(label), std::string(value));
  batch.add(own_family(family), std::move(labels), std::move(cell));
}

void MetricStore::make_exemplars(RequestSeries& series) const {
  if (options_.exemplars) series.exemplars = std::make_unique<Exemplars>(layout_.duration.count());
}

void MetricStore::add_request_series(RequestSeries& series) {
  using L = RequestLayout;
  SeriesBatch batch;
  const Words* words = &series.words;
  const auto counter = [&](std::string_view family, std::uint32_t index, unsigned decimals = 0) {
    add_request_series_to(batch, series, family, CounterCell{words, index, decimals});
  };
  const auto histogram = [&](std::string_view family, const BucketLayout& layout,
                             std::uint32_t first, unsigned decimals) {
    add_request_series_to(batch, series, family, HistogramCell{words, first, &layout, decimals});
  };
  for (std::uint32_t i = 0; i < kCallStatusTexts.size(); ++i)
    add_request_series_to(batch, series, "llm_requests_total",
                          CounterCell{words, L::kStatus + i, 0}, "status", kCallStatusTexts[i]);
  for (std::uint32_t i = 0; i < kErrorTypeCount; ++i)
    add_request_series_to(batch, series, "llm_errors_total",
                          CounterCell{words, layout_.errors + i, 0}, "error_type",
                          to_string(static_cast<ErrorType>(i)));
  for (std::uint32_t i = 0; i < kFinishReasons.size(); ++i)
    add_request_series_to(batch, series, "llm_finish_reasons_total",
                          CounterCell{words, layout_.finish_reasons + i, 0}, "reason",
                          kFinishReasons[i]);
  add_attempt_series(batch, series);
  counter("llm_retry_wait_seconds_total", layout_.retry_wait, kNano);
  histogram("llm_queue_seconds", layout_.queue, layout_.queue_at, kNano);
  add_slo_series(batch, series);
  counter("llm_tokens_input_total", L::kInputTokens);
  counter("llm_tokens_output_total", L::kOutputTokens);
  counter("llm_tokens_cached_input_total", L::kCachedTokens);
  counter("llm_tokens_reasoning_total", L::kReasoningTokens);
  const auto cost = [&](std::string_view family, unsigned decimals) {
    add_request_series_to(batch, series, family,
                          CounterCell{words, L::kCostNano, decimals, L::kCostPico});
  };
  cost("llm_cost_usd_total", kMilli);  // nano-dollars shown as micro-dollars
  cost("llm_spend_usd_total", kNano);
  counter("llm_unpriced_requests_total", L::kUnpriced);
  counter("llm_usage_missing_total", L::kUsageMissing);
  add_request_series_to(
      batch, series, "llm_request_duration_seconds",
      HistogramCell{words, L::kDuration, &layout_.duration, kNano, series.exemplars.get()});
  histogram("llm_time_to_first_token_seconds", layout_.first_token, layout_.first_token_at, kNano);
  histogram("llm_inter_token_latency_seconds", layout_.inter_token, layout_.inter_token_at, kNano);
  histogram("llm_time_per_output_token_seconds", layout_.per_output_token,
            layout_.per_output_token_at, kNano);
  histogram("llm_output_tokens_per_second", layout_.tokens_per_second, layout_.tokens_per_second_at,
            kMilli);
  if (layout_.detailed) add_detailed_series(batch, series);
  batch.publish();
}

void MetricStore::add_attempt_series(SeriesBatch& batch, RequestSeries& series) {
  for (const CallStatus status : {CallStatus::Success, CallStatus::Cancelled}) {
    const auto i = static_cast<std::uint32_t>(status);
    add_request_series_to(batch, series, "llm_attempts_total",
                          CounterCell{&series.words, layout_.attempts + i, 0}, "outcome",
                          kCallStatusTexts[i]);
  }
  for (std::size_t i = 0; i < kErrorTypeCount; ++i) {
    const auto type = static_cast<ErrorType>(i);
    batch.add(own_family("llm_attempts_total"),
              {{"provider", series.provider()},
               {"model", series.model()},
               {"outcome", "error"},
               {"error_type", std::string(to_string(type))}},
              CounterCell{&series.words, layout_.attempt_error(type), 0});
  }
}

void MetricStore::add_detailed_series(SeriesBatch& batch, RequestSeries& series) {
  const Words* words = &series.words;
  const auto histogram = [&](std::string_view family, const BucketLayout& layout,
                             std::uint32_t first, unsigned decimals) {
    add_request_series_to(batch, series, family, HistogramCell{words, first, &layout, decimals});
  };
  histogram("llm_request_input_tokens", layout_.input_tokens, layout_.input_tokens_at, 0);
  histogram("llm_request_output_tokens", layout_.output_tokens, layout_.output_tokens_at, 0);
  for (std::uint32_t i = 0; i < kErrorTypeCount; ++i)
    add_request_series_to(
        batch, series, "llm_request_error_duration_seconds",
        HistogramCell{words, layout_.error_duration_at + i * (layout_.error_duration.count() + 1),
                      &layout_.error_duration, kNano},
        "error_type", to_string(static_cast<ErrorType>(i)));
}

void MetricStore::add_slo_series(SeriesBatch& batch, RequestSeries& series) {
  for (std::uint32_t i = 0; i < options_.slos.size(); ++i) {
    const Slo& level = options_.slos[i];
    if ((!level.provider.empty() && level.provider != series.provider()) ||
        (!level.model.empty() && level.model != series.model()))
      continue;
    series.slo_indexes.push_back(i);
    for (const bool good : {true, false}) {
      Metric::Labels labels{{"provider", series.provider()}, {"model", series.model()}};
      labels.emplace_back("slo", level.name);
      labels.emplace_back("result", good ? "good" : "bad");
      batch.add(own_family("llm_slo_requests_total"), std::move(labels),
                CounterCell{&series.words, layout_.slos + 2 * i + (good ? 0 : 1), 0});
    }
  }
}

void MetricStore::show_rate_limits(RequestSeries& series, const RateLimits& limits) noexcept {
  series.set_rate_limits(limits);
  const auto show = [&](std::string_view family, std::atomic<double>& gauge,
                        std::string_view kind) {
    SeriesBatch batch;
    add_request_series_to(batch, series, family, GaugeCell{&gauge},
                          kind.empty() ? std::string_view() : "kind", kind);
    batch.publish();
  };
  // A gauge appears with its first value: most providers report some of these, many none.
  const auto show_once = [&](std::uint32_t bit, bool reported, std::string_view family,
                             std::atomic<double>& gauge, std::string_view kind) {
    if (!reported || (series.shown_limits.fetch_or(bit, std::memory_order_relaxed) & bit) != 0)
      return;
    try {
      show(family, gauge, kind);
    } catch (...) {  // no memory: the next value tries again
      series.shown_limits.fetch_and(~bit, std::memory_order_relaxed);
      throw;
    }
  };
  try {
    RateLimitGauges& gauges = series.rate_limits;
    show_once(1, limits.requests_limit.has_value(), "llm_ratelimit_limit", gauges.requests_limit,
              "requests");
    show_once(2, limits.requests_remaining.has_value(), "llm_ratelimit_remaining",
              gauges.requests_remaining, "requests");
    show_once(4, limits.tokens_limit.has_value(), "llm_ratelimit_limit", gauges.tokens_limit,
              "tokens");
    show_once(8, limits.tokens_remaining.has_value(), "llm_ratelimit_remaining",
              gauges.tokens_remaining, "tokens");
    show_once(16, limits.reset_at.has_value(), "llm_ratelimit_reset_timestamp_seconds",
              gauges.reset_timestamp, {});
  } catch (...) {  // no memory for the series: the value is kept, unseen
    count_rejected();
  }
}

void MetricStore::add_evaluation_series(EvaluationSeries& series) {
  const Metric::Labels labels{
      {"provider", series.key[0]}, {"model", series.key[1]}, {"metric", series.key[2]}};
  SeriesBatch batch;
  batch.add(own_family("llm_evaluations_total"), labels, CounterCell{&series.words, 0, 0});
  batch.add(own_family("llm_evaluation_duration_seconds"), labels,
            HistogramCell{&series.words, 1, &evaluation_duration_, kNano});
  batch.publish();
}

}  // namespace ltb::metrics
