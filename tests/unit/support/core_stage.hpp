// A recording core with a clock that a test moves by hand.
#pragma once

#include "core/monitoring_core.hpp"
#include "unit/support/manual_clock.hpp"

#include <ltb/config.hpp>
#include <ltb/event.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::tests {

struct CoreStage {
  explicit CoreStage(const MonitoringConfig& config = {})
      : core(std::make_shared<core::MonitoringCore>(config, clock)) {}

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<core::MonitoringCore> core;

  [[nodiscard]] metrics::MetricStore& store() const { return core->store(); }
  [[nodiscard]] EventBus& bus() const { return core->bus(); }
  [[nodiscard]] collector::CollectorCore& collector() const { return core->collector(); }

  /// Time passes in a running system, which samples all along: what happened before is filed where
  /// it happened, and nothing happens meanwhile. clock->advance() lets it pass unseen.
  void advance(std::chrono::nanoseconds by) const {
    collector().sample();
    clock->advance(by);
    collector().sample();
  }
  void tick() const { collector().tick(); }

  // Calls that end now, as somebody publishes them by hand.
  void succeed(std::string_view provider, std::string_view model, double seconds,
               std::optional<TokenUsage> usage = {}, std::optional<double> cost = {}) const {
    bus().publish(MonitoringEvent::request_completed(provider, model, {}, seconds, usage, cost));
  }
  void fail(std::string_view provider, std::string_view model,
            ErrorType type = ErrorType::ServerError) const {
    bus().publish(MonitoringEvent::request_failed(provider, model, {}, type));
  }

  /// What a receiver has got so far.
  static std::vector<MonitoringEvent> drain(EventReceiver& receiver) {
    std::vector<MonitoringEvent> events;
    while (const auto received = receiver.try_receive()) events.push_back(*received->event);
    return events;
  }
};

}  // namespace ltb::tests
