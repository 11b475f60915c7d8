#include "metrics/request_series.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace ltb::metrics {
namespace {

template <typename Writer>
[[gnu::always_inline]] inline void observe(const Writer& writer, const BucketLayout& layout,
                                           std::uint32_t first, std::uint64_t value) noexcept {
  writer.add(first + layout.index_of(value), 1);
  writer.add(first + layout.count(), value);
}

template <typename Writer>
void write_usage(const Writer& writer, const RequestLayout& at, const TokenUsage& usage) noexcept {
  writer.add(RequestLayout::kInputTokens, usage.input_tokens);
  writer.add(RequestLayout::kOutputTokens, usage.output_tokens);
  if (usage.total_tokens() == 0) writer.add(RequestLayout::kZeroUsage, 1);
  if (usage.cached_tokens) writer.add(RequestLayout::kCachedTokens, *usage.cached_tokens);
  if (usage.reasoning_tokens) writer.add(RequestLayout::kReasoningTokens, *usage.reasoning_tokens);
  if (at.detailed) {
    observe(writer, at.input_tokens, at.input_tokens_at, usage.input_tokens);
    observe(writer, at.output_tokens, at.output_tokens_at, usage.output_tokens);
  }
}

template <typename Writer>
void write_cost(const Writer& writer, const ExactCost& cost) noexcept {
  writer.add(RequestLayout::kCostNano, cost.nano_usd);
  if (cost.pico_part != 0) writer.add(RequestLayout::kCostPico, cost.pico_part);
  if (cost.nano_usd == 0) writer.add(RequestLayout::kZeroCost, 1);
}

template <typename Writer>
void write_success(const Writer& writer, const RequestLayout& at, const CallRecord& call) noexcept {
  if (call.duration_ns) {
    observe(writer, at.duration, RequestLayout::kDuration, *call.duration_ns);
  } else {
    writer.add(RequestLayout::kLatencyMissing, 1);
  }
  if (!call.usage && !call.has_separate_usage) writer.add(RequestLayout::kUsageMissing, 1);
  if (!call.cost && !call.has_separate_cost) writer.add(RequestLayout::kUnpriced, 1);
}

template <typename Writer>
void write_failure(const Writer& writer, const RequestLayout& at, const CallRecord& call) noexcept {
  const auto type = static_cast<std::uint32_t>(call.error_type);
  writer.add(at.errors + type, 1);
  if (at.detailed && call.duration_ns && call.status == CallStatus::Error)
    observe(writer, at.error_duration,
            at.error_duration_at + type * (at.error_duration.count() + 1), *call.duration_ns);
  // Without usage it cost nothing that anybody knows of; with usage its missing price must not pass
  // for 0.
  if ((call.usage || call.has_separate_usage) && !call.cost && !call.has_separate_cost)
    writer.add(RequestLayout::kUnpriced, 1);
}

template <typename Writer>
void write_call(const Writer& writer, const RequestLayout& at, const CallRecord& call) noexcept {
  const auto status = static_cast<std::uint32_t>(call.status);
  if (call.was_active) writer.add(RequestLayout::kActive, ~std::uint64_t{0});
  writer.add(RequestLayout::kStatus + status, 1);
  // The last attempt ends as the call does.
  writer.add(
      call.status == CallStatus::Error ? at.attempt_error(call.error_type) : at.attempts + status,
      1);
  if (call.status == CallStatus::Success) {
    write_success(writer, at, call);
  } else {
    write_failure(writer, at, call);
  }
  if (call.usage) write_usage(writer, at, *call.usage);
  if (call.cost) write_cost(writer, *call.cost);
  if (call.queue_ns) observe(writer, at.queue, at.queue_at, *call.queue_ns);
  if (call.finish_reason) writer.add(at.finish_reasons + *call.finish_reason, 1);
  if (call.time_per_output_token_ns && *call.time_per_output_token_ns > 0) {
    observe(writer, at.per_output_token, at.per_output_token_at, *call.time_per_output_token_ns);
    const std::uint64_t milli_per_second = 1'000'000'000'000u / *call.time_per_output_token_ns;
    observe(writer, at.tokens_per_second, at.tokens_per_second_at, milli_per_second);
  }
}

}  // namespace

