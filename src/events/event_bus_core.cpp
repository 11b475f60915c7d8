#include "events/event_bus_core.hpp"

#include "events/progress.hpp"
#include "events/request_id.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace ltb::detail {

EventBusCore::EventBusCore(std::size_t capacity) : capacity_(capacity) {
  if (capacity == 0)
    throw std::invalid_argument("EventBusOptions::receiver_capacity = 0: expected at least 1");
}

EventBusCore::~EventBusCore() = default;

namespace {

// What a publisher may leave to the bus: request ids and percentages.
void complete(MonitoringEvent& event) noexcept {
  if (auto* request = std::get_if<RequestPayload>(&event.payload)) {
    if (!request->request_id.empty()) return;
    try {
      request->request_id = events::new_request_id();
    } catch (...) {  // no memory: it stays empty
    }
  } else if (auto* benchmark = std::get_if<BenchmarkPayload>(&event.payload)) {
    double& percent = benchmark->progress_percent;
    if (!(percent > 0))  // not set, or NaN
      percent = events::progress_percent(benchmark->completed_examples, benchmark->total_examples)
                    .value_or(0);
    percent = std::min(percent, 100.0);
  }
}

}  // namespace

void EventBusCore::publish(MonitoringEvent&& event) noexcept {
  complete(event);
  if (sink_ != nullptr) sink_->apply(event);
  if (has_listeners()) {
    distribute(std::move(event));
  } else {
    skip_event();
  }
}

void EventBusCore::prepare(MonitoringEvent& event) const noexcept {
  if (event.timestamp == std::chrono::system_clock::time_point{})
    event.timestamp = std::chrono::system_clock::now();
}

void EventBusCore::distribute(MonitoringEvent&& event) noexcept {
  // relaxed: a receiver that is being added now may miss this event.
  if (receivers_.load(std::memory_order_relaxed) == 0) {  // nobody keeps it: not shared, no lock
    prepare(event);
    event.id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
    return subscribers_.call_all(event);
  }
  std::shared_ptr<MonitoringEvent> shared;
  try {
    shared = std::make_shared<MonitoringEvent>(std::move(event));
  } catch (...) {  // no memory: told by the null
  }
  distribute(shared);
}

void EventBusCore::distribute(const std::shared_ptr<MonitoringEvent>& event) noexcept {
  if (!event) return count_dropped(1);
  prepare(*event);
  std::shared_ptr<const MonitoringEvent> displaced;  // destroyed outside the lock
  std::shared_ptr<const std::function<void()>> wake;
  bool notify = false;
  try {
    support::MutexLock lock(mutex_);
    // The id is given under the lock, so that ids ascend in the ring.
    event->id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (const std::size_t receivers = receivers_.load(std::memory_order_relaxed)) {
      if (ring_.empty()) ring_.resize(capacity_);
      Place& place = ring_[next_ % capacity_];
      displaced = std::move(place.event);
      place = {event, receivers};
      ++next_;
      notify = waiting_ > 0;
      if (std::exchange(armed_, false)) wake = wake_;
    }
  } catch (...) {  // no memory
    count_dropped(1);
    return;
  }
  if (notify) ready_.notify_all();
  if (wake) (*wake)();
  subscribers_.call_all(*event);
}

std::uint64_t EventBusCore::add_receiver() {
  support::MutexLock lock(mutex_);
  receivers_.fetch_add(1, std::memory_order_relaxed);
  listeners_.fetch_add(1, std::memory_order_relaxed);
  return next_;
}

void EventBusCore::remove_receiver(std::uint64_t cursor) noexcept {
  std::vector<Place> old;  // destroyed outside the lock
  support::MutexLock lock(mutex_);
  listeners_.fetch_sub(1, std::memory_order_relaxed);
  if (receivers_.fetch_sub(1, std::memory_order_relaxed) == 1)
    return old.swap(ring_);  // nobody will read it: do not keep the events
  if (ring_.empty()) return;
  try {
    for (cursor = std::max(cursor, oldest()); cursor < next_; ++cursor) {
      Place& place = ring_[cursor % capacity_];
      if (--place.unread == 0) old.push_back(std::move(place));
    }
  } catch (...) {  // no memory: what is left goes when its place is taken
  }
}

