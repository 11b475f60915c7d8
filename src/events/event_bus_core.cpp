#include "events/event_bus_core.hpp"

#include "events/event_texts.hpp"
#include "events/progress.hpp"
#include "events/request_id.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

namespace ltb::events {

EventBusCore::EventBusCore(const EventBusOptions& options)
    : capacity_(options.receiver_capacity), max_bytes_(options.max_bytes) {
  if (capacity_ == 0)
    throw std::invalid_argument("EventBusOptions::receiver_capacity = 0: expected at least 1");
}

EventBusCore::~EventBusCore() = default;

namespace {

unsigned refuse(std::optional<double>& number, double least) noexcept {
  if (!number || (std::isfinite(*number) && *number >= least)) return 0;
  number.reset();
  return 1;
}

// Those of requests are refused where they are booked.
unsigned refuse_impossible_numbers(MonitoringEvent& event) noexcept {
  if (auto* benchmark = std::get_if<BenchmarkPayload>(&event.payload)) {
    std::optional<double> percent = benchmark->progress_percent;
    const unsigned count = refuse(percent, 0) + refuse(benchmark->eta_seconds, 0);
    benchmark->progress_percent = percent.value_or(0);  // as if it were not set
    return count;
  }
  if (auto* evaluation = std::get_if<EvaluationPayload>(&event.payload))
    return refuse(evaluation->score, std::numeric_limits<double>::lowest());
  if (auto* provider = std::get_if<ProviderPayload>(&event.payload))
    return refuse(provider->avg_latency_ms, 0);
  return 0;
}

// What a publisher may leave to the bus: request ids and percentages.
void complete(MonitoringEvent& event) noexcept {
  if (auto* request = std::get_if<RequestPayload>(&event.payload)) {
    if (!request->request_id.empty()) return;
    try {
      request->request_id = new_request_id();
    } catch (...) {  // no memory: it stays empty
    }
  } else if (auto* benchmark = std::get_if<BenchmarkPayload>(&event.payload)) {
    double& percent = benchmark->progress_percent;
    if (percent == 0)  // not set
      percent =
          progress_percent(benchmark->completed_examples, benchmark->total_examples).value_or(0);
    percent = std::min(percent, 100.0);
  }
}

}  // namespace

void EventBusCore::cut_texts(MonitoringEvent& event) noexcept {
  try {
    if (const std::size_t cut = cut_long_texts(event))
      texts_cut_.fetch_add(cut, std::memory_order_relaxed);
  } catch (...) {  // no memory for the shorter text: the long one stays
  }
}

void EventBusCore::publish(MonitoringEvent&& event) noexcept {
  cut_texts(event);  // before the sink, which may keep them
  const unsigned refused = refuse_impossible_numbers(event);
  complete(event);
  if (sink_ != nullptr) {
    if (refused > 0) sink_->refused_numbers(refused);
    sink_->apply(event);
  }
  publish_if_observed([&event]() -> MonitoringEvent&& { return std::move(event); });
}

void EventBusCore::prepare(MonitoringEvent& event) noexcept {
  cut_texts(event);
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
  } catch (...) {  // no memory: it stays null
  }
  distribute(shared);
}

