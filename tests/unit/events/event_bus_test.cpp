// The bus on one thread: ids, receivers, what slow ones lose, the armed wake.
#include <ltb/event_bus.hpp>

#include "events/event_bus_core.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;

MonitoringEvent event() {
  return MonitoringEvent::request("openai", "gpt-4");
}

void publish(EventBus& bus, int count) {
  for (int i = 0; i < count; ++i) bus.publish(event());
}

std::vector<std::uint64_t> ids_left(EventReceiver& receiver) {
  std::vector<std::uint64_t> ids;
  while (const auto received = receiver.try_receive()) ids.push_back(received->event->id);
  return ids;
}

TEST(EventBus, GivesIdsThatAscendByOne) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  EXPECT_EQ(bus.last_event_id(), 0u);

  publish(bus, 3);

  EXPECT_EQ(ids_left(receiver), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(bus.last_event_id(), 3u);
}

TEST(EventBus, CountsEventsThatNobodyListensToAndStoresNone) {
  EventBus bus;

  publish(bus, 5);

  EXPECT_EQ(bus.stats().published, 5u);
  EXPECT_EQ(bus.last_event_id(), 5u);
  EventReceiver receiver = bus.subscribe();
  EXPECT_EQ(receiver.try_receive(), std::nullopt) << "a receiver sees what comes after it";
  publish(bus, 1);
  EXPECT_EQ(receiver.try_receive()->event->id, 6u);
  EXPECT_EQ(bus.stats().dropped, 0u);
}

TEST(EventBus, ABusOfItsOwnCompletesRequestIdsAndPercentages) {
  EventBus bus;
  std::vector<MonitoringEvent> seen;
  const auto subscription =
      bus.on_event([&](const MonitoringEvent& event) { seen.push_back(event); });
  const auto publish = [&](std::uint64_t completed, std::uint64_t total, double percent) {
    BenchmarkPayload benchmark;
    benchmark.completed_examples = completed;
    benchmark.total_examples = total;
    benchmark.progress_percent = percent;
    bus.publish(MonitoringEvent(EventType::BenchmarkProgress, benchmark));
    return seen.back().benchmark()->progress_percent;
  };

  EXPECT_EQ(publish(50, 200, 0), 25.0);
  EXPECT_EQ(publish(50, 200, 30), 30.0) << "the caller's own";
  EXPECT_EQ(publish(300, 200, 0), 100.0);
  EXPECT_EQ(publish(50, 0, 0), 0.0) << "unknown";

  bus.publish(MonitoringEvent(EventType::RequestStarted, RequestPayload{.provider = "p"}));
  const std::string first = seen.back().request_payload()->request_id;
  bus.publish(MonitoringEvent(EventType::RequestStarted, RequestPayload{.provider = "p"}));
  EXPECT_FALSE(first.empty());
  EXPECT_NE(seen.back().request_payload()->request_id, first);
  bus.publish(MonitoringEvent::request_started("p", "m", "mine"));
  EXPECT_EQ(seen.back().request_payload()->request_id, "mine");
}

TEST(EventBus, SetsTheTimestampOnlyWhenThereIsNone) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  const auto before = std::chrono::system_clock::now();
  MonitoringEvent dated = event();
  dated.timestamp = std::chrono::system_clock::time_point{1s};

  bus.publish(dated);
  bus.publish(event());

  EXPECT_EQ(receiver.try_receive()->event->timestamp, std::chrono::system_clock::time_point{1s});
  const auto stamped = receiver.try_receive()->event->timestamp;
  EXPECT_GE(stamped, before);
  EXPECT_LE(stamped, std::chrono::system_clock::now());
}

TEST(EventBus, SlowReceiverLosesOldestEventsAndIsToldHowMany) {
  EventBus bus{{.receiver_capacity = 2}};
  auto receiver = bus.subscribe();
  for (int i = 0; i < 5; ++i) bus.publish(MonitoringEvent::request("openai", "gpt-4"));

  const auto first = receiver.try_receive();

  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->lagged, 3u);
  EXPECT_EQ(first->event->id, 4u);
  EXPECT_EQ(receiver.try_receive()->lagged, 0u);
  EXPECT_EQ(receiver.try_receive(), std::nullopt);
  EXPECT_EQ(bus.stats().dropped, 3u);
}

