// The event stream end to end: a whole system, real sockets, frames taken apart by hand.
#include "system_fixture.hpp"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

namespace ltb::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Stream, ConnectedComesFirstAndAWatchedCallFollows) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient client(system.websocket_port());

  const json connected = client.next();
  EXPECT_EQ(connected.at("type"), "Connected");
  EXPECT_EQ(connected.at("data").at("client_id"), "client_1");
  EXPECT_EQ(connected.at("data").at("protocol"), 1);
  EXPECT_EQ(connected.at("data").at("last_event_id"), "evt_0");
  EXPECT_EQ(connected.at("data").at("epoch").get<std::string>().size(), 16u);

  auto scope = system.begin_request("openai", "gpt-4");
  scope.finish({.input_tokens = 150, .output_tokens = 75}, 0.25);
  const json started = client.next();
  EXPECT_EQ(started.at("data").at("event_type"), "RequestStarted");
  const json completed = client.next();
  EXPECT_EQ(completed.at("type"), "Event");
  EXPECT_EQ(completed.at("data").at("event_type"), "RequestCompleted");
  const json& data = completed.at("data").at("payload").at("data");
  EXPECT_EQ(data.at("provider"), "openai");
  EXPECT_EQ(data.at("tokens").at("total_tokens"), 225);
  EXPECT_EQ(data.at("cost"), 0.25);
  EXPECT_EQ(data.at("request_id"), started.at("data").at("payload").at("data").at("request_id"));
}

TEST(Stream, BothPortsServeTheSameStream) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient on_websocket_port(system.websocket_port());
  StreamClient on_dashboard_port(system.dashboard_port());
  (void)on_websocket_port.next();
  (void)on_dashboard_port.next();
  system.event_bus().publish(MonitoringEvent::alert(AlertSeverity::Info, "t", "m"));

  EXPECT_EQ(on_websocket_port.next(), on_dashboard_port.next());
}

TEST(Stream, FiltersRepliesAndMistakes) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient client(system.websocket_port(), "events=SystemAlert");
  (void)client.next();
  system.record_request("p", "m");
  system.event_bus().publish(MonitoringEvent::alert(AlertSeverity::Info, "t", "m"));
  EXPECT_EQ(client.next().at("data").at("event_type"), "SystemAlert");

  client.raw.send_text(R"({"type":"Subscribe","data":{"event_types":[]}})");
  EXPECT_EQ(client.next().at("data").at("event_types").size(), 11u);
  client.raw.send_text(R"({"type":"Unsubscribe","data":{"event_types":["SystemAlert"]}})");
  EXPECT_EQ(client.next().at("data").at("event_types").size(), 10u);
  client.raw.send_text(R"({"type":"Ping","data":{"n":7}})");
  EXPECT_EQ(client.next(), json::parse(R"({"type":"Pong","data":{"n":7}})"));
  client.raw.send_text("garbage");
  EXPECT_EQ(client.next().at("type"), "Error");
  system.record_request("p", "m");
  EXPECT_EQ(client.next().at("data").at("event_type"), "RequestStarted");
}

TEST(Stream, ReconnectingWithSinceGivesNeitherGapNorRepeat) {
  MonitoringSystem system(free_ports());
  system.start();
  std::string epoch;
  std::uint64_t last = 0;
  {
    StreamClient first(system.websocket_port());
    epoch = first.next().at("data").at("epoch").get<std::string>();
    for (int i = 0; i < 10; ++i) system.record_request("p", "m");
    for (int i = 0; i < 4; ++i) last = id_of(first.next());
  }
  for (int i = 0; i < 10; ++i) system.record_request("p", "m");
  StreamClient second(system.websocket_port(),
                      "since=evt_" + std::to_string(last) + "&epoch=" + epoch);
  EXPECT_EQ(second.next().at("data").at("resumed"), true);
  system.record_request("p", "m");
  for (std::uint64_t id = last + 1; id <= 21; ++id) EXPECT_EQ(id_of(second.next()), id);
}

TEST(Stream, ARestartedSystemIsRecognised) {
  std::string epoch;
  {
    MonitoringSystem system(free_ports());
    system.start();
    epoch = StreamClient(system.websocket_port()).next().at("data").at("epoch").get<std::string>();
  }
  MonitoringSystem system(free_ports());
  system.start();
  system.record_request("p", "m");
  StreamClient client(system.websocket_port(), "since=evt_0&epoch=" + epoch);

  const json connected = client.next();

  EXPECT_EQ(connected.at("data").at("resumed"), false);
  EXPECT_NE(connected.at("data").at("epoch"), epoch);
  EXPECT_EQ(id_of(client.next()), 1u);
}