std::uint32_t finish_reason_index(std::string_view reason) noexcept {
  struct Synonym {
    std::string_view text;
    std::string_view reason;
  };
  static constexpr Synonym kSynonyms[] = {
      {"end_turn", "stop"},
      {"stop_sequence", "stop"},
      {"STOP", "stop"},
      {"eos", "stop"},
      {"max_tokens", "length"},
      {"max_output_tokens", "length"},
      {"model_context_window_exceeded", "length"},
      {"MAX_TOKENS", "length"},
      {"tool_use", "tool_calls"},
      {"function_call", "tool_calls"},
      {"refusal", "content_filter"},
      // Google, where the answer was blocked on its way out.
      {"SAFETY", "content_filter"},
      {"RECITATION", "content_filter"},
      {"BLOCKLIST", "content_filter"},
      {"PROHIBITED_CONTENT", "content_filter"},
      {"SPII", "content_filter"},
      {"IMAGE_SAFETY", "content_filter"},
  };
  const auto index_of = [](std::string_view text) {
    return static_cast<std::uint32_t>(
        std::find(kFinishReasons.begin(), kFinishReasons.end(), text) - kFinishReasons.begin());
  };
  const std::uint32_t index = index_of(reason);  // most providers say it in OpenAI's words
  if (index < kFinishReasons.size()) return index;
  for (const Synonym& synonym : kSynonyms)
    if (synonym.text == reason) return index_of(synonym.reason);
  return static_cast<std::uint32_t>(kFinishReasons.size() - 1);
}

RequestLayout::RequestLayout(const std::map<std::string, std::vector<double>>& buckets,
                             bool with_details, std::uint32_t configured_slos)
    : detailed(with_details),
      duration(histogram_layout(buckets, "llm_request_duration_seconds")),
      first_token(histogram_layout(buckets, "llm_time_to_first_token_seconds")),
      inter_token(histogram_layout(buckets, "llm_inter_token_latency_seconds")),
      per_output_token(histogram_layout(buckets, "llm_time_per_output_token_seconds")),
      tokens_per_second(histogram_layout(buckets, "llm_output_tokens_per_second")),
      input_tokens(histogram_layout(buckets, "llm_request_input_tokens")),
      output_tokens(histogram_layout(buckets, "llm_request_output_tokens")),
      error_duration(histogram_layout(buckets, "llm_request_error_duration_seconds")),
      queue(histogram_layout(buckets, "llm_queue_seconds")),
      slo_count(configured_slos) {
  std::uint32_t next = duration_sum() + 1;
  const auto take = [&next](std::uint32_t words) { return std::exchange(next, next + words); };
  errors = take(kErrorTypeCount);
  finish_reasons = take(kFinishReasons.size());
  attempts = take(kCallStatusTexts.size());
  attempt_errors = take(kErrorTypeCount);
  retry_wait = take(1);
  slos = take(2 * slo_count);
  queue_at = take(queue.count() + 1);
  first_token_at = take(first_token.count() + 1);
  inter_token_at = take(inter_token.count() + 1);
  per_output_token_at = take(per_output_token.count() + 1);
  tokens_per_second_at = take(tokens_per_second.count() + 1);
  input_tokens_at = output_tokens_at = error_duration_at = next;
  if (detailed) {
    input_tokens_at = take(input_tokens.count() + 1);
    output_tokens_at = take(output_tokens.count() + 1);
    error_duration_at =
        take(static_cast<std::uint32_t>(kErrorTypeCount) * (error_duration.count() + 1));
  }
  count = next;
}

std::uint64_t ProviderSeries::active() const noexcept {
  std::uint64_t active = 0;
  for (const RequestSeries* series = first_model.load(std::memory_order_acquire); series != nullptr;
       series = series->next_model)
    active += series->active();
  return active;
}

std::uint64_t RequestSeries::active() const noexcept {
  // A start and its end on two threads may be seen in the wrong order for a moment.
  const auto active = static_cast<std::int64_t>(words.sum(RequestLayout::kActive)) +
                      published_active.load(std::memory_order_relaxed);
  return active > 0 ? static_cast<std::uint64_t>(active) : 0;
}

