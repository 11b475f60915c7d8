// Faults that reach a whole system from inside its program: ports in use, restarts, its end under
// load, callbacks that throw, numbers and names from hell, very many of them.
#include "integration/own_process.hpp"
#include "integration/system_fixture.hpp"
#include "unit/exporter/exposition_parser.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <system_error>
#include <thread>

namespace ltb::test {
namespace {

using Clock = std::chrono::steady_clock;
using testing::HasSubstr;
using tests::ExpositionParser;
using tests::ParsedLabels;
using tests::ParsedText;

double sample(const ParsedText& text, const std::string& name, const ParsedLabels& labels = {}) {
  const auto found = text.samples.find({name, labels});
  return found == text.samples.end() ? std::nan("") : found->second;
}
ParsedText metrics_of(const MonitoringSystem& system) {
  return ExpositionParser::parse(system.render_prometheus());
}

struct PortCase {
  const char* listener;
  MonitoringConfig (MonitoringConfig::*with_port)(std::uint16_t) const;
};

class FaultPortInUse : public testing::TestWithParam<PortCase> {};

TEST_P(FaultPortInUse, StartThrowsNamesItBindsNothingAndALaterStartWorks) {
  MonitoringSystem somebody(free_ports().with_websocket(false).with_dashboard(false));
  somebody.start();
  const std::uint16_t taken = somebody.prometheus_port();
  MonitoringSystem system((free_ports().*GetParam().with_port)(taken));
  const std::size_t descriptors = open_descriptors();
  try {
    system.start();
    FAIL() << "started on a taken port";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_THAT(error.what(),
                HasSubstr(std::string(GetParam().listener) + " listener: cannot bind"));
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(taken)));
    EXPECT_THAT(error.what(), HasSubstr("choose another port with with_"));
  }
  EXPECT_FALSE(system.is_running());
  EXPECT_EQ(system.prometheus_port() + system.websocket_port() + system.dashboard_port(), 0);
  EXPECT_EQ(open_descriptors(), descriptors) << "nothing stays bound";

