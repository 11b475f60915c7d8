// What the event stream of a run adds up to.

#include "run_tally.hpp"

#include <algorithm>
#include <utility>

namespace llm_benchmark {

RunTally::RunTally(ltb::EventBus& bus, std::function<Clock::time_point()> now)
    : now_(std::move(now)),
      subscription_(bus.on_event([this](const ltb::MonitoringEvent& event) { take(event); })) {}

RunTally::ByModel RunTally::by_model() const {
  const std::lock_guard lock(mutex_);
  return by_model_;
}

std::chrono::nanoseconds RunTally::elapsed() const {
  const std::lock_guard lock(mutex_);
  if (!first_start_ || !last_end_) return {};
  return *last_end_ - *first_start_;
}

void RunTally::take(const ltb::MonitoringEvent& event) {
  const ltb::RequestPayload* const call = event.request_payload();
  if (call == nullptr) return;
  const Clock::time_point now = now_();
  const std::lock_guard lock(mutex_);
  // Threads may get here in another order than they looked at the clock.
  if (event.event_type == ltb::EventType::RequestStarted) {
    first_start_ = std::min(first_start_.value_or(now), now);
  } else {
    last_end_ = std::max(last_end_.value_or(now), now);
    take_end(event, *call);
  }
}

void RunTally::take_end(const ltb::MonitoringEvent& event, const ltb::RequestPayload& call) {
  CallTimes& times = by_model_[{call.provider, call.model}];
  times.retries += call.attempts.value_or(1) - 1;
  if (call.queue_time) times.queue.add(*call.queue_time);
  if (event.event_type != ltb::EventType::RequestCompleted) return;
  if (call.latency) times.latency.add(*call.latency);
  if (call.time_to_first_token) times.time_to_first_token.add(*call.time_to_first_token);
  if (call.time_per_output_token) times.time_per_output_token.add(*call.time_per_output_token);
}

}  // namespace llm_benchmark
