// Listeners and the I/O threads that serve them. The one door between this library and the network.
#pragma once

#include "net/router.hpp"
#include "net/tls.hpp"
#include "support/log.hpp"

#include <ltb/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::net {

struct ServerOptions {
  unsigned io_threads = 1;  ///< At least 1.
  support::Log log{};
  /// For all listeners; max_connections counts per listener, max_websocket_clients over all of
  /// them.
  ServerLimits limits{};
  /// SO_SNDBUF of accepted sockets; 0 leaves it to the kernel (which grows it to some MB for a slow
  /// reader).
  int send_buffer_bytes = 0;
  /// For all listeners; the files are read at each start.
  TlsFiles tls{};
};

struct ListenerOptions {
  /// Lower case, as in the option and variable names: "prometheus" makes the remedy in a bind error
  /// say with_prometheus_port() and LTB_PROMETHEUS_PORT.
  std::string name;
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6 literal, or "localhost" (127.0.0.1).
  std::uint16_t port = 0;  ///< 0 picks a free port at each start; read it back with Server::port().
  std::string auth_token{};  ///< Empty: no token asked.
  std::vector<std::string>
      allowed_origins{};  ///< "https://bench.example"; scheme, host and port must match.
  /// Names by which this machine is reached, beside addresses, loopback names and the hosts of
  /// allowed origins: see net::parse_host_pattern(). Not looked at where a token is asked for.
  std::vector<std::string> allowed_hosts{};
};

/// Counters of one listener since its Server was made; the gauges are `connections` and
/// `websocket_clients`.
struct ListenerStats {
  std::uint64_t connections = 0;
  std::uint64_t websocket_clients = 0;
  std::uint64_t accepted = 0;
  std::uint64_t requests = 0;             ///< Whole requests answered, whatever the status.
  std::uint64_t bad_requests = 0;         ///< 400, 408, 413, 414, 431, 505.
  std::uint64_t unauthorized = 0;         ///< 401.
  std::uint64_t forbidden = 0;            ///< 403 by Host, Origin or Sec-Fetch-Site.
  std::uint64_t connections_refused = 0;  ///< 503 by max_connections or max_connections_per_peer.
  std::uint64_t websockets_refused = 0;   ///< 503 by max_websocket_clients.
  std::uint64_t answers_refused = 0;      ///< 503 as too many bytes wait to be read.
  std::uint64_t idle_closed = 0;          ///< Idle connections that made room for others.
  std::uint64_t tls_errors = 0;           ///< Connections that ended in the TLS handshake.
  std::uint64_t timeouts = 0;  ///< TLS handshake, header, idle, write and WebSocket idle timeouts.
  std::uint64_t slow_readers_closed = 0;  ///< WebSocket peers dropped with 1013.
  std::uint64_t websockets_offending =
      0;  ///< WebSocket peers closed for what they sent: 1002, 1003, 1007, 1008, 1009.
  std::uint64_t handler_errors = 0;  ///< Exceptions out of handlers.
  std::uint64_t accept_errors = 0;   ///< accept() failures, file descriptor exhaustion among them.
};

/// One io_context run by `io_threads` threads for any number of listeners. start(), stop(),
/// add_listener() and every() may be called from any thread; they exclude each other.
class Server {
 public:
  explicit Server(ServerOptions options = {});  // opens nothing
  ~Server();                                    // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// While stopped only: throws std::logic_error when running, or for a name that is taken.
  void add_listener(ListenerOptions options, Router router);

  /// Binds all listeners, then accepts on all; does nothing when already running. On failure throws
  /// std::system_error naming listener, address and remedy, or what is wrong with a TLS file,
  /// leaves nothing bound, and may be called again. Waits for the end of a stop under way; on an
  /// I/O thread, which cannot, it throws std::system_error (resource_deadlock_would_occur) instead.
  void start();

  /// Closes the listeners and every session: WebSockets get 1001, a response being written is
  /// finished if it takes less than a second. Returns within 2 s unless a handler blocks an I/O
  /// thread; then all threads are joined and all descriptors closed. Idempotent. On an I/O thread,
  /// which cannot join itself, it begins the end and returns at once; the next stop() or start()
  /// elsewhere, or the destructor, joins.
  void stop() noexcept;

  [[nodiscard]] bool is_running() const noexcept;

  /// The bound port of a listener; 0 when not running or unknown.
  [[nodiscard]] std::uint16_t port(std::string_view name) const noexcept;

  /// Runs `task` every `interval` on an I/O thread whenever the server runs, first one interval
  /// after start(); never two runs of one task at once, missed runs are skipped. An exception is
  /// logged and counted; the task stays.
  void every(std::chrono::milliseconds interval, std::function<void()> task);

  /// Calls `call` whenever the server begins and ends to run, in that order and never two at once.
  /// It must not call this server or throw. Before the first start().
  void on_change(std::function<void(bool running)> call);

  /// Runs `task` once on an I/O thread. False when not running: the task is dropped.
  bool post(std::function<void()> task) noexcept;

  /// All zero for an unknown name.
  [[nodiscard]] ListenerStats stats(std::string_view name) const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ltb::net
