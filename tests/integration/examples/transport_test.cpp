// The transport itself: how many threads it takes, and that nothing keeps a call beyond its time or
// a stop.

#include "transport.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <ltb/error_type.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "scripted_server.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

/// A listener on a free port of 127.0.0.1.
class Listener {
 public:
  explicit Listener(int backlog) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, backlog), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = address;
  }
  ~Listener() {
    for (const int fd : waiting_) close(fd);
    close(fd_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Fills its queue, so that a later connection attempt gets no answer.
  void fill() {
    for (int i = 0; i < 8; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
      waiting_.push_back(fd);
    }
  }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
  }

 private:
  const int fd_;
  sockaddr_in address_{};
  std::vector<int> waiting_;
};

/// Answers every connection on one thread: the head and a piece at once, the rest when told.
class ManyStreamsServer {
 public:
  ManyStreamsServer() : listener_(1024), thread_([this] { serve(); }) {}
  ~ManyStreamsServer() {
    stopping_ = true;
    thread_.join();
    for (const pollfd& client : clients_) close(client.fd);
  }
  ManyStreamsServer(const ManyStreamsServer&) = delete;
  ManyStreamsServer& operator=(const ManyStreamsServer&) = delete;

  [[nodiscard]] std::string url() const { return listener_.url(); }
  void finish() { finishing_ = true; }

 private:
  void serve() {
    clients_.push_back({listener_.fd(), POLLIN, 0});
    bool finished = false;
    while (!stopping_) {
      if (poll(clients_.data(), clients_.size(), 10) > 0) look();
      if (finishing_ && !std::exchange(finished, true)) {
        for (std::size_t i = 1; i < clients_.size(); ++i)
          say(clients_[i].fd, chunk("end") + chunk(""));
      }
    }
    clients_.erase(clients_.begin());
  }
  void look() {
    if ((clients_.front().revents & POLLIN) != 0) {
      clients_.push_back({accept(listener_.fd(), nullptr, nullptr), POLLIN, 0});
    }
    for (std::size_t i = 1; i < clients_.size(); ++i) {
      if ((clients_[i].revents & POLLIN) == 0) continue;
      std::string request(4096, '\0');
      const ssize_t got = recv(clients_[i].fd, request.data(), request.size(), 0);
      if (got <= 0) clients_[i].events = 0;
      // A request may come in two parts; the first one has its line.
      if (got > 0 && request.starts_with("POST "))
        say(clients_[i].fd, stream_head() + chunk("begin"));
    }
  }
  static void say(int fd, const std::string& bytes) {
    EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  Listener listener_;
  std::vector<pollfd> clients_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> finishing_{false};
  std::thread thread_;
};

TEST(Transport, FiveHundredStreamsAtOnceTakeOneThread) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  ManyStreamsServer server;
  const std::size_t before = threads_of_this_process();
  Transport transport({});
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (int i = 0; i < 500; ++i) {
    exchanges.push_back(transport.start({.url = server.url(), .body = "{}", .streamed = true}, {}));
  }
  for (const auto& exchange : exchanges) {
    const auto piece = exchange->next();
    ASSERT_TRUE(piece);
    ASSERT_EQ(piece->bytes, "begin");
  }

  EXPECT_EQ(threads_of_this_process(), before + 1);

  server.finish();
  for (const auto& exchange : exchanges) {
    EXPECT_EQ(exchange->next().value().bytes, "end");
    EXPECT_FALSE(exchange->next());
    EXPECT_TRUE(exchange->is_over());
  }
}

TEST(Transport, APieceCarriesTheTimeItCameAndNotTheTimeItWasRead) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk("1"), false, {chunk("2") + chunk("")}};
  });
  Transport transport({});
  const auto asked = steady_clock::now();
  const auto exchange = transport.start({.url = server.url(), .body = "{}", .streamed = true}, {});
  const auto first = exchange->next();
  const auto read = steady_clock::now();
  server.release();
  // The second piece is waited for by its end, which comes with it, and read after a while.
  while (!exchange->next(steady_clock::now())) {
    ASSERT_LT(steady_clock::now() - read, std::chrono::seconds{20});
  }

  ASSERT_TRUE(first);
  EXPECT_GT(first->arrived, asked);
  EXPECT_LT(first->arrived, read);
}

ltb::ProviderError failure_of(Exchange& exchange) {
  try {
    while (exchange.next()) {
    }
  } catch (const ltb::ProviderError& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ltb::ErrorType::Other, ""};
}

TEST(Transport, AHostThatDoesNotAnswerAConnectionIsATimeout) {
  Listener blackhole(0);
  blackhole.fill();
  Transport transport({});

  const auto exchange =
      transport.start({.url = blackhole.url(), .body = "{}"}, {.whole = milliseconds{200}});
  const ltb::ProviderError error = failure_of(*exchange);

  EXPECT_EQ(error.type(), ltb::ErrorType::Timeout);
  EXPECT_THAT(error.what(), HasSubstr("cannot connect to 127.0.0.1 port "));
  EXPECT_THAT(error.what(), HasSubstr("within 200 ms"));
}

TEST(Transport, AStopEndsCallsThatConnectWaitOrBegin) {
  Listener blackhole(0);
  blackhole.fill();
  ScriptedServer silent([](std::size_t) { return Reply{}; });
  std::stop_source stop;
  Transport transport(stop.get_token());
  const Timeouts hour{.whole = std::chrono::hours{1}};
  const auto connecting = transport.start({.url = blackhole.url(), .body = "{}"}, hour);
  const auto waiting = transport.start({.url = silent.url(), .body = "{}"}, hour);
  ASSERT_TRUE(silent.wait_for_requests(1));

  stop.request_stop();
  const auto late = transport.start({.url = silent.url(), .body = "{}"}, hour);

  for (Exchange* exchange : {connecting.get(), waiting.get(), late.get()}) {
    EXPECT_EQ(failure_of(*exchange).type(), ltb::ErrorType::Cancelled);
  }
  EXPECT_EQ(silent.requests().size(), 1U);
}

TEST(Transport, AnExchangeThatIsDroppedClosesItsConnection) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk("1"), false, {"never"}};
  });
  Transport transport({});
  {
    const auto exchange =
        transport.start({.url = server.url(), .body = "{}", .streamed = true}, {});
    ASSERT_TRUE(exchange->next());
  }

  EXPECT_TRUE(server.wait_for_closed(1));
}

}  // namespace