void RequestSeries::published_ended() noexcept {
  const auto take = [](RequestSeries& series) {
    std::int64_t active = series.published_active.load(std::memory_order_relaxed);
    while (active > 0 && !series.published_active.compare_exchange_weak(
                             active, active - 1, std::memory_order_relaxed)) {
    }
    return active > 0;
  };
  if (take(*this)) return;
  for (RequestSeries* other = provider_series->first_model.load(std::memory_order_acquire);
       other != nullptr; other = other->next_model)
    if (take(*other)) return;
}

void RequestSeries::record(const CallRecord& call) noexcept {
  const std::uint32_t slot = thread_slot();
  // First: whoever sees the call in the words finds its latency too.
  if (call.status == CallStatus::Success && call.duration_ns)
    latency_sketch.record(*call.duration_ns, slot);
  words.write([&](const auto& writer) { write_call(writer, *layout, call); }, slot);
}

void RequestSeries::add_cost(const ExactCost& cost) noexcept {
  write_cost(words.writer(), cost);
}

void RequestSeries::correct_missing(int usage, int cost) noexcept {
  const Words::Writer writer = words.writer();
  if (usage != 0) writer.add(RequestLayout::kUsageMissing, static_cast<std::uint64_t>(usage));
  if (cost != 0) writer.add(RequestLayout::kUnpriced, static_cast<std::uint64_t>(cost));
}

void RequestSeries::attempts_failed(ErrorType type, std::uint64_t wait_ns,
                                    std::uint32_t count) noexcept {
  const Words::Writer writer = words.writer();
  writer.add(layout->attempt_error(type), count);
  writer.add(layout->retry_wait, wait_ns);
}

void RequestSeries::set_rate_limits(const RateLimits& limits) noexcept {
  const auto set = [](std::atomic<double>& gauge, const std::optional<std::uint64_t>& value) {
    if (value) gauge.store(static_cast<double>(*value), std::memory_order_relaxed);
  };
  set(rate_limits.requests_limit, limits.requests_limit);
  set(rate_limits.requests_remaining, limits.requests_remaining);
  set(rate_limits.tokens_limit, limits.tokens_limit);
  set(rate_limits.tokens_remaining, limits.tokens_remaining);
  if (!limits.reset_at) return;
  const auto since_epoch = limits.reset_at->time_since_epoch();
  rate_limits.reset_timestamp.store(std::chrono::duration<double>(since_epoch).count(),
                                    std::memory_order_relaxed);
  rate_limits.reset_ns.store(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count(),
      std::memory_order_relaxed);
}

std::optional<RateLimits> RequestSeries::last_rate_limits() const noexcept {
  const auto get = [](const std::atomic<double>& gauge) -> std::optional<std::uint64_t> {
    const double value = gauge.load(std::memory_order_relaxed);
    constexpr double kMost = 18446744073709551616.0;  // 2^64: the largest counts round up to it
    if (std::isnan(value)) return std::nullopt;
    return value < kMost ? static_cast<std::uint64_t>(value)
                         : std::numeric_limits<std::uint64_t>::max();
  };
  RateLimits limits;
  limits.requests_limit = get(rate_limits.requests_limit);
  limits.requests_remaining = get(rate_limits.requests_remaining);
  limits.tokens_limit = get(rate_limits.tokens_limit);
  limits.tokens_remaining = get(rate_limits.tokens_remaining);
  const std::int64_t reset = rate_limits.reset_ns.load(std::memory_order_relaxed);
  if (reset != RateLimitGauges::kNoReset) {
    limits.reset_at = std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::nanoseconds(reset)));
  }
  if (limits == RateLimits{}) return std::nullopt;
  return limits;
}

void RequestSeries::add_usage(const TokenUsage& usage) noexcept {
  write_usage(words.writer(), *layout, usage);
}

void RequestSeries::first_token(std::uint64_t nanoseconds) noexcept {
  const std::uint32_t slot = thread_slot();
  words.write(
      [&](const auto& writer) {
        observe(writer, layout->first_token, layout->first_token_at, nanoseconds);
      },
      slot);
  first_token_sketch.record(nanoseconds, slot);
}

void RequestSeries::inter_token(std::uint64_t nanoseconds) noexcept {
  const std::uint32_t slot = thread_slot();
  words.write(
      [&](const auto& writer) {
        observe(writer, layout->inter_token, layout->inter_token_at, nanoseconds);
      },
      slot);
  inter_token_sketch.record(nanoseconds, slot);
}

}  // namespace ltb::metrics
