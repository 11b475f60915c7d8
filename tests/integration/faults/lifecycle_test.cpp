// start(), stop() and the end of a system from wherever a host may ask for them: subscribers on the
// library's own threads, several threads at once, while others wait.
#include "integration/own_process.hpp"
#include "integration/system_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace ltb::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeadline = 20s;

/// Fails, and ends the program, when `work` hangs: joining it would hang all tests.
void in_time(const char* what, const std::function<void()>& work) {
  auto done = std::async(std::launch::async, work);
  if (done.wait_for(kDeadline) == std::future_status::ready) return done.get();
  std::fprintf(stderr, "%s hangs\n", what);
  std::abort();
}

bool is_alert(const MonitoringEvent& event) {
  return event.event_type == EventType::SystemAlert;
}

/// A system whose first call raises an alert, which is published on an I/O thread.
MonitoringConfig with_a_small_budget() {
  return free_ports().with_budget(1.0);
}
void overspend(MonitoringSystem& system) {
  system.begin_request("p", "m").finish(TokenUsage{1, 1}, 2.0);
}

TEST(Lifecycle, StopInASubscriberOfAnAlertWhileTheProgramStopsToo) {
  for (const unsigned threads : {1u, 3u}) {
    MonitoringSystem system(with_a_small_budget().with_io_threads(threads));
    system.start();
    std::latch alerted(1);
    std::latch stopping(1);
    std::atomic<bool> returned{false};
    const Subscription subscription =
        system.event_bus().on_event([&, first = true](const MonitoringEvent& event) mutable {
          if (!is_alert(event) || !std::exchange(first, false)) return;
          alerted.count_down();
          stopping.wait();
          std::this_thread::sleep_for(20ms);  // the other is inside stop() by now, most likely
          system.stop();
          returned = true;
        });
    overspend(system);
    in_time("stop()", [&] {
      alerted.wait();
      stopping.count_down();
      system.stop();
    });
    EXPECT_TRUE(returned) << "stop() elsewhere joined the thread of the subscriber";
    EXPECT_FALSE(system.is_running());
  }
}

TEST(Lifecycle, StopInASubscriberOfAnAlertClosesThePortsWithoutAnotherStop) {
  MonitoringSystem system(with_a_small_budget());
  system.start();
  const std::uint16_t port = system.prometheus_port();
  StreamClient stream(system.websocket_port());
  ASSERT_EQ(stream.next().at("type"), "Connected");
  std::latch stopped(1);
  const Subscription subscription =
      system.event_bus().on_event([&, first = true](const MonitoringEvent& event) mutable {
        if (!is_alert(event) || !std::exchange(first, false)) return;
        system.stop();
        system.stop();
        stopped.count_down();
      });
  overspend(system);
  in_time("stop() in a subscriber", [&] { stopped.wait(); });
  EXPECT_FALSE(system.is_running());
  EXPECT_EQ(system.prometheus_port(), 0);
  EXPECT_EQ(stream.raw.read_close_code(), 1001);
  EXPECT_TRUE(eventually([&] {
    try {
      RawClient client(port);
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }));
  in_time("start() after it", [&] { system.start(); });
  EXPECT_TRUE(RawClient(system.prometheus_port()).get("/metrics"));
}

TEST(Lifecycle, StartAfterStopInASubscriberOfAnAlertThrowsInPlaceOfWaitingForItself) {
  MonitoringSystem system(with_a_small_budget());
  system.start();
  std::promise<std::error_code> thrown;
  const Subscription subscription =
      system.event_bus().on_event([&, first = true](const MonitoringEvent& event) mutable {
        if (!is_alert(event) || !std::exchange(first, false)) return;
        system.start();  // runs already: nothing happens
        system.stop();
        try {
          system.start();
          thrown.set_value({});
        } catch (const std::system_error& error) {
          thrown.set_value(error.code());
        }
      });
  overspend(system);
  auto result = thrown.get_future();
  ASSERT_EQ(result.wait_for(kDeadline), std::future_status::ready) << "start() waits for itself";
  EXPECT_EQ(result.get(), std::errc::resource_deadlock_would_occur);
  EXPECT_NE(system.last_start_error().find("another thread"), std::string::npos);
  in_time("start() elsewhere", [&] { system.start(); });
  EXPECT_TRUE(system.is_running());
}

TEST(Lifecycle, StopThenStartInASubscriberOnTheHostsThreadWorks) {
  MonitoringSystem system(free_ports());
  system.start();
  const Subscription subscription = system.event_bus().on_event([&](const MonitoringEvent& event) {
    if (event.event_type != EventType::RequestStarted) return;
    system.stop();
    system.start();
  });
  in_time("stop(); start();", [&] { system.record_request("p", "m"); });
  EXPECT_TRUE(system.is_running());
  EXPECT_TRUE(RawClient(system.prometheus_port()).get("/metrics"));
}

TEST(Lifecycle, StartsAndStopsOfManyThreadsAndSubscribersEndInOrder) {
  MonitoringSystem system(with_a_small_budget().with_io_threads(2));
  std::atomic<int> alerts{0};
  const Subscription subscription = system.event_bus().on_event([&](const MonitoringEvent& event) {
    if (!is_alert(event) && event.event_type != EventType::BenchmarkStarted) return;
    ++alerts;
    system.stop();
    std::error_code ignored;
    system.start(ignored);
  });
  overspend(system);
  in_time("a mixture of start() and stop()", [&] {
    std::vector<std::thread> host;
    for (int t = 0; t < 4; ++t)
      host.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          std::error_code ignored;
          if (t % 2 == 0) {
            system.start(ignored);
          } else {
            system.stop();
          }
          if (t == 3) system.begin_benchmark("b", "b", 1).complete();
        }
      });
    for (auto& thread : host) thread.join();
    system.stop();
  });
  EXPECT_FALSE(system.is_running());
  in_time("a last start()", [&] { system.start(); });
  EXPECT_TRUE(RawClient(system.prometheus_port()).get("/metrics"));
}

