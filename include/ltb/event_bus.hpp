// Publish and subscribe: inline subscribers, which lose nothing, and bounded receivers, which count
// what they lost.
#pragma once

#include <ltb/event.hpp>
#include <ltb/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace ltb {

namespace events {
class EventBusCore;
struct EventBusAccess;
}  // namespace events

/// Longest text of an event (a message, an id, a name, a label value), in bytes; what is longer is
/// cut here at a character when it is published, and counted in EventBusStats::texts_cut.
inline constexpr std::size_t kMaxEventTextBytes = 8192;

/// Something called for every event, on the thread that publishes it.
class LTB_MONITORING_EXPORT EventSubscriber {
 public:
  virtual ~EventSubscriber();
  /// Runs on the publisher's thread, concurrently when several threads publish: be quick and
  /// thread-safe. Events that the library makes itself (provider status, alerts) come on its I/O
  /// threads: blocking there stalls the listeners. May publish, record, subscribe, and stop the
  /// system. An exception is caught and counted; the other subscribers still run. `event` lives
  /// until the call returns.
  virtual void on_event(const MonitoringEvent& event) = 0;
};

/// Keeps a callback subscribed. Destroying it (or calling reset()) ends the subscription and waits
/// for a running call of it in another thread; from inside a callback it does not wait. Ends with
/// the bus, which it may outlive: then the callback is never called again and what it held is
/// released.
class [[nodiscard]] LTB_MONITORING_EXPORT Subscription {
 public:
  Subscription() noexcept;
  Subscription(Subscription&& other) noexcept;
  Subscription& operator=(Subscription&& other) noexcept;
  ~Subscription();

  /// Ends the subscription now. Idempotent.
  void reset() noexcept;
  [[nodiscard]] bool is_active() const noexcept;

 private:
  friend class EventBus;
  Subscription(std::weak_ptr<events::EventBusCore> core, std::uint64_t key) noexcept;
  std::weak_ptr<events::EventBusCore> core_;
  std::uint64_t key_ = 0;
};

/// What a receiver got.
struct ReceivedEvent {
  std::shared_ptr<const MonitoringEvent> event{};
  std::uint64_t lagged = 0;  ///< How many events this receiver lost right before this one.
};

/// A reader of the event stream with a cursor of its own in the bus' bounded ring. A slow one loses
/// the oldest events and reports how many (ReceivedEvent::lagged); it never slows the publisher or
/// another receiver.
/// MonitoringSystem::stop() closes the receivers that exist: they return what was published before,
/// and then nothing; so does the end of the bus, which a receiver may outlive. Thread safety:
/// distinct objects: safe; shared objects: unsafe, but for close().
class LTB_MONITORING_EXPORT EventReceiver {
 public:
  EventReceiver(EventReceiver&& other) noexcept;
  EventReceiver& operator=(EventReceiver&& other) noexcept;
  ~EventReceiver();

  /// Waits for the next event. Nothing when this receiver is closed and everything was read.
  [[nodiscard]] std::optional<ReceivedEvent> receive();
  /// As receive(); returns nothing, too, as soon as `stop` is requested (std::jthread hands one to
  /// its function).
  [[nodiscard]] std::optional<ReceivedEvent> receive(const std::stop_token& stop);
  /// Waits at most `timeout`. Nothing when the time is over or this receiver is closed.
  [[nodiscard]] std::optional<ReceivedEvent> receive_for(std::chrono::nanoseconds timeout);
  /// Never waits. Returns std::nullopt when no event is available.
  [[nodiscard]] std::optional<ReceivedEvent> try_receive();
  /// True when no event will come: the system was stopped (or is gone) and everything was read, or
  /// close() was called.
  [[nodiscard]] bool is_closed() const noexcept;
  /// Wakes a waiting receive() and closes this receiver. Any thread.
  void close() noexcept;

 private:
  friend class EventBus;
  class State;
  explicit EventReceiver(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// Options of an EventBus of one's own; MonitoringSystem makes its bus from MonitoringConfig.
struct EventBusOptions {
  /// How many events the ring holds, for all receivers together. Default 8,192; at least 1. A
  /// larger ring forgives slower receivers and keeps more memory (about 0.5 KB an event).
  std::size_t receiver_capacity = 8192;
  /// How many bytes the events in the ring may take together; beyond it receivers lose the oldest.
  /// The newest event is always kept. Default 16 MiB.
  std::size_t max_bytes = std::size_t{16} * 1024 * 1024;
};

/// Numbers of the bus about itself.
struct EventBusStats {
  std::uint64_t published = 0;          ///< Events published.
  std::uint64_t dropped = 0;            ///< Events lost by receivers, summed over all of them.
  std::uint64_t subscriber_errors = 0;  ///< Exceptions thrown by subscribers.
  std::size_t subscribers = 0;          ///< Inline subscribers now.
  std::size_t receivers = 0;            ///< Open receivers now.
  std::uint64_t texts_cut = 0;          ///< Texts cut at kMaxEventTextBytes.
};

/// Distributes events. Publishing never waits for a receiver, a client or a callback of another
/// thread. Thread safety: every member may be called from any thread, also from a subscriber.
class LTB_MONITORING_EXPORT EventBus {
 public:
  explicit EventBus(EventBusOptions options = {});
  ~EventBus();
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  /// Gives the event its id and, when not set, its timestamp, moves the metrics of the owning
  /// MonitoringSystem, calls the subscribers on this thread, and puts it into the ring. Never
  /// throws: an event that cannot be stored for lack of memory is dropped and counted. Texts longer
  /// than kMaxEventTextBytes are cut. After the system stopped it is harmless.
  void publish(MonitoringEvent event) noexcept;

  /// Calls `subscriber` for every event until remove_subscriber(). Throws std::invalid_argument on
  /// nullptr. The bus releases its subscribers at its end, so that one may hold wrappers and scopes
  /// of its own system.
  void add_subscriber(std::shared_ptr<EventSubscriber> subscriber);
  /// True when it was there. Waits for a running call in another thread.
  bool remove_subscriber(const std::shared_ptr<EventSubscriber>& subscriber) noexcept;
  /// Calls `callback` for every event while the returned handle lives.
  [[nodiscard]] Subscription on_event(std::function<void(const MonitoringEvent&)> callback);
  /// A receiver that sees every event published from now on.
  [[nodiscard]] EventReceiver subscribe();

  [[nodiscard]] EventBusStats stats() const noexcept;
  /// The id of the last event; 0 before the first.
  [[nodiscard]] std::uint64_t last_event_id() const noexcept;

 private:
  friend struct events::EventBusAccess;
  std::shared_ptr<events::EventBusCore> core_;
};

}  // namespace ltb
