// What bounds the memory of a bus, how receivers are closed, and what the end of a bus releases.
#include <ltb/event_bus.hpp>

#include "events/event_bus_core.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ltb {
namespace {

MonitoringEvent event() {
  return MonitoringEvent::request("openai", "gpt-4");
}

MonitoringEvent failure(std::size_t message_bytes) {
  return MonitoringEvent::request_failed("openai", "gpt-4", "r1", ErrorType::ServerError,
                                         std::string(message_bytes, 'x'));
}

std::vector<std::uint64_t> ids_left(EventReceiver& receiver) {
  std::vector<std::uint64_t> ids;
  while (const auto received = receiver.try_receive()) ids.push_back(received->event->id);
  return ids;
}

events::EventBusCore& core(EventBus& bus) {
  return events::EventBusAccess::core(bus);
}

// 1,000 events with messages of 4,000 bytes take 4 MB and more; a ring of 100,000 bytes holds 24 at
// the most.
TEST(EventBusBytes, TheRingIsBoundedInBytesAndWhatIsLostIsCounted) {
  EventBus bus{{.receiver_capacity = 8192, .max_bytes = 100'000}};
  EventReceiver receiver = bus.subscribe();
  for (int i = 0; i < 1000; ++i) bus.publish(failure(4000));

  const auto first = receiver.try_receive();
  ASSERT_TRUE(first.has_value());
  EXPECT_GE(first->lagged, 1000u - 24u);
  EXPECT_EQ(first->event->id, first->lagged + 1) << "the newest are kept";
  const auto left = ids_left(receiver);
  EXPECT_GE(left.size(), 10u) << "it keeps what fits";
  EXPECT_EQ(left.size() + 1 + first->lagged, 1000u);
  EXPECT_EQ(left.back(), 1000u);
  EXPECT_EQ(bus.stats().dropped, first->lagged);
}

TEST(EventBusBytes, TheNewestEventIsKeptWhateverItsSize) {
  EventBus bus{{.max_bytes = 1}};
  EventReceiver receiver = bus.subscribe();
  bus.publish(failure(4000));
  bus.publish(failure(4000));

  EXPECT_EQ(ids_left(receiver), (std::vector<std::uint64_t>{2}));
}

TEST(EventBusBytes, WhatWasReadMakesRoomAgain) {
  EventBus bus{{.max_bytes = 20'000}};
  EventReceiver receiver = bus.subscribe();
  for (std::uint64_t id = 1; id <= 100; ++id) {
    bus.publish(failure(8000));
    const auto received = receiver.try_receive();
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->event->id, id);
    EXPECT_EQ(received->lagged, 0u);
  }
  EXPECT_EQ(bus.stats().dropped, 0u);
}

TEST(EventBusBytes, AReceiverThatLeavesGivesItsBytesBack) {
  EventBus bus{{.max_bytes = 20'000}};
  EventReceiver reader = bus.subscribe();
  for (int round = 0; round < 50; ++round) {
    EventReceiver leaver = bus.subscribe();
    bus.publish(failure(8000));
    EXPECT_EQ(ids_left(reader).size(), 1u);
  }
  bus.publish(failure(8000));
  bus.publish(failure(8000));
  EXPECT_EQ(ids_left(reader).size(), 2u) << "bytes of events nobody can read are still counted";
}

TEST(EventTexts, OfAnyKindAreCutAtTheBoundAndCounted) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  const std::string at_bound(kMaxEventTextBytes, 'x');
  const std::string beyond(kMaxEventTextBytes + 1, 'x');
  RequestPayload request;
  request.provider = request.model = request.request_id = beyond;
  request.error = request.error_code = request.finish_reason = beyond;
  BenchmarkPayload benchmark;
  benchmark.benchmark_id = benchmark.name = beyond;
  benchmark.current_provider = beyond;
  EvaluationPayload evaluation;
  evaluation.evaluation_id = evaluation.metric_name = evaluation.provider = beyond;
  evaluation.model = beyond;
  evaluation.details = beyond;

  bus.publish(MonitoringEvent(EventType::RequestFailed, request));
  bus.publish(MonitoringEvent(EventType::BenchmarkStarted, benchmark));
  bus.publish(MonitoringEvent(EventType::EvaluationStarted, evaluation));
  bus.publish(MonitoringEvent::alert(AlertSeverity::Info, beyond, beyond, beyond));
  bus.publish(MonitoringEvent::provider_status(beyond, ProviderHealth::Healthy, beyond));
  bus.publish(MonitoringEvent::metric_recorded(
      Metric("x", MetricType::Gauge, Gauge{1}).with_label("a", beyond).with_help(beyond)));
  EXPECT_EQ(bus.stats().texts_cut, 6u + 3u + 5u + 3u + 2u + 2u);

  const auto failed = receiver.try_receive()->event;
  EXPECT_EQ(failed->request_payload()->error, at_bound);
  EXPECT_EQ(failed->request_payload()->provider, at_bound);
  EXPECT_EQ(receiver.try_receive()->event->benchmark()->name, at_bound);
  EXPECT_EQ(receiver.try_receive()->event->evaluation()->details, at_bound);
  EXPECT_EQ(receiver.try_receive()->event->alert_payload()->message, at_bound);
  EXPECT_EQ(receiver.try_receive()->event->provider()->message, at_bound);
  const auto metric = receiver.try_receive()->event;
  EXPECT_EQ(metric->metric()->metric.label("a"), at_bound);
  EXPECT_EQ(metric->metric()->metric.help(), at_bound);
}

TEST(EventTexts, AreCutAtACharacterAndLeftAloneUpToTheBound) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  // Three bytes each: the bound is in the middle of one.
  std::string text;
  while (text.size() < kMaxEventTextBytes + 10) text += "\xE2\x82\xAC";
  const std::size_t whole = kMaxEventTextBytes / 3 * 3;
  const std::string at_bound(kMaxEventTextBytes, 'x');

  bus.publish(MonitoringEvent::alert(AlertSeverity::Info, at_bound, text));

  const auto received = receiver.try_receive()->event;
  EXPECT_EQ(received->alert_payload()->title, at_bound);
  EXPECT_EQ(received->alert_payload()->message, text.substr(0, whole));
  EXPECT_EQ(bus.stats().texts_cut, 1u);
}

TEST(EventTexts, AreCutForWhoBooksAndForSubscribersToo) {
  struct Keeping : events::EventSink {
    void apply(MonitoringEvent& e) noexcept override { bytes = e.benchmark()->name.size(); }
    std::size_t bytes = 0;
  } sink;
  EventBus bus;
  core(bus).set_sink(&sink);
  std::size_t seen = 0;
  const Subscription subscription =
      bus.on_event([&](const MonitoringEvent& e) { seen = e.benchmark()->name.size(); });

  bus.publish(MonitoringEvent::benchmark_started("b", std::string(100'000, 'n'), 1));

  EXPECT_EQ(sink.bytes, kMaxEventTextBytes);
  EXPECT_EQ(seen, kMaxEventTextBytes);
}

TEST(CloseReceivers, LeavesWhatWasPublishedBeforeAndNothingAfter) {
  EventBus bus;
  EventReceiver before = bus.subscribe();
  bus.publish(event());
  bus.publish(event());

  core(bus).close_receivers();
  EXPECT_FALSE(before.is_closed()) << "two are left";
  EventReceiver after = bus.subscribe();
  bus.publish(event());

  EXPECT_EQ(before.receive()->event->id, 1u);
  EXPECT_EQ(before.receive()->event->id, 2u);
  EXPECT_EQ(before.receive(), std::nullopt);
  EXPECT_TRUE(before.is_closed());
  EXPECT_FALSE(after.is_closed());
  EXPECT_EQ(after.receive()->event->id, 3u);
  EXPECT_EQ(bus.stats().receivers, 1u);
}

TEST(CloseReceivers, AClosedReceiverHoldsNoLaterEvent) {
  EventBus bus;
  EventReceiver closed = bus.subscribe();
  core(bus).close_receivers();
  EventReceiver open = bus.subscribe();
  bus.publish(event());
  const std::weak_ptr<const MonitoringEvent> held = open.try_receive()->event;
  EXPECT_TRUE(held.expired());
  EXPECT_EQ(closed.try_receive(), std::nullopt);
}

TEST(CloseReceivers, WakesTheOneThatWaits) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  bus.publish(event());
  int got = 0;
  std::thread reader([&] {
    while (receiver.receive()) ++got;
  });
  core(bus).close_receivers();
  reader.join();
  EXPECT_EQ(got, 1);
}

TEST(EventReceiver, AStopTokenEndsItsWaitingAndNotTheReceiver) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  bus.publish(event());
  std::vector<std::uint64_t> got;
  std::jthread reader([&](const std::stop_token& stop) {
    while (const auto received = receiver.receive(stop)) got.push_back(received->event->id);
  });
  reader.request_stop();
  reader.join();
  EXPECT_FALSE(receiver.is_closed());
  bus.publish(event());
  for (const auto id : ids_left(receiver)) got.push_back(id);
  EXPECT_EQ(got, (std::vector<std::uint64_t>{1, 2}));

  std::stop_source stopped;
  stopped.request_stop();
  bus.publish(event());
  EXPECT_EQ(receiver.receive(stopped.get_token()), std::nullopt) << "it was asked to stop before";
}

TEST(EndOfABus, ReleasesTheSubscribersThoughOneHoldsTheBusItself) {
  auto bus = std::make_unique<EventBus>();
  const auto held = std::make_shared<int>(1);
  bus->add_subscriber([&] {
    struct Holder : EventSubscriber {
      std::shared_ptr<int> value;
      std::shared_ptr<events::EventBusCore> cycle;
      void on_event(const MonitoringEvent&) override {}
    };
    auto holder = std::make_shared<Holder>();
    holder->value = held;
    holder->cycle = events::EventBusAccess::shared_core(*bus);
    return holder;
  }());
  Subscription subscription = bus->on_event([held](const MonitoringEvent&) {});
  const std::weak_ptr<events::EventBusCore> alive = events::EventBusAccess::shared_core(*bus);

  bus.reset();

  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(alive.expired());
  EXPECT_FALSE(subscription.is_active());
}

TEST(EndOfABus, CallsNoSubscriberAnyMoreAndTakesNoNewOne) {
  EventBus bus;
  int calls = 0;
  const Subscription old = bus.on_event([&](const MonitoringEvent&) { ++calls; });
  core(bus).close();
  const Subscription late = bus.on_event([&](const MonitoringEvent&) { ++calls; });
  EventReceiver receiver = bus.subscribe();

  bus.publish(event());

  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(late.is_active());
  EXPECT_TRUE(receiver.is_closed());
  EXPECT_EQ(receiver.receive(), std::nullopt);
  EXPECT_FALSE(core(bus).has_listeners());
  EXPECT_EQ(bus.last_event_id(), 1u) << "still counted";
}

TEST(EventReceiver, CloseEndsTheWaitingThatAStopTokenCouldEndToo) {
  for (int round = 0; round < 200; ++round) {  // closed at different moments of the wait
    EventBus bus;
    EventReceiver receiver = bus.subscribe();
    std::promise<void> begun, ended;
    std::jthread reader([&](const std::stop_token& stop) {
      begun.set_value();
      (void)receiver.receive(stop);
      ended.set_value();
    });
    begun.get_future().wait();
    for (int i = 0; i < round; ++i) std::this_thread::yield();
    receiver.close();

    ASSERT_EQ(ended.get_future().wait_for(std::chrono::seconds{5}), std::future_status::ready);
  }
}

}  // namespace
}  // namespace ltb