TEST(Stream, BatchesAreArraysAndStatsComeWithThem) {
  MonitoringSystem system(free_ports());
  system.start();
  system.record_request("p", "m");
  system.record_latency("p", "m", 0.5);
  StreamClient client(system.websocket_port(), "batch_ms=100&stats_ms=100&since=evt_0");

  EXPECT_EQ(client.next().at("type"), "Connected");
  const json stats = client.next_of("Stats");
  EXPECT_EQ(stats.at("data").at("totals").at("successful_requests"), 1);
  EXPECT_LE(client.frames, 2u);
  EXPECT_EQ(client.next_of("Stats").at("data").at("epoch"), stats.at("data").at("epoch"));
}

TEST(Stream, ABadQueryIsA400ThatNamesIt) {
  MonitoringSystem system(free_ports());
  system.start();
  RawClient client(system.websocket_port());
  const auto reply = client.upgrade("/ws?batch_ms=5");

  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 400);
  EXPECT_EQ(reply->body, "batch_ms=5: expected whole milliseconds between 10 and 10000\n");
}

TEST(Stream, HealthCountsTheConnectionsAndNeedsNoToken) {
  MonitoringConfig config = free_ports();
  config.auth_token = "secret";
  MonitoringSystem system(config);
  system.start();
  RawClient client(system.websocket_port());
  EXPECT_EQ(client.get("/health")->body, R"({"status":"healthy","active_connections":0})");
  RawClient peer(system.websocket_port());
  EXPECT_EQ(peer.upgrade("/ws")->status, 401);
  RawClient allowed(system.websocket_port());
  EXPECT_EQ(allowed.upgrade("/ws", "Authorization: Bearer secret\r\n")->status, 101);
  ASSERT_TRUE(allowed.read_frame().has_value());
  EXPECT_EQ(client.get("/health")->body, R"({"status":"healthy","active_connections":1})");
  allowed.close();
  EXPECT_TRUE(eventually([&] {
    return client.get("/health")->body == R"({"status":"healthy","active_connections":0})";
  }));
}

TEST(Stream, TooManyMessagesCloseWith1008) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient client(system.websocket_port());
  std::string many;
  for (int i = 0; i < 2000; ++i) many += RawClient::client_frame(0x81, R"({"type":"Ping"})");
  (void)client.raw.send(many);

  EXPECT_EQ(client.raw.read_close_code(), 1008);
  EXPECT_NE(
      system.render_prometheus().find("llm_monitor_ws_offending_total{listener=\"websocket\"} 1\n"),
      std::string::npos);
}

TEST(Stream, PingAndPongFramesCountAsMessagesToo) {
  for (const unsigned char opcode : {std::uint8_t{0x89}, std::uint8_t{0x8a}}) {
    MonitoringSystem system(free_ports());
    system.start();
    StreamClient client(system.websocket_port());
    std::string few;
    for (int i = 0; i < 100; ++i) few += RawClient::client_frame(opcode, "x");
    (void)client.raw.send(few);
    (void)client.raw.send(RawClient::client_frame(0x81, R"({"type":"Ping","data":1})"));
    std::optional<WireFrame> frame;
    do frame = client.raw.read_frame();
    while (frame && frame->payload.find("Pong") == std::string::npos);
    ASSERT_TRUE(frame) << "a hundred are allowed";
    std::string many;
    for (int i = 0; i < 2000; ++i) many += RawClient::client_frame(opcode, "x");
    (void)client.raw.send(many);

    EXPECT_EQ(client.raw.read_close_code(), 1008);
    EXPECT_NE(system.render_prometheus().find(
                  "llm_monitor_ws_offending_total{listener=\"websocket\"} 1\n"),
              std::string::npos);
  }
}

TEST(Stream, FragmentsOfAMessageWithoutEndCloseWith1008) {
  MonitoringSystem system(free_ports());
  system.start();
  for (const char* const payload : {"", " "}) {
    StreamClient client(system.websocket_port());
    std::string whole = RawClient::client_frame(0x01, R"({"type":"Ping",)");
    for (int i = 1; i < 256; ++i) whole += RawClient::client_frame(0x00, payload);
    whole += RawClient::client_frame(0x80, R"("data":1})");
    ASSERT_TRUE(client.raw.send(whole));
    std::optional<WireFrame> frame;
    do frame = client.raw.read_frame();
    while (frame && frame->payload.find("Pong") == std::string::npos);
    ASSERT_TRUE(frame) << "as many are allowed";
    std::string endless = RawClient::client_frame(0x01, payload);
    for (int i = 0; i < 256; ++i) endless += RawClient::client_frame(0x00, payload);
    ASSERT_TRUE(client.raw.send(endless));

    EXPECT_EQ(client.raw.read_close_code(), 1008);
  }
  EXPECT_NE(
      system.render_prometheus().find("llm_monitor_ws_offending_total{listener=\"websocket\"} 2\n"),
      std::string::npos);
}

