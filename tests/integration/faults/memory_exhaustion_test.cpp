// Fault: memory exhaustion on the hot path. Every allocation of every recording call fails once:
// what was lost is counted, nothing is thrown, nothing ends the process.
#include "integration/faults/failing_new.hpp"
#include "integration/system_fixture.hpp"

#include <gmock/gmock.h>

#include <atomic>

namespace ltb::test {
namespace {

/// Runs `act(n)` with its first, second, ... allocation failing, until one run gets through; how
/// many failed.
template <typename Act>
int fail_each_allocation(Act act) {
  for (int n = 0;; ++n) {
    if (n > 10'000) {
      ADD_FAILURE() << "this never gets through";
      return n;
    }
    failed = false;
    act(n);
    countdown = -1;
    if (!failed) return n;
  }
}

/// From here to the end of the block, allocation number `n` of this thread fails.
class Failing {
 public:
  explicit Failing(int n) { countdown = n; }
  ~Failing() { countdown = -1; }
  Failing(const Failing&) = delete;
  Failing& operator=(const Failing&) = delete;
};

/// The sum of the samples of a metric whose labels contain `label`.
double total(const MonitoringSystem& system, const std::string& name,
             const std::string& label = {}) {
  double sum = 0;
  std::istringstream lines(system.render_prometheus());
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, name.size(), name) != 0) continue;
    if (line[name.size()] != '{' && line[name.size()] != ' ') continue;
    if (line.find(label) == std::string::npos) continue;
    sum += std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

double refused_recordings(const MonitoringSystem& system) {
  return total(system, "llm_monitor_series_rejected_total");
}

class MemoryExhaustion : public ::testing::Test {
 protected:
  MemoryExhaustion() { system_.start(); }
  MonitoringSystem system_{free_ports().with_detailed_metrics(true)};
  EventReceiver receiver_ = system_.event_bus().subscribe();

