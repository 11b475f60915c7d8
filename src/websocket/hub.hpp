// The broadcaster: takes events from the bus into the frame log and wakes the clients.
#pragma once

#include "events/event_bus_core.hpp"
#include "events/event_history.hpp"
#include "net/websocket.hpp"
#include "support/clock.hpp"
#include "support/mutex.hpp"
#include "websocket/frame_log.hpp"
#include "websocket/protocol.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ltb::websocket {

/// What the stream counts about itself, since it was made.
struct HubStats {
  std::uint64_t clients = 0;   ///< Connected now.
  std::uint64_t messages = 0;  ///< Messages of any kind handed to the clients' connections.
  std::uint64_t dropped = 0;   ///< Events that clients lost, summed over them.
  std::uint64_t errors = 0;    ///< Error messages sent.
};

/// What the hub and one client's session share. The flags are raised by the hub and taken by the
/// session.
struct Client {
  std::uint64_t number = 0;
  std::shared_ptr<net::WebSocketSession> session{};
  std::optional<std::chrono::milliseconds> batch{};
  std::optional<std::chrono::milliseconds> stats{};
  std::atomic<events::EventMask> types{events::kAllEvents};
  std::atomic<bool> has_news{false};       ///< Something waits for the next batch.
  std::atomic<std::uint64_t> position{0};  ///< Where in the log this client stands.
  std::atomic<bool> batch_due{true};       ///< A batch may be sent now.
  std::atomic<bool> stats_due{false};      ///< Stats are to be sent now.
  support::SteadyTime next_batch{};        ///< The hub's, under its mutex.
  support::SteadyTime next_stats{};        ///< The hub's, under its mutex.
};

/// A ready-made Stats message, shared by all clients that want one now.
struct StatsMessage {
  std::string frame;
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span(frame));
  }
};

/// How long what came after a first event is held back, to be sent together with what follows.
inline constexpr std::chrono::milliseconds kFlushInterval{10};

struct HubOptions {
  std::string epoch;  ///< Random id of the running system.
  std::size_t event_history = 8192;
  /// The JSON object of /api/v1/overview. Called on I/O threads.
  std::function<std::string()> overview;
  const support::Clock* clock = nullptr;  ///< Must outlive the hub; null: the real one.
  /// More saves system calls and costs delay; 0 sends each event when it comes.
  std::chrono::milliseconds flush_interval = kFlushInterval;
};

/// Works from start() to stop(), whether or not anybody is connected: what it keeps is the history
/// for `since=` and /api/v1/events.
///
/// An idle hub sleeps, with the bus armed. The first event wakes it and is sent at once; from then
/// on it looks every flush interval until there is nothing new, and arms the bus again. Publishers
/// never serialise and never wait. Thread safety: any thread.
class Hub : public events::EventHistory, public std::enable_shared_from_this<Hub> {
 public:
  static constexpr std::chrono::milliseconds kStatsMaxAge{100};

  Hub(std::shared_ptr<events::EventBusCore> bus, HubOptions options);
  ~Hub() override;

  /// Takes part in the bus from here on. `post` runs a task on an I/O thread, or returns false;
  /// publishers call it, also one that began before stop(). tick() must be called on an I/O thread
  /// every flush interval (kFlushInterval when that is 0).
  void start(std::function<bool(std::function<void()>)> post);
  /// Takes what was published and keeps no further event until the next start().
  void stop() noexcept;
  void tick() noexcept;
  /// Takes what the bus has now into the log and tells the clients. On an I/O thread, without
  /// locks.
  void flush() noexcept;

  [[nodiscard]] events::EventPage events(const events::EventQuery& query) const override;
  [[nodiscard]] HubStats stats() const noexcept;
  [[nodiscard]] const std::string& epoch() const noexcept { return options_.epoch; }

  // -- for the sessions --
  [[nodiscard]] const FrameLog& log() const noexcept { return log_; }
  /// The newest id given by the bus, which may be ahead of the log.
  [[nodiscard]] std::uint64_t last_published_id() const noexcept { return bus_->last_event_id(); }
  [[nodiscard]] std::uint64_t next_client_number() noexcept { return ++client_numbers_; }
  void add(const std::shared_ptr<Client>& client);
  void remove(const std::shared_ptr<Client>& client) noexcept;
  /// At most kStatsMaxAge old.
  [[nodiscard]] std::shared_ptr<const StatsMessage> stats_message();
  [[nodiscard]] support::SteadyTime now() const noexcept { return clock_->steady_now(); }
  void count_messages(std::uint64_t count) noexcept { messages_.fetch_add(count, kRelaxed); }
  void count_dropped(std::uint64_t count) noexcept { dropped_.fetch_add(count, kRelaxed); }
  void count_error() noexcept { errors_.fetch_add(1, kRelaxed); }

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;  // counters: only their sums matter

  using Post = std::function<bool(std::function<void()>)>;

  void on_wake() noexcept;
  [[nodiscard]] bool arm() LTB_REQUIRES(drain_mutex_);
  void drain(events::EventMask& types) LTB_REQUIRES(drain_mutex_);
  void serve_clients(events::EventMask new_types) noexcept;
  [[nodiscard]] bool is_batch_due(Client& client, support::SteadyTime now) const noexcept
      LTB_REQUIRES(clients_mutex_);

  const HubOptions options_;
  const support::Clock* clock_;
  const std::shared_ptr<events::EventBusCore> bus_;
  FrameLog log_;

  support::Mutex post_mutex_;
  std::shared_ptr<const Post> post_ LTB_GUARDED_BY(post_mutex_);

  support::Mutex drain_mutex_;  // only I/O threads meet here
  events::EventCursor cursor_ LTB_GUARDED_BY(drain_mutex_);
  bool takes_part_ LTB_GUARDED_BY(drain_mutex_) = false;  // in the bus
  std::vector<std::shared_ptr<const MonitoringEvent>> batch_ LTB_GUARDED_BY(drain_mutex_);
  std::atomic<bool> armed_{false};  // nothing to look for until the bus calls

  support::Mutex clients_mutex_;
  std::vector<std::shared_ptr<Client>> clients_ LTB_GUARDED_BY(clients_mutex_);
  std::atomic<std::size_t> timed_clients_{0};  // those with a batch or stats interval
  std::atomic<std::uint64_t> client_numbers_{0};

  support::Mutex stats_mutex_;
  std::shared_ptr<const StatsMessage> stats_message_ LTB_GUARDED_BY(stats_mutex_);
  support::SteadyTime stats_made_ LTB_GUARDED_BY(stats_mutex_){};

  std::atomic<std::uint64_t> clients_now_{0};
  std::atomic<std::uint64_t> messages_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> errors_{0};
};

}  // namespace ltb::websocket
