// The ports under abuse: ten thousand connections, and scrapes answered while others misbehave.
#include "integration/own_process.hpp"
#include "integration/system_fixture.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace ltb::test {
namespace {

TEST(LimitConnections, TenThousandOpenedAndClosedLeaveNothingBehind) {
  MonitoringSystem system(free_ports());
  system.start();
  const std::size_t descriptors = open_descriptors();
  const std::uint16_t ports[] = {system.prometheus_port(), system.websocket_port(),
                                 system.dashboard_port()};
  int answered = 0;
  for (int i = 0; i < 10'000; ++i) {
    RawClient client(ports[i % 3]);
    if (i % 4 == 0) continue;  // connects and leaves
    (void)client.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if (i % 4 == 1) continue;  // asks and leaves
    const auto reply = client.read_reply();
    answered += reply && reply->status == 404 ? 1 : 0;
  }
  EXPECT_EQ(answered, 5000);
  EXPECT_TRUE(eventually([&] { return open_descriptors() == descriptors; }));
  EXPECT_EQ(RawClient(system.prometheus_port()).get("/metrics")->status, 200);
}

TEST(LimitAbuse, ScrapesAreAnsweredWhileTheOtherPortsAndThisOneAreAbused) {
  ServerLimits limits;
  limits.max_connections = 64;
  limits.max_websocket_clients = 16;
  limits.header_timeout = 300ms;
  MonitoringSystem system(free_ports().with_limits(limits));
  system.start();
  std::atomic<bool> done{false};
  std::vector<std::thread> abusers;
  const auto abuse = [&](auto act) {
    abusers.emplace_back([&done, act] {
      while (!done) {
        try {
          act();
        } catch (const std::runtime_error&) {  // refused or reset: as it should be
        }
      }
    });
  };
  const std::uint16_t metrics = system.prometheus_port();
  const std::uint16_t stream = system.websocket_port();
  abuse([=] {  // half a request on the scraped port itself, kept open
    RawClient slow(metrics);
    (void)slow.send("GET /metrics HTT");
    (void)slow.read_to_end(200ms);
  });
  abuse([=] {  // garbage
    RawClient client(metrics);
    (void)client.send(std::string(2000, '\x16'));
    (void)client.read_to_end(200ms);
  });
  abuse([=] {  // more clients than there may be, none of which reads
    std::vector<RawClient> clients;
    for (int i = 0; i < 24; ++i) {
      clients.emplace_back(stream, 4096);
      (void)clients.back().send(RawClient::handshake("/ws"));
    }
    (void)clients.front().read_to_end(50ms);
  });
  abuse([&] {  // and the host records all the while
    for (int i = 0; i < 200; ++i) system.record_request("p", "m");
    ::poll(nullptr, 0, 1);
  });

  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto reply = RawClient(metrics).get("/metrics", "Connection: close\r\n");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    ++answered;
  }
  done = true;
  for (auto& thread : abusers) thread.join();
  EXPECT_EQ(answered, 100);
  const std::string text = system.render_prometheus();
  EXPECT_THAT(text, testing::Not(testing::HasSubstr(
                        "llm_monitor_bad_requests_total{listener=\"prometheus\"} 0\n")));
  EXPECT_THAT(
      text,
      testing::Not(testing::HasSubstr("llm_monitor_ws_refused_total{listener=\"websocket\"} 0\n")));
}

}  // namespace
}  // namespace ltb::test
