// The least a load client needs: a blocking connection to 127.0.0.1, requests out, bytes in.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace ltb::bench {

[[noreturn]] inline void fail_with_errno(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// A TCP connection; closed when it dies. Reads give up after 20 s.
class Connection {
 public:
  explicit Connection(std::uint16_t port, int receive_buffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail_with_errno("socket");
    const int yes = 1;
    const timeval patience{20, 0};
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_buffer > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fail_with_errno("connect to 127.0.0.1:" + std::to_string(port));
  }
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  void shutdown() noexcept { ::shutdown(fd_, SHUT_RDWR); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) fail_with_errno("send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Appends what is there, at least a byte.
  void receive(std::string& into) {
    const std::size_t had = into.size();
    into.resize(had + (std::size_t{256} << 10));
    const auto got = ::recv(fd_, into.data() + had, into.size() - had, 0);
    if (got <= 0) fail_with_errno(got == 0 ? "the peer hung up" : "recv");
    into.resize(had + static_cast<std::size_t>(got));
  }

  /// The opening handshake of a WebSocket; returns what came after it.
  std::string upgrade(const std::string& target) {
    send("GET " + target +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    std::string in;
    std::size_t end = 0;
    while ((end = in.find("\r\n\r\n")) == std::string::npos) receive(in);
    if (!in.starts_with("HTTP/1.1 101"))
      throw std::runtime_error("the handshake was refused: " + in.substr(0, in.find('\r')));
    return in.substr(end + 4);
  }

 private:
  int fd_;
};

}  // namespace ltb::bench
