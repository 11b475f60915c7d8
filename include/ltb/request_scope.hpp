// One LLM call being watched, from its start to its end, on any thread and in any async style.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/export.hpp>
#include <ltb/finishes_later.hpp>
#include <ltb/rate_limits.hpp>
#include <ltb/usage.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ltb {

class BenchmarkRun;
class MonitoringSystem;
class RequestScope;

namespace collector {
class RunRecord;
}
namespace core {
class MonitoringCore;
struct ScopeState;
}  // namespace core

/// Where a call is recorded: in a MonitoringSystem, or in one of its benchmark runs, to which the
/// call then belongs. Functions that take one accept either object by its name.
///
/// Thread safety: as a value. Lifetime: keeps the recording core and the run's numbers alive,
/// neither the MonitoringSystem nor the BenchmarkRun. Calls recorded in a run that has ended belong
/// to no run.
class LTB_MONITORING_EXPORT CallSource {
 public:
  CallSource(MonitoringSystem& monitoring) noexcept;  // NOLINT(google-explicit-constructor)
  CallSource(BenchmarkRun& run) noexcept;             // NOLINT(google-explicit-constructor)

  /// Starts recording a call. Never throws; without memory the returned scope records nothing.
  [[nodiscard]] RequestScope begin_request(std::string_view provider,
                                           std::string_view model) const noexcept;

 private:
  std::shared_ptr<core::MonitoringCore> core_;
  std::shared_ptr<collector::RunRecord> run_;
};

/// What a streamed piece holds.
enum class ChunkKind : std::uint8_t {
  Content,    ///< Text, a tool call: what is left when reasoning is over.
  Reasoning,  ///< A piece of the reasoning, or of a summary of it, where either is streamed.
};

/// One call in progress. Made by MonitoringSystem::begin_request(), which counts it as active;
/// ended once, by finish(), fail() or cancel(). Destroyed unfinished, it counts as cancelled. A
/// second end does nothing.
///
/// Nothing here throws: what cannot be recorded is dropped and counted.
/// Thread safety: distinct objects: safe; shared objects: unsafe. May be moved to and ended on any
/// thread. Lifetime: may outlive the MonitoringSystem; strings are copied before a call returns.
class LTB_MONITORING_EXPORT RequestScope {
 public:
  RequestScope(RequestScope&& other) noexcept;
  /// Ends (as cancelled) what this scope held before.
  RequestScope& operator=(RequestScope&& other) noexcept;
  ~RequestScope();

  /// A piece of generated content arrived now. The first sets time to first token, counted from
  /// when the attempt that answers was sent; each later one an inter-token latency. They go
  /// straight into the histograms. Marks the call as streamed. Say ChunkKind::Reasoning for a piece
  /// of reasoning: time per output token leaves out reasoning tokens when none was streamed.
  void on_chunk(ChunkKind kind = ChunkKind::Content) noexcept;
  /// The same for a piece whose arrival the caller has timed already, by when its bytes were read,
  /// say; saves reading the clock once more. A time before the last piece counts as 0 since then.
  void on_chunk(std::chrono::steady_clock::time_point arrived,
                ChunkKind kind = ChunkKind::Content) noexcept;

  /// Tokens as the provider reported them. The last call wins.
  void set_usage(const TokenUsage& usage) noexcept;
  /// Cost in USD as the provider reported or knows it. Negative, NaN or infinite: refused and
  /// counted.
  void set_cost(double cost_usd) noexcept;
  /// Why the model stopped ("stop", "length", ...).
  void set_finish_reason(std::string_view reason) noexcept;

