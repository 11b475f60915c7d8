// One listening socket: binds, accepts, seats sessions below the limits.
#pragma once

#include "net/asio_types.hpp"
#include "net/session.hpp"

#include <memory>
#include <string>

namespace ltb::net {

/// What failed to bind, in words that help; code() is the cause.
class BindError final : public std::system_error {
 public:
  BindError(std::error_code code, std::string text)
      : std::system_error(code), text_(std::move(text)) {}
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, std::shared_ptr<ListenerContext> context,
           std::shared_ptr<SessionRoll> roll);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Binds and listens. Throws BindError. Before accept().
  void bind();
  /// Begins to accept. Any thread, once.
  void accept();
  /// Any thread while I/O threads run.
  void request_close();
  /// When no I/O thread runs (any more).
  void close() noexcept;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::string& name() const noexcept { return context_->options.name; }

 private:
  void wait_for_connections();
  void accept_waiting();
  bool accept_one();
  void on_accept_error(int error);
  void seat(int descriptor, const Tcp::endpoint& remote);
  void make_room(std::string_view peer);

  asio::io_context& io_;
  Strand strand_;
  std::shared_ptr<ListenerContext> context_;
  std::shared_ptr<SessionRoll> roll_;
  std::shared_ptr<WorkQueue> work_;  // as the context's, which the next start replaces
  Acceptor acceptor_;
  Timer pause_;
  Tcp protocol_ = Tcp::v4();
  std::uint16_t port_ = 0;
  /// Sessions over a limit, which answer 503 or a health check: a few more descriptors than
  /// max_connections, but bounded too, also for one peer.
  std::shared_ptr<std::atomic<std::uint64_t>> refusing_;
  std::shared_ptr<PeerPlaces> refusing_peers_ = std::make_shared<PeerPlaces>();
  std::chrono::steady_clock::time_point looked_for_room_{};
};

}  // namespace ltb::net