TEST(EventBus, AReceiverOfCapacityManyEventsLosesNothing) {
  EventBus bus{{.receiver_capacity = 4}};
  EventReceiver receiver = bus.subscribe();

  publish(bus, 4);

  EXPECT_EQ(receiver.try_receive()->lagged, 0u);
  EXPECT_EQ(ids_left(receiver), (std::vector<std::uint64_t>{2, 3, 4}));
}

TEST(EventBus, ReceiversAreIndependentOfEachOther) {
  EventBus bus{{.receiver_capacity = 3}};
  EventReceiver slow = bus.subscribe();
  EventReceiver fast = bus.subscribe();
  for (std::uint64_t i = 1; i <= 10; ++i) {
    publish(bus, 1);
    const auto received = fast.try_receive();
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->event->id, i);
    EXPECT_EQ(received->lagged, 0u);
  }

  const auto first = slow.try_receive();
  EXPECT_EQ(first->event->id, 8u);
  EXPECT_EQ(first->lagged, 7u);
  EXPECT_EQ(bus.stats().receivers, 2u);
  EXPECT_EQ(bus.stats().dropped, 7u);
}

TEST(EventBus, AReceiverMayLagAgainAndAgain) {
  EventBus bus{{.receiver_capacity = 1}};
  EventReceiver receiver = bus.subscribe();
  publish(bus, 3);
  EXPECT_EQ(receiver.try_receive()->lagged, 2u);
  publish(bus, 2);
  EXPECT_EQ(receiver.try_receive()->lagged, 1u);
}

TEST(EventBus, AReceiverAfterAllOthersLeftStartsWithANewRing) {
  EventBus bus{{.receiver_capacity = 4}};
  {
    EventReceiver first = bus.subscribe();
    publish(bus, 3);
  }
  EXPECT_EQ(bus.stats().receivers, 0u);

  EventReceiver second = bus.subscribe();
  EXPECT_EQ(second.try_receive(), std::nullopt);
  publish(bus, 2);

  EXPECT_EQ(ids_left(second), (std::vector<std::uint64_t>{4, 5}));
}

TEST(EventBus, AnEventGoesWhenItsLastReceiverHasReadIt) {
  EventBus bus;
  EventReceiver a = bus.subscribe();
  EventReceiver b = bus.subscribe();
  publish(bus, 1);
  EventReceiver late = bus.subscribe();  // the event is none of its business
  const std::weak_ptr<const MonitoringEvent> event = a.try_receive()->event;
  EXPECT_FALSE(event.expired()) << "b has not read it";
  (void)b.try_receive();
  EXPECT_TRUE(event.expired());
}

TEST(EventBus, AReceiverThatLeavesHoldsNothingBack) {
  EventBus bus{{.receiver_capacity = 4}};
  EventReceiver reader = bus.subscribe();
  std::weak_ptr<const MonitoringEvent> second;
  {
    EventReceiver leaver = bus.subscribe();
    publish(bus, 2);
    (void)leaver.try_receive();
    (void)reader.try_receive();
    second = reader.try_receive()->event;
    EXPECT_FALSE(second.expired()) << "the other has not read it";
  }
  EXPECT_TRUE(second.expired());
  publish(bus, 6);  // past the capacity: every place is taken anew
  EXPECT_EQ(ids_left(reader), (std::vector<std::uint64_t>{5, 6, 7, 8}));
}

TEST(EventBus, AllReceiversShareOneEvent) {
  EventBus bus;
  EventReceiver a = bus.subscribe();
  EventReceiver b = bus.subscribe();
  publish(bus, 1);

  EXPECT_EQ(a.try_receive()->event.get(), b.try_receive()->event.get());
}

