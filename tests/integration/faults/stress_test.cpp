// Random interleavings of everything that may happen at once; ThreadSanitizer looks on.
#include "integration/system_fixture.hpp"

#include <atomic>
#include <random>
#include <shared_mutex>
#include <thread>

namespace ltb::test {
namespace {

/// A system that is replaced under its users: the destructor needs the host's own exclusion, which
/// is all that this lock is for.
class Stage {
 public:
  explicit Stage(MonitoringConfig config) : config_(std::move(config)) { replace(); }

  template <typename Act>
  void with_system(Act act) {
    const std::shared_lock lock(mutex_);
    act(*system_);
  }
  void replace() {
    const std::unique_lock lock(mutex_);
    system_.reset();
    system_ = std::make_unique<MonitoringSystem>(config_);
  }

 private:
  const MonitoringConfig config_;
  std::shared_mutex mutex_;
  std::unique_ptr<MonitoringSystem> system_;
};

/// One user of the system: handles of its own, which may outlive the system they came from.
class User {
 public:
  User(Stage& stage, std::uint64_t seed) : stage_(stage), random_(seed) {}

  void act() {
    switch (random_() % 14) {
      case 0:
        return stage_.with_system([](MonitoringSystem& s) {
          std::error_code error;
          s.start(error);
        });
      case 1:
        if (random_() % 4 == 0) stage_.with_system([](MonitoringSystem& s) { s.stop(); });
        return;
      case 2:
        return stage_.with_system([&](MonitoringSystem& s) { scrape(s); });
      case 3:
        return stage_.with_system([&](MonitoringSystem& s) { stream(s); });
      case 4:
        return stage_.with_system([&](MonitoringSystem& s) {
          subscription_ = s.event_bus().on_event([this](const MonitoringEvent&) { ++seen_; });
        });
      case 5:
        return subscription_.reset();
      case 6:
        return stage_.with_system(
            [&](MonitoringSystem& s) { receiver_.emplace(s.event_bus().subscribe()); });
      case 7:
        for (int i = 0; receiver_ && i < 20 && receiver_->try_receive(); ++i) {
        }
        return;
      case 8:
        return stage_.with_system(
            [&](MonitoringSystem& s) { scope_.emplace(s.begin_request("p", model())); });
      case 9:
        if (scope_) scope_->finish(TokenUsage{1, 2}, 0.1);
        return;
      case 10:
        return stage_.with_system([&](MonitoringSystem& s) {
          s.event_bus().publish(MonitoringEvent::alert(AlertSeverity::Info, "t", "m"));
        });
      case 11:
        return stage_.with_system([&](MonitoringSystem& s) {
          s.record_latency("p", model(), 0.1);
          s.record_error("p", model(), ltb::ErrorType::Timeout);
        });
      case 12:
        return stage_.with_system([&](MonitoringSystem& s) {
          (void)s.get_all_provider_stats();
          (void)s.render_prometheus();
        });
      default:
        if (random_() % 30 == 0) stage_.replace();
    }
  }
  [[nodiscard]] std::uint64_t seen() const { return seen_; }

 private:
  std::string model() { return "m" + std::to_string(random_() % 5); }

  // The ports may be closed between the question and the connection.
  void scrape(MonitoringSystem& system) {
    try {
      RawClient client(random_() % 2 == 0 ? system.prometheus_port() : system.dashboard_port());
      (void)client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      if (random_() % 3 != 0) (void)client.read_to_end(50ms);
    } catch (const std::runtime_error&) {
    }
  }
  void stream(MonitoringSystem& system) {
    try {
      RawClient client(system.websocket_port());
      (void)client.send(RawClient::handshake("/ws"));
      (void)client.send_text(R"({"type":"Subscribe","data":{"event_types":["SystemAlert"]}})");
      if (random_() % 3 != 0) (void)client.read_to_end(20ms);
    } catch (const std::runtime_error&) {
    }
  }

  Stage& stage_;
  std::mt19937_64 random_;
  std::atomic<std::uint64_t> seen_{0};
  Subscription subscription_;
  std::optional<EventReceiver> receiver_;
  std::optional<RequestScope> scope_;
};

// LTB_TEST_STRESS_SEED repeats a run's choices (not its timing); LTB_TEST_STRESS_MS makes it
// longer.
TEST(Stress, RandomInterleavingsOfEverythingEndWell) {
  const char* given = std::getenv("LTB_TEST_STRESS_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  const char* longer = std::getenv("LTB_TEST_STRESS_MS");
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds{longer != nullptr ? std::atoi(longer) : 4000};
  MonitoringConfig config = free_ports();
  config.io_threads = 2;
  config.event_history = 64;
  Stage stage(config);
  std::atomic<std::uint64_t> acts{0};
  std::vector<std::thread> users;
  for (std::uint64_t i = 0; i < 6; ++i) {
    users.emplace_back([&, i] {
      User user(stage, seed + i);
      while (std::chrono::steady_clock::now() < until) {
        user.act();
        ++acts;
      }
    });
  }
  for (auto& thread : users) thread.join();

  EXPECT_GT(acts, 100u);
  stage.replace();
  stage.with_system([](MonitoringSystem& system) {
    system.start();
    StreamClient client(system.websocket_port());
    EXPECT_EQ(client.next().at("type"), "Connected");
    system.record_request("p", "m");
    EXPECT_EQ(id_of(client.next()), 1u);
  });
}

}  // namespace
}  // namespace ltb::test
