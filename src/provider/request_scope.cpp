#include <ltb/request_scope.hpp>

#include "core/monitoring_core.hpp"
#include "metrics/known_error.hpp"

#include "llm/classify.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ltb {

using metrics::CallStatus;

namespace {

constexpr std::chrono::hours kLongest{24 * 365};
constexpr std::uint64_t kLongestQueue = 10ull * 365 * 24 * 3600 * 1'000'000'000;

// Ends a scope once. The state stays, so that request_id() still answers.
void end(core::ScopeState* state, CallStatus status, ErrorType type = ErrorType::Other,
         std::string_view message = {}, std::string_view code = {}) noexcept {
  if (state == nullptr || std::exchange(state->finished, true)) return;
  state->core->end_scope(*state, status, type, message, code);
}

}  // namespace

RequestScope::RequestScope(std::unique_ptr<core::ScopeState> state) noexcept
    : state_(std::move(state)) {}
RequestScope::RequestScope(RequestScope&& other) noexcept = default;

RequestScope& RequestScope::operator=(RequestScope&& other) noexcept {
  if (this != &other) {
    cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

RequestScope::~RequestScope() {
  cancel();
}

void RequestScope::on_chunk(ChunkKind kind) noexcept {
  if (!state_ || state_->finished) return;
  on_chunk(state_->core->clock().steady_now(), kind);
}

void RequestScope::on_chunk(std::chrono::steady_clock::time_point arrived,
                            ChunkKind kind) noexcept {
  if (!state_ || state_->finished) return;
  if (kind == ChunkKind::Reasoning) state_->streams_reasoning = true;
  if (state_->chunks++ == 0) {
    state_->first_chunk = arrived;
    // Once per call: what a retried attempt streams first is not the call's first token.
    if (!state_->time_to_first_token_ns) {
      // A piece before the attempt that was announced is of one sent when it was announced.
      const auto sent = arrived < state_->sent ? state_->attempt_begun : state_->sent;
      state_->time_to_first_token_ns = support::nanoseconds_between(sent, arrived);
      state_->first_token_at = arrived;
      state_->series->first_token(*state_->time_to_first_token_ns);
    }
  } else {
    state_->series->inter_token(support::nanoseconds_between(state_->last_chunk, arrived));
  }
  state_->last_chunk = std::max(state_->last_chunk, arrived);
}

void RequestScope::set_usage(const TokenUsage& usage) noexcept {
  if (!state_ || state_->finished) return;
  if (!metrics::is_sane(usage)) return state_->core->store().count_rejected();
  state_->usage = usage;
}

void RequestScope::set_cost(double cost_usd) noexcept {
  if (!state_ || state_->finished) return;
  const auto cost = metrics::to_exact_cost(cost_usd);
  if (!cost) return state_->core->store().count_rejected();
  // Member by member: copied whole, it is read back before it is written, which stalls.
  state_->cost.emplace().nano_usd = cost->nano_usd;
}

void RequestScope::set_finish_reason(std::string_view reason) noexcept {
  if (!state_ || state_->finished) return;
  try {
    state_->finish_reason = reason;
  } catch (...) {
    state_->core->store().count_rejected();
  }
}

void RequestScope::attempt(ErrorType failed_with, std::chrono::nanoseconds wait) noexcept {
  if (!state_ || state_->finished) return;
  past_attempt(failed_with, wait);
  state_->chunks = 0;
  state_->streams_reasoning = false;
  state_->attempt_begun = state_->core->clock().steady_now();
  state_->sent = state_->attempt_begun +
                 std::clamp(wait, std::chrono::nanoseconds{0}, std::chrono::nanoseconds{kLongest});
}

void RequestScope::past_attempt(ErrorType failed_with, std::chrono::nanoseconds wait) noexcept {
  if (!state_ || state_->finished) return;
  const ErrorType type = metrics::known(failed_with);
  ++state_->failed_attempts;
  ++state_->attempt_errors[static_cast<std::size_t>(type)];
  state_->series->attempts_failed(type,
                                  wait.count() > 0 ? static_cast<std::uint64_t>(wait.count()) : 0);
}

void RequestScope::set_queue_time(std::chrono::nanoseconds queued) noexcept {
  if (!state_ || state_->finished) return;
  state_->queue_ns = queued.count() > 0 ? static_cast<std::uint64_t>(queued.count()) : 0;
}

void RequestScope::set_sent(std::chrono::steady_clock::time_point sent_at) noexcept {
  if (!state_ || state_->finished || state_->time_to_first_token_ns) return;
  state_->sent = std::min(sent_at, state_->core->clock().steady_now());
  state_->attempt_begun = state_->sent;
}

void RequestScope::set_scheduled_start(
    std::chrono::steady_clock::time_point scheduled_at) noexcept {
  if (!state_ || state_->finished) return;
  const std::uint64_t queued = support::nanoseconds_between(scheduled_at, state_->started);
  // The steady clock counts from the start of the machine: a time that was never set is its origin,
  // or the least there is.
  if (scheduled_at.time_since_epoch().count() <= 0 || queued > kLongestQueue)
    return state_->core->store().count_rejected();
  state_->queue_ns = queued;
  if (scheduled_at < state_->started) state_->started = scheduled_at;
}

void RequestScope::set_rate_limits(const RateLimits& limits) noexcept {
  if (!state_ || state_->finished) return;
  state_->core->store().show_rate_limits(*state_->series, limits);
}

void RequestScope::finish() noexcept {
  end(state_.get(), CallStatus::Success);
}

void RequestScope::finish(std::chrono::steady_clock::time_point completed) noexcept {
  if (!state_ || state_->finished) return;
  // Not before the last piece, which belongs to the answer, and not in the future.
  const auto earliest = state_->chunks > 0 ? state_->last_chunk : state_->started;
  state_->completed = std::min(std::max(completed, earliest), state_->core->clock().steady_now());
  finish();
}

void RequestScope::finish(const TokenUsage& usage) noexcept {
  set_usage(usage);
  finish();
}

void RequestScope::finish(const TokenUsage& usage, double cost_usd) noexcept {
  set_usage(usage);
  set_cost(cost_usd);
  finish();
}

void RequestScope::fail(ErrorType type, std::string_view message, std::string_view code) noexcept {
  end(state_.get(), type == ErrorType::Cancelled ? CallStatus::Cancelled : CallStatus::Error,
      metrics::known(type), message, code);
}

void RequestScope::fail(const std::exception_ptr& error) noexcept {
  if (!state_ || state_->finished) return;
  try {
    const llm::ClassifiedError classified = llm::classify(error);
    for (const FailedAttempt& one : classified.failed_attempts) past_attempt(one.error, one.wait);
    if (classified.rate_limits) set_rate_limits(*classified.rate_limits);
    fail(classified.type, classified.message, classified.code);
  } catch (...) {  // no memory for the message
    fail(ErrorType::Other);
  }
}

void RequestScope::cancel() noexcept {
  end(state_.get(), CallStatus::Cancelled, ErrorType::Cancelled);
}

bool RequestScope::is_finished() const noexcept {
  return !state_ || state_->finished;
}

std::string_view RequestScope::request_id() const noexcept {
  return state_ ? state_->request_id() : std::string_view();
}

}  // namespace ltb
