// A host whose log sink calls the library: publishes, records, subscribes, renders, asks, stops and
// starts. The library must log without a lock, or it would wait for itself.
#include "integration/system_fixture.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace ltb::test {
namespace {

using namespace std::chrono_literals;

/// What a sink does with its first line. Those that its own calls cause only count.
class Calling {
 public:
  std::atomic<MonitoringSystem*> system{nullptr};
  bool restarts = true;
  bool uses_other_threads = true;
  std::atomic<int> lines{0};

  [[nodiscard]] std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

  void take(const spdlog::details::log_msg& message) {
    ++lines;
    {
      const std::lock_guard lock(mutex_);
      text_ += std::string(message.payload.data(), message.payload.size()) + '\n';
    }
    MonitoringSystem* const monitoring = system.exchange(nullptr);
    if (monitoring == nullptr) return;
    // Other threads must not wait either for what the thread that logs holds.
    if (uses_other_threads) std::async(std::launch::async, [=] { call(*monitoring); }).get();
    call(*monitoring);
    if (!restarts) return;
    monitoring->stop();
    std::error_code ignored;
    monitoring->start(ignored);
  }

 private:
  static void call(MonitoringSystem& monitoring) {
    auto& bus = monitoring.event_bus();
    const Subscription subscription = bus.on_event([](const MonitoringEvent&) {});
    EventReceiver receiver = bus.subscribe();
    for (const char* label : {"a", "b", "c"}) {
      bus.publish(MonitoringEvent::metric_recorded(
          Metric("host_log_lines_total", MetricType::Counter, Counter{1})
              .with_label("from", label)));
      bus.publish(MonitoringEvent::evaluation_completed("e", label, label, label, 1));
      bus.publish(MonitoringEvent::provider_status(label, ProviderHealth::Degraded));
      monitoring.begin_request(label, label).finish(TokenUsage{1, 1});
    }
    monitoring.begin_benchmark("b", "b", 1).complete();
    (void)monitoring.render_prometheus();
    (void)monitoring.get_metrics();
    (void)monitoring.get_all_provider_stats();
    (void)monitoring.collector().benchmarks();
    (void)monitoring.collector().history({.metric = "requests_per_second"});
    (void)monitoring.is_running();
  }

  std::mutex mutex_;
  std::string text_;
};

template <typename Mutex>
class CallingSink final : public spdlog::sinks::base_sink<Mutex>, public Calling {
  void sink_it_(const spdlog::details::log_msg& message) override { take(message); }
  void flush_() override {}
};

class LogSink : public testing::Test {
 protected:
  std::shared_ptr<CallingSink<spdlog::details::null_mutex>> sink =
      std::make_shared<CallingSink<spdlog::details::null_mutex>>();

  MonitoringConfig config() const {
    return free_ports().with_logger(std::make_shared<spdlog::logger>("host", sink));
  }
  /// Fails, and ends the program, when `work` hangs.
  void expect_line(const std::string& part, const std::function<void()>& work) {
    auto done = std::async(std::launch::async, work);
    if (done.wait_for(20s) != std::future_status::ready) {
      std::fprintf(stderr, "it hangs before or after it logged \"%s\"\n", part.c_str());
      std::abort();
    }
    done.get();
    EXPECT_GE(sink->lines, 1);
    EXPECT_NE(sink->text().find(part), std::string::npos) << sink->text();
    sink->system = nullptr;
  }
};

TEST_F(LogSink, MayCallTheLibraryWhenAUserMetricIsOverTheLimit) {
  MonitoringSystem system(config().with_max_series_per_family(1));
  sink->system = &system;
  expect_line("label sets", [&] {
    for (const char* region : {"1", "2", "3"})
      system.event_bus().publish(MonitoringEvent::metric_recorded(
          Metric("hits_total", MetricType::Counter, Counter{1}).with_label("region", region)));
  });
}

TEST_F(LogSink, MayCallTheLibraryWhenThereAreTooManyUserMetrics) {
  MonitoringSystem system(config().with_max_series_per_family(1));
  sink->system = &system;
  expect_line("label sets", [&] {
    for (const char* name : {"a_total", "b_total", "c_total"})
      system.event_bus().publish(
          MonitoringEvent::metric_recorded(Metric(name, MetricType::Counter, Counter{1})));
  });
}

TEST_F(LogSink, MayCallTheLibraryWhenModelsEvaluationsAndProvidersAreOverTheLimit) {
  for (const int kind : {0, 1, 2}) {
    MonitoringSystem system(config().with_max_series_per_family(1));
    sink->system = &system;
    expect_line("label sets", [&] {
      for (const char* name : {"1", "2"}) {
        if (kind == 0) (void)system.begin_request("p", name);
        if (kind == 1)
          system.event_bus().publish(MonitoringEvent::evaluation_completed("e", name, "p", "m", 1));
        if (kind == 2)
          system.event_bus().publish(
              MonitoringEvent::provider_status(name, ProviderHealth::Degraded));
      }
    });
  }
}

TEST_F(LogSink, MayCallTheLibraryWhenAMetricIsRefused) {
  MonitoringSystem system(config());
  sink->system = &system;
  expect_line("refused", [&] {
    system.event_bus().publish(
        MonitoringEvent::metric_recorded(Metric("hits_total", MetricType::Counter, Counter{-1})));
  });
}

// A second of a model takes some hundred bytes; a limit of 1 MiB is far below 3,000 of them.
TEST_F(LogSink, MayCallTheLibraryWhenHistoryIsShortened) {
  MonitoringSystem system(
      config().with_max_history_bytes(1 << 20).with_max_series_per_family(5000));
  for (int i = 0; i < 3000; ++i)
    system.begin_request("p", std::to_string(i)).finish(TokenUsage{1, 1});
  sink->system = &system;
  expect_line("history", [&] { (void)system.collector().totals(); });
}

TEST_F(LogSink, MayCallTheLibraryWhenItStartsOnAnOpenAddress) {
  sink->restarts = false;
  MonitoringSystem system(config().with_bind_address("0.0.0.0"));
  sink->system = &system;
  expect_line("other machines", [&] { system.start(); });
}

TEST_F(LogSink, MayStopAndStartTheSystemWhenItStartsOnAnOpenAddress) {
  MonitoringSystem system(config().with_bind_address("0.0.0.0"));
  sink->system = &system;
  expect_line("other machines", [&] { system.start(); });
  EXPECT_TRUE(system.is_running());
}

// spdlog's sinks for several threads hold a mutex of their own: a line from inside one would wait
// for it.
TEST_F(LogSink, WithAMutexOfItsOwnIsNotCalledFromInsideItself) {
  auto locking = std::make_shared<CallingSink<std::mutex>>();
  locking->uses_other_threads = false;
  MonitoringSystem system(free_ports()
                              .with_logger(std::make_shared<spdlog::logger>("host", locking))
                              .with_max_series_per_family(1)
                              .with_bind_address("0.0.0.0"));
  locking->system = &system;
  auto done = std::async(std::launch::async, [&] {
    for (const char* region : {"1", "2"})
      system.event_bus().publish(MonitoringEvent::metric_recorded(
          Metric("hits_total", MetricType::Counter, Counter{1}).with_label("region", region)));
  });
  if (done.wait_for(20s) != std::future_status::ready) {
    std::fprintf(stderr, "it logs from inside the sink\n");
    std::abort();
  }
  EXPECT_EQ(locking->lines, 1);
}

}  // namespace
}  // namespace ltb::test
