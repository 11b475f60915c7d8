// An HTTP server that answers what the test says, on plain sockets and OpenSSL.

#include "scripted_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace llm_benchmark {
namespace {

constexpr std::chrono::seconds kPatience{20};

sockaddr_in loopback(in_port_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

std::string http(const std::string& status, const std::string& body,
                 const std::string& more_headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + more_headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string stream_head(const std::string& more_headers) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + more_headers +
         "Transfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(const std::string& bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

/// One connection, plain or TLS.
class ScriptedServer::Channel {
 public:
  Channel(int fd, SSL_CTX* tls) : fd_(fd), tls_(tls == nullptr ? nullptr : SSL_new(tls)) {
    if (tls_ != nullptr) SSL_set_fd(tls_, fd);
  }
  ~Channel() { SSL_free(tls_); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] bool shake_hands() { return tls_ == nullptr || SSL_accept(tls_) == 1; }
  [[nodiscard]] std::string asked_name() const {
    const char* name =
        tls_ == nullptr ? nullptr : SSL_get_servername(tls_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }
  [[nodiscard]] ssize_t read(char* data, std::size_t size) {
    if (tls_ != nullptr) return SSL_read(tls_, data, static_cast<int>(size));
    return recv(fd_, data, size, 0);
  }
  /// False when the client is gone.
  bool write(const std::string& bytes) {
    if (bytes.empty()) return true;
    if (tls_ != nullptr) return SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) > 0;
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  void reset_at_close() const {
    const linger at_once{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  [[nodiscard]] bool is_closed_by_client() const {
    pollfd events{fd_, POLLRDHUP, 0};
    return poll(&events, 1, 0) > 0 && (events.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
  }

 private:
  const int fd_;
  SSL* const tls_;
};

ScriptedServer::ScriptedServer(Script script, SSL_CTX* tls, std::string greeting)
    : script_(std::move(script)), tls_(tls), greeting_(std::move(greeting)) {
  // OpenSSL writes without MSG_NOSIGNAL, also to a client that has just left.
  if (tls != nullptr) std::signal(SIGPIPE, SIG_IGN);
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 64), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

std::string ScriptedServer::url() const {
  return (tls_ == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") + port();
}

std::size_t ScriptedServer::connections() {
  const std::lock_guard lock(mutex_);
  return connections_;
}

std::vector<std::string> ScriptedServer::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string ScriptedServer::asked_name() {
  const std::lock_guard lock(mutex_);
  return asked_name_;
}

void ScriptedServer::release() {
  const std::lock_guard lock(mutex_);
  ++released_;
  changed_.notify_all();
}

bool ScriptedServer::wait_for_requests(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return requests_.size() >= count; });
}

bool ScriptedServer::wait_for_closed(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return closed_ >= count; });
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    ++connections_;
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void ScriptedServer::serve(int fd) {
  {
    Channel channel(fd, tls_);
    if (channel.shake_hands() && channel.write(greeting_)) {
      {
        const std::lock_guard lock(mutex_);
        asked_name_ = channel.asked_name();
      }
      while (const auto request = read_request(channel)) {
        if (!answer(channel, *request)) break;
      }
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  close(fd);
  ++closed_;
  changed_.notify_all();
}

bool ScriptedServer::answer(Channel& channel, const std::string& request) {
  Reply reply;
  {
    const std::lock_guard lock(mutex_);
    reply = script_(requests_.size());
    requests_.push_back(request);
    changed_.notify_all();
  }
  if (!channel.write(reply.bytes)) return false;
  for (const std::string& piece : reply.later) {
    if (!wait_for_release(channel) || !channel.write(piece)) return false;
  }
  if (reply.reset) channel.reset_at_close();
  return !reply.close;
}

bool ScriptedServer::wait_for_release(const Channel& channel) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::unique_lock lock(mutex_);
  while (released_ == 0) {
    // A client that goes does not notify: look now and then.
    changed_.wait_for(lock, std::chrono::milliseconds{5});
    if (stopping_ || channel.is_closed_by_client()) return false;
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  --released_;
  return true;
}

std::optional<std::string> ScriptedServer::read_request(Channel& channel) {
  std::string text;
  std::size_t wanted = std::string::npos;
  while (text.size() < wanted) {
    char buffer[4096];
    const ssize_t got = channel.read(buffer, sizeof buffer);
    if (got <= 0) return std::nullopt;
    text.append(buffer, static_cast<std::size_t>(got));
    const std::size_t head = text.find("\r\n\r\n");
    const std::size_t length = text.find("Content-Length: ");
    if (head != std::string::npos && length != std::string::npos) {
      wanted = head + 4 + std::stoul(text.substr(length + 16));
    }
  }
  return text;
}

}  // namespace llm_benchmark
