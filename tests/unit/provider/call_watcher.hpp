// A system without listeners, and what it heard of the calls of a test.
#pragma once

#include <ltb/monitoring.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::test {

struct CallWatcher {
  MonitoringSystem monitoring{};
  EventReceiver receiver = monitoring.event_bus().subscribe();

  /// The one event that ended the one call since the last question.
  RequestPayload ended_by(EventType type) {
    std::vector<MonitoringEvent> events;
    while (const auto received = receiver.try_receive()) events.push_back(*received->event);
    EXPECT_EQ(events.size(), 2u) << "started and ended, once each";
    if (events.size() != 2) return {};
    EXPECT_EQ(events[0].event_type, EventType::RequestStarted);
    EXPECT_EQ(events[1].event_type, type);
    EXPECT_EQ(active(), 0u);
    const RequestPayload* payload = events[1].request_payload();
    return payload == nullptr ? RequestPayload{} : *payload;
  }
  RequestPayload succeeded() { return ended_by(EventType::RequestCompleted); }
  RequestPayload failed() { return ended_by(EventType::RequestFailed); }

  [[nodiscard]] std::uint64_t active() const {
    return monitoring.collector().totals().active_requests;
  }
  /// The count of a histogram family over all its series.
  [[nodiscard]] std::uint64_t observed(std::string_view family) const {
    std::uint64_t count = 0;
    for (const Metric& metric : monitoring.get_metrics()) {
      if (metric.name() != family) continue;
      if (const auto* histogram = std::get_if<HistogramValue>(&metric.value()))
        count += histogram->count;
    }
    return count;
  }
};

}  // namespace ltb::test
