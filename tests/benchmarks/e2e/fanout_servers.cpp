#include "e2e/fanout_servers.hpp"

#include "benchmarks/support/sample_calls.hpp"
#include "benchmarks/support/sockets.hpp"
#include "events/event_bus_core.hpp"
#include "events/event_json.hpp"
#include "net/asio_types.hpp"
#include "net/frame.hpp"
#include "net/server.hpp"
#include "websocket/hub.hpp"
#include "websocket/routes.hpp"

#include <ltb/event_bus.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <atomic>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace ltb::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

MonitoringEvent finished_call() {
  auto event = MonitoringEvent::request_completed(kProvider, kModel, "req_0123456789abcdef", 1.234,
                                                  call_usage(), kCallCost);
  event.timestamp = std::chrono::system_clock::now();
  return event;
}

// The same text that our hub makes, by the same encoder: the others are measured by how they
// deliver it.
std::string message_of(std::uint64_t number) {
  auto event = finished_call();
  event.id = number;
  std::string text = "{\"type\":\"Event\",\"data\":";
  events::append_json(text, event);
  text += '}';
  return text;
}

class OurServer final : public FanoutServer {
 public:
  explicit OurServer(const FanoutOptions& options)
      : hub_(std::make_shared<websocket::Hub>(
            events::EventBusAccess::shared_core(bus_),
            websocket::HubOptions{.epoch = "benchmark",
                                  .overview = [] { return std::string("{}"); },
                                  .flush_interval = std::chrono::milliseconds{options.flush_ms}})),
        server_(server_options()) {
    net::Router router;
    websocket::add_stream_route(router, hub_);
    server_.add_listener({.name = "websocket"}, std::move(router));
    server_.every(std::chrono::milliseconds{options.flush_ms > 0 ? options.flush_ms : 10},
                  [hub = hub_.get()] { hub->tick(); });
    server_.start();
    hub_->start([this](std::function<void()> task) { return server_.post(std::move(task)); });
  }
  ~OurServer() override {
    hub_->stop();
    server_.stop();
  }
  [[nodiscard]] std::uint16_t port() const override { return server_.port("websocket"); }
  [[nodiscard]] std::size_t clients() const override { return hub_->stats().clients; }
  void publish(std::uint64_t) override { bus_.publish(finished_call()); }

 private:
  static net::ServerOptions server_options() {
    net::ServerOptions options;
    options.limits.max_connections = options.limits.max_websocket_clients = 10'000;
    options.limits.max_connections_per_peer = 10'000;
    return options;
  }

  EventBus bus_;
  std::shared_ptr<websocket::Hub> hub_;
  net::Server server_;
};

// Beast's example of a chat server, as it is usually taken over: a strand and a queue of shared
// strings for each session, a list of sessions under a mutex, one async_write per message.
class StraightforwardServer final : public FanoutServer {
 public:
  StraightforwardServer() : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~StraightforwardServer() override {
    io_.stop();
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const override { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::size_t clients() const override {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
  }
  void publish(std::uint64_t number) override {
    const auto message = std::make_shared<const std::string>(message_of(number));
    std::vector<std::weak_ptr<Session>> sessions;
    {
      const std::lock_guard lock(mutex_);
      sessions.reserve(sessions_.size());
      for (Session* session : sessions_) sessions.emplace_back(session->weak_from_this());
    }
    for (const auto& weak : sessions)
      if (const auto session = weak.lock()) session->send(message);
  }

 private:
  class Session final : public std::enable_shared_from_this<Session> {
   public:
    Session(tcp::socket socket, StraightforwardServer& server)
        : stream_(std::move(socket)), server_(server) {}
    ~Session() { server_.leave(this); }
    void run() {
      stream_.set_option(
          beast::websocket::stream_base::timeout::suggested(beast::role_type::server));
      beast::get_lowest_layer(stream_).socket().set_option(tcp::no_delay(true));
      stream_.async_accept([self = shared_from_this()](beast::error_code error) {
        if (error) return;
        self->server_.join(self.get());
        self->read();
      });
    }
    void send(std::shared_ptr<const std::string> message) {
      asio::post(stream_.get_executor(),
                 [self = shared_from_this(), message = std::move(message)]() mutable {
                   self->queue_.push_back(std::move(message));
                   if (self->queue_.size() == 1) self->write();
                 });
    }

   private:
    void read() {
      stream_.async_read(buffer_,
                         [self = shared_from_this()](beast::error_code error, std::size_t size) {
                           if (error) return;
                           self->buffer_.consume(size);
                           self->read();
                         });
    }
    void write() {
      stream_.async_write(asio::buffer(*queue_.front()),
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                            if (error) return;
                            self->queue_.pop_front();
                            if (!self->queue_.empty()) self->write();
                          });
    }

    beast::websocket::stream<beast::tcp_stream> stream_;
    StraightforwardServer& server_;
    beast::flat_buffer buffer_;
    std::deque<std::shared_ptr<const std::string>> queue_;
  };

  void accept() {
    acceptor_.async_accept(asio::make_strand(io_),
                           [this](beast::error_code error, tcp::socket socket) {
                             if (error) return;
                             std::make_shared<Session>(std::move(socket), *this)->run();
                             accept();
                           });
  }
  void join(Session* session) {
    const std::lock_guard lock(mutex_);
    sessions_.insert(session);
  }
  void leave(Session* session) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session);
  }

  mutable std::mutex mutex_;
  std::unordered_set<Session*> sessions_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

// What the kernel alone costs: no queue, no handshake worth the name, one send() per message.
class RawServer final : public FanoutServer {
 public:
  explicit RawServer(std::size_t clients) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 1024) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      fail_with_errno("listening");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, clients] { accept(clients); });
  }
  ~RawServer() override {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int fd : sockets_) ::close(fd);
  }
  [[nodiscard]] std::uint16_t port() const override { return port_; }
  [[nodiscard]] std::size_t clients() const override { return ready_; }
  void publish(std::uint64_t number) override {
    const std::string frame = net::encode_text_frame(message_of(number));
    for (const int fd : sockets_) (void)::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
  }

 private:
  void accept(std::size_t clients) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    while (sockets_.size() < clients) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const int yes = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      char head[4096];
      if (::recv(fd, head, sizeof head, 0) <= 0) return;
      (void)::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      sockets_.push_back(fd);
      ready_ = sockets_.size();
    }
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<int> sockets_;  // complete before the first publish()
  std::atomic<std::size_t> ready_{0};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<FanoutServer> make_fanout_server(std::string_view name,
                                                 const FanoutOptions& options) {
  if (name == "ours") return std::make_unique<OurServer>(options);
  if (name == "straightforward") return std::make_unique<StraightforwardServer>();
  if (name == "raw") return std::make_unique<RawServer>(options.clients);
  throw std::invalid_argument("fanout: no server \"" + std::string(name) +
                              "\": expected ours, straightforward or raw");
}

}  // namespace ltb::bench
