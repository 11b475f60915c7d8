// One connected transport. Plain TCP today; the only place that would know of TLS.
#pragma once

#include "net/asio_types.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace ltb::net {

/// Sessions read, write and close through this alone. Everything on the strand.
class Stream {
 public:
  using executor_type = Strand;

  explicit Stream(Socket socket) : socket_(std::move(socket)) {}

  executor_type get_executor() { return socket_.get_executor(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }

  /// Sends what the kernel takes now. would_block: nothing was sent; wait with async_wait_writable.
  std::size_t try_write(std::span<const std::byte> bytes, ErrorCode& error) {
    return socket_.write_some(asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  template <typename Token>
  auto async_wait_writable(Token&& token) {
    return socket_.async_wait(Socket::wait_write, std::forward<Token>(token));
  }

  /// No more will be sent; what was written still reaches the peer.
  void shutdown_send() noexcept {
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  /// Ends all pending operations.
  void close() noexcept {
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
  Socket socket_;
};

}  // namespace ltb::net
