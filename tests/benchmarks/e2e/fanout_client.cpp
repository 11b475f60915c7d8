#include "e2e/fanout_client.hpp"

#include "benchmarks/support/process.hpp"
#include "benchmarks/support/sockets.hpp"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::bench {
namespace {

/// The number in `"id":"evt_<number>"`, which stands near the front of every event.
std::uint64_t id_of(std::string_view message) {
  constexpr std::string_view kMark = "\"id\":\"evt_";
  const std::size_t at = message.find(kMark);
  return at == std::string_view::npos
             ? 0
             : std::strtoull(message.data() + at + kMark.size(), nullptr, 10);
}

class Client {
 public:
  Client(std::uint16_t port, int receive_buffer, bool takes_times, FanoutShared& shared)
      : connection_(port, receive_buffer), takes_times_(takes_times), shared_(shared) {
    rest_ = connection_.upgrade("/ws");
    ::fcntl(connection_.fd(), F_SETFL, O_NONBLOCK);
  }
  [[nodiscard]] int fd() const noexcept { return connection_.fd(); }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

  /// Reads what is there, once.
  void on_readable(std::vector<char>& buffer) {
    std::memcpy(buffer.data(), rest_.data(), rest_.size());
    const auto got = ::recv(fd(), buffer.data() + rest_.size(), buffer.size() - rest_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) fail_with_errno("a client's connection ended");
    const std::string_view all(buffer.data(), rest_.size() + static_cast<std::size_t>(got));
    const std::size_t used = take_frames(all);
    rest_.assign(all.substr(used));
  }

 private:
  std::size_t take_frames(std::string_view bytes) {
    std::size_t at = 0;
    std::uint64_t events = 0;
    std::string_view last;
    const double now = takes_times_ && shared_.measuring.load() ? seconds_now() : 0;
    while (bytes.size() - at >= 2) {
      const auto byte = [&](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + i]));
      };
      std::size_t header = 2;
      std::size_t length = byte(1);
      if (length == 126) {
        header = 4;
        if (bytes.size() - at < header) break;
        length = byte(2) << 8 | byte(3);
      } else if (length == 127) {
        throw std::runtime_error("a frame over 64 KiB");
      }
      if (bytes.size() - at < header + length) break;
      const std::string_view message = bytes.substr(at + header, length);
      at += header + length;
      if (message.starts_with("{\"type\":\"Event\"")) {
        if (events++ == 0) check_order(message);
        last = message;
        if (now > 0) take_time(message, now);
      } else if (message.starts_with("{\"type\":\"Lagged\"")) {
        shared_.lagged.fetch_add(1);
      }
    }
    if (events > 0) {
      // What lies between the first and the last of a read must be as many as their ids say.
      const std::uint64_t last_id = id_of(last);
      const std::uint64_t expected = last_id + 1 - first_id_;
      if (expected != events) shared_.gaps.fetch_add(expected > events ? expected - events : 1);
      last_id_ = last_id;
      received_ += events;
      shared_.received.fetch_add(events, std::memory_order_relaxed);
    }
    return at;
  }

  void check_order(std::string_view message) {
    first_id_ = id_of(message);
    if (last_id_ != 0 && first_id_ != last_id_ + 1)
      shared_.gaps.fetch_add(first_id_ > last_id_ ? first_id_ - last_id_ - 1 : 1);
  }

  void take_time(std::string_view message, double now) {
    const double then = shared_.published_at[id_of(message) % FanoutShared::kTimes].load();
    const double late = std::max(0.0, now - then);
    shared_.latency[metrics::SketchLayout::index_of(static_cast<std::uint64_t>(late * 1e9))]
        .fetch_add(1, std::memory_order_relaxed);
    shared_.latency_count.fetch_add(1, std::memory_order_relaxed);
  }

  Connection connection_;
  bool takes_times_;
  FanoutShared& shared_;
  std::string rest_;  // the start of a frame that is not whole yet
  std::uint64_t first_id_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace

void run_fanout_client(const FanoutOptions& options, FanoutShared& shared) {
  while (shared.port == 0) ::usleep(1000);
  const auto port = static_cast<std::uint16_t>(shared.port.load());
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail_with_errno("epoll_create1");
  const std::size_t reading = options.clients - options.stalled;
  constexpr std::size_t kTimesEvery = 8;  // of many clients some tell the latency of all
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < options.clients; ++i) {
    const bool stalls = i >= reading;
    clients.push_back(std::make_unique<Client>(port, stalls ? 4096 : 0,
                                               reading <= 16 || i % kTimesEvery == 0, shared));
    if (!stalls) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (::epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back()->fd(), &event) != 0)
        fail_with_errno("epoll_ctl");
    }
    shared.connected.fetch_add(1);
  }
  std::vector<char> buffer(std::size_t{1} << 20);
  std::vector<epoll_event> events(1024);
  while (!shared.stop) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 20);
    for (int i = 0; i < ready; ++i)
      clients[events[static_cast<std::size_t>(i)].data.u64]->on_readable(buffer);
    std::uint64_t slowest = ~std::uint64_t{0};
    for (std::size_t i = 0; i < reading; ++i) slowest = std::min(slowest, clients[i]->received());
    shared.slowest.store(slowest, std::memory_order_relaxed);
  }
  ::close(epoll);
}

}  // namespace ltb::bench