TEST(Stream, AStalledClientLosesTheOldestIsToldAndTheOthersLoseNothing) {
  MonitoringConfig config = free_ports();
  config.event_history = 64;
  MonitoringSystem system(config);
  system.start();
  StreamClient stalled(system.websocket_port(), "", 4096);
  EXPECT_EQ(stalled.next().at("type"), "Connected");
  StreamClient reader(system.websocket_port());
  EXPECT_EQ(reader.next().at("type"), "Connected");

  const std::string text(8000, 'x');
  constexpr std::uint64_t kEvents = 1600;  // 13 MB: more than the socket buffers take
  std::uint64_t read = 0;
  for (std::uint64_t sent = 0; sent < kEvents; sent += 40) {
    for (int i = 0; i < 40; ++i) {
      system.event_bus().publish(MonitoringEvent::alert(AlertSeverity::Info, "t", text));
    }
    for (int i = 0; i < 40; ++i) {
      const json message = reader.next();
      ASSERT_EQ(message.at("type"), "Event") << message;
      ASSERT_EQ(id_of(message), ++read);
    }
  }
  // The stalled one wakes up: what it gets is in order, and what it lost is told, to the last
  // event.
  std::uint64_t seen = 0;
  std::uint64_t skipped = 0;
  while (seen < kEvents) {
    const json message = stalled.next();
    ASSERT_FALSE(message.is_null()) << seen;
    if (message.at("type") == "Lagged") {
      skipped += message.at("data").at("skipped").get<std::uint64_t>();
      seen += message.at("data").at("skipped").get<std::uint64_t>();
    } else {
      ASSERT_EQ(id_of(message), ++seen);
    }
  }
  EXPECT_GT(skipped, 0u);
  EXPECT_THAT(system.render_prometheus(),
              HasSubstr("llm_monitor_events_dropped_total{subscriber=\"websocket\"} " +
                        std::to_string(skipped) + "\n"));
}

TEST(Stream, ManyPublishersAndClientsAgreeToTheLastEvent) {
  constexpr int kClients = 8;
  constexpr int kPublishers = 3;
  constexpr int kEach = 500;
  MonitoringConfig config = free_ports();
  config.io_threads = 2;
  MonitoringSystem system(config);
  system.start();
  std::vector<std::thread> clients;
  std::vector<std::uint64_t> counts(kClients, 0);
  std::atomic<int> ready{0};
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      StreamClient client(system.websocket_port(), i % 2 == 0 ? "" : "batch_ms=20");
      EXPECT_EQ(client.next().at("type"), "Connected");
      ++ready;
      std::uint64_t& count = counts[static_cast<std::size_t>(i)];
      while (count < kPublishers * kEach) {
        const json message = client.next();
        ASSERT_FALSE(message.is_null());
        ASSERT_EQ(id_of(message), ++count);
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return ready == kClients; }));
  std::vector<std::thread> publishers;
  for (int i = 0; i < kPublishers; ++i) {
    publishers.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) system.record_request("p", "m");
    });
  }
  for (auto& thread : publishers) thread.join();
  for (auto& thread : clients) thread.join();
}

TEST(Stream, StopTellsClients1001AndAStartGoesOnWithTheSameHistory) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient client(system.websocket_port());
  const json connected = client.next();
  system.record_request("p", "m");
  EXPECT_EQ(id_of(client.next()), 1u);
  system.stop();
  EXPECT_EQ(client.raw.read_close_code(), 1001);
  system.record_request("p", "m");  // a system that does not run keeps no events
  system.start();
  system.record_request("p", "m");

  StreamClient again(system.websocket_port(), "since=evt_0");
  EXPECT_EQ(again.next().at("data").at("epoch"), connected.at("data").at("epoch"));
  EXPECT_EQ(id_of(again.next()), 1u);
  const json lagged = again.next();
  EXPECT_EQ(lagged.at("type"), "Lagged");
  EXPECT_EQ(lagged.at("data").at("skipped"), 1);
  EXPECT_EQ(id_of(again.next()), 3u);
}

TEST(Stream, PublishingWhileTheSystemComesAndGoesIsHarmless) {
  EventBus* bus = nullptr;
  MonitoringSystem system(free_ports());
  bus = &system.event_bus();
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    while (!done) bus->publish(MonitoringEvent::request("p", "m"));
  });
  for (int i = 0; i < 10; ++i) {
    system.start();
    StreamClient client(system.websocket_port());
    EXPECT_EQ(client.next().at("type"), "Connected");
    EXPECT_EQ(client.next_of("Event").at("type"), "Event");
    client.raw.close();  // else stop() waits a second for its answer to the close frame
    system.stop();
  }
  done = true;
  publisher.join();
}

}  // namespace
}  // namespace ltb::test
