// Inline subscribers: what they may do inside on_event, and what their faults do to others.
#include <ltb/event_bus.hpp>

#include "events/event_bus_core.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace ltb {
namespace {

MonitoringEvent event() {
  return MonitoringEvent::request("openai", "gpt-4");
}

struct Recording : EventSubscriber {
  void on_event(const MonitoringEvent& e) override { ids.push_back(e.id); }
  std::vector<std::uint64_t> ids;
};

TEST(EventSubscribers, SeeEveryEventWithItsIdUntilTheyAreRemoved) {
  EventBus bus;
  const auto subscriber = std::make_shared<Recording>();
  bus.add_subscriber(subscriber);
  bus.publish(event());
  bus.publish(event());
  EXPECT_EQ(bus.stats().subscribers, 1u);

  EXPECT_TRUE(bus.remove_subscriber(subscriber));
  EXPECT_FALSE(bus.remove_subscriber(subscriber));
  bus.publish(event());

  EXPECT_EQ(subscriber->ids, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(bus.stats().subscribers, 0u);
}

TEST(EventSubscribers, RemovingNullOrAStrangerTakesNobodyOut) {
  EventBus bus;
  const Subscription callback = bus.on_event([](const MonitoringEvent&) {});

  EXPECT_FALSE(bus.remove_subscriber(nullptr));
  EXPECT_FALSE(bus.remove_subscriber(std::make_shared<Recording>()));

  EXPECT_TRUE(callback.is_active());
  EXPECT_EQ(bus.stats().subscribers, 1u);
}

TEST(EventSubscribers, AThrowingOneIsCountedAndTheOthersStillRun) {
  EventBus bus;
  int before = 0, after = 0;
  const Subscription a = bus.on_event([&](const MonitoringEvent&) { ++before; });
  const Subscription bad =
      bus.on_event([](const MonitoringEvent&) { throw std::runtime_error("x"); });
  const Subscription worse = bus.on_event([](const MonitoringEvent&) { throw 42; });
  const Subscription b = bus.on_event([&](const MonitoringEvent&) { ++after; });
  EventReceiver receiver = bus.subscribe();

  bus.publish(event());
  bus.publish(event());

  EXPECT_EQ(before, 2);
  EXPECT_EQ(after, 2);
  EXPECT_EQ(bus.stats().subscriber_errors, 4u);
  EXPECT_TRUE(receiver.try_receive().has_value());
}

TEST(EventSubscribers, MayPublishFromInsideOnEvent) {
  EventBus bus;
  std::vector<std::uint64_t> seen;
  const Subscription echo = bus.on_event([&](const MonitoringEvent& e) {
    seen.push_back(e.id);
    if (e.id < 3) bus.publish(event());
  });
  EventReceiver receiver = bus.subscribe();

  bus.publish(event());

  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3}));
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(receiver.try_receive()->event->id, id);
}

TEST(EventSubscribers, MaySubscribeOthersFromInsideOnEvent) {
  EventBus bus;
  int late = 0;
  Subscription added;
  std::optional<EventReceiver> receiver;
  const Subscription adder = bus.on_event([&](const MonitoringEvent&) {
    if (added.is_active()) return;
    added = bus.on_event([&](const MonitoringEvent&) { ++late; });
    receiver.emplace(bus.subscribe());
  });

  bus.publish(event());
  EXPECT_EQ(late, 0) << "the event of its birth is not its own";
  bus.publish(event());

  EXPECT_EQ(late, 1);
  EXPECT_EQ(receiver->try_receive()->event->id, 2u);
}

TEST(EventSubscribers, MayUnsubscribeThemselvesFromInsideOnEvent) {
  EventBus bus;
  int calls = 0;
  Subscription self;
  self = bus.on_event([&](const MonitoringEvent&) {
    ++calls;
    self.reset();
  });

  bus.publish(event());
  bus.publish(event());

  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(self.is_active());
  EXPECT_EQ(bus.stats().subscribers, 0u);
}

TEST(EventSubscribers, OneMayUnsubscribeAnotherThatIsThenNotCalledAnyMore) {
  EventBus bus;
  int second_calls = 0;
  Subscription second;
  const Subscription first = bus.on_event([&](const MonitoringEvent&) { second.reset(); });
  second = bus.on_event([&](const MonitoringEvent&) { ++second_calls; });

  bus.publish(event());

  EXPECT_EQ(second_calls, 0);
}

TEST(Subscription, EndsWithItsHandleAndMovesWithIt) {
  EventBus bus;
  int calls = 0;
  {
    Subscription first = bus.on_event([&](const MonitoringEvent&) { ++calls; });
    Subscription second = std::move(first);
    EXPECT_FALSE(first.is_active());  // NOLINT: moved from on purpose
    EXPECT_TRUE(second.is_active());
    bus.publish(event());
    Subscription other = bus.on_event([](const MonitoringEvent&) {});
    second = std::move(other);  // ends what it held
    bus.publish(event());
    EXPECT_EQ(bus.stats().subscribers, 1u);
  }
  bus.publish(event());

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(bus.stats().subscribers, 0u);
}

TEST(Subscription, MayOutliveTheBus) {
  Subscription subscription;
  EXPECT_FALSE(subscription.is_active());
  {
    EventBus bus;
    subscription = bus.on_event([](const MonitoringEvent&) {});
    EXPECT_TRUE(subscription.is_active());
  }
  EXPECT_FALSE(subscription.is_active());
  subscription.reset();
  subscription.reset();
}

TEST(Subscription, ReleasesWhatTheCallbackHeld) {
  EventBus bus;
  const auto held = std::make_shared<int>(1);
  Subscription subscription = bus.on_event([held](const MonitoringEvent&) {});
  EXPECT_EQ(held.use_count(), 2);

  subscription.reset();

  EXPECT_EQ(held.use_count(), 1);
}

TEST(EventSink, CompletesAnEventBeforeAnybodySeesIt) {
  struct Completing : events::EventSink {
    void apply(MonitoringEvent& e) noexcept override {
      std::get<RequestPayload>(e.payload).finish_reason = "stop";
      ++applied;
    }
    int applied = 0;
  } sink;
  EventBus bus;
  events::EventBusCore& core = events::EventBusAccess::core(bus);
  core.set_sink(&sink);
  bus.publish(event());
  EXPECT_EQ(sink.applied, 1) << "also when nobody listens";
  EventReceiver receiver = bus.subscribe();

  bus.publish(event());
  core.publish_if_observed([] { return event(); });

  EXPECT_EQ(receiver.try_receive()->event->request_payload()->finish_reason, "stop");
  EXPECT_EQ(receiver.try_receive()->event->request_payload()->finish_reason, std::nullopt);
  EXPECT_EQ(sink.applied, 2) << "its numbers are booked already";
}

}  // namespace
}  // namespace ltb
