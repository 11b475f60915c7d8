// The inline subscribers of a bus: called on the publishing thread, without a lock.
#pragma once

#include "support/mutex.hpp"

#include <ltb/event.hpp>
#include <ltb/event_bus.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ltb::events {

/// Thread safety: every member from any thread, also from inside a subscriber's call.
class Subscribers {
 public:
  Subscribers();
  ~Subscribers();
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;

  /// Return the key to remove it by; 0 after close(), which takes no more.
  std::uint64_t add(std::shared_ptr<EventSubscriber> object);
  std::uint64_t add(std::function<void(const MonitoringEvent&)> callback);
  /// False when it is not there. Waits for a running call in another thread; from inside a call of
  /// this bus it does not wait.
  bool remove(std::uint64_t key) noexcept;
  bool remove(const EventSubscriber* object) noexcept;
  /// Removes all of them for good, waiting as remove() does, and returns how many there were.
  std::size_t close() noexcept;

  /// Calls all of them, in the order they were added. What they throw is counted.
  void call_all(const MonitoringEvent& event) noexcept {
    if (size() != 0) call_each(event);
  }

  [[nodiscard]] bool contains(std::uint64_t key) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t errors() const noexcept {
    return errors_.load(std::memory_order_relaxed);
  }

 private:
  struct Subscriber;
  // Replaced, never changed, so that a caller goes through its own copy without the lock.
  using List = std::vector<std::shared_ptr<Subscriber>>;

  std::uint64_t add(std::shared_ptr<Subscriber> subscriber);
  template <typename Match>
  bool remove_where(Match&& match) noexcept;
  bool end(Subscriber& subscriber) const noexcept;  // true for the first to end it
  void replace(std::shared_ptr<const List>& list) noexcept LTB_REQUIRES(mutex_);
  [[nodiscard]] std::shared_ptr<const List> list() const noexcept;
  void call_each(const MonitoringEvent& event) noexcept;
  void call(Subscriber& subscriber, const MonitoringEvent& event) noexcept;

  std::atomic<std::size_t> size_{0};  // of list_
  std::atomic<std::uint64_t> errors_{0};

  mutable support::Mutex mutex_;  // never held during a call or the end of a subscriber
  std::shared_ptr<const List> list_ LTB_GUARDED_BY(mutex_);  // null: none
  bool closed_ LTB_GUARDED_BY(mutex_) = false;
  std::uint64_t next_key_ LTB_GUARDED_BY(mutex_) = 1;
};

}  // namespace ltb::events
