// The inside of the EventBus: one bounded ring for all receivers, a list of inline subscribers, an
// armed wake.
#pragma once

#include "events/subscribers.hpp"
#include "support/mutex.hpp"

#include <ltb/event.hpp>
#include <ltb/event_bus.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ltb::events {

/// What every published event passes first: the bookkeeping of the owning system. May complete the
/// event (an ETA, say).
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void apply(MonitoringEvent& event) noexcept = 0;
  /// `count` numbers of an event were not numbers and are absent from it: NaN, infinite, negative.
  virtual void refused_numbers(unsigned /*count*/) noexcept {}
};

/// Where a reader is in the ring. Its members belong to the bus, under its mutex.
struct EventCursor {
  static constexpr std::uint64_t kOpen = ~std::uint64_t{0};
  std::uint64_t next = 0;     ///< The position it reads next.
  std::uint64_t end = kOpen;  ///< The first position it does not read: it was closed there.
};

/// Thread safety: every member from any thread, but for set_sink(), which comes before the first
/// event.
class EventBusCore : public std::enable_shared_from_this<EventBusCore> {
 public:
  explicit EventBusCore(const EventBusOptions& options);
  ~EventBusCore();

  void set_sink(EventSink* sink) noexcept { sink_ = sink; }

  /// Books the event in the sink, then distributes it.
  void publish(MonitoringEvent&& event) noexcept;
  /// Publishes what `make()` returns, a MonitoringEvent or a shared pointer to one, of which all
  /// numbers are booked already. Without listeners nothing is made: the event only takes its id.
  /// When memory runs out, the event counts as dropped.
  template <typename Make>
  void publish_if_observed(Make&& make) noexcept {
    if (!has_listeners()) return skip_event();
    try {
      distribute(std::forward<Make>(make)());
    } catch (...) {
      distribute(std::shared_ptr<MonitoringEvent>());
    }
  }
  /// Whether anybody would see an event.
  [[nodiscard]] bool has_listeners() const noexcept {
    return listeners_.load(std::memory_order_relaxed) != 0;
  }
  [[nodiscard]] std::uint64_t last_event_id() const noexcept {
    return last_id_.load(std::memory_order_relaxed);
  }

  // -- receivers: each has a cursor, which stays where it is until remove_receiver() --
  /// Counts as a listener until it is removed; begins with the next event.
  void add_receiver(EventCursor& cursor);
  void remove_receiver(EventCursor& cursor) noexcept;
  /// Appends up to `max` events from the cursor on and moves it. Returns how many events were lost
  /// before the first.
  std::uint64_t read_batch(EventCursor& cursor,
                           std::vector<std::shared_ptr<const MonitoringEvent>>& out,
                           std::size_t max);
  enum class Wait { Ready, TimedOut, Closed };
  /// Waits until there is an event at the cursor, or `closed` is set (see wake_receivers), or the
  /// cursor was closed and has read everything, or the deadline is over. `stopped` as `closed`.
  Wait wait(const EventCursor& cursor, const std::atomic<bool>& closed,
            std::optional<std::chrono::steady_clock::time_point> deadline,
            const std::atomic<bool>* stopped = nullptr);
  void wake_receivers() noexcept;
  /// The receivers of now read what was published before, and then nothing more.
  void close_receivers() noexcept;
  /// Closes the receivers and those to come, and ends the subscribers: waits for those that run in
  /// other threads and releases what they hold.
  void close() noexcept;
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  /// No event will come: the cursor was closed and everything before its end was read.
  [[nodiscard]] bool is_exhausted(const EventCursor& cursor) const;

  // -- the armed wake: for one reader that polls in batches (the WebSocket broadcaster) --
  /// `wake` is called by a publisher, at most once per arm(); it must not block or throw. Empty: no
  /// wake.
  void set_wake(std::function<void()> wake);
  /// Asks for one wake at the next event. False when there is an event at the cursor already (and
  /// then nothing is armed).
  bool arm(const EventCursor& cursor);

  // -- inline subscribers: see Subscribers --
  std::uint64_t add_subscriber(std::shared_ptr<EventSubscriber> object);
  std::uint64_t add_callback(std::function<void(const MonitoringEvent&)> callback);
  bool remove_subscriber(std::uint64_t key) noexcept;
  bool remove_subscriber(const EventSubscriber* object) noexcept;
  [[nodiscard]] bool has_subscriber(std::uint64_t key) const noexcept {
    return subscribers_.contains(key);
  }

  [[nodiscard]] EventBusStats stats() const noexcept;

 private:
  /// A place of the ring. What the last receiver has read goes at once: its memory is the next
  /// event's while it still is in the caches, and no ring full of old events is held.
  struct Place {
    std::shared_ptr<const MonitoringEvent> event;
    std::size_t bytes = 0;
    std::size_t unread = 0;  // receivers that have it before them
  };

  /// Id, timestamp, ring, subscribers.
  void distribute(MonitoringEvent&& event) noexcept;
  /// The same for an event that nobody else holds; null counts as one lost for lack of memory.
  void distribute(const std::shared_ptr<MonitoringEvent>& event) noexcept;
  void skip_event() noexcept { last_id_.fetch_add(1, std::memory_order_relaxed); }
  void cut_texts(MonitoringEvent& event) noexcept;
  void prepare(MonitoringEvent& event) noexcept;
  std::uint64_t add_listener(std::uint64_t key) noexcept;
  bool forget_listener(bool was_there) noexcept;
  [[nodiscard]] Place& place_of(std::uint64_t position) LTB_REQUIRES(mutex_) {
    return ring_[position % capacity_];
  }
  void make_room(std::size_t bytes, std::shared_ptr<const MonitoringEvent>& displaced)
      LTB_REQUIRES(mutex_);
  std::shared_ptr<const MonitoringEvent> read(Place& place) LTB_REQUIRES(mutex_);
  void count_dropped(std::uint64_t events) noexcept {
    dropped_.fetch_add(events, std::memory_order_relaxed);
  }

  const std::size_t capacity_;
  const std::size_t max_bytes_;
  EventSink* sink_ = nullptr;
  std::atomic<std::uint64_t> last_id_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> texts_cut_{0};
  std::atomic<std::size_t> listeners_{0};
  std::atomic<std::size_t> receivers_{0};  // open ones; changed under the mutex
  std::atomic<bool> closed_{false};
  Subscribers subscribers_;

  mutable support::Mutex
      mutex_;  // held for a few instructions per event; never during a callback or I/O
  support::ConditionVariable ready_;
  std::vector<EventCursor*> cursors_ LTB_GUARDED_BY(mutex_);
  std::vector<Place> ring_ LTB_GUARDED_BY(mutex_);
  std::size_t bytes_ LTB_GUARDED_BY(mutex_) = 0;     // of the events in the ring
  std::uint64_t oldest_ LTB_GUARDED_BY(mutex_) = 0;  // the first position that is kept
  std::uint64_t next_ LTB_GUARDED_BY(mutex_) = 0;    // position of the next event
  std::size_t waiting_ LTB_GUARDED_BY(mutex_) = 0;
  bool armed_ LTB_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const std::function<void()>> wake_ LTB_GUARDED_BY(mutex_);
};

/// How the other rooms reach the inside of a bus.
struct EventBusAccess {
  static EventBusCore& core(EventBus& bus) noexcept { return *bus.core_; }
  static std::shared_ptr<EventBusCore> shared_core(EventBus& bus) noexcept { return bus.core_; }
};

}  // namespace ltb::events
