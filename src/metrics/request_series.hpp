// Everything counted for one provider and model, in one sharded block, so that recording a call
// touches a few lines.
#pragma once

#include "metrics/bucket_layout.hpp"
#include "metrics/duration_sketch.hpp"
#include "metrics/exemplars.hpp"
#include "metrics/sharded.hpp"

#include <ltb/error_type.hpp>
#include <ltb/price_table.hpp>
#include <ltb/provider_health.hpp>
#include <ltb/rate_limits.hpp>
#include <ltb/usage.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::metrics {

/// How a call ended: the label `status`.
enum class CallStatus : std::uint8_t { Success, Error, Cancelled };
inline constexpr std::array<std::string_view, 3> kCallStatusTexts{"success", "error", "cancelled"};

/// Why a model stopped: the closed label set of llm_finish_reasons_total.
inline constexpr std::array<std::string_view, 5> kFinishReasons{"stop", "length", "tool_calls",
                                                                "content_filter", "other"};
/// The position of a provider's finish reason in kFinishReasons; synonyms of the large providers
/// are known.
[[nodiscard]] std::uint32_t finish_reason_index(std::string_view reason) noexcept;

/// Where each number of a RequestSeries stands in its block. One per store, shared by all series.
struct RequestLayout {
  /// `buckets` replaces bounds by family name. Throws std::invalid_argument naming the family.
  RequestLayout(const std::map<std::string, std::vector<double>>& buckets, bool with_details,
                std::uint32_t configured_slos);

  // The words of a finished call that every call writes come first: they share a cache line or two.
  static constexpr std::uint32_t kActive =
      0;  // signed: up at the start, down at the end, maybe on another thread
  static constexpr std::uint32_t kStatus = 1;  // + CallStatus
  static constexpr std::uint32_t kInputTokens = 4;
  static constexpr std::uint32_t kOutputTokens = 5;
  static constexpr std::uint32_t kCostNano = 6;  // nano-dollars
  static constexpr std::uint32_t kCostPico = 7;  // the rest of each cost below a nano-dollar
  static constexpr std::uint32_t kCachedTokens = 8;
  static constexpr std::uint32_t kReasoningTokens = 9;
  static constexpr std::uint32_t kUnpriced = 10;
  static constexpr std::uint32_t kUsageMissing = 11;
  static constexpr std::uint32_t kLatencyMissing = 12;
  static constexpr std::uint32_t kZeroUsage = 13;  // calls that reported 0 tokens: known to be 0
  static constexpr std::uint32_t kZeroCost = 14;   // calls that are known to cost nothing
  static constexpr std::uint32_t kDuration = 15;   // histogram: buckets, then the sum

  bool detailed;
  BucketLayout duration;
  BucketLayout first_token;
  BucketLayout inter_token;
  BucketLayout per_output_token;
  BucketLayout tokens_per_second;
  BucketLayout input_tokens;
  BucketLayout output_tokens;
  BucketLayout error_duration;
  BucketLayout queue;

  std::uint32_t errors;          // + ErrorType
  std::uint32_t finish_reasons;  // + index
  std::uint32_t attempts;        // + CallStatus, but for errors
  std::uint32_t attempt_errors;  // + ErrorType
  std::uint32_t retry_wait;      // nanoseconds
  std::uint32_t slos;            // two per SLO: good, bad
  std::uint32_t slo_count;
  std::uint32_t queue_at;
  std::uint32_t first_token_at;
  std::uint32_t inter_token_at;
  std::uint32_t per_output_token_at;
  std::uint32_t tokens_per_second_at;
  std::uint32_t input_tokens_at;  // the rest with details only
  std::uint32_t output_tokens_at;
  std::uint32_t error_duration_at;  // one histogram per ErrorType
  std::uint32_t count;              // words in all

  [[nodiscard]] std::uint32_t attempt_error(ErrorType type) const noexcept {
    return attempt_errors + static_cast<std::uint32_t>(type);
  }
  [[nodiscard]] std::uint32_t duration_sum() const noexcept { return kDuration + duration.count(); }
};

