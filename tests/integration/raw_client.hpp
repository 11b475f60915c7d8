// A blocking client for tests: bytes out, bytes in, everything bounded by a deadline. Shares no
// code with the library.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace ltb::test {

using namespace std::chrono_literals;

/// How long a test waits for something that should come at once; generous for loaded machines and
/// sanitizers.
inline constexpr std::chrono::seconds kPatience{20};

/// Polls until `condition` holds; false at the deadline.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds patience = kPatience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

/// One parsed HTTP response.
struct HttpReply {
  int status = 0;
  std::multimap<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string{} : found->second;
  }
};

/// One WebSocket frame as it was on the wire.
struct WireFrame {
  bool final = false;
  unsigned reserved = 0;
  unsigned opcode = 0;
  bool masked = false;
  std::string payload;
  /// Of a close frame.
  [[nodiscard]] int close_code() const {
    if (opcode != 8 || payload.size() < 2) return 0;
    return (static_cast<unsigned char>(payload[0]) << 8) | static_cast<unsigned char>(payload[1]);
  }
};

class RawClient {
 public:
  /// `receive_buffer` > 0 sets SO_RCVBUF, so that a client that does not read stalls the server
  /// soon.
  /// `source` is the address of this machine to connect from; empty: any.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0, const std::string& source = {}) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw std::runtime_error("socket: " + std::string(std::strerror(errno)));
    if (receive_buffer > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (!source.empty()) {
      ::inet_pton(AF_INET, source.c_str(), &address.sin_addr);
      (void)::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      const int error = errno;
      ::close(fd_);
      throw std::runtime_error("connect: " + std::string(std::strerror(error)));
    }
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void shutdown_send() { ::shutdown(fd_, SHUT_WR); }

  /// False when the peer is gone or the deadline passed.
  bool send(std::string_view bytes) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN || !wait(POLLOUT, deadline)) {
        return false;
      }
    }
    return true;
  }

  /// Everything until end of file or reset; nothing when the deadline passes first.
  std::optional<std::string> read_to_end(std::chrono::milliseconds patience = kPatience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
      const auto more = read_some(deadline);
      if (more == Read::Deadline) return std::nullopt;
      if (more == Read::End) return std::exchange(in_, {});
    }
  }

  /// True when the server closed (or reset) without another byte.
  bool is_closed_silently(std::chrono::milliseconds patience = kPatience) {
    const auto rest = read_to_end(patience);
    return rest && rest->empty();
  }

  /// The next `size` bytes.
  std::optional<std::string> read_exactly(std::size_t size,
                                          std::chrono::milliseconds patience = kPatience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (in_.size() < size) {
      if (read_some(deadline) != Read::Data) return std::nullopt;
    }
    auto out = in_.substr(0, size);
    in_.erase(0, size);
    return out;
  }

  /// The next response. `head_only`: the answer to HEAD.
  std::optional<HttpReply> read_reply(bool head_only = false) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (read_some(deadline) != Read::Data) return std::nullopt;
    }
    HttpReply reply;
    const std::string head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    if (head.compare(0, 9, "HTTP/1.1 ") != 0) return std::nullopt;
    reply.status = std::atoi(head.c_str() + 9);
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const auto line_end = head.find("\r\n", at);
      const auto colon = head.find(':', at);
      if (colon == std::string::npos || colon > line_end) return std::nullopt;
      std::string name = head.substr(at, colon - at);
      for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      reply.headers.emplace(std::move(name), head.substr(colon + 2, line_end - colon - 2));
      at = line_end + 2;
    }
    if (head_only || reply.status == 304 || reply.status == 204 || reply.status == 101)
      return reply;
    auto body = read_exactly(std::stoul("0" + reply.header("content-length")));
    if (!body) return std::nullopt;
    reply.body = *std::move(body);
    return reply;
  }

  std::optional<HttpReply> get(const std::string& target, const std::string& headers = {}) {
    if (!send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"))
      return std::nullopt;
    return read_reply();
  }

  // ---- WebSocket ----

  /// The handshake; the reply is 101 when it succeeded. The key and its accept value are those of
  /// RFC 6455, 1.3.
  std::optional<HttpReply> upgrade(const std::string& target, const std::string& headers = {}) {
    if (!send(handshake(target, headers))) return std::nullopt;
    return read_reply();
  }
  static std::string handshake(const std::string& target, const std::string& headers = {}) {
    return "GET " + target +
           " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           headers + "\r\n";
  }

  /// A client frame, masked. `first` is the first byte: FIN, reserved bits and opcode.
  static std::string client_frame(unsigned first, std::string_view payload) {
    std::string frame(1, static_cast<char>(first));
    const auto size = payload.size();
    if (size < 126) {
      frame.push_back(static_cast<char>(0x80 | size));
    } else if (size < 65536) {
      frame.push_back(static_cast<char>(0x80 | 126));
      frame.push_back(static_cast<char>(size >> 8));
      frame.push_back(static_cast<char>(size & 0xff));
    } else {
      frame.push_back(static_cast<char>(0x80 | 127));
      for (int shift = 56; shift >= 0; shift -= 8)
        frame.push_back(static_cast<char>((size >> shift) & 0xff));
    }
    constexpr char kMask[] = {0x12, 0x34, 0x56, 0x78};
    frame.append(kMask, 4);
    for (std::size_t i = 0; i < size; ++i)
      frame.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
    return frame;
  }
  bool send_text(std::string_view text) { return send(client_frame(0x81, text)); }

  std::optional<WireFrame> read_frame(std::chrono::milliseconds patience = kPatience) {
    const auto start = read_exactly(2, patience);
    if (!start) return std::nullopt;
    const auto byte = [](const std::string& text, std::size_t i) {
      return static_cast<unsigned char>(text[i]);
    };
    WireFrame frame;
    frame.final = (byte(*start, 0) & 0x80) != 0;
    frame.reserved = (byte(*start, 0) >> 4) & 7U;
    frame.opcode = byte(*start, 0) & 15U;
    frame.masked = (byte(*start, 1) & 0x80) != 0;
    std::size_t size = byte(*start, 1) & 0x7fU;
    if (const std::size_t length_bytes = size == 126 ? 2 : size == 127 ? 8 : 0; length_bytes > 0) {
      const auto length = read_exactly(length_bytes, patience);
      if (!length) return std::nullopt;
      size = 0;
      for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8 | byte(*length, i);
    }
    auto payload = read_exactly(size, patience);
    if (!payload) return std::nullopt;
    frame.payload = *std::move(payload);
    return frame;
  }

  /// Skips frames until a close frame; its code, or 0 when none came.
  int read_close_code(std::chrono::milliseconds patience = kPatience) {
    while (const auto frame = read_frame(patience)) {
      if (frame->opcode == 8) return frame->close_code();
    }
    return 0;
  }

 private:
  enum class Read { Data, End, Deadline };

  bool wait(short events, std::chrono::steady_clock::time_point deadline) const {
    pollfd waiting{fd_, events, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return ::poll(&waiting, 1, left.count() < 0 ? 0 : static_cast<int>(left.count()) + 1) > 0;
  }

  Read read_some(std::chrono::steady_clock::time_point deadline) {
    char buffer[65536];
    while (true) {
      const auto size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size > 0) {
        in_.append(buffer, static_cast<std::size_t>(size));
        return Read::Data;
      }
      if (size == 0 || (errno != EAGAIN && errno != EINTR)) return Read::End;
      if (!wait(POLLIN, deadline)) return Read::Deadline;
    }
  }

  int fd_ = -1;
  std::string in_;
};

}  // namespace ltb::test
