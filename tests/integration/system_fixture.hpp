// A whole MonitoringSystem on free ports, and clients of its event stream.
#pragma once

#include "raw_client.hpp"

#include <ltb/monitoring.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace ltb::test {

inline MonitoringConfig free_ports() {
  return MonitoringConfig{}.with_prometheus_port(0).with_websocket_port(0).with_dashboard_port(0);
}

/// A client of /ws. Every message is parsed by an independent parser; a batch becomes its messages.
class StreamClient {
 public:
  using Json = nlohmann::json;

  explicit StreamClient(std::uint16_t port, const std::string& query = "", int receive_buffer = 0)
      : raw(port, receive_buffer) {
    const auto reply = raw.upgrade(query.empty() ? "/ws" : "/ws?" + query);
    EXPECT_TRUE(reply.has_value());
    EXPECT_EQ(reply ? reply->status : 0, 101) << (reply ? reply->body : "no reply");
  }

  /// The next message; null when none comes in time.
  Json next(std::chrono::milliseconds patience = kPatience) {
    while (queue_.empty()) {
      const auto frame = raw.read_frame(patience);
      if (!frame) return nullptr;
      if (frame->opcode == 9) {  // a ping: who does not answer is closed
        (void)raw.send(RawClient::client_frame(0x8a, frame->payload));
        continue;
      }
      EXPECT_EQ(frame->opcode, 1u);
      EXPECT_FALSE(frame->masked);
      EXPECT_TRUE(frame->final);
      if (frame->opcode != 1) return nullptr;
      ++frames;
      Json json = Json::parse(frame->payload);
      if (json.is_array()) {
        queue_.insert(queue_.end(), json.begin(), json.end());
      } else {
        queue_.push_back(std::move(json));
      }
    }
    Json message = std::move(queue_.front());
    queue_.pop_front();
    return message;
  }

  /// Skips messages until one of this type.
  Json next_of(const std::string& type) {
    for (;;) {
      Json message = next();
      if (message.is_null() || message.at("type") == type) return message;
    }
  }

  RawClient raw;
  std::size_t frames = 0;

 private:
  std::deque<Json> queue_;
};

inline std::uint64_t id_of(const nlohmann::json& event) {
  return std::stoull(event.at("data").at("id").get<std::string>().substr(4));
}

}  // namespace ltb::test
