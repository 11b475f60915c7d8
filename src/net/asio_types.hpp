// The Asio types of this room, spelled once. Included by its sources only: other rooms stay free of
// Asio.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <utility>

namespace ltb::net {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;

// Concrete executors, not any_io_executor: no type erasure on each operation, and a socket cannot
// forget its strand.
using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<Tcp, Strand>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Strand>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Strand>;

/// A timeout that is moved on each bit of progress. Moving it later costs one clock read: the
/// running wait notices when it fires. Distinct objects: safe. Shared objects: unsafe (strand
/// only).
template <typename Owner>
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(const Strand& strand) : timer_(strand) {}

  /// Calls owner->on_deadline() on the strand after `delay`, unless set, cleared or cancelled
  /// before.
  void set(const std::shared_ptr<Owner>& owner, std::chrono::milliseconds delay) {
    at_ = Clock::now() + delay;
    if (!waiting_ || at_ < timer_.expiry()) wait(owner);
  }
  void clear() noexcept { at_ = Clock::time_point::max(); }
  /// The same, and lets go of the timer queue: for the end of the owner.
  void cancel() {
    clear();
    timer_.cancel();
  }

 private:
  void wait(const std::shared_ptr<Owner>& owner) {
    timer_.expires_at(at_);
    waiting_ = true;
    // A weak owner: a timeout must not keep a finished session (and its descriptor) alive until it
    // fires.
    timer_.async_wait(
        [this, weak = std::weak_ptr<Owner>(owner), generation = ++generation_](const ErrorCode&) {
          const auto alive = weak.lock();
          if (!alive || generation != generation_) return;
          waiting_ = false;
          if (at_ == Clock::time_point::max()) return;
          if (Clock::now() < at_) return wait(alive);
          clear();
          alive->on_deadline();
        });
  }

  Timer timer_;
  Clock::time_point at_ = Clock::time_point::max();
  unsigned generation_ = 0;
  bool waiting_ = false;
};

}  // namespace ltb::net