TEST(EventReceiver, MovesWithItsPlaceInTheStream) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  publish(bus, 2);
  (void)receiver.try_receive();

  EventReceiver moved = std::move(receiver);

  EXPECT_EQ(ids_left(moved), (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(bus.stats().receivers, 1u);
  EXPECT_EQ(receiver.try_receive(), std::nullopt);  // NOLINT: a moved-from receiver is closed
  EXPECT_TRUE(receiver.is_closed());
}

TEST(EventReceiver, ClosedByHandItGivesNothingMore) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  publish(bus, 1);

  receiver.close();

  EXPECT_TRUE(receiver.is_closed());
  EXPECT_EQ(receiver.try_receive(), std::nullopt);
  EXPECT_EQ(receiver.receive(), std::nullopt);
  EXPECT_EQ(receiver.receive_for(1h), std::nullopt);
}

TEST(EventReceiver, ReadsWhatIsLeftOfADestroyedBusAndIsClosedThen) {
  auto bus = std::make_unique<EventBus>();
  EventReceiver receiver = bus->subscribe();
  publish(*bus, 2);
  bus.reset();

  EXPECT_FALSE(receiver.is_closed());
  EXPECT_EQ(receiver.receive()->event->id, 1u);
  EXPECT_EQ(receiver.receive_for(1h)->event->id, 2u);
  EXPECT_TRUE(receiver.is_closed());
  EXPECT_EQ(receiver.receive(), std::nullopt);
}

TEST(EventReceiver, WaitsNoLongerThanItIsTold) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  const auto start = std::chrono::steady_clock::now();

  EXPECT_EQ(receiver.receive_for(20ms), std::nullopt);
  EXPECT_EQ(receiver.receive_for(0ns), std::nullopt);
  EXPECT_EQ(receiver.receive_for(-1h), std::nullopt);

  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
  EXPECT_FALSE(receiver.is_closed());
}

TEST(EventBus, RefusesARingOfNoneANullSubscriberAndAnEmptyCallback) {
  EXPECT_THROW(EventBus({.receiver_capacity = 0}), std::invalid_argument);
  EventBus bus;
  EXPECT_THROW(bus.add_subscriber(nullptr), std::invalid_argument);
  EXPECT_THROW((void)bus.on_event({}), std::invalid_argument);
  EXPECT_EQ(bus.stats().subscribers, 0u);
}

struct ArmedWake : ::testing::Test {
  EventBus bus;
  events::EventBusCore& core = events::EventBusAccess::core(bus);
  events::EventCursor cursor;
  int wakes = 0;

  ArmedWake() {
    core.add_receiver(cursor);
    core.set_wake([this] { ++wakes; });
  }
  ~ArmedWake() override { core.remove_receiver(cursor); }
  std::size_t read_all() {
    std::vector<std::shared_ptr<const MonitoringEvent>> events;
    core.read_batch(cursor, events, 100);
    return events.size();
  }
};

TEST_F(ArmedWake, FiresOncePerArm) {
  publish(bus, 1);
  EXPECT_EQ(wakes, 0) << "not armed";
  EXPECT_FALSE(core.arm(cursor)) << "there is an event already";
  EXPECT_EQ(read_all(), 1u);

  EXPECT_TRUE(core.arm(cursor));
  publish(bus, 3);
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(read_all(), 3u);

  EXPECT_TRUE(core.arm(cursor));
  publish(bus, 1);
  EXPECT_EQ(wakes, 2);
}

TEST_F(ArmedWake, ArmingThatWasRefusedArmsNothing) {
  publish(bus, 1);
  EXPECT_FALSE(core.arm(cursor));
  publish(bus, 1);
  EXPECT_EQ(wakes, 0);
}

TEST_F(ArmedWake, TakenAwayItIsNotCalled) {
  EXPECT_TRUE(core.arm(cursor));
  core.set_wake({});
  publish(bus, 1);
  EXPECT_EQ(wakes, 0);
}

TEST_F(ArmedWake, ABatchIsAsLargeAsAskedAndMovesTheCursor) {
  publish(bus, 5);
  std::vector<std::shared_ptr<const MonitoringEvent>> events;

  EXPECT_EQ(core.read_batch(cursor, events, 2), 0u);

  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1]->id, 2u);
  EXPECT_EQ(read_all(), 3u);
  EXPECT_EQ(read_all(), 0u);
}

}  // namespace
}  // namespace ltb
