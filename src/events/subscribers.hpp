// The inline subscribers of a bus: called on the publishing thread, without a lock.
#pragma once

#include "metrics/thread_slot.hpp"
#include "support/mutex.hpp"

#include <ltb/event.hpp>
#include <ltb/event_bus.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ltb::detail {

/// Thread safety: every member from any thread, also from inside a subscriber's call.
class Subscribers {
 public:
  Subscribers();
  ~Subscribers();
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;

  /// Return the key to remove it by.
  std::uint64_t add(std::shared_ptr<EventSubscriber> object);
  std::uint64_t add(std::function<void(const MonitoringEvent&)> callback);
  /// False when it is not there. Waits for a running call in another thread; from inside a call of
  /// this bus it does not wait.
  bool remove(std::uint64_t key) noexcept;
  bool remove(const EventSubscriber* object) noexcept;

  /// Calls all of them, in the order they were added. What they throw is counted.
  void call_all(const MonitoringEvent& event) noexcept {
    // acquire: the places were made before the first list.
    const List* list = current_.load(std::memory_order_acquire);
    if (list == nullptr) return;
    call_current(list, event);
    if (has_retired_.load(std::memory_order_relaxed)) free_retired();
  }

  [[nodiscard]] bool contains(std::uint64_t key) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] std::uint64_t errors() const noexcept {
    return errors_.load(std::memory_order_relaxed);
  }

 private:
  struct Subscriber;
  using List = std::vector<std::shared_ptr<Subscriber>>;  // replaced, never changed
  struct Place;

  std::uint64_t add(std::shared_ptr<Subscriber> subscriber);
  template <typename Match>
  bool remove_where(Match&& match) noexcept;
  void replace(std::shared_ptr<const List> list) LTB_REQUIRES(mutex_);
  [[nodiscard]] const List::value_type* find_in(const List* list,
                                                const Subscriber& subscriber) const noexcept;
  [[nodiscard]] bool is_inside_call() const noexcept;
  void wait_for_calls(const Subscriber& subscriber) const noexcept;
  void free_retired() noexcept;
  void call_current(const List* list, const MonitoringEvent& event) noexcept;
  void call_without_slot(const List* list, const MonitoringEvent& event) noexcept;
  template <bool kRemovalFences>
  void go_through(Place& place, const List* list, const MonitoringEvent& event) noexcept;
  void call_counted(const MonitoringEvent& event) noexcept;
  void call(Subscriber& subscriber, const MonitoringEvent& event) noexcept;

  const bool removal_fences_;                  // see asymmetric_fence.hpp
  std::atomic<const List*> current_{nullptr};  // list_; null when it is empty
  std::atomic<bool> has_retired_{false};
  std::atomic<std::uint64_t> errors_{0};
  std::unique_ptr<Place[]> places_;  // one per thread slot; there before the first list is

  mutable support::Mutex mutex_;  // never held during a call
  std::shared_ptr<const List> list_ LTB_GUARDED_BY(mutex_);
  // Replaced lists that somebody may still be going through.
  std::vector<std::shared_ptr<const List>> retired_ LTB_GUARDED_BY(mutex_);
  std::uint64_t next_key_ LTB_GUARDED_BY(mutex_) = 1;
};

}  // namespace ltb::detail
