// What all sessions share: the listener's settings and counters, the roll of the living, limits as
// tokens.
#pragma once

#include "net/access.hpp"
#include "net/asio_types.hpp"
#include "net/peer_places.hpp"
#include "net/request_head.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"
#include "net/unsent_bytes.hpp"
#include "net/work_queue.hpp"
#include "support/log_limit.hpp"
#include "support/mutex.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace ltb::net {

/// ListenerStats as they are counted. Relaxed: each is a number of its own that nothing else
/// depends on.
struct Counters {
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> websocket_clients{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> unauthorized{0};
  std::atomic<std::uint64_t> forbidden{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> websockets_refused{0};
  std::atomic<std::uint64_t> answers_refused{0};
  std::atomic<std::uint64_t> idle_closed{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> tls_errors{0};
  std::atomic<std::uint64_t> slow_readers_closed{0};
  std::atomic<std::uint64_t> websockets_offending{0};
  std::atomic<std::uint64_t> handler_errors{0};
  std::atomic<std::uint64_t> accept_errors{0};

  [[nodiscard]] ListenerStats read() const noexcept;
};

inline void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.fetch_add(1, std::memory_order_relaxed);
}

/// A place below a limit, given back by the destructor.
class Place {
 public:
  Place() = default;
  /// Takes a place; empty when `limit` are taken. `keeper` owns the gauge.
  static Place take(std::shared_ptr<void> keeper, std::atomic<std::uint64_t>& gauge,
                    std::uint64_t limit);
  ~Place() { give_back(); }
  Place(Place&& other) noexcept
      : keeper_(std::move(other.keeper_)), gauge_(std::exchange(other.gauge_, nullptr)) {}
  Place& operator=(Place&& other) noexcept;
  explicit operator bool() const noexcept { return gauge_ != nullptr; }

 private:
  void give_back() noexcept;
  std::shared_ptr<void> keeper_;
  std::atomic<std::uint64_t>* gauge_ = nullptr;
};

struct ListenerContext;

class SessionBase {
 public:
  virtual ~SessionBase() = default;
  /// Any thread: end in order, soon.
  virtual void request_stop() = 0;
  /// Any thread: end now.
  virtual void request_abort() = 0;
  /// Any thread: since when a connection of this listener waits for its next request, of `peer`
  /// only unless that is empty. Nothing for any other one.
  [[nodiscard]] virtual std::optional<std::chrono::steady_clock::time_point> idle_since(
      const ListenerContext& listener, std::string_view peer) const noexcept {
    (void)listener, (void)peer;
    return std::nullopt;
  }
  /// Any thread: end, unless a request came meanwhile.
  virtual void request_close_idle() {}
  /// When no I/O thread runs any more: let go of everything.
  virtual void abandon() noexcept = 0;
};

/// Every living session of a running server, so that stop() can reach and await them. Any thread.
class SessionRoll {
 public:
  /// False when stopping: the session must not start.
  bool add(const std::shared_ptr<SessionBase>& session) LTB_EXCLUDES(mutex_);
  void remove(SessionBase* session) noexcept LTB_EXCLUDES(mutex_);
  void begin_stop() noexcept LTB_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::shared_ptr<SessionBase>> living() const LTB_EXCLUDES(mutex_);
  /// False when some were left at the deadline.
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline) LTB_EXCLUDES(mutex_);

 private:
  mutable support::Mutex mutex_;
  support::ConditionVariable changed_;
  std::unordered_map<SessionBase*, std::weak_ptr<SessionBase>> sessions_ LTB_GUARDED_BY(mutex_);
  bool stopping_ LTB_GUARDED_BY(mutex_) = false;
};

using support::LogLimit;

/// Logs what access rules refuse: each value once, and at most a line in ten seconds. Any thread.
class RefusalLog {
 public:
  /// `what` names the header, `remedy` the setting that would allow it.
  void warn(const support::Log& log, std::string_view listener, std::string_view what,
            std::string_view value, std::string_view remedy) noexcept LTB_EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kMost = 64;
  LogLimit limit_;
  support::Mutex mutex_;
  std::set<std::string, std::less<>> told_ LTB_GUARDED_BY(mutex_);
};

/// Settings and counters of one listener, shared by its sessions. Const after start but for the
/// counters.
struct ListenerContext {
  ListenerOptions options;
  Router router;
  ServerLimits limits;
  support::Log log;
  int send_buffer_bytes = 0;
  std::vector<Origin> allowed_origins;
  std::vector<std::string> allowed_hosts;  // from parse_host_pattern()
  std::shared_ptr<const TlsContext> tls;   // null: plain TCP; read anew at each start
  std::shared_ptr<Counters> counters;
  std::shared_ptr<PeerPlaces> peers = std::make_shared<PeerPlaces>();
  std::shared_ptr<PeerPlaces> websocket_peers;  ///< Of all listeners together.
  std::shared_ptr<UnsentBytes> unsent = std::make_shared<UnsentBytes>();
  std::shared_ptr<WorkQueue> work;  // made anew at each start
  /// WebSocket clients of all listeners together.
  std::shared_ptr<std::atomic<std::uint64_t>> all_websockets;
  LogLimit handler_errors;
  LogLimit accept_errors;
  RefusalLog refusals;

  [[nodiscard]] HeadLimits head_limits() const noexcept {
    return {limits.max_header_bytes, limits.max_target_bytes};
  }
  /// A place for a connection, both of the listener's and of the peer's.
  struct Admission {
    Place place{};
    std::shared_ptr<const void> of_peer{};
    std::string refusal{};  ///< Why the connection was refused, for the client.
    bool peer_is_full = false;
  };
  [[nodiscard]] Admission admit(const std::string& peer);
  /// How many of `all` places one peer may have.
  [[nodiscard]] std::size_t share_of_one_peer(std::size_t all) const noexcept {
    const std::size_t configured = limits.max_connections_per_peer;
    return std::min(all, configured > 0 ? configured : std::max<std::size_t>(16, all / 2));
  }
  /// Counts and logs an exception that came out of a handler; call it inside the catch block.
  void handler_failed(std::string_view where) noexcept;
};

/// What a session needs to exist.
struct SessionSeat {
  std::shared_ptr<ListenerContext> context;
  std::shared_ptr<SessionRoll> roll;
  Place place;
  std::string remote;
  std::string peer;  ///< Whose connection it is: the address alone.
  std::shared_ptr<const void> of_peer;
  /// False: over a limit, and only told so, unless a place becomes free or it asks for health.
  bool has_place = true;
};

}  // namespace ltb::net
