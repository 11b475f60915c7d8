// A replay server, a monitoring system, and what the events said of each call.
#pragma once

#include "integration/replay/replay_process.hpp"
#include "integration/replay/skins.hpp"

#include <ltb/monitoring.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace ltb::test {

struct ReplayTest : ::testing::Test {
  explicit ReplayTest(MonitoringConfig config = {}) : monitoring(std::move(config)) {}

  ReplayProcess server;
  MonitoringSystem monitoring;
  EventReceiver receiver = monitoring.event_bus().subscribe();

  Ask ask(Api api, nlohmann::json script = nlohmann::json::object()) const {
    return {.port = server.port(), .api = api, .script = std::move(script)};
  }

  /// The events that ended calls since the last question. Each has its start before it.
  std::vector<MonitoringEvent> ends() {
    std::vector<MonitoringEvent> found;
    std::size_t started = 0;
    while (const auto received = receiver.try_receive()) {
      if (received->event->event_type == EventType::RequestStarted) ++started;
      if (received->event->event_type == EventType::RequestCompleted ||
          received->event->event_type == EventType::RequestFailed)
        found.push_back(*received->event);
    }
    EXPECT_EQ(found.size(), started) << "every call starts once and ends once";
    return found;
  }
  /// The one that ended the one call since the last question.
  RequestPayload end_of_call(EventType type) {
    const auto found = ends();
    EXPECT_EQ(found.size(), 1u);
    if (found.size() != 1) return {};
    EXPECT_EQ(found[0].event_type, type);
    return *found[0].request_payload();
  }
  [[nodiscard]] std::uint64_t active() const {
    return monitoring.collector().totals().active_requests;
  }
};

/// Waits for a condition; false when it did not come within half a minute.
inline bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace ltb::test
