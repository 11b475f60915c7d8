// Binding, starting and stopping: nothing half-bound, nothing leaked, nothing left behind.
#include "net_fixture.hpp"
#include "own_process.hpp"

#include <netinet/tcp.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace ltb::net {
namespace {

using Clock = std::chrono::steady_clock;

using test::open_descriptors;
using test::threads;

/// A port somebody else listens on.
class TakenPort {
 public:
  TakenPort() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    // Below the ports that the kernel hands out: once released, no other test gets it by chance.
    static auto next = static_cast<std::uint16_t>(10'000 + ::getpid() % 20'000);
    do {
      address.sin_port = htons(next++);
    } while (next < 32'000 && ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~TakenPort() { release(); }
  void release() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

bool refuses_connections(std::uint16_t port) {
  try {
    RawClient client(port);
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

class NetLifecycle : public NetTest {};

TEST_F(NetLifecycle, PortsAreReadBackWhileRunningOnly) {
  server_.emplace(options_);
  server_->add_listener(listener_, routes());
  EXPECT_EQ(server_->port(kName), 0);
  EXPECT_FALSE(server_->is_running());
  server_->start();
  EXPECT_TRUE(server_->is_running());
  EXPECT_NE(server_->port(kName), 0);
  EXPECT_EQ(server_->port("nobody"), 0);
  server_->stop();
  EXPECT_EQ(server_->port(kName), 0);
}

TEST_F(NetLifecycle, APortInUseOnAnyListenerIsNamedAndNothingStaysBound) {
  const std::vector<std::string> names = {"prometheus", "websocket", "dashboard"};
  for (std::size_t taken = 0; taken < names.size(); ++taken) {
    TakenPort somebody;
    // The others get ports that are known, so that they can be tried after the failure.
    std::vector<std::uint16_t> ports(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      ports[i] = i == taken ? somebody.port() : TakenPort().port();
    Server server;
    for (std::size_t i = 0; i < names.size(); ++i)
      server.add_listener({.name = names[i], .port = ports[i]}, routes());
    const auto descriptors = open_descriptors();
    try {
      server.start();
      FAIL() << "started on a taken port";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::address_in_use);
      std::string upper = names[taken];
      for (auto& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      EXPECT_EQ(error.what(),
                names[taken] +
                    " listener: cannot bind 127.0.0.1:" + std::to_string(somebody.port()) +
                    ": Address already in use\n  (choose another port with with_" + names[taken] +
                    "_port() or LTB_" + upper + "_PORT; 0 picks a free one)");
    }
    EXPECT_FALSE(server.is_running());
    EXPECT_EQ(open_descriptors(), descriptors);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i != taken) {
        EXPECT_TRUE(refuses_connections(ports[i]));
      }
    }
    somebody.release();
    server.start();  // a later start works
    EXPECT_EQ(RawClient(server.port(names[taken])).get("/hello")->status, 200);
  }
}

TEST_F(NetLifecycle, AnAddressThatIsNotOursOrNoAddressIsNamedWithItsRemedy) {
  const auto message = [&](const std::string& address) -> std::string {
    Server server;
    server.add_listener({.name = "dashboard", .address = address}, routes());
    try {
      server.start();
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "started";
  };
  EXPECT_EQ(message("192.0.2.1"),
            "dashboard listener: cannot bind 192.0.2.1:0: Cannot assign requested address\n  "
            "(choose an IPv4 or IPv6 address of "
            "this machine with with_dashboard_bind_address() or LTB_DASHBOARD_BIND_ADDRESS)");
  EXPECT_EQ(message("not an address"),
            "dashboard listener: cannot bind not an address:0: Invalid argument\n  (choose an IPv4 "
            "or IPv6 address of "
            "this machine with with_dashboard_bind_address() or LTB_DASHBOARD_BIND_ADDRESS)");
}

TEST_F(NetLifecycle, StopClosesWebSocketsWith1001AndEndsEverything) {
  start();
  auto websocket = connect();
  ASSERT_EQ(websocket.upgrade("/ws")->status, 101);
  auto idle = connect();
  ASSERT_EQ(idle.get("/hello")->status, 200);
  const auto source = feed(0);
  const auto port = server_->port(kName);
  std::thread answer([&] {
    EXPECT_EQ(websocket.read_close_code(), 1001);
    websocket.send(RawClient::client_frame(0x88, "\x03\xe9"));
    EXPECT_TRUE(websocket.is_closed_silently());
  });
  server_->stop();
  answer.join();
  EXPECT_TRUE(idle.is_closed_silently());
  EXPECT_EQ(source->closed(), 1);
  EXPECT_TRUE(refuses_connections(port));
  EXPECT_EQ(stats().connections, 0U);
  server_->stop();  // twice is once
  source->session()->wake();
  EXPECT_FALSE(server_->post([] {}));
}

TEST_F(NetLifecycle, StopsUnderLoadWithin2Seconds) {
  options_.io_threads = 2;
  options_.send_buffer_bytes = 16 * 1024;
  start();
  std::vector<RawClient> stalled;  // never read
  for (int i = 0; i < 10; ++i) {
    stalled.push_back(connect(4096));
    ASSERT_EQ(stalled.back().upgrade("/ws")->status, 101);
    feed(static_cast<std::size_t>(i))->flood(encode_text_frame(std::string(60'000, 'x')));
  }
  stalled.push_back(connect(4096));
  ASSERT_TRUE(stalled.back().send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  std::atomic<bool> done{false};
  const auto port = server_->port(kName);
  std::vector<std::thread> load;
  for (int i = 0; i < 2; ++i) {
    load.emplace_back([&] {
      while (!done) {
        try {
          RawClient client(port);
          for (int k = 0; k < 20 && client.get("/hello"); ++k) {
          }
        } catch (const std::runtime_error&) {
        }
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return stats().requests > 200; }));
  const auto begin = Clock::now();
  server_->stop();
  EXPECT_LT(Clock::now() - begin, 2s);
  done = true;
  for (auto& thread : load) thread.join();
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(feed(i)->closed(), 1);
  EXPECT_EQ(stats().connections, 0U);
}

TEST_F(NetLifecycle, StopFromAHandlerReturnsAndEnds) {
  server_.emplace(options_);
  auto router = routes();
  router.get("/stop", [&](const Request&) {
    server_->stop();
    server_->stop();
    return Response::text(200, "stopping\n");
  });
  server_->add_listener(listener_, std::move(router));
  for (int round = 0; round < 3; ++round) {
    server_->start();  // waits for the end of a stop under way
    auto client = connect();
    const auto reply = client.get("/stop");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "stopping\n");
    EXPECT_TRUE(client.is_closed_silently());
  }
  server_->stop();
  EXPECT_FALSE(server_->is_running());
}

TEST_F(NetLifecycle, StopFromSeveralThreadsAtOnceIsOneStop) {
  start();
  std::vector<std::thread> stoppers;
  for (int i = 0; i < 4; ++i) stoppers.emplace_back([&] { server_->stop(); });
  for (auto& thread : stoppers) thread.join();
  EXPECT_FALSE(server_->is_running());
}

TEST_F(NetLifecycle, AHundredRestartsLeakNeitherDescriptorsNorThreads) {
  options_.io_threads = 2;
  server_.emplace(options_);
  server_->add_listener(listener_, routes());
  std::atomic<int> ticks{0};
  server_->every(1ms, [&] { ++ticks; });
  server_->start();  // the first start brings what stays: ThreadSanitizer's own thread, say
  server_->stop();
  const auto descriptors = open_descriptors();
  const auto threads_before = threads();
  for (int i = 0; i < 100; ++i) {
    server_->start();
    auto client = connect();
    ASSERT_EQ(client.get("/hello")->status, 200) << i;
    client.close();
    server_->stop();
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_TRUE(eventually(
      [&] { return threads() == threads_before; }));  // a joined thread leaves /proc a moment later
}

TEST_F(NetLifecycle, PeriodicTasksRunWhileRunningAndSurviveTheirExceptions) {
  server_.emplace(options_);
  std::atomic<int> before{0};
  std::atomic<int> during{0};
  server_->every(1ms, [&] {
    ++before;
    throw std::runtime_error("each time");
  });
  server_->start();
  server_->every(1ms, [&] { ++during; });
  EXPECT_TRUE(eventually([&] { return before > 5 && during > 5; }));
  server_->stop();
  const int stopped_at = during;
  server_->start();
  EXPECT_TRUE(eventually([&] { return during > stopped_at + 5; }));
  EXPECT_THROW(server_->every(0ms, [] {}), std::invalid_argument);
  server_->stop();  // the tasks count on this frame, the server outlives it
}

TEST_F(NetLifecycle, PostedTasksRunAndTheirExceptionsStayInside) {
  start();
  std::atomic<bool> ran{false};
  EXPECT_TRUE(server_->post([] { throw std::runtime_error("stays inside"); }));
  EXPECT_TRUE(server_->post([&] { ran = true; }));
  EXPECT_TRUE(eventually([&] { return ran.load(); }));
}

TEST_F(NetLifecycle, ListenersAreAddedWhileStoppedAndHaveNamesOfTheirOwn) {
  start();
  EXPECT_THROW(server_->add_listener({.name = "other"}, {}), std::logic_error);
  server_->stop();
  EXPECT_THROW(server_->add_listener({.name = kName}, {}), std::logic_error);
  EXPECT_THROW(server_->add_listener({.name = "other", .allowed_origins = {"nonsense"}}, {}),
               std::invalid_argument);
  server_->add_listener({.name = "other"}, routes());
  server_->start();
  EXPECT_NE(server_->port("other"), server_->port(kName));
  EXPECT_EQ(RawClient(server_->port("other")).get("/hello")->status, 200);
}

TEST_F(NetLifecycle, ServesIpv6) {
  listener_.address = "::1";
  try {
    start();
  } catch (const std::system_error& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_NE(server_->port(kName), 0);
}

TEST_F(NetLifecycle, AcceptingSurvivesDescriptorExhaustion) {
#ifdef __SANITIZE_ADDRESS__
  // Which object the check meets first is chance; dev and tsan run this test.
  GTEST_SKIP() << "UBSan's vptr check needs a pipe to look at memory, and calls every object "
                  "invalid when there are no descriptors left for one";
#endif
  std::ostringstream lines;
  options_.log = support::Log(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines)));
  start();
  std::vector<RawClient> clients;
  clients.push_back(connect());
  ASSERT_EQ(clients[0].get("/hello")->status, 200);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // The client's own socket exists before the limit falls; its connection is completed by the
  // kernel alone.
  const int spare = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const rlimit low{static_cast<rlim_t>(spare) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_->port(kName));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(spare, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(eventually([&] { return stats().accept_errors >= 2; }));
  EXPECT_LT(stats().accept_errors, 100U) << "spinning";
  EXPECT_EQ(clients[0].get("/hello")->status, 200) << "the others are served meanwhile";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(eventually([&] { return stats().accepted == 2; }));
  EXPECT_EQ(connect().get("/hello")->status, 200);
  ::close(spare);
  server_->stop();
  EXPECT_NE(lines.str().find("cannot accept"), std::string::npos);
  EXPECT_EQ(lines.str().find("cannot accept"), lines.str().rfind("cannot accept"))
      << "rate-limited";
}

TEST_F(NetLifecycle, SocketsAreCloseOnExecAndWithoutDelay) {
  start();
  auto client = connect();
  ASSERT_EQ(client.get("/hello")->status, 200);
  int accepted = 0;
  for (int fd = 3; fd < 256; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) continue;
    EXPECT_NE(flags & FD_CLOEXEC, 0) << fd;
    sockaddr_in own{};
    socklen_t own_size = sizeof own;
    int listening = 0;
    size = sizeof listening;
    ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_size) != 0 ||
        own.sin_family != AF_INET || listening != 0 ||
        ntohs(own.sin_port) != server_->port(kName)) {
      continue;
    }
    int no_delay = 0;
    size = sizeof no_delay;
    ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    EXPECT_EQ(no_delay, 1);
    ++accepted;
  }
  EXPECT_EQ(accepted, 1);
}

TEST_F(NetLifecycle, AnAcceptedUpgradeWithoutAHandlerIsA500) {
  server_.emplace(options_);
  Router router;
  router.websocket("/ws", [](const Request&) { return std::shared_ptr<WebSocketHandler>(); });
  router.get("/hello", [](const Request&) { return Response::text(200, ""); });
  server_->add_listener(listener_, std::move(router));
  server_->start();
  EXPECT_EQ(connect().upgrade("/ws")->status, 500);
  EXPECT_TRUE(eventually([&] { return stats().websocket_clients == 0; }));
}

}  // namespace
}  // namespace ltb::net