struct RequestSeries;

/// What belongs to a provider as a whole.
struct ProviderSeries {
  std::vector<std::string> key;                      // {provider}
  std::atomic<RequestSeries*> first_model{nullptr};  // a list that only grows
  std::atomic<ProviderHealth> health{ProviderHealth::Healthy};

  [[nodiscard]] const std::string& provider() const noexcept { return key[0]; }
  /// Calls in flight now, of all models.
  [[nodiscard]] std::uint64_t active() const noexcept;
};

/// One finished call, in integers.
struct CallRecord {
  CallStatus status = CallStatus::Success;
  ErrorType error_type = ErrorType::Other;  // when not successful
  std::optional<std::uint64_t> duration_ns{};
  const TokenUsage* usage = nullptr;  // the caller's, who keeps it until the call is recorded
  std::optional<ExactCost> cost{};
  std::optional<std::uint32_t> finish_reason{};
  // Counted in the series when it happens; here for the call's run.
  std::optional<std::uint64_t> time_to_first_token_ns{};
  // Since the call was due, for service levels.
  std::optional<std::uint64_t> first_token_felt_ns{};
  std::optional<std::uint64_t> time_per_output_token_ns{};
  std::optional<std::uint64_t> queue_ns{};
  bool was_active = false;          // a scope: counted in kActive at its start
  bool has_separate_usage = false;  // record_tokens() came for it, and is booked already
  bool has_separate_cost = false;   // record_cost()
};

/// The limits that a provider last reported. NaN: not reported yet.
struct RateLimitGauges {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::atomic<double> requests_limit{kUnknown}, requests_remaining{kUnknown};
  std::atomic<double> tokens_limit{kUnknown}, tokens_remaining{kUnknown};
  std::atomic<double> reset_timestamp{kUnknown};
  /// The same to the nanosecond, which a double cannot hold.
  static constexpr std::int64_t kNoReset = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> reset_ns{kNoReset};
};

/// The series of one provider and model. Any thread may record; nothing here blocks or throws.
struct RequestSeries {
  RequestSeries(std::vector<std::string> names, ProviderSeries& owner,
                const RequestLayout& shared_layout)
      : key(std::move(names)),
        provider_series(&owner),
        layout(&shared_layout),
        words(shared_layout.count) {}

  std::vector<std::string> key;  // {provider, model}
  ProviderSeries* provider_series;
  const RequestLayout* layout;
  RequestSeries* next_model = nullptr;  // in the provider's list; set before it is published there
  Words words;
  std::atomic<std::int64_t> published_active{
      0};  // calls that published events started: never below 0
  RateLimitGauges rate_limits;
  std::atomic<std::uint32_t> shown_limits{
      0};  // one bit per gauge of rate_limits that /metrics shows
  std::vector<std::uint32_t>
      slo_indexes;  // the service levels that apply; set when the series is made
  DurationSketch latency_sketch;
  DurationSketch first_token_sketch;
  DurationSketch inter_token_sketch;
  // Of the duration; null: none are kept. Set before the series is found by anybody.
  std::unique_ptr<Exemplars> exemplars;

  [[nodiscard]] const std::string& provider() const noexcept { return key[0]; }
  [[nodiscard]] const std::string& model() const noexcept { return key[1]; }

