// The stream under Beast's WebSocket: reads go straight through, Beast's own writes wait at the
// gate.
#pragma once

#include "net/asio_types.hpp"
#include "net/fragment_counter.hpp"
#include "net/stream.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/associator.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ltb::net {

/// Calls `before` with the size that was read, then the handler, whose executor, allocator and
/// cancellation slot it has.
template <typename Before, typename Handler>
struct ReadObserved {
  void operator()(const ErrorCode& error, std::size_t size) {
    before(size);
    std::move(handler)(error, size);
  }
  Before before;
  Handler handler;
};

/// Beast writes the handshake's answer, pongs, pings and close frames; data frames are sent around
/// Beast. So that the two never interleave within a frame, a write of Beast's is copied here and
/// waits until the owner, at a frame boundary, sends it and reports back with control_sent(). Beast
/// has one write under way at most. Strand only.
class GatedStream {
 public:
  using executor_type = Strand;

  class Owner {
   public:
    virtual ~Owner() = default;
    /// control() has bytes to send. Called inside a Beast operation: only note it, do not call
    /// Beast or a handler.
    virtual void control_queued() = 0;
    /// A message has too many fragments. Called once, as control_queued() is.
    virtual void too_many_fragments() = 0;
    /// Beast's patience is over and the socket is closed. Called as control_queued() is.
    virtual void gave_up() = 0;
  };

  /// `unread` was received with the handshake and belongs to what comes after it.
  GatedStream(Stream stream, std::string unread, Owner& owner)
      : stream_(std::move(stream)), unread_(std::move(unread)), owner_(owner) {}
  GatedStream(const GatedStream&) = delete;
  GatedStream& operator=(const GatedStream&) = delete;

  executor_type get_executor() { return stream_.get_executor(); }
  [[nodiscard]] Stream& raw() noexcept { return stream_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto wanting, const Buffers& into) {
          const auto count = [this, into](std::size_t read) { count_fragments(into, read); };
          ReadObserved<decltype(count), decltype(wanting)> handler{count, std::move(wanting)};
          if (unread_.empty()) return stream_.async_read_some(into, std::move(handler));
          const auto size = asio::buffer_copy(into, asio::buffer(unread_));
          unread_.erase(0, size);
          if (unread_.empty()) unread_.shrink_to_fit();
          asio::post(stream_.get_executor(), asio::append(std::move(handler), ErrorCode{}, size));
        },
        token, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          if (closed_) {
            asio::post(stream_.get_executor(),
                       asio::append(std::move(handler), ErrorCode{asio::error::operation_aborted},
                                    std::size_t{0}));
            return;
          }
          control_.resize(asio::buffer_size(from));
          asio::buffer_copy(asio::buffer(control_), from);
          on_sent_ = std::make_unique<WaitingFor<decltype(handler)>>(std::move(handler));
          owner_.control_queued();
        },
        token, buffers);
  }

  /// What Beast wants sent; empty when nothing waits.
  [[nodiscard]] std::string_view control() const noexcept { return control_; }
  /// The owner sent control() whole.
  void control_sent() { complete({}); }
  /// Whether Beast ended the connection in order: the sending side is shut down.
  [[nodiscard]] bool was_torn_down() const noexcept { return torn_down_; }

  /// Ends everything; a waiting write of Beast's fails.
  void close(bool reset) noexcept {
    closed_ = true;
    reset ? stream_.abort() : stream_.close();
    try {
      complete(asio::error::operation_aborted);
    } catch (...) {  // no memory to complete Beast's operation: drop it instead
      on_sent_.reset();
    }
  }
  /// Drops Beast's waiting operation without a call: for when no I/O thread runs any more.
  void forget() noexcept { on_sent_.reset(); }

 private:
  // Not asio::any_completion_handler: moving one in Boost 1.81 wraps it in itself without end.
  struct Waiting {
    virtual ~Waiting() = default;
    virtual void complete(const Strand& strand, ErrorCode error, std::size_t size) = 0;
  };
  template <typename Handler>
  struct WaitingFor final : Waiting {
    explicit WaitingFor(Handler&& h) : handler(std::move(h)) {}
    void complete(const Strand& strand, ErrorCode error, std::size_t size) override {
      asio::post(strand, asio::append(std::move(handler), error, size));
    }
    Handler handler;
  };

  template <typename Buffers>
  void count_fragments(const Buffers& into, std::size_t read) {
    if (has_too_many_fragments_) return;
    for (auto it = asio::buffer_sequence_begin(into);
         read > 0 && it != asio::buffer_sequence_end(into); ++it) {
      const asio::mutable_buffer buffer = *it;
      const auto size = std::min(read, buffer.size());
      read -= size;
      if (!fragments_.take({static_cast<const std::byte*>(buffer.data()), size})) {
        has_too_many_fragments_ = true;
        return owner_.too_many_fragments();
      }
    }
  }

  void complete(ErrorCode error) {
    if (!on_sent_) return;
    const auto size = error ? std::size_t{0} : control_.size();
    control_.clear();
    const auto waiting = std::move(on_sent_);
    waiting->complete(stream_.get_executor(), error, size);
  }

  // Found by Beast through argument-dependent look-up. Reading the rest is the owner's: it lingers.
  template <typename Handler>
  friend void async_teardown(boost::beast::role_type, GatedStream& gate, Handler&& handler) {
    gate.torn_down_ = true;
    gate.stream_.shutdown_send();
    asio::post(gate.get_executor(), asio::append(std::forward<Handler>(handler), ErrorCode{}));
  }
  friend void beast_close_socket(GatedStream& gate) {
    gate.close(false);
    gate.owner_.gave_up();
  }

  Stream stream_;
  std::string unread_;
  Owner& owner_;
  std::string control_;
  std::unique_ptr<Waiting> on_sent_;
  FragmentCounter fragments_;
  bool has_too_many_fragments_ = false;
  bool torn_down_ = false;
  bool closed_ = false;
};

}  // namespace ltb::net

template <template <typename, typename> class Associator, typename Before, typename Handler,
          typename Default>
struct boost::asio::associator<Associator, ltb::net::ReadObserved<Before, Handler>, Default>
    : Associator<Handler, Default> {
  using Observed = ltb::net::ReadObserved<Before, Handler>;
  static auto get(const Observed& observed) noexcept {
    return Associator<Handler, Default>::get(observed.handler);
  }
  static auto get(const Observed& observed, const Default& otherwise) noexcept {
    return Associator<Handler, Default>::get(observed.handler, otherwise);
  }
};
