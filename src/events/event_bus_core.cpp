#include "events/event_bus_core.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ltb::detail {

// One inline subscriber. `running` and `active` make a handshake: a caller raises running before it
// looks at active, a remover lowers active before it looks at running (both seq_cst), so one of
// them always sees the other.
struct EventBusCore::Subscriber {
  std::uint64_t key = 0;
  std::shared_ptr<EventSubscriber> object;
  std::function<void(const MonitoringEvent&)> callback;
  std::atomic<bool> active{true};
  std::atomic<std::uint32_t> running{0};
};

namespace {

// Calls this thread is inside of, innermost first: removing a subscriber from inside a callback
// must not wait for the very calls it stands in.
struct CallFrame {
  const void* bus;
  const CallFrame* outer;
};
thread_local constinit const CallFrame* current_frame = nullptr;

bool inside_callback_of(const void* bus) noexcept {
  for (const CallFrame* frame = current_frame; frame != nullptr; frame = frame->outer)
    if (frame->bus == bus) return true;
  return false;
}

}  // namespace

EventBusCore::EventBusCore(std::size_t capacity) : capacity_(capacity) {
  if (capacity == 0)
    throw std::invalid_argument("EventBusOptions::receiver_capacity = 0: expected at least 1");
}

EventBusCore::~EventBusCore() = default;

void EventBusCore::publish(MonitoringEvent&& event) noexcept {
  if (sink_ != nullptr) sink_->apply(event);
  if (has_listeners()) {
    distribute(std::move(event));
  } else {
    skip_event();
  }
}

void EventBusCore::distribute(MonitoringEvent&& event) noexcept {
  std::shared_ptr<const SubscriberList> subscribers;
  std::shared_ptr<const MonitoringEvent> shared;
  std::shared_ptr<const MonitoringEvent> displaced;  // destroyed outside the lock
  std::shared_ptr<const std::function<void()>> wake;
  bool notify = false;
  try {
    if (event.timestamp == std::chrono::system_clock::time_point{})
      event.timestamp = std::chrono::system_clock::now();
    auto owned = std::make_shared<MonitoringEvent>(std::move(event));
    support::MutexLock lock(mutex_);
    // The id is given under the lock, so that ids ascend in the ring.
    owned->id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
    shared = std::move(owned);
    if (receivers_ > 0) {
      if (ring_.empty()) ring_.resize(capacity_);
      displaced = std::exchange(ring_[next_ % capacity_], shared);
      ++next_;
      notify = waiting_ > 0;
      if (std::exchange(armed_, false)) wake = wake_;
    }
    subscribers = subscribers_;
  } catch (...) {  // no memory
    count_dropped(1);
    return;
  }
  if (notify) ready_.notify_all();
  if (wake) (*wake)();
  if (subscribers)
    for (const auto& subscriber : *subscribers) call(*subscriber, *shared);
}

void EventBusCore::call(Subscriber& subscriber, const MonitoringEvent& event) noexcept {
  subscriber.running.fetch_add(1, std::memory_order_seq_cst);
  if (subscriber.active.load(std::memory_order_seq_cst)) {
    const CallFrame frame{this, current_frame};
    current_frame = &frame;
    try {
      if (subscriber.object) {
        subscriber.object->on_event(event);
      } else {
        subscriber.callback(event);
      }
    } catch (...) {
      subscriber_errors_.fetch_add(1, std::memory_order_relaxed);
    }
    current_frame = frame.outer;
  }
  if (subscriber.running.fetch_sub(1, std::memory_order_seq_cst) == 1 &&
      !subscriber.active.load(std::memory_order_seq_cst))
    subscriber.running.notify_all();
}

std::uint64_t EventBusCore::add_receiver() {
  support::MutexLock lock(mutex_);
  ++receivers_;
  listeners_.fetch_add(1, std::memory_order_relaxed);
  return next_;
}