  void started() noexcept { words.writer().add(RequestLayout::kActive, 1); }
  void ended() noexcept { words.writer().add(RequestLayout::kActive, ~std::uint64_t{0}); }
  void record(const CallRecord& call) noexcept;
  /// Beside record(): the call of an id, as an example of its duration's bucket. `request_id()` is
  /// asked only where an example is wanted, which is seldom.
  template <typename RequestId>
  void offer_exemplar(const CallRecord& call, RequestId&& request_id, support::SteadyTime now,
                      const support::Clock& clock) noexcept {
    if (!exemplars || call.status != CallStatus::Success || !call.duration_ns) return;
    const std::uint32_t bucket = layout->duration.index_of(*call.duration_ns);
    if (exemplars->wants(bucket, now)) [[unlikely]]
      exemplars->offer(bucket, *call.duration_ns, request_id(), now, clock);
  }
  void add_usage(const TokenUsage& usage) noexcept;
  void add_cost(const ExactCost& cost) noexcept;
  /// Tokens and costs that are recorded after the end of their call: it lacks them no more.
  void correct_missing(int usage, int cost) noexcept;
  /// Attempts that failed and are followed by another.
  void attempts_failed(ErrorType type, std::uint64_t wait_ns, std::uint32_t count = 1) noexcept;
  /// Calls in flight now: scopes, separate calls and published events; never below 0.
  [[nodiscard]] std::uint64_t active() const noexcept;
  void published_started() noexcept { published_active.fetch_add(1, std::memory_order_relaxed); }
  /// Takes the call off. An end that nobody announced takes nothing; one whose model only the end
  /// names takes a call of another model of the provider.
  void published_ended() noexcept;
  void set_rate_limits(const RateLimits& limits) noexcept;
  /// What set_rate_limits() last got, part by part; nothing before the first.
  [[nodiscard]] std::optional<RateLimits> last_rate_limits() const noexcept;
  void count_slo(std::uint32_t index, bool good) noexcept {
    words.writer().add(layout->slos + 2 * index + (good ? 0 : 1), 1);
  }
  /// All that was spent, in whole nano-dollars.
  [[nodiscard]] std::uint64_t cost_nano() const noexcept {
    return words.sum(RequestLayout::kCostNano) + words.sum(RequestLayout::kCostPico) / 1000;
  }
  void first_token(std::uint64_t nanoseconds) noexcept;
  void inter_token(std::uint64_t nanoseconds) noexcept;
};

// The checks of what a caller hands in are inline: a call that returns an optional through memory
// costs more than they do.
namespace detail {
/// To the nearest, for 0 <= value < 2^63, but for the one number just below 0.5; std::llround is a
/// call into the C library.
[[nodiscard]] inline std::uint64_t rounded(double value) noexcept {
  // NOLINTNEXTLINE(bugprone-incorrect-roundings): a nano-dollar more or less for that one number
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value + 0.5));
}
}  // namespace detail

// Bounds of what one call reports, so that the 64-bit sums of thousands of such calls cannot wrap.
inline constexpr double kMostUsd = 1e6;
inline constexpr double kMostSeconds = 1e7;  // 115 days
/// USD as nano-dollars, rounded to the nearest (what a provider reports has no finer meaning);
/// nothing when negative, not finite or over kMostUsd.
[[nodiscard]] inline std::optional<ExactCost> to_exact_cost(double usd) noexcept {
  if (!(usd >= 0) || usd > kMostUsd) return std::nullopt;
  return ExactCost{.nano_usd = detail::rounded(usd * 1e9)};
}
/// Seconds as nanoseconds; nothing when negative, not finite or over `most`, which is at most 10^9.
[[nodiscard]] inline std::optional<std::uint64_t> to_nanoseconds(
    double seconds, double most = kMostSeconds) noexcept {
  if (!(seconds >= 0) || seconds > most) return std::nullopt;
  return detail::rounded(seconds * 1e9);
}
/// Whether the counts of one call are believable: each at most 10^12, so that sums cannot wrap, and
/// no parts that exceed their whole.
[[nodiscard]] inline bool is_sane(const TokenUsage& usage) noexcept {
  constexpr std::uint64_t kMost = 1'000'000'000'000u;
  const std::uint64_t cached = usage.cached_tokens.value_or(0);
  const std::uint64_t written = usage.cache_written_tokens.value_or(0);
  return usage.input_tokens <= kMost && usage.output_tokens <= kMost &&
         cached <= usage.input_tokens && written <= usage.input_tokens - cached &&
         usage.cache_written_1h_tokens.value_or(0) <= written &&
         usage.reasoning_tokens.value_or(0) <= usage.output_tokens;
}

}  // namespace ltb::metrics