std::uint64_t EventBusCore::read_batch(std::uint64_t& cursor,
                                       std::vector<std::shared_ptr<const MonitoringEvent>>& out,
                                       std::size_t max) {
  out.reserve(out.size() + std::min(max, capacity_));
  std::uint64_t lagged = 0;
  support::MutexLock lock(mutex_);
  if (ring_.empty()) return 0;
  if (cursor < oldest()) {
    lagged = oldest() - cursor;
    cursor = oldest();
    count_dropped(lagged);
  }
  for (; cursor < next_ && max > 0; ++cursor, --max)
    out.push_back(ring_[cursor % capacity_].read());
  return lagged;
}

EventBusCore::Wait EventBusCore::wait(
    std::uint64_t cursor, const std::atomic<bool>& closed,
    std::optional<std::chrono::steady_clock::time_point> deadline) {
  support::MutexLock lock(mutex_);
  ++waiting_;
  Wait result = Wait::Ready;
  while (true) {
    if (closed.load(std::memory_order_acquire)) {
      result = Wait::Closed;
      break;
    }
    if (cursor < next_) break;
    if (is_closed()) {
      result = Wait::Closed;
      break;
    }
    if (!deadline) {
      ready_.wait(mutex_);
    } else if (ready_.wait_until(mutex_, *deadline) == std::cv_status::timeout && cursor >= next_) {
      result = Wait::TimedOut;
      break;
    }
  }
  --waiting_;
  return result;
}

void EventBusCore::wake_receivers() noexcept {
  {
    support::MutexLock lock(mutex_);
  }  // whoever checks its flag under the lock either sees it or waits by now
  ready_.notify_all();
}

void EventBusCore::close() noexcept {
  closed_.store(true, std::memory_order_release);
  wake_receivers();
}

bool EventBusCore::has_event_at(std::uint64_t cursor) const {
  support::MutexLock lock(mutex_);
  return cursor < next_ && !ring_.empty();
}

void EventBusCore::set_wake(std::function<void()> wake) {
  auto shared = wake ? std::make_shared<const std::function<void()>>(std::move(wake)) : nullptr;
  support::MutexLock lock(mutex_);
  wake_.swap(shared);
  armed_ = false;
}

bool EventBusCore::arm(std::uint64_t cursor) {
  support::MutexLock lock(mutex_);
  if (cursor < next_) return false;
  armed_ = true;
  return true;
}

std::uint64_t EventBusCore::add_subscriber(std::shared_ptr<EventSubscriber> object) {
  const auto key = subscribers_.add(std::move(object));
  listeners_.fetch_add(1, std::memory_order_relaxed);
  return key;
}

std::uint64_t EventBusCore::add_callback(std::function<void(const MonitoringEvent&)> callback) {
  const auto key = subscribers_.add(std::move(callback));
  listeners_.fetch_add(1, std::memory_order_relaxed);
  return key;
}

bool EventBusCore::forget_listener(bool was_there) noexcept {
  if (was_there) listeners_.fetch_sub(1, std::memory_order_relaxed);
  return was_there;
}

bool EventBusCore::remove_subscriber(std::uint64_t key) noexcept {
  return forget_listener(subscribers_.remove(key));
}

bool EventBusCore::remove_subscriber(const EventSubscriber* object) noexcept {
  return forget_listener(subscribers_.remove(object));
}

EventBusStats EventBusCore::stats() const noexcept {
  EventBusStats stats;
  stats.published = last_event_id();
  stats.dropped = dropped_.load(std::memory_order_relaxed);
  stats.subscriber_errors = subscribers_.errors();
  stats.subscribers = subscribers_.size();
  stats.receivers = receivers_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace ltb::detail