TEST(Lifecycle, ReceiversReadWhatIsLeftAtStopAndThenEnd) {
  MonitoringSystem system(free_ports());
  system.start();
  EventReceiver receiver = system.event_bus().subscribe();
  std::atomic<int> got{0};
  std::thread reader([&] {
    while (receiver.receive()) ++got;
  });
  system.begin_request("p", "m").finish(TokenUsage{1, 1});
  system.stop();
  in_time("the reader", [&] { reader.join(); });
  EXPECT_EQ(got, 2);
  EXPECT_TRUE(receiver.is_closed());

  system.start();
  EventReceiver second = system.event_bus().subscribe();
  system.begin_request("p", "m").finish(TokenUsage{1, 1});
  EXPECT_EQ(second.receive()->event->event_type, EventType::RequestStarted);
  EXPECT_EQ(receiver.receive(), std::nullopt);
}

// The thread that is joined here reads until the system stops: as in a program's own shutdown.
TEST(Lifecycle, AReceiversThreadMayBeJoinedByASubscriberThatStops) {
  MonitoringSystem system(with_a_small_budget());
  system.start();
  EventReceiver receiver = system.event_bus().subscribe();
  std::thread reader([&] {
    while (receiver.receive()) {
    }
  });
  std::latch joined(1);
  const Subscription subscription =
      system.event_bus().on_event([&, first = true](const MonitoringEvent& event) mutable {
        if (!is_alert(event) || !std::exchange(first, false)) return;
        system.stop();
        reader.join();
        joined.count_down();
      });
  overspend(system);
  in_time("the join in a subscriber", [&] { joined.wait(); });
}

class Echo final : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "echo"; }
  CompletionResponse complete(const CompletionRequest& request) override {
    return {.text = request.prompt, .usage = TokenUsage{1, 1}};
  }
};

// Each holds what in turn holds the bus that holds it.
struct Owner : EventSubscriber {
  Owner(MonitoringSystem& system, std::atomic<int>& count)
      : alive(count),
        provider(std::make_shared<Echo>(), system),
        scope(system.begin_request("p", "m")),
        run(system.begin_benchmark("b", "b", 10)),
        receiver(system.event_bus().subscribe()),
        other(system.event_bus().on_event([](const MonitoringEvent&) {})) {
    ++alive;
  }
  ~Owner() override { --alive; }
  void on_event(const MonitoringEvent&) override {}

  std::atomic<int>& alive;
  MonitoredProvider provider;
  RequestScope scope;
  BenchmarkRun run;
  EventReceiver receiver;
  Subscription other;
};

TEST(Lifecycle, ASubscriberThatOwnsWrappersOfItsSystemEndsWithIt) {
  std::atomic<int> alive{0};
  for (const bool started : {false, true}) {
    std::optional<MonitoredProvider> wrapper;
    {
      MonitoringSystem system(free_ports());
      if (started) system.start();
      system.event_bus().add_subscriber(std::make_shared<Owner>(system, alive));
      auto in_callback = std::make_shared<Owner>(system, alive);
      Subscription subscription =
          system.event_bus().on_event([owner = std::move(in_callback)](const MonitoringEvent&) {});
      (void)system.event_bus().on_event([](const MonitoringEvent&) {});
      wrapper.emplace(std::make_shared<Echo>(), system);
      EXPECT_EQ(alive, 2);
    }
    EXPECT_EQ(alive, 0) << "a subscriber outlived its system";
    EXPECT_EQ(wrapper->complete({.model = "m", .prompt = "late"}).text, "late");
  }
}