void EventBusCore::distribute(const std::shared_ptr<MonitoringEvent>& event) noexcept {
  if (!event) return count_dropped(1);
  prepare(*event);
  const std::size_t bytes = held_bytes(*event);
  std::shared_ptr<const MonitoringEvent> displaced;  // destroyed outside the lock
  std::shared_ptr<const std::function<void()>> wake;
  bool notify = false;
  try {
    support::MutexLock lock(mutex_);
    // The id is given under the lock, so that ids ascend in the ring.
    event->id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (const std::size_t receivers = receivers_.load(std::memory_order_relaxed)) {
      if (ring_.empty()) ring_.resize(capacity_);
      make_room(bytes, displaced);
      place_of(next_++) = {event, bytes, receivers};
      bytes_ += bytes;
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

// Gives up the oldest events until one of `bytes` fits; the newest is kept whatever its size.
void EventBusCore::make_room(std::size_t bytes, std::shared_ptr<const MonitoringEvent>& displaced) {
  while (oldest_ < next_ && (next_ - oldest_ >= capacity_ || bytes_ + bytes > max_bytes_)) {
    Place& place = place_of(oldest_++);
    bytes_ -= place.bytes;
    displaced = std::move(place.event);
    place = {};
  }
}

void EventBusCore::add_receiver(EventCursor& cursor) {
  support::MutexLock lock(mutex_);
  cursors_.push_back(&cursor);
  cursor = {.next = next_};
  if (is_closed()) {
    cursor.end = next_;
    return;
  }
  receivers_.fetch_add(1, std::memory_order_relaxed);
  listeners_.fetch_add(1, std::memory_order_relaxed);
}

void EventBusCore::remove_receiver(EventCursor& cursor) noexcept {
  std::vector<Place> old;  // destroyed outside the lock
  support::MutexLock lock(mutex_);
  cursors_.erase(std::remove(cursors_.begin(), cursors_.end(), &cursor), cursors_.end());
  if (cursor.end == EventCursor::kOpen) {
    listeners_.fetch_sub(1, std::memory_order_relaxed);
    receivers_.fetch_sub(1, std::memory_order_relaxed);
  }
  if (cursors_.empty()) {  // nobody will read it: do not keep the events
    old.swap(ring_);
    bytes_ = 0;
    oldest_ = next_;
    return;
  }
  const std::uint64_t end = std::min(cursor.end, next_);
  for (std::uint64_t at = std::max(cursor.next, oldest_); at < end; ++at) (void)read(place_of(at));
}

// What the last receiver has read goes at once: its memory is the next event's while it still is in
// the caches, and no ring full of old events is held.
std::shared_ptr<const MonitoringEvent> EventBusCore::read(Place& place) {
  if (--place.unread > 0) return place.event;
  bytes_ -= std::exchange(place.bytes, 0);
  return std::move(place.event);
}

std::uint64_t EventBusCore::read_batch(EventCursor& cursor,
                                       std::vector<std::shared_ptr<const MonitoringEvent>>& out,
                                       std::size_t max) {
  out.reserve(out.size() + std::min(max, capacity_));
  std::uint64_t lagged = 0;
  support::MutexLock lock(mutex_);
  const std::uint64_t end = std::min(cursor.end, next_);
  if (const std::uint64_t first = std::min(oldest_, end); cursor.next < first) {
    lagged = first - cursor.next;
    cursor.next = first;
    count_dropped(lagged);
  }
  for (; cursor.next < end && max > 0; ++cursor.next, --max)
    out.push_back(read(place_of(cursor.next)));
  return lagged;
}

EventBusCore::Wait EventBusCore::wait(const EventCursor& cursor, const std::atomic<bool>& closed,
                                      std::optional<std::chrono::steady_clock::time_point> deadline,
                                      const std::atomic<bool>* stopped) {
  const auto has_ended = [&] {
    return closed.load(std::memory_order_acquire) ||
           (stopped != nullptr && stopped->load(std::memory_order_acquire));
  };
  support::MutexLock lock(mutex_);
  ++waiting_;
  Wait result = Wait::Ready;
  while (true) {
    if (has_ended() || cursor.next >= cursor.end) {
      result = Wait::Closed;
      break;
    }
    if (cursor.next < next_) break;
    if (!deadline) {
      ready_.wait(mutex_);
    } else if (ready_.wait_until(mutex_, *deadline) == std::cv_status::timeout &&
               cursor.next >= next_) {
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

void EventBusCore::close_receivers() noexcept {
  {
    support::MutexLock lock(mutex_);
    for (EventCursor* cursor : cursors_) {
      if (cursor->end != EventCursor::kOpen) continue;
      cursor->end = next_;
      listeners_.fetch_sub(1, std::memory_order_relaxed);
      receivers_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  ready_.notify_all();
}

void EventBusCore::close() noexcept {
  closed_.store(true, std::memory_order_release);
  close_receivers();
  listeners_.fetch_sub(subscribers_.close(), std::memory_order_relaxed);
}

bool EventBusCore::is_exhausted(const EventCursor& cursor) const {
  support::MutexLock lock(mutex_);
  return cursor.next >= cursor.end;
}

void EventBusCore::set_wake(std::function<void()> wake) {
  auto shared = wake ? std::make_shared<const std::function<void()>>(std::move(wake)) : nullptr;
  support::MutexLock lock(mutex_);
  wake_.swap(shared);
  armed_ = false;
}

bool EventBusCore::arm(const EventCursor& cursor) {
  support::MutexLock lock(mutex_);
  if (cursor.next < next_) return false;
  armed_ = true;
  return true;
}

std::uint64_t EventBusCore::add_listener(std::uint64_t key) noexcept {
  if (key != 0) listeners_.fetch_add(1, std::memory_order_relaxed);
  return key;
}

std::uint64_t EventBusCore::add_subscriber(std::shared_ptr<EventSubscriber> object) {
  return add_listener(subscribers_.add(std::move(object)));
}

std::uint64_t EventBusCore::add_callback(std::function<void(const MonitoringEvent&)> callback) {
  return add_listener(subscribers_.add(std::move(callback)));
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
  stats.texts_cut = texts_cut_.load(std::memory_order_relaxed);
  stats.subscriber_errors = subscribers_.errors();
  stats.subscribers = subscribers_.size();
  stats.receivers = receivers_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace ltb::events
