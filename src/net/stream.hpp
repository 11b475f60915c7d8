// One connected transport: TCP, or TLS over it. The only place that knows which.
#pragma once

#include "net/asio_types.hpp"
#include "net/tls.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace ltb::net {

/// Sessions read, write and close through this alone. Everything on the strand.
class Stream {
 public:
  using executor_type = Strand;

  /// `tls` is a session over the socket's descriptor; null for plain TCP.
  explicit Stream(Socket socket, std::unique_ptr<TlsSession> tls = nullptr)
      : socket_(std::move(socket)), tls_(std::move(tls)) {}

  executor_type get_executor() { return socket_.get_executor(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          if (!tls_) return socket_.async_read_some(into, std::move(handler));
          const auto step = [buffer = first_of<asio::mutable_buffer>(into)](TlsSession& tls) {
            return tls.read({static_cast<std::byte*>(buffer.data()), buffer.size()});
          };
          run_tls(step, std::move(handler), true);
        },
        token, buffers);
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          if (!tls_) return socket_.async_write_some(from, std::move(handler));
          const auto step = [buffer = first_of<asio::const_buffer>(from)](TlsSession& tls) {
            return tls.write({static_cast<const std::byte*>(buffer.data()), buffer.size()});
          };
          run_tls(step, std::move(handler), true);
        },
        token, buffers);
  }

  /// Sends what the kernel takes now. would_block: nothing was sent; wait with async_wait_writable,
  /// and then offer the same bytes first.
  std::size_t try_write(std::span<const std::byte> bytes, ErrorCode& error) {
    if (tls_) {
      const auto outcome = tls_->write(bytes);
      error = outcome.wait == TlsSession::Wait::Nothing ? outcome.error
                                                        : ErrorCode(asio::error::would_block);
      return outcome.bytes;
    }
    return socket_.write_some(asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  template <typename Token>
  auto async_wait_writable(Token&& token) {
    return socket_.async_wait(Socket::wait_write, std::forward<Token>(token));
  }

  /// False while the handshake of TLS is not done.
  [[nodiscard]] bool is_established() const noexcept { return !tls_ || tls_->is_established(); }

  /// No more will be sent; what was written still reaches the peer.
  void shutdown_send() noexcept {
    say_end();
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  /// Ends all pending operations.
  void close() noexcept {
    if (socket_.is_open()) say_end();
    ErrorCode ignored;
    socket_.close(ignored);
  }
  /// The same with a reset: unsent bytes of a dead peer do not stay in the kernel.
  void abort() noexcept {
    ErrorCode ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

 private:
  template <typename Buffer, typename Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers);
         ++it) {
      if (const Buffer buffer = *it; buffer.size() > 0) return buffer;
    }
    return {};
  }

  /// Tries, waits for what TLS waits for, and tries again: the handshake may want to write for a
  /// read. Whoever handles the end keeps this stream alive until then.
  template <typename Step, typename Handler>
  void run_tls(Step step, Handler handler, bool is_first) {
    const auto outcome = step(*tls_);
    if (outcome.wait == TlsSession::Wait::Nothing) {
      // Never from within the call that began it.
      if (is_first) {
        asio::post(socket_.get_executor(),
                   asio::append(std::move(handler), ErrorCode(outcome.error), outcome.bytes));
        return;
      }
      return std::move(handler)(outcome.error, outcome.bytes);
    }
    socket_.async_wait(
        outcome.wait == TlsSession::Wait::Readable ? Socket::wait_read : Socket::wait_write,
        [this, step, handler = std::move(handler)](const ErrorCode& error) mutable {
          if (error) return std::move(handler)(error, std::size_t{0});
          run_tls(step, std::move(handler), false);
        });
  }

  void say_end() noexcept {
    if (tls_) tls_->close_notify();
  }

  Socket socket_;
  std::unique_ptr<TlsSession> tls_;  // after the socket, which it uses to its end
};

}  // namespace ltb::net
