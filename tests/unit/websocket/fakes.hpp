// A hub with a clock, an executor and connections that the test drives by hand.
#pragma once

#include "events/event_bus_core.hpp"
#include "support/clock.hpp"
#include "websocket/client_session.hpp"
#include "websocket/hub.hpp"

#include <ltb/event_bus.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ltb::websocket {

class FakeClock : public support::Clock {
 public:
  [[nodiscard]] support::SteadyTime steady_now() const noexcept override { return now_; }
  void advance(std::chrono::milliseconds by) noexcept { now_ += by; }

 private:
  support::SteadyTime now_{std::chrono::hours{1}};
};

class FakeConnection : public net::WebSocketSession {
 public:
  void wake() noexcept override { ++wakes; }
  void close(std::uint16_t code, std::string) noexcept override {
    if (!close_code) close_code = code;
  }
  bool post(std::function<void()> task) noexcept override {
    task();
    return true;
  }
  [[nodiscard]] const std::string& remote() const noexcept override { return remote_; }

  int wakes = 0;
  std::optional<std::uint16_t> close_code{};

 private:
  std::string remote_ = "127.0.0.1:1";
};

/// Takes text frames apart by the rules of RFC 6455; the payload of each.
inline std::vector<std::string> payloads_of(std::span<const std::byte> bytes) {
  std::vector<std::string> payloads;
  while (!bytes.empty()) {
    EXPECT_EQ(std::to_integer<int>(bytes[0]), 0x81);
    std::size_t header = 2;
    std::size_t length = std::to_integer<std::size_t>(bytes[1]);
    if (length >= 126) {
      const std::size_t wide = length == 126 ? 2 : 8;
      length = 0;
      for (std::size_t i = 0; i < wide; ++i) {
        length = length << 8 | std::to_integer<std::size_t>(bytes[2 + i]);
      }
      header += wide;
    }
    payloads.emplace_back(reinterpret_cast<const char*>(bytes.data()) + header, length);
    bytes = bytes.subspan(header + length);
  }
  return payloads;
}

class Stage {
 public:
  using Json = nlohmann::json;

  explicit Stage(std::size_t event_history = 8192,
                 std::chrono::milliseconds flush_interval = kFlushInterval) {
    hub = std::make_shared<Hub>(events::EventBusAccess::shared_core(bus),
                                HubOptions{.epoch = "e1",
                                           .event_history = event_history,
                                           .overview =
                                               [this] {
                                                 ++overviews;
                                                 return "{\"made\":" + std::to_string(overviews) +
                                                        "}";
                                               },
                                           .clock = &clock,
                                           .flush_interval = flush_interval});
    hub->start([this](std::function<void()> task) {
      posted.push_back(std::move(task));
      return true;
    });
    hub->tick();
  }

  ~Stage() { hub->stop(); }

  void publish(int count = 1) {
    for (int i = 0; i < count; ++i) bus.publish(MonitoringEvent::request_started("p", "m", "r"));
  }
  void alert() { bus.publish(MonitoringEvent::alert(AlertSeverity::Info, "t", "m")); }

  void run_posted() {
    while (!posted.empty()) {
      const auto task = std::move(posted.front());
      posted.pop_front();
      task();
    }
  }

  /// Publishes and lets the hub store it.
  void publish_and_flush(int count = 1) {
    publish(count);
    run_posted();
    hub->tick();
    hub->tick();
  }

  EventBus bus;
  FakeClock clock;
  std::shared_ptr<Hub> hub;
  std::deque<std::function<void()>> posted;
  int overviews = 0;
};

/// One connected client; what it gets is parsed by an independent parser.
class Peer {
 public:
  using Json = nlohmann::json;

  explicit Peer(Stage& stage, const std::string& query = "") {
    auto handshake = parse_handshake(query);
    EXPECT_TRUE(std::holds_alternative<Handshake>(handshake)) << query;
    session = std::make_shared<ClientSession>(stage.hub, std::get<Handshake>(handshake));
    connection = std::make_shared<FakeConnection>();
    session->on_open(connection);
  }
  ~Peer() { session->on_close(); }

  /// All that is to be sent now, one entry per frame.
  std::vector<Json> frames() {
    std::vector<Json> out;
    net::Outgoing outgoing;
    while (session->next(outgoing)) {
      EXPECT_FALSE(outgoing.bytes.empty());
      for (const auto& text : payloads_of(outgoing.bytes)) out.push_back(Json::parse(text));
    }
    return out;
  }

  /// "Connected", "evt_3", "Lagged 4": short names of what came.
  std::vector<std::string> received() {
    std::vector<std::string> out;
    for (const Json& frame : frames()) {
      for (const Json& message : frame.is_array() ? frame : Json::array({frame})) {
        out.push_back(short_name(message));
      }
    }
    return out;
  }

  static std::string short_name(const Json& message) {
    const auto type = message.at("type").get<std::string>();
    const Json& data = message.at("data");
    EXPECT_TRUE(data.is_object() || type == "Pong");
    if (type == "Event") return data.at("id").get<std::string>();
    if (type == "Lagged") return "Lagged " + data.at("skipped").dump();
    if (type == "Stats") return "Stats " + data.at("made").dump();
    if (type == "Subscribed") return "Subscribed " + std::to_string(data.at("event_types").size());
    return type;
  }

  std::shared_ptr<ClientSession> session;
  std::shared_ptr<FakeConnection> connection;
};

}  // namespace ltb::websocket