  std::uint64_t received() {
    std::uint64_t count = 0;
    while (receiver_.try_receive()) ++count;
    return count;
  }
  /// Both names are new in each round, so that every series is made under pressure.
  static std::string name(int round) { return "fresh-" + std::to_string(round); }
};

TEST_F(MemoryExhaustion, APublishedEventArrivesOrIsCountedAsDropped) {
  std::uint64_t calls = 0;
  const int failures = fail_each_allocation([&](int n) {
    auto event = MonitoringEvent::request_completed("p", name(n), {}, 0.5, TokenUsage{1, 2}, 0.1);
    ++calls;
    const Failing memory(n);
    system_.event_bus().publish(std::move(event));
  });
  EXPECT_GT(failures, 2);
  EXPECT_EQ(received() + system_.event_bus().stats().dropped, calls);
  EXPECT_GT(system_.event_bus().stats().dropped, 0u);
}

TEST_F(MemoryExhaustion, ACallIsCountedOnceUnderItsNameOrInTheOverflowOrAsRefused) {
  std::uint64_t calls = 0;
  const int failures = fail_each_allocation([&](int n) {
    const std::string model = name(n);
    ++calls;
    const Failing memory(n);
    RequestScope scope = system_.begin_request("p", model);
    scope.on_chunk();
    scope.set_finish_reason("a reason that is too long for a small string");
    scope.attempt(ErrorType::RateLimit, std::chrono::milliseconds{1});
    scope.finish(TokenUsage{10, 20}, 0.01);
  });
  EXPECT_GT(failures, 4);
  const double counted = total(system_, "llm_requests_total");
  EXPECT_LE(counted, static_cast<double>(calls));
  EXPECT_GE(counted + refused_recordings(system_), static_cast<double>(calls));
  EXPECT_EQ(total(system_, "llm_requests_active"), 0.0);
}

TEST_F(MemoryExhaustion, SeparateCallsAreCountedOnceUnderTheirNameOrInTheOverflow) {
  double calls = 0;
  const int failures = fail_each_allocation([&](int n) {
    const std::string model = name(n);
    ++calls;
    const Failing memory(n);
    system_.record_request("p", model);
    system_.record_tokens("p", model, 10, 20);
    system_.record_cost("p", model, 0.01);
    system_.record_latency("p", model, 0.5);
    system_.record_error("p", model, ltb::ErrorType::Other,
                         "a message that is longer than a short string");
  });
  EXPECT_GT(failures, 4);
  // The overflow series takes what found no memory for a series of its own. It is shown once it is
  // made with memory at hand; until then the count of its recordings stands for it.
  const double overflowed =
      total(system_, "llm_monitor_series_rejected_total", "reason=\"overflow\"");
  EXPECT_GT(overflowed, 0);
  const double ended = total(system_, "llm_requests_total");
  EXPECT_LE(ended, 2 * calls) << "latency and error end one each";
  EXPECT_GE(ended + overflowed, 2 * calls);
  const double tokens = total(system_, "llm_tokens_input_total");
  EXPECT_LE(tokens, 10 * calls);
  EXPECT_GE(tokens + 10 * overflowed, 10 * calls);
  EXPECT_EQ(total(system_, "llm_requests_active"), 0.0);
}

TEST_F(MemoryExhaustion, ABenchmarkRunIsWatchedOrNot) {
  const int failures = fail_each_allocation([&](int n) {
    const std::string id = name(n);
    const Failing memory(n);
    BenchmarkRun run = system_.begin_benchmark(id, "a benchmark with a long name", 10);
    run.set_current_provider("a provider with a long name");
    run.advance(3);
    run.fail_example();
    run.complete();
  });
  EXPECT_GT(failures, 4);
  BenchmarkRun run = system_.begin_benchmark("after", "after", 1);
  run.complete();
  EXPECT_THAT(system_.render_prometheus(), testing::HasSubstr("after"));
}

// Every allocation fails, not one of them: Boost 1.81 reads an uninitialised pointer when the
// second allocation of a strand fails alone.
TEST_F(MemoryExhaustion, StartWithoutMemoryIsAnErrorCodeAndALaterStartWorks) {
  system_.stop();
  std::error_code error;
  starving = true;
  system_.start(error);
  starving = false;
  EXPECT_TRUE(error);
  EXPECT_FALSE(system_.is_running());
  system_.start();
  EXPECT_EQ(RawClient(system_.prometheus_port()).get("/metrics")->status, 200);
}

// The library's own threads starve too: the listeners, the stream, the collector.
TEST_F(MemoryExhaustion, AProgramThatIsOutOfMemoryGoesOnAndServesAgainAfterwards) {
  exempt = true;  // this thread plays the clients
  std::vector<StreamClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(system_.websocket_port());
    ASSERT_EQ(clients.back().next().at("type"), "Connected");
  }
  std::atomic<bool> done{false};
  std::thread host([&] {
    const std::string model = "m";
    while (!done) {
      system_.record_request("p", model);
      system_.record_latency("p", model, 0.1);
      system_.begin_request("p", model).finish();
    }
  });
  const auto ports = {system_.prometheus_port(), system_.websocket_port(),
                      system_.dashboard_port()};
  starving = true;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{500};
  while (std::chrono::steady_clock::now() < until) {
    for (const std::uint16_t port : ports) {
      RawClient client(port);
      (void)client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
      (void)client.read_to_end(std::chrono::milliseconds{10});
    }
  }
  starving = false;
  done = true;
  host.join();
  EXPECT_GT(refused.load(), 100u);
  clients.clear();
  for (const std::uint16_t port : ports) {
    RawClient client(port);
    EXPECT_TRUE(client.get("/").has_value()) << port;
  }
  StreamClient late(system_.websocket_port());
  EXPECT_EQ(late.next().at("type"), "Connected");
  system_.record_request("p", "afterwards");
  EXPECT_EQ(late.next_of("Event").at("type"), "Event");
  exempt = false;
}

}  // namespace
}  // namespace ltb::test