  /// One attempt of this call failed and another follows after `wait`: counted in
  /// llm_attempts_total and llm_retry_wait_seconds_total. Call it when the attempt failed: time to
  /// first token counts from `wait` later, unless set_sent() reports it. The call continues: its
  /// duration spans all attempts and waits. The final attempt is counted by finish(), fail() or
  /// cancel(). A new attempt starts inter-token timing anew.
  void attempt(ErrorType failed_with, std::chrono::nanoseconds wait = {}) noexcept;
  /// The same for an attempt that is reported after a later attempt already streamed (by a client
  /// that retries by itself, say): it is counted, and the timing of chunks does not change.
  void past_attempt(ErrorType failed_with, std::chrono::nanoseconds wait = {}) noexcept;
  /// The attempt whose answer follows was sent then: time to first token counts from it. For a
  /// client that retries or queues by itself; before the first piece. A time in the future counts
  /// as now.
  void set_sent(std::chrono::steady_clock::time_point sent_at) noexcept;
  /// How long the call waited before it was sent, when the caller knows. Feeds llm_queue_seconds.
  /// Negative counts as 0.
  void set_queue_time(std::chrono::nanoseconds queued) noexcept;
  /// Takes the call's start back to when it was meant to be sent, so that a late sender cannot hide
  /// slowness (coordinated omission): latency and SLOs count from then. The time since
  /// then counts as queue time, which is not in time to first token. Call it right after the
  /// beginning. A time in the future counts as now; one over ten years back (a member that was
  /// never set) is refused and counted.
  void set_scheduled_start(std::chrono::steady_clock::time_point scheduled_at) noexcept;
  /// Rate limits reported by the provider.
  void set_rate_limits(const RateLimits& limits) noexcept;

  /// The call succeeded now.
  void finish() noexcept;
  /// The call succeeded at `completed`, for a caller that timed the end of its answer already. A
  /// time before the last piece (or the start of the call) counts as then, a future one as now.
  void finish(std::chrono::steady_clock::time_point completed) noexcept;
  void finish(const TokenUsage& usage) noexcept;
  void finish(const TokenUsage& usage, double cost_usd) noexcept;
  /// The call failed now. `message` and `code` go into the event only. `ErrorType::Cancelled` is
  /// the same as cancel().
  void fail(ErrorType type, std::string_view message = {}, std::string_view code = {}) noexcept;
  /// The call failed with this exception, classified as docs/metrics.md says. Of a ProviderError
  /// the attempts and rate limits are taken over too.
  void fail(const std::exception_ptr& error) noexcept;
  /// The caller gave up: status `cancelled`.
  void cancel() noexcept;

  [[nodiscard]] bool is_finished() const noexcept;
  /// The id that the started and the completed or failed event of this call share. Empty when
  /// memory ran out.
  [[nodiscard]] std::string_view request_id() const noexcept;

 private:
  friend class CallSource;
  friend class core::MonitoringCore;
  explicit RequestScope(std::unique_ptr<core::ScopeState> state) noexcept;
  std::unique_ptr<core::ScopeState> state_;
};

/// Watches one call: runs `call(scope)` and returns what it returns. `source` is a MonitoringSystem
/// or a BenchmarkRun. Returning ends the scope as successful unless the call ended it itself; a
/// throw is classified, recorded once and rethrown unchanged. A callable that returns a future or
/// an awaitable is refused when compiling: its call is not over.
template <typename Call>
decltype(auto) observe(const CallSource& source, std::string_view provider, std::string_view model,
                       Call&& call) {
  static_assert(
      !detail::watch::FinishesLater<std::remove_cvref_t<std::invoke_result_t<Call, RequestScope&>>>,
      "ltb::observe: the callable returns before the call is over (a future or an awaitable), so "
      "its duration would be wrong; wait for it in the callable, or use "
      "MonitoringSystem::begin_request() or ltb/asio.hpp");
  RequestScope scope = source.begin_request(provider, model);
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Call, RequestScope&>>) {
      std::forward<Call>(call)(scope);
      scope.finish();
    } else {
      decltype(auto) result = std::forward<Call>(call)(scope);
      scope.finish();
      if constexpr (std::is_rvalue_reference_v<decltype(result)>) {
        return std::move(result);
      } else {
        return result;
      }
    }
  } catch (...) {
    scope.fail(std::current_exception());
    throw;
  }
}

}  // namespace ltb
