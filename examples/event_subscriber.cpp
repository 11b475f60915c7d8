// Three ways to hear of events inside the program: a subscriber object, a callback, a receiver with
// a thread of its own.

#include <array>
#include <atomic>
#include <exception>
#include <iostream>
#include <ltb/monitoring.hpp>
#include <memory>
#include <optional>
#include <thread>

namespace {

/// Called on the thread that publishes, for every event: quick, thread-safe, loses nothing.
class EventCounter : public ltb::EventSubscriber {
 public:
  void on_event(const ltb::MonitoringEvent& event) override {
    // Relaxed: a number that nothing else hangs on.
    counts_[static_cast<std::size_t>(event.event_type)].fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] unsigned count(ltb::EventType type) const {
    return counts_[static_cast<std::size_t>(type)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<unsigned>, ltb::kEventTypeCount> counts_{};
};

void make_some_calls(ltb::MonitoringSystem& monitoring) {
  for (int i = 0; i < 3; ++i) {
    ltb::RequestScope scope = monitoring.begin_request("openai", "gpt-4");
    if (i < 2) {
      scope.finish({.input_tokens = 100, .output_tokens = 20}, 0.001);
    } else {
      scope.fail(ltb::ErrorType::RateLimit, "too many requests");
    }
  }
}

int run() {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig::from_env()};
  ltb::EventBus& bus = monitoring.event_bus();  // Works with or without start().

  // 1. An object, until remove_subscriber().
  const auto counter = std::make_shared<EventCounter>();
  bus.add_subscriber(counter);

  // 2. A callback, as long as the handle lives.
  const ltb::Subscription failures = bus.on_event([](const ltb::MonitoringEvent& event) {
    if (event.event_type == ltb::EventType::RequestFailed) {
      std::cout << "callback: " << event.request_payload()->error.value_or("no message") << '\n';
    }
  });

  // 3. A receiver reads at its own pace, and is told when it was too slow. This one reads until it
  // is closed.
  ltb::EventReceiver receiver = bus.subscribe();
  std::thread reader([&receiver] {
    unsigned received = 0;
    while (const std::optional<ltb::ReceivedEvent> item = receiver.receive()) {
      if (item->lagged > 0) std::cout << "receiver: lost " << item->lagged << " events\n";
      ++received;
      if (item->event->event_type == ltb::EventType::SystemAlert)
        break;  // The last one, see below.
    }
    std::cout << "receiver: read " << received << " events\n";
  });

  make_some_calls(monitoring);
  bus.publish(ltb::MonitoringEvent::alert(ltb::AlertSeverity::Info, "Done", "That was all."));
  reader.join();

  std::cout << "subscriber: " << counter->count(ltb::EventType::RequestStarted) << " started, "
            << counter->count(ltb::EventType::RequestCompleted) << " completed, "
            << counter->count(ltb::EventType::RequestFailed) << " failed\n";
  bus.remove_subscriber(counter);
  return 0;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << "event_subscriber: " << error.what() << '\n';
    return 1;
  }
}