TEST(Lifecycle, TheDestructorWaitsForASubscriberThatStopsInAnotherThread) {
  for (int round = 0; round < 5; ++round) {
    auto system = std::make_unique<MonitoringSystem>(free_ports());
    system->start();
    std::latch inside(1);
    std::atomic<bool> left{false};
    Subscription subscription = system->event_bus().on_event([&](const MonitoringEvent& event) {
      if (event.event_type != EventType::RequestFailed) return;
      inside.count_down();
      std::this_thread::sleep_for(10ms);
      system->stop();
      left = true;
    });
    std::thread host([scope = system->begin_request("p", "m")]() mutable {
      scope.fail(ErrorType::Timeout, "late");
    });
    in_time("the destructor", [&] {
      inside.wait();
      // reset() would make the pointer null before the destructor waits.
      std::destroy_at(system.get());
    });
    EXPECT_TRUE(left);
    ::operator delete(system.release());
    host.join();
  }
}

TEST(Lifecycle, ASubscriberOfAnAlertMayEndItsOwnSystem) {
  const std::size_t threads_before = threads();
  for (int round = 0; round < 5; ++round) {
    auto system = std::make_shared<std::unique_ptr<MonitoringSystem>>();
    *system = std::make_unique<MonitoringSystem>(with_a_small_budget());
    (*system)->start();
    std::promise<void> ended;
    (*system)->event_bus().add_subscriber([&] {
      struct Ending : EventSubscriber {
        std::shared_ptr<std::unique_ptr<MonitoringSystem>> system;
        std::promise<void>* ended = nullptr;
        void on_event(const MonitoringEvent& event) override {
          if (!is_alert(event) || !*system) return;
          system->reset();
          ended->set_value();
        }
      };
      auto ending = std::make_shared<Ending>();
      ending->system = system;
      ending->ended = &ended;
      return ending;
    }());
    overspend(**system);
    ASSERT_EQ(ended.get_future().wait_for(kDeadline), std::future_status::ready);
  }
  EXPECT_TRUE(eventually([&] { return threads() <= threads_before; })) << "its threads end, too";
}

TEST(Lifecycle, ASystemThatDoesNotRunHoldsNoEvents) {
  MonitoringSystem system(free_ports());
  const std::string page(64 * 1024, 'x');
  const auto fail_often = [&] {
    for (int i = 0; i < 5000; ++i)
      system.begin_request("p", "m").fail(ErrorType::ServerError, page);
  };
  fail_often();
  const std::uint64_t before = resident_kib();
  fail_often();
  EXPECT_EQ(system.event_bus().stats().receivers, 0u);
  system.start();
  system.stop();
  fail_often();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(resident_kib(), before + 8 * 1024);
#else
  (void)before;
#endif
}

TEST(Lifecycle, LongErrorTextsStayWithinTheBytesOfTheRingWhileRunning) {
  MonitoringSystem system(free_ports().with_max_event_bytes(1 << 20));
  system.start();
  EventReceiver slow = system.event_bus().subscribe();  // reads nothing
  const std::string page(64 * 1024, 'x');
  const auto fail_often = [&] {
    for (int i = 0; i < 3000; ++i)
      system.begin_request("p", "m").fail(ErrorType::ServerError, page);
  };
  fail_often();
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (auto received = slow.try_receive(); received; received = slow.try_receive()) {
    const RequestPayload& payload = *received->event->request_payload();
    EXPECT_LE(payload.error.value_or("").size(), kMaxEventTextBytes);
    bytes += payload.error.value_or("").size();
    ++kept;
  }
  EXPECT_GE(kept, 64u);
  EXPECT_LE(bytes, std::size_t{1} << 20);
  EXPECT_EQ(system.event_bus().stats().texts_cut, 3000u);
}

// Three new ids of this process, then of a system made in it.
std::string some_request_ids(MonitoringSystem& system) {
  std::string ids;
  for (int i = 0; i < 3; ++i)
    ids += std::string(system.begin_request("p", "m").request_id()) + '\n';
  MonitoringSystem made_here(free_ports());
  for (int i = 0; i < 3; ++i)
    ids += std::string(made_here.begin_request("p", "m").request_id()) + '\n';
  return ids;
}

TEST(Lifecycle, AfterAForkEachProcessMakesRequestIdsOfItsOwn) {
  MonitoringSystem system(free_ports());
  std::string ids = some_request_ids(system);  // this thread has a state to copy
  constexpr int kChildren = 3;
  for (int child = 0; child < kChildren; ++child) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      const std::string own = some_request_ids(system);
      _exit(::write(ends[1], own.data(), own.size()) == static_cast<ssize_t>(own.size()) ? 0 : 1);
    }
    ::close(ends[1]);
    char bytes[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], bytes, sizeof bytes)) > 0;)
      ids.append(bytes, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  ids += some_request_ids(system);
  std::set<std::string> different;
  std::istringstream lines(ids);
  for (std::string line; std::getline(lines, line);) different.insert(line);
  EXPECT_EQ(different.size(), 6u * (kChildren + 2));
}

}  // namespace
}  // namespace ltb::test
