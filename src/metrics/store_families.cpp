// The families of calls and evaluations: their names, help texts, and which word of a series each one shows.
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
    {"llm_request_duration_seconds", "Duration of successful LLM requests, from call to end, retries included.",
     Histogram},
    {"llm_requests_active", "LLM requests in flight.", Gauge},
    {"llm_tokens_input_total", "Input tokens as reported by the provider, cached ones included.", Counter},
    {"llm_tokens_output_total", "Output tokens as reported by the provider, reasoning ones included.", Counter},
    {"llm_tokens_cached_input_total", "The part of the input tokens read from the provider's cache.", Counter},
    {"llm_tokens_reasoning_total", "The part of the output tokens spent on reasoning.", Counter},
    {"llm_cost_usd_total", "Cost in micro-dollars (1,000,000 = 1 USD), summed exactly.", Counter},
    {"llm_spend_usd_total", "Cost in USD, summed exactly.", Counter},
    {"llm_unpriced_requests_total", "Successful requests whose cost is not known.", Counter},
    {"llm_usage_missing_total", "Successful requests for which the provider reported no token usage.", Counter},
    {"llm_errors_total", "Failed and cancelled LLM requests by error type.", Counter},
    {"llm_finish_reasons_total", "Requests by the reason why the model stopped.", Counter},
    {"llm_time_to_first_token_seconds", "Time from sending a streamed request to its first content.", Histogram},
    {"llm_inter_token_latency_seconds", "Time between two pieces of content of a streamed request.", Histogram},
    {"llm_time_per_output_token_seconds", "Time per output token after the first, one observation per streamed request.",
     Histogram},
    {"llm_output_tokens_per_second", "Output tokens per second after the first, one observation per streamed request.",
     Histogram},
    {"llm_provider_up", "Health of a provider: 1 for the current status, 0 for the others.", Gauge},
};

constexpr FamilyText kDetailedFamilies[] = {
    {"llm_request_error_duration_seconds", "Duration of failed LLM requests by error type.", Histogram},
    {"llm_request_input_tokens", "Input tokens per request.", Histogram},
    {"llm_request_output_tokens", "Output tokens per request.", Histogram},
};

constexpr FamilyText kEvaluationFamilies[] = {
    {"llm_evaluation_score", "Last score of an evaluation metric.", Gauge},
    {"llm_evaluations_total", "Completed evaluations.", Counter},
    {"llm_evaluation_duration_seconds", "Duration of evaluations, from their start event to their completion.",
     Histogram},
};

}  // namespace

Family& MetricStore::own_family(std::string_view name) const { return *own_.find(name)->second; }

void MetricStore::make_request_families() {
  for (const auto& [name, help, type] : kRequestFamilies) own_[name] = &add_family(name, help, type);
  if (layout_.detailed)
    for (const auto& [name, help, type] : kDetailedFamilies) own_[name] = &add_family(name, help, type);
}

void MetricStore::make_evaluation_families() {
  for (const auto& [name, help, type] : kEvaluationFamilies) own_[name] = &add_family(name, help, type);
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
  own_family("llm_requests_active").add({{"provider", series.provider()}}, CallbackCell{[&series] {
    return static_cast<double>(series.active());
  }});
  for (std::size_t i = 0; i < kProviderHealthCount; ++i) {
    const auto health = static_cast<ProviderHealth>(i);
    own_family("llm_provider_up")
        .add({{"provider", series.provider()}, {"status", std::string(to_string(health))}},
             CallbackCell{[&series, health] { return series.health.load(std::memory_order_relaxed) == health ? 1.0 : 0.0; }});
  }
}

void MetricStore::add_request_series_to(RequestSeries& series, std::string_view family, Cell cell,
                                        std::string_view label, std::string_view value) {
  Metric::Labels labels{{"provider", series.provider()}, {"model", series.model()}};
  if (!label.empty()) labels.emplace_back(std::string(label), std::string(value));
  own_family(family).add(std::move(labels), std::move(cell));
}

void MetricStore::add_request_series(RequestSeries& series) {
  using L = RequestLayout;
  const Words* words = &series.words;
  const auto counter = [&](std::string_view family, std::uint32_t index, unsigned decimals = 0) {
    add_request_series_to(series, family, CounterCell{words, index, decimals});
  };
  const auto histogram = [&](std::string_view family, const BucketLayout& layout, std::uint32_t first,
                             unsigned decimals) {
    add_request_series_to(series, family, HistogramCell{words, first, &layout, decimals});
  };
  for (std::uint32_t i = 0; i < kCallStatusTexts.size(); ++i)
    add_request_series_to(series, "llm_requests_total", CounterCell{words, L::kStatus + i, 0}, "status",
                          kCallStatusTexts[i]);
  for (std::uint32_t i = 0; i < kErrorTypeCount; ++i)
    add_request_series_to(series, "llm_errors_total", CounterCell{words, layout_.errors + i, 0}, "error_type",
                          to_string(static_cast<ErrorType>(i)));
  for (std::uint32_t i = 0; i < kFinishReasons.size(); ++i)
    add_request_series_to(series, "llm_finish_reasons_total", CounterCell{words, layout_.finish_reasons + i, 0},
                          "reason", kFinishReasons[i]);
  counter("llm_tokens_input_total", L::kInputTokens);
  counter("llm_tokens_output_total", L::kOutputTokens);
  counter("llm_tokens_cached_input_total", L::kCachedTokens);
  counter("llm_tokens_reasoning_total", L::kReasoningTokens);
  counter("llm_cost_usd_total", L::kCostNano, kMilli);  // nano-dollars shown as micro-dollars
  counter("llm_spend_usd_total", L::kCostNano, kNano);
  counter("llm_unpriced_requests_total", L::kUnpriced);
  counter("llm_usage_missing_total", L::kUsageMissing);
  histogram("llm_request_duration_seconds", layout_.duration, L::kDuration, kNano);
  histogram("llm_time_to_first_token_seconds", layout_.first_token, layout_.first_token_at, kNano);
  histogram("llm_inter_token_latency_seconds", layout_.inter_token, layout_.inter_token_at, kNano);
  histogram("llm_time_per_output_token_seconds", layout_.per_output_token, layout_.per_output_token_at, kNano);
  histogram("llm_output_tokens_per_second", layout_.tokens_per_second, layout_.tokens_per_second_at, kMilli);
  if (!layout_.detailed) return;
  histogram("llm_request_input_tokens", layout_.input_tokens, layout_.input_tokens_at, 0);
  histogram("llm_request_output_tokens", layout_.output_tokens, layout_.output_tokens_at, 0);
  for (std::uint32_t i = 0; i < kErrorTypeCount; ++i)
    add_request_series_to(series, "llm_request_error_duration_seconds",
                          HistogramCell{words, layout_.error_duration_at + i * (layout_.error_duration.count() + 1),
                                        &layout_.error_duration, kNano},
                          "error_type", to_string(static_cast<ErrorType>(i)));
}

void MetricStore::add_evaluation_series(EvaluationSeries& series) {
  const Metric::Labels labels{{"provider", series.key[0]}, {"model", series.key[1]}, {"metric", series.key[2]}};
  own_family("llm_evaluation_score").add(labels, GaugeCell{&series.score});
  own_family("llm_evaluations_total").add(labels, CounterCell{&series.words, 0, 0});
  own_family("llm_evaluation_duration_seconds")
      .add(labels, HistogramCell{&series.words, 1, &evaluation_duration_, kNano});
}

}  // namespace ltb::metrics
