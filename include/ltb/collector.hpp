// What the library knows about the calls it watched: statistics, percentiles, history, benchmarks.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/event.hpp>
#include <ltb/export.hpp>
#include <ltb/request_scope.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb {

namespace collector {
class CollectorCore;
}

/// Quantiles of the observations in a window, in seconds; absent when there were none, or when the
/// window was not sampled through (see CallTotals): then the count is absent too.
/// Source: exponential buckets of base 2^(1/32); the relative error is at most 1.09 % from 1 us to
/// 72 h. A value below 1 us is shown as 0; a quantile above 72 h is absent.
struct Percentiles {
  std::optional<double> p50{};
  std::optional<double> p95{};
  std::optional<double> p99{};
  std::optional<std::uint64_t> count = 0;

  friend bool operator==(const Percentiles&, const Percentiles&) = default;
};

/// How many calls kept a service-level objective.
struct SloStats {
  std::string name{};
  std::uint64_t good = 0;
  std::uint64_t bad = 0;
  std::optional<double> attainment{};  ///< good / (good + bad), 0..1; absent before the first.
  /// Good calls per second, over the last 10 seconds; absent as `requests_per_second` is.
  std::optional<double> goodput{};
};

/// Totals since the system was made, the same numbers as on /metrics, and what was measured in the
/// last seconds and minutes.
///
/// Unknown is absent, never 0. Totals need no start(). Whatever looks back over a stretch of time
/// (rates, percentiles, error_rate) needs a running system, which samples four times a second: it
/// is absent when the stretch was not sampled through (never started, stopped, held up, asleep).
/// Just after the system was made, the stretch is the time since then, at least a second.
struct CallTotals {
  std::uint64_t total_requests = 0;  ///< Finished calls: successful + failed + cancelled.
  std::uint64_t successful_requests = 0;
  std::uint64_t failed_requests = 0;
  std::uint64_t cancelled_requests = 0;
  std::uint64_t active_requests = 0;  ///< In flight now.
  /// As the calls reported them; 0 before the first call, absent when calls ended and none of them
  /// reported any. What is missing from a sum is counted in `usage_missing_requests`.
  std::optional<std::uint64_t> total_input_tokens = 0;
  std::optional<std::uint64_t> total_output_tokens = 0;
  /// The known cost, exact; 0 before the first call, absent when calls ended and the cost of none
  /// is known. What is missing from the sum is counted in `unpriced_requests`.
  std::optional<std::uint64_t> total_cost_nano_usd = 0;
  std::optional<double> total_cost = 0.0;  ///< The same in USD.
  /// Successful calls that reported no usage.
  std::uint64_t usage_missing_requests = 0;
  /// Calls without a known cost: successful ones, and others that reported usage.
  std::uint64_t unpriced_requests = 0;
  /// Successful calls that reported no latency (events published by hand).
  std::uint64_t latency_missing_requests = 0;
  std::optional<double> avg_latency{};  ///< Seconds, over the successful calls that reported one.
  Percentiles latency{};                ///< Of successful calls, over the last 5 minutes.
  Percentiles time_to_first_token{};    ///< Of streamed calls, however they ended; 5 minutes.
  Percentiles inter_token_latency{};    ///< The same.
  std::optional<double> requests_per_second{};  ///< Finished calls, over the last 10 seconds.
  /// Of the last 10 seconds; absent too when calls ended there and none reported tokens.
  std::optional<double> input_tokens_per_second{};
  std::optional<double> output_tokens_per_second{};
  /// USD, at the pace of the last 60 seconds; absent too when calls ended there and the cost of
  /// none is known.
  std::optional<double> cost_per_hour{};
  /// failed / (successful + failed), over the last 60 seconds; 0..1. Absent too when no call
  /// succeeded or failed there.
  std::optional<double> error_rate{};
  std::array<std::uint64_t, kErrorTypeCount> errors{};  ///< By ErrorType.
  std::vector<SloStats> slos{};  ///< One per configured objective that applies.
};

/// A provider, all its models together.
struct ProviderStats : CallTotals {
  std::string provider{};
  ProviderHealth status = ProviderHealth::Healthy;
};

/// One model of a provider.
struct ModelStats : CallTotals {
  std::string provider{};
  std::string model{};
  /// The rate limits that the provider last reported; absent before the first report.
  std::optional<RateLimits> rate_limits{};
};

enum class BenchmarkState : std::uint8_t { Running, Stalled, Completed };
[[nodiscard]] LTB_MONITORING_EXPORT std::string_view to_string(BenchmarkState state) noexcept;

/// A benchmark run now. What is unknown is absent. The numbers of calls are those of the run's own
/// calls; see BenchmarkRun for which these are.
struct BenchmarkStatus {
  std::string benchmark_id{};
  std::string name{};
  BenchmarkState state = BenchmarkState::Running;
  /// 0: unknown. Raised to completed_examples when more were processed than declared.
  std::uint64_t total_examples = 0;
  std::uint64_t completed_examples = 0;  ///< Processed, including failed.
  std::uint64_t failed_examples = 0;
  std::optional<double> progress_percent{};  ///< 0..100; absent when the total is unknown.
  std::optional<std::string> current_provider{};
  /// Absent without a total or pace, and once the estimate has passed; 0 when completed.
  std::optional<double> eta_seconds{};
  /// Over about the last minute; 0 when stalled; over the whole run when completed, of examples
  /// processed since the start. Absent before there was progress and in the first tenth of a
  /// second.
  std::optional<double> examples_per_second{};
  double elapsed_seconds = 0;  ///< Until now, or until it completed.
  double idle_seconds = 0;     ///< Since its last progress or event; 0 when completed.

