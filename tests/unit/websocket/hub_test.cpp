// The broadcaster: when it wakes, what it keeps, what it counts.
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ltb::websocket {
namespace {

using std::chrono::milliseconds;
using Names = std::vector<std::string>;

TEST(Hub, AnIdleHubIsWokenOnceByTheFirstEventAndNotByTheNext) {
  Stage stage;
  stage.publish(5);

  EXPECT_EQ(stage.posted.size(), 1u);
}

TEST(Hub, TheFirstEventIsSentAtOnceAndTheNextOnesAtTheTick) {
  Stage stage;
  Peer peer(stage);
  EXPECT_EQ(peer.received(), (Names{"Connected"}));
  const int wakes = peer.connection->wakes;

  stage.publish();
  stage.run_posted();
  EXPECT_EQ(peer.connection->wakes, wakes + 1);
  EXPECT_EQ(peer.received(), (Names{"evt_1"}));

  stage.publish(3);  // the hub is not asleep any more
  EXPECT_TRUE(stage.posted.empty());
  EXPECT_EQ(peer.received(), Names{});
  stage.hub->tick();
  EXPECT_EQ(peer.connection->wakes, wakes + 2);
  EXPECT_EQ(peer.received(), (Names{"evt_2", "evt_3", "evt_4"}));

  stage.hub->tick();  // nothing new: asleep again
  stage.publish();
  EXPECT_EQ(stage.posted.size(), 1u);
}

TEST(Hub, WithoutAFlushIntervalEachEventIsSentWhenItComes) {
  Stage stage(8192, milliseconds{0});
  Peer peer(stage);
  (void)peer.received();

  for (const char* id : {"evt_1", "evt_2"}) {
    stage.publish();
    EXPECT_EQ(stage.posted.size(), 1u);
    stage.run_posted();
    EXPECT_EQ(peer.received(), (Names{id}));
  }
}

TEST(Hub, AWakeThatTheExecutorDroppedIsMadeUpForByTheTick) {
  Stage stage;
  Peer peer(stage);
  (void)peer.received();
  stage.publish();
  stage.posted.clear();
  stage.hub->tick();

  EXPECT_EQ(peer.received(), (Names{"evt_1"}));
}

TEST(Hub, AStoppedHubKeepsWhatItTookAndNoFurtherEvent) {
  Stage stage;
  stage.publish(2);
  stage.hub->stop();
  EXPECT_EQ(stage.hub->log().last_event_id(), 2u) << "published before stop()";
  stage.posted.clear();
  stage.publish(3);
  EXPECT_TRUE(stage.posted.empty());
  EXPECT_EQ(stage.bus.stats().receivers, 0u);

  stage.hub->start([&stage](std::function<void()> task) {
    stage.posted.push_back(std::move(task));
    return true;
  });
  stage.publish(1);
  stage.hub->tick();

  const auto page = stage.hub->events({.since = 1});
  ASSERT_EQ(page.events.size(), 2u);
  EXPECT_EQ(Stage::Json::parse(page.events[0]).at("id"), "evt_2");
  EXPECT_EQ(Stage::Json::parse(page.events[1]).at("id"), "evt_6");
  EXPECT_EQ(page.skipped, 3u);
}

TEST(Hub, WhoConnectsAfterAStartHasNotMissedWhatCameBeforeIt) {
  Stage stage;
  stage.hub->stop();
  stage.publish(3);
  stage.hub->start([](const std::function<void()>&) { return true; });
  Peer peer(stage);
  stage.publish(1);
  stage.hub->tick();

  EXPECT_EQ(peer.received(), (Names{"Connected", "evt_4"}));
}

TEST(Hub, MayDieBeforeTheBus) {
  EventBus bus;
  {
    const auto hub =
        std::make_shared<Hub>(events::EventBusAccess::shared_core(bus),
                              HubOptions{.epoch = "e", .overview = [] { return "{}"; }});
    hub->start([](const std::function<void()>&) { return true; });
    hub->tick();
  }
  bus.publish(MonitoringEvent::request("p", "m"));
  EXPECT_EQ(bus.stats().receivers, 0u);
}

TEST(Hub, KeepsHistoryWithoutAnyClient) {
  Stage stage;
  stage.publish_and_flush(3);

  const events::EventPage page = stage.hub->events({});

  EXPECT_EQ(page.epoch, "e1");
  EXPECT_EQ(page.last_event_id, 3u);
  EXPECT_EQ(page.skipped, 0u);
  ASSERT_EQ(page.events.size(), 3u);
  EXPECT_EQ(nlohmann::json::parse(page.events[0]).at("id"), "evt_1");
  EXPECT_EQ(nlohmann::json::parse(page.events[2]).at("id"), "evt_3");
}

TEST(Hub, HistoryIsPagedBySinceAndLimitAndFilteredByType) {
  Stage stage(16);
  stage.publish_and_flush(18);
  stage.alert();
  stage.publish_and_flush(1);  // ids 1..20, of which 5..20 are kept
  const auto ids = [&](const events::EventQuery& query) {
    Names out;
    for (const auto& event : stage.hub->events(query).events) {
      out.push_back(nlohmann::json::parse(event).at("id").get<std::string>());
    }
    return out;
  };

  EXPECT_EQ(ids({.limit = 2}), (Names{"evt_19", "evt_20"}));
  EXPECT_EQ(ids({.since = 17, .limit = 2}), (Names{"evt_18", "evt_19"}));
  EXPECT_EQ(ids({.since = 20}), Names{});
  EXPECT_EQ(ids({.since = 0, .limit = 1}), (Names{"evt_5"}));
  EXPECT_EQ(stage.hub->events({.since = 0, .limit = 1}).skipped, 4u);
  EXPECT_EQ(stage.hub->events({.since = 4, .limit = 1}).skipped, 0u);
  EXPECT_EQ(ids({.types = events::mask_of(EventType::SystemAlert)}), (Names{"evt_19"}));
  EXPECT_EQ(ids({.since = 1, .types = events::mask_of(EventType::SystemAlert)}), (Names{"evt_19"}));
}

TEST(Hub, CountsClientsMessagesLossesAndErrors) {
  Stage stage(16);
  {
    Peer peer(stage);
    (void)peer.received();
    stage.publish_and_flush(20);
    EXPECT_EQ(peer.received().front(), "Lagged 4");
    peer.session->on_text("nope");
    EXPECT_EQ(peer.received(), (Names{"Error"}));
    EXPECT_EQ(stage.hub->stats().clients, 1u);
  }
  const HubStats stats = stage.hub->stats();
  EXPECT_EQ(stats.clients, 0u);
  EXPECT_EQ(stats.messages, 1u + 1 + 16 + 1);
  EXPECT_EQ(stats.dropped, 4u);
  EXPECT_EQ(stats.errors, 1u);
}

TEST(Hub, WhatTheHubItselfWasTooSlowForIsToldAsLagged) {
  EventBus bus(EventBusOptions{.receiver_capacity = 4});
  const auto hub = std::make_shared<Hub>(events::EventBusAccess::shared_core(bus),
                                         HubOptions{.epoch = "e", .overview = [] { return "{}"; }});
  hub->start([](const std::function<void()>&) { return true; });
  Cursor cursor = hub->log().cursor_at_end();
  for (int i = 0; i < 10; ++i) bus.publish(MonitoringEvent::request("p", "m"));
  hub->tick();

  const ReadResult result = hub->log().read(cursor, {});

  EXPECT_EQ(result.skipped, 6u);
  EXPECT_EQ(result.pieces.at(0).events, 4u);
}

TEST(Hub, EventsBeforeItStartedAreNotMissed) {
  EventBus bus;
  for (int i = 0; i < 3; ++i) bus.publish(MonitoringEvent::request("p", "m"));
  const auto hub = std::make_shared<Hub>(events::EventBusAccess::shared_core(bus),
                                         HubOptions{.epoch = "e", .overview = [] { return "{}"; }});
  bus.publish(MonitoringEvent::request("p", "m"));
  hub->start([](const std::function<void()>&) { return true; });
  Cursor cursor = hub->log().cursor_at_end();
  EXPECT_EQ(cursor.last_id, 4u);
  bus.publish(MonitoringEvent::request("p", "m"));
  hub->tick();

  EXPECT_EQ(hub->log().read(cursor, {}).skipped, 0u);
}

TEST(Hub, ManyPublishersAndIoThreadsLoseAndRepeatNothing) {
  constexpr int kThreads = 3;
  constexpr int kEvents = 2000;
  EventBus bus(EventBusOptions{.receiver_capacity = 65536});
  const auto hub = std::make_shared<Hub>(
      events::EventBusAccess::shared_core(bus),
      HubOptions{.epoch = "e", .event_history = 65536, .overview = [] { return "{}"; }});
  hub->start([](const std::function<void()>& task) {
    task();
    return true;
  });
  std::atomic<bool> done{false};
  std::vector<std::thread> ticks;
  for (int i = 0; i < 2; ++i) {
    ticks.emplace_back([&] {
      while (!done.load()) hub->tick();
    });
  }
  std::vector<std::thread> publishers;
  for (int i = 0; i < kThreads; ++i) {
    publishers.emplace_back([&] {
      for (int n = 0; n < kEvents; ++n)
        bus.publish(MonitoringEvent::request_started("p", "m", "r"));
    });
  }
  Cursor cursor = hub->log().cursor_after(0);
  std::uint64_t seen = 0;
  while (seen < kThreads * kEvents) {
    const ReadResult result = hub->log().read(cursor, {});
    ASSERT_EQ(result.skipped, 0u);
    for (const Piece& piece : result.pieces) {
      for (const auto& text : payloads_of(piece.bytes())) {
        ASSERT_EQ(nlohmann::json::parse(text).at("data").at("id"), "evt_" + std::to_string(++seen));
      }
    }
  }
  for (auto& publisher : publishers) publisher.join();
  done = true;
  for (auto& tick : ticks) tick.join();
  hub->stop();
}

}  // namespace
}  // namespace ltb::websocket