  somebody.stop();
  system.start();
  EXPECT_EQ(RawClient(system.prometheus_port()).get("/metrics")->status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    EachListener, FaultPortInUse,
    testing::Values(PortCase{"prometheus", &MonitoringConfig::with_prometheus_port},
                    PortCase{"websocket", &MonitoringConfig::with_websocket_port},
                    PortCase{"dashboard", &MonitoringConfig::with_dashboard_port}),
    [](const auto& port) { return std::string(port.param.listener); });

TEST(FaultRestart, FiftyRestartsUnderLoadTakeLessThan2SecondsEachAndLeakNothing) {
  MonitoringSystem system(free_ports());
  system.start();  // brings what stays
  system.stop();
  std::atomic<bool> done{false};
  std::thread host([&] {
    while (!done) system.begin_request("p", "m").finish(TokenUsage{1, 1});
  });
  const std::size_t descriptors = open_descriptors();
  const std::size_t threads_before = threads();
  for (int i = 0; i < 50; ++i) {
    system.start();
    StreamClient stream(system.websocket_port());
    EXPECT_EQ(stream.next().at("type"), "Connected");
    EXPECT_TRUE(RawClient(system.prometheus_port()).get("/metrics"));
    std::thread answer([&] {
      EXPECT_EQ(stream.raw.read_close_code(), 1001);
      stream.raw.close();
    });
    const auto begin = Clock::now();
    system.stop();
    EXPECT_LT(Clock::now() - begin, 2s);
    answer.join();
    system.stop();  // twice is once
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_TRUE(eventually([&] { return threads() == threads_before; }));
  done = true;
  host.join();
}

// The wrapper, the scopes and the runs of other threads go on while the system is destroyed.
TEST(FaultDestructor, ASystemMayEndWhileOthersRecord) {
  class Echo final : public Provider {
   public:
    [[nodiscard]] std::string name() const override { return "echo"; }
    CompletionResponse complete(const CompletionRequest& request) override {
      return {.text = request.prompt, .usage = TokenUsage{1, 1}};
    }
  };
  for (int round = 0; round < 10; ++round) {
    auto system = std::make_unique<MonitoringSystem>(free_ports());
    system->start();
    StreamClient stream(system->websocket_port());
    EXPECT_EQ(stream.next().at("type"), "Connected");
    std::atomic<std::uint64_t> seen{0};
    Subscription subscription =
        system->event_bus().on_event([&](const MonitoringEvent&) { ++seen; });
    EventReceiver receiver = system->event_bus().subscribe();
    std::atomic<bool> done{false};
    std::vector<std::thread> host;
    for (int i = 0; i < 2; ++i) {
      host.emplace_back([&done, scope = system->begin_request("p", "m"),
                         provider = std::make_shared<MonitoredProvider>(std::make_shared<Echo>(),
                                                                        *system)]() mutable {
        while (!done) (void)provider->complete({.model = "m"});
        scope.finish();
      });
    }
    host.emplace_back([&receiver] {
      while (receiver.receive()) {
      }
    });
    ASSERT_TRUE(eventually([&] { return seen > 50; }));
    stream.raw.close();

    system.reset();

    const std::uint64_t at_end = seen;
    EXPECT_TRUE(eventually([&] { return seen >= at_end; }));  // the others go on
    done = true;
    for (auto& thread : host) thread.join();
    while (receiver.try_receive()) {  // what was recorded after the end
    }
    EXPECT_TRUE(receiver.is_closed());
  }
}

TEST(FaultSubscriber, AThrowIsCountedShownAndTheOthersSeeEverything) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient stream(system.websocket_port());
  ASSERT_EQ(stream.next().at("type"), "Connected");
  int seen = 0;
  const Subscription bad = system.event_bus().on_event(
      [](const MonitoringEvent&) { throw std::runtime_error("a subscriber's own trouble"); });
  const Subscription worse = system.event_bus().on_event([](const MonitoringEvent&) { throw 1; });
  const Subscription good = system.event_bus().on_event([&](const MonitoringEvent&) { ++seen; });
  for (std::uint64_t id = 1; id <= 10; ++id) {
    system.record_request("p", "m");
    EXPECT_EQ(id_of(stream.next()), id);
  }
  EXPECT_EQ(seen, 10);
  EXPECT_EQ(sample(metrics_of(system), "llm_monitor_subscriber_errors_total"), 20);
}

TEST(FaultSubscriber, OneThatSubscribesPublishesAndStopsInsideOnEventDoesNotDeadlock) {
  MonitoringSystem system(free_ports());
  system.start();
  int seen = 0;
  std::vector<Subscription> more;
  const Subscription busy = system.event_bus().on_event([&](const MonitoringEvent& event) {
    if (event.event_type != EventType::RequestStarted) return;
    more.push_back(system.event_bus().on_event([&](const MonitoringEvent&) { ++seen; }));
    system.event_bus().publish(MonitoringEvent::alert(AlertSeverity::Info, "inside", "inside"));
    system.stop();  // the publisher's thread is the test's own
  });
  system.record_request("p", "m");
  EXPECT_FALSE(system.is_running());
  EXPECT_GE(seen, 1);
}

TEST(FaultNumbers, NoNumberOrNameBreaksMetricsStreamOrApi) {
  MonitoringSystem system(free_ports().with_detailed_metrics(true));
  system.start();
  StreamClient stream(system.websocket_port());
  ASSERT_EQ(stream.next().at("type"), "Connected");
  constexpr double kBad[] = {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(), -1, 1e300};
  const std::string names[] = {"\xff\xfe", "<script>alert(1)</script>", "a\nb", "\"\\",
                               "",         std::string("nul\0x", 5)};
  double refused = 0;
  for (const std::string& name : names) {
    system.record_latency(name, name, 0.5);
    for (const double bad : kBad) {
      system.record_latency(name, name, bad);
      system.record_cost(name, name, bad);
      refused += 2;
    }
    system.record_error(name, name, ltb::ErrorType::Other, name);
    system.record_error(name, name);
    system.begin_benchmark(name, name, 1).complete();
    system.event_bus().publish(MonitoringEvent::alert(AlertSeverity::Info, name, name, name));
  }
  const ParsedText text = metrics_of(system);  // a strict parser
  EXPECT_EQ(sample(text, "llm_monitor_series_rejected_total", {{"reason", "invalid"}}), refused);
  EXPECT_EQ(sample(text, "llm_requests_total",
                   {{"provider", "a\nb"}, {"model", "a\nb"}, {"status", "success"}}),
            1 + std::size(kBad))
      << "a latency that is refused ends its call";
  for (const char* path : {"/api/v1/overview", "/api/v1/events", "/api/v1/providers"}) {
    const auto reply = RawClient(system.dashboard_port()).get(path);
    ASSERT_TRUE(reply);
    EXPECT_TRUE(nlohmann::json::accept(reply->body)) << path;  // and valid UTF-8
  }
  const std::uint64_t last = system.event_bus().last_event_id();
  for (std::uint64_t id = 1; id <= last; ++id)
    ASSERT_EQ(id_of(stream.next()), id);  // each parsed by an independent parser
}

// A million in optimised builds; MetricStore.OneMillionModelNames... counts that many in every
// build.
TEST(FaultManyNames, ModelsStayWithinTheLimitAndAScrapeStaysFast) {
  // Without the stream, whose events would be most of the time this takes.
  MonitoringSystem system(
      free_ports().with_max_series_per_family(1000).with_websocket(false).with_dashboard(false));
  system.start();
#ifdef NDEBUG
  constexpr int kAll = 1'000'000;
#else
  constexpr int kAll = 100'000;
#endif
  const auto record = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string model = "model-" + std::to_string(i);
      system.begin_request("p", model).finish(TokenUsage{1, 1});
    }
  };
  record(0, 20'000);  // the limit is reached
  const std::uint64_t before = resident_kib();
  record(20'000, kAll);
  const std::uint64_t after = resident_kib();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr auto kMostTime = 1s;
  EXPECT_LT(after, before + 8 * 1024) << "more names cost more memory";
#else
  constexpr auto kMostTime = 10s;  // the sanitizers slow everything down by about ten
  (void)before, (void)after;       // and keep what was freed
#endif
  const auto begin = Clock::now();
  const auto reply = RawClient(system.prometheus_port()).get("/metrics");
  const auto took = Clock::now() - begin;
  ASSERT_TRUE(reply);
  EXPECT_LT(took, kMostTime);
  const ParsedText text = ExpositionParser::parse(reply->body);
  double counted = 0;
  std::size_t series = 0;
  for (const auto& [key, value] : text.samples) {
    if (key.first != "llm_requests_total" || key.second.at("status") != "success") continue;
    counted += value;
    ++series;
  }
  EXPECT_EQ(series, 1001u) << "the limit and the overflow series";
  EXPECT_EQ(counted, kAll) << "nothing is lost";
}

}  // namespace
}  // namespace ltb::test