void EventBusCore::remove_receiver() noexcept {
  std::vector<std::shared_ptr<const MonitoringEvent>> old;  // destroyed outside the lock
  support::MutexLock lock(mutex_);
  listeners_.fetch_sub(1, std::memory_order_relaxed);
  if (--receivers_ == 0) old.swap(ring_);  // nobody will read it: do not keep the events
}

std::uint64_t EventBusCore::read_batch(std::uint64_t& cursor,
                                       std::vector<std::shared_ptr<const MonitoringEvent>>& out,
                                       std::size_t max) {
  out.reserve(out.size() + std::min(max, capacity_));
  std::uint64_t lagged = 0;
  support::MutexLock lock(mutex_);
  if (ring_.empty()) return 0;
  const std::uint64_t oldest = next_ > capacity_ ? next_ - capacity_ : 0;
  if (cursor < oldest) {
    lagged = oldest - cursor;
    cursor = oldest;
    count_dropped(lagged);
  }
  for (; cursor < next_ && max > 0; ++cursor, --max) out.push_back(ring_[cursor % capacity_]);
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
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->object = std::move(object);
  return add(std::move(subscriber));
}

std::uint64_t EventBusCore::add_callback(std::function<void(const MonitoringEvent&)> callback) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->callback = std::move(callback);
  return add(std::move(subscriber));
}

std::uint64_t EventBusCore::add(std::shared_ptr<Subscriber> subscriber) {
  support::MutexLock lock(mutex_);
  auto list = subscribers_ ? std::make_shared<SubscriberList>(*subscribers_)
                           : std::make_shared<SubscriberList>();
  subscriber->key = next_key_++;
  list->push_back(subscriber);
  subscribers_ = std::move(list);
  listeners_.fetch_add(1, std::memory_order_relaxed);
  return subscriber->key;
}

template <typename Match>
bool EventBusCore::remove_where(Match&& match) noexcept {
  std::shared_ptr<Subscriber> removed;
  std::shared_ptr<const SubscriberList> old;
  {
    support::MutexLock lock(mutex_);
    if (!subscribers_) return false;
    const auto found = std::find_if(subscribers_->begin(), subscribers_->end(), match);
    if (found == subscribers_->end()) return false;
    removed = *found;
    try {
      auto list = std::make_shared<SubscriberList>();
      for (const auto& subscriber : *subscribers_)
        if (subscriber != removed) list->push_back(subscriber);
      old = std::exchange(subscribers_, std::move(list));
      listeners_.fetch_sub(1, std::memory_order_relaxed);
    } catch (...) {  // no memory for the shorter list: it stays in there, inactive
    }
  }
  removed->active.store(false, std::memory_order_seq_cst);
  if (!inside_callback_of(this)) {
    for (std::uint32_t running = removed->running.load(std::memory_order_seq_cst); running != 0;
         running = removed->running.load(std::memory_order_seq_cst))
      removed->running.wait(running, std::memory_order_seq_cst);
  }
  return true;
}

bool EventBusCore::remove_subscriber(std::uint64_t key) noexcept {
  return remove_where([key](const auto& subscriber) { return subscriber->key == key; });
}

bool EventBusCore::remove_subscriber(const EventSubscriber* object) noexcept {
  if (object == nullptr)
    return false;  // callbacks have no object: null would match the first of them
  return remove_where(
      [object](const auto& subscriber) { return subscriber->object.get() == object; });
}

bool EventBusCore::has_subscriber(std::uint64_t key) const noexcept {
  support::MutexLock lock(mutex_);
  return subscribers_ &&
         std::any_of(subscribers_->begin(), subscribers_->end(),
                     [key](const auto& subscriber) { return subscriber->key == key; });
}

EventBusStats EventBusCore::stats() const noexcept {
  EventBusStats stats;
  stats.published = last_event_id();
  stats.dropped = dropped_.load(std::memory_order_relaxed);
  stats.subscriber_errors = subscriber_errors_.load(std::memory_order_relaxed);
  support::MutexLock lock(mutex_);
  stats.subscribers = subscribers_ ? subscribers_->size() : 0;
  stats.receivers = receivers_;
  return stats;
}

}  // namespace ltb::detail