  std::uint64_t total_requests = 0;  ///< Finished calls: successful + failed + cancelled.
  std::uint64_t successful_requests = 0;
  std::uint64_t failed_requests = 0;
  std::uint64_t cancelled_requests = 0;
  std::uint64_t usage_missing_requests = 0;  ///< Successful calls that reported no usage.
  std::uint64_t unpriced_requests = 0;       ///< Calls whose cost is unknown: not part of `cost`.
  /// While several runs were in progress, calls started that could not be attributed to one of
  /// them; or the run was first heard of when it was under way. The counts above are then of the
  /// attributed calls, and all numbers below are absent.
  bool has_unattributed_calls = false;
  /// Absent when calls finished and none reported usage.
  std::optional<std::uint64_t> total_input_tokens{};
  std::optional<std::uint64_t> total_output_tokens{};
  std::optional<double> cost{};  ///< USD; absent when calls finished and none has a known cost.
  std::optional<std::uint64_t> cost_nano_usd{};  ///< The same, exact.
  /// `cost` for each example processed since the start, times the total. Absent while no call has
  /// a known cost; calls without one are not part of it.
  std::optional<double> projected_cost{};
  /// Finished calls over elapsed_seconds; absent in the first tenth of a second.
  std::optional<double> requests_per_second{};
  Percentiles latency{};              ///< Of successful calls, over the whole run.
  Percentiles time_to_first_token{};  ///< Of streamed calls, over the whole run.
  std::chrono::system_clock::time_point started_at{};
};

/// A question about history.
struct HistoryQuery {
  /// One of: requests_per_second, success_per_second, errors_per_second, cancelled_per_second,
  /// error_rate (0..1), latency_avg, latency_p50, latency_p95, latency_p99, ttft_p50, ttft_p95,
  /// ttft_p99, itl_p50, itl_p95, itl_p99 (seconds), input_tokens_per_second,
  /// output_tokens_per_second, cost (USD in each step), cost_total (USD so far), cost_per_hour,
  /// active_requests, or `errors.<error_type>` (per second).
  std::string metric{};
  std::string provider{};                                ///< Empty: all.
  std::string model{};                                   ///< Empty: all.
  std::chrono::seconds window{std::chrono::minutes{5}};  ///< Back from `to`.
  std::chrono::seconds step{0};  ///< 0: the smallest that keeps `max_points`.
  std::size_t max_points = 600;
  /// The answer ends before this; default, and at most: now. With `to` and `window` on a border of
  /// steps (Unix time divisible by `step`) it is [to - window, to) exactly; else the steps that it
  /// cuts are there whole.
  std::optional<std::chrono::system_clock::time_point> to{};
};

/// One step of a series; the value is absent where there was nothing to measure (a gap), and where
/// the system was not sampled through the step (not started, held up, asleep, a wall clock set
/// forward): what happened in that time is in the totals and in steps that hold all of it.
struct HistoryPoint {
  std::chrono::system_clock::time_point time{};  ///< Start of the step.
  std::optional<double> value{};
};

/// What history() answers.
struct HistorySeries {
  std::chrono::seconds step{1};
  std::chrono::system_clock::time_point from{};  ///< Start of the first step.
  /// Where the answer ends: what was asked for, but not after now. The last step may reach beyond
  /// it; a step that is not over yet has the rate of the part that is.
  std::chrono::system_clock::time_point to{};
  std::vector<HistoryPoint> points{};  ///< Ascending, every step of the window present.
};

/// The collector of a MonitoringSystem. Thread safety: every member from any thread.
/// Cost: reads take short locks that no recording thread ever waits for.
class LTB_MONITORING_EXPORT MetricCollector {
 public:
  explicit MetricCollector(collector::CollectorCore& core) noexcept : core_(&core) {}
  MetricCollector(const MetricCollector&) = delete;
  MetricCollector& operator=(const MetricCollector&) = delete;

  /// All calls together.
  [[nodiscard]] CallTotals totals() const;
  /// One row per provider, sorted by name.
  [[nodiscard]] std::vector<ProviderStats> provider_stats() const;
  [[nodiscard]] std::optional<ProviderStats> provider_stats(std::string_view provider) const;
  /// One row per provider and model, sorted.
  [[nodiscard]] std::vector<ModelStats> model_stats() const;
  [[nodiscard]] std::optional<ModelStats> model_stats(std::string_view provider,
                                                      std::string_view model) const;
  /// Latency of successful calls over the last `window` (at most the retention; beyond two hours,
  /// to the minute). Empty names mean all.
  [[nodiscard]] Percentiles percentiles(std::string_view provider, std::string_view model,
                                        std::chrono::seconds window) const;
  /// A time series. Throws std::invalid_argument for an unknown metric, naming it and what there
  /// is; a provider or model never heard of gives gaps.
  [[nodiscard]] HistorySeries history(const HistoryQuery& query) const;
  /// Running ones first, then finished ones, newest first. Finished ones are forgotten after the
  /// retention period.
  [[nodiscard]] std::vector<BenchmarkStatus> benchmarks() const;

 private:
  collector::CollectorCore* core_;
};

}  // namespace ltb
