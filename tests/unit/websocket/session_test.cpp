// One client's session: order, filters, replay, batches, statistics, and what a rude client gets.
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ltb::websocket {
namespace {

using std::chrono::milliseconds;
using Names = std::vector<std::string>;

TEST(Session, ConnectedComesFirstAndThenWhatHappens) {
  Stage stage;
  stage.publish_and_flush(2);
  Peer peer(stage);
  stage.publish_and_flush();

  const auto frames = peer.frames();

  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].at("type"), "Connected");
  EXPECT_EQ(frames[0].at("data").at("client_id"), "client_1");
  EXPECT_EQ(frames[0].at("data").at("last_event_id"), "evt_2");
  EXPECT_EQ(frames[0].at("data").at("epoch"), "e1");
  EXPECT_FALSE(frames[0].at("data").contains("resumed"));
  EXPECT_EQ(Peer::short_name(frames[1]), "evt_3");
}

TEST(Session, ClientsAreNumbered) {
  Stage stage;
  Peer first(stage);
  Peer second(stage);

  EXPECT_EQ(second.frames().at(0).at("data").at("client_id"), "client_2");
}

TEST(Session, TheFilterOfTheHandshakeHolds) {
  Stage stage;
  Peer peer(stage, "events=SystemAlert");
  (void)peer.received();
  stage.publish(2);
  stage.alert();
  stage.publish_and_flush();

  EXPECT_EQ(peer.received(), (Names{"evt_3"}));
}

TEST(Session, AClientIsNotWokenForTypesItFiltersOut) {
  Stage stage;
  Peer peer(stage, "events=SystemAlert");
  stage.publish_and_flush(2);
  EXPECT_EQ(peer.connection->wakes, 0);
  stage.alert();
  stage.publish_and_flush();
  EXPECT_EQ(peer.connection->wakes, 1);
}

TEST(Session, SubscribeAndUnsubscribeChangeTheFilterAndSayWhatHoldsNow) {
  Stage stage;
  Peer peer(stage);
  (void)peer.received();
  peer.session->on_text(R"({"type":"Subscribe","data":{"event_types":["SystemAlert"]}})");
  stage.alert();
  stage.publish_and_flush();
  EXPECT_EQ(peer.received(), (Names{"Subscribed 1", "evt_1"}));

  peer.session->on_text(R"({"type":"Subscribe","data":{"event_types":[]}})");
  peer.session->on_text(R"({"type":"Unsubscribe","data":{"event_types":["SystemAlert"]}})");
  stage.alert();
  stage.publish_and_flush();
  EXPECT_EQ(peer.received(), (Names{"Subscribed 11", "Subscribed 10", "evt_4"}));
}

TEST(Session, SubscribeIsFromNowOn) {
  Stage stage;
  Peer peer(stage, "events=SystemAlert");
  (void)peer.received();
  stage.publish_and_flush(5);
  stage.publish(2);  // not in the log yet, and before the Subscribe all the same
  peer.session->on_text(R"({"type":"Subscribe","data":{"event_types":["RequestStarted"]}})");
  stage.publish_and_flush(1);

  EXPECT_EQ(peer.received(), (Names{"Subscribed 1", "evt_8"}));
}

TEST(Session, ASubscribeAfterTheHistoryIsGoneIsNoLoss) {
  Stage stage(16);
  Peer peer(stage, "events=SystemAlert");
  (void)peer.received();
  for (int i = 0; i < 10; ++i) stage.publish_and_flush(10);
  peer.session->on_text(R"({"type":"Subscribe","data":{"event_types":["RequestStarted"]}})");
  for (int i = 0; i < 3; ++i) stage.publish_and_flush(10);

  const Names names = peer.received();

  ASSERT_EQ(names.size(), 18u);
  EXPECT_EQ(names[1], "Lagged 14") << "30 came since the Subscribe, 16 are kept";
  EXPECT_EQ(names[2], "evt_115");
  EXPECT_EQ(stage.hub->stats().dropped, 14u);
}

TEST(Session, WhatBothFiltersPassIsStillSentAfterAChange) {
  Stage stage;
  Peer peer(stage, "events=SystemAlert,RequestStarted");
  (void)peer.received();
  stage.alert();                                                                          // 1
  stage.publish();                                                                        // 2
  stage.bus.publish(MonitoringEvent::request_failed("p", "m", "r", ErrorType::Timeout));  // 3
  peer.session->on_text(
      R"({"type":"Subscribe","data":{"event_types":["SystemAlert","RequestFailed"]}})");
  stage.alert();                                                                          // 4
  stage.publish();                                                                        // 5
  stage.bus.publish(MonitoringEvent::request_failed("p", "m", "r", ErrorType::Timeout));  // 6
  peer.session->on_text(R"({"type":"Subscribe","data":{"event_types":[]}})");
  stage.publish_and_flush();  // 7

  EXPECT_EQ(peer.received(),
            (Names{"Subscribed 2", "Subscribed 11", "evt_1", "evt_4", "evt_6", "evt_7"}));
}

TEST(Session, ALossIsCountedByTheFilterThatHeldWhenItHappened) {
  Stage stage(16);
  Peer peer(stage);
  (void)peer.received();
  stage.publish(5);  // 1..5
  stage.alert();     // 6
  peer.session->on_text(R"({"type":"Subscribe","data":{"event_types":["SystemAlert"]}})");
  stage.publish(5);  // 7..11
  stage.alert();     // 12
  for (int i = 0; i < 3; ++i) stage.publish_and_flush(10);

  EXPECT_EQ(peer.received(), (Names{"Subscribed 1", "Lagged 1", "Lagged 1"}))
      << "one alert on either side of the Subscribe";
}

TEST(Session, AFilteredSinceLosesOnlyWhatTheFilterWanted) {
  Stage stage(16);
  stage.alert();  // 1
  stage.alert();  // 2
  for (int i = 0; i < 10; ++i) stage.publish_and_flush(10);
  Peer none(stage, "since=evt_2&events=SystemAlert");
  Peer one(stage, "since=evt_1&events=SystemAlert");
  Peer all(stage, "since=evt_1");

  EXPECT_EQ(none.received(), (Names{"Connected"}));
  EXPECT_EQ(one.received(), (Names{"Connected", "Lagged 1"}));
  EXPECT_EQ(all.received().at(1), "Lagged 85") << "102 events, 16 kept, 1 known";
  EXPECT_EQ(stage.hub->stats().dropped, 86u);
  EXPECT_EQ(
      stage.hub->events({.since = 2, .types = events::mask_of(EventType::SystemAlert)}).skipped,
      0u);
}

TEST(Session, PingAndMistakesAreAnsweredInOrder) {
  Stage stage;
  Peer peer(stage);
  (void)peer.received();
  peer.session->on_text(R"({"type":"Ping","data":{"n":1}})");
  peer.session->on_text("nope");
  peer.session->on_text(R"({"type":"Ping"})");

  const auto frames = peer.frames();

  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].at("data").at("n"), 1);
  EXPECT_EQ(frames[1].at("type"), "Error");
  EXPECT_EQ(frames[2].at("type"), "Pong");
  EXPECT_EQ(peer.connection->close_code, std::nullopt);
}

TEST(Session, SinceReplaysAndGoesLiveWithoutGapOrRepeat) {
  Stage stage;
  stage.publish_and_flush(5);
  Peer peer(stage, "since=evt_2&epoch=e1");
  stage.publish_and_flush(2);

  const auto frames = peer.frames();

  EXPECT_EQ(frames.at(0).at("data").at("resumed"), true);
  Names names;
  for (const auto& frame : frames) names.push_back(Peer::short_name(frame));
  EXPECT_EQ(names, (Names{"Connected", "evt_3", "evt_4", "evt_5", "evt_6", "evt_7"}));
}

TEST(Session, SinceAnEventThatIsGoneTellsHowManyAreMissing) {
  Stage stage(16);
  stage.publish_and_flush(20);
  Peer peer(stage, "since=evt_1");

  const Names names = peer.received();

  EXPECT_EQ(names.size(), 18u);
  EXPECT_EQ(names[1], "Lagged 3");
  EXPECT_EQ(names[2], "evt_5");
  EXPECT_EQ(names.back(), "evt_20");
}

TEST(Session, AnotherEpochOrAnIdNeverGivenIsAnotherSystem) {
  Stage stage;
  stage.publish_and_flush(2);
  for (const char* query : {"since=evt_1&epoch=other", "since=evt_99"}) {
    Peer peer(stage, query);
    const auto frames = peer.frames();
    EXPECT_EQ(frames.at(0).at("data").at("resumed"), false) << query;
    ASSERT_EQ(frames.size(), 3u) << query;
    EXPECT_EQ(Peer::short_name(frames[1]), "evt_1") << query;
    EXPECT_EQ(Peer::short_name(frames[2]), "evt_2") << query;
  }
}

TEST(Session, SinceAnEventTheHubHasNotStoredYetIsTheSameSystem) {
  Stage stage;
  stage.publish(3);  // the bus has them, the log does not
  Peer peer(stage, "since=evt_2");
  EXPECT_EQ(peer.frames().at(0).at("data").at("resumed"), true);
  stage.run_posted();

  EXPECT_EQ(peer.received(), (Names{"evt_3"}));
}

TEST(Session, ASlowClientIsToldWhatItLostAndAFastOneLosesNothing) {
  Stage stage(16);
  Peer slow(stage);
  Peer fast(stage);
  (void)slow.received();
  Names fast_got = fast.received();
  for (int i = 0; i < 5; ++i) {
    stage.publish_and_flush(10);
    for (const auto& name : fast.received()) fast_got.push_back(name);
  }

  EXPECT_EQ(fast_got.size(), 51u);
  const Names slow_got = slow.received();
  ASSERT_EQ(slow_got.size(), 17u);
  EXPECT_EQ(slow_got.front(), "Lagged 34");
  EXPECT_EQ(slow_got[1], "evt_35");
}

TEST(Session, AnUnfilteredClientIsServedFromTheLogItselfWithoutACopy) {
  Stage stage;
  Peer first(stage);
  Peer second(stage);
  (void)first.received();
  (void)second.received();
  stage.publish_and_flush(10);

  net::Outgoing one;
  net::Outgoing two;
  ASSERT_TRUE(first.session->next(one));
  ASSERT_TRUE(second.session->next(two));

  EXPECT_EQ(one.bytes.data(), two.bytes.data());
  EXPECT_EQ(payloads_of(one.bytes).size(), 10u);
}

TEST(Batches, MessagesComeAsOneArrayPerInterval) {
  Stage stage;
  Peer peer(stage, "batch_ms=250");
  const auto first = peer.frames();
  ASSERT_EQ(first.size(), 1u);
  ASSERT_TRUE(first[0].is_array());
  EXPECT_EQ(first[0].at(0).at("type"), "Connected");

  stage.publish_and_flush(2);
  EXPECT_TRUE(peer.frames().empty());
  stage.clock.advance(milliseconds{249});
  stage.hub->tick();
  EXPECT_TRUE(peer.frames().empty());
  stage.publish_and_flush(1);
  stage.clock.advance(milliseconds{1});
  stage.hub->tick();
  EXPECT_GT(peer.connection->wakes, 0);

  const auto second = peer.frames();
  ASSERT_EQ(second.size(), 1u);
  ASSERT_EQ(second[0].size(), 3u);
  EXPECT_EQ(Peer::short_name(second[0][0]), "evt_1");
  EXPECT_EQ(Peer::short_name(second[0][2]), "evt_3");
}

TEST(Batches, AReplyDoesNotWaitForTheInterval) {
  Stage stage;
  Peer peer(stage, "batch_ms=10000");
  (void)peer.frames();
  stage.publish_and_flush(2);
  const std::string ping = R"({"type":"Ping","data":")" + std::string(60000, 'x') + "\"}";
  for (int i = 0; i < 20; ++i) {
    peer.session->on_text(ping);
    EXPECT_EQ(peer.received(), (Names{"Pong"})) << i;
  }
  EXPECT_EQ(peer.connection->close_code, std::nullopt);

  stage.clock.advance(milliseconds{10000});
  stage.hub->tick();
  EXPECT_EQ(peer.received(), (Names{"evt_1", "evt_2"}));
}

TEST(Batches, AClientThatReadsLosesNothingHoweverLongItsInterval) {
  Stage stage(64);
  Peer peer(stage, "batch_ms=10000");
  Names got = peer.received();
  for (int i = 0; i < 100; ++i) {  // a hundred times the history within one interval
    stage.publish_and_flush(8);
    stage.clock.advance(milliseconds{10});
    stage.hub->tick();
    if (peer.connection->wakes == 0) continue;
    peer.connection->wakes = 0;
    for (const auto& name : peer.received()) got.push_back(name);
  }
  stage.clock.advance(milliseconds{10000});
  stage.hub->tick();
  for (const auto& name : peer.received()) got.push_back(name);

  ASSERT_EQ(got.size(), 801u);
  for (std::size_t i = 1; i < got.size(); ++i) ASSERT_EQ(got[i], "evt_" + std::to_string(i));
}

TEST(Batches, ABacklogOfFewLargeEventsIsNotWaitedForEither) {
  Stage stage;
  Peer peer(stage, "batch_ms=10000");
  (void)peer.frames();
  std::size_t events = 0;
  for (int i = 0; i < 60; ++i) {  // 60 times 100 kB: three times what the history keeps
    stage.bus.publish(MonitoringEvent::alert(AlertSeverity::Info, "t", std::string(100'000, 'x')));
    stage.run_posted();
    stage.hub->tick();
    if (peer.connection->wakes > 0) {
      for (const auto& name : peer.received()) events += name.starts_with("evt_") ? 1 : 100;
    }
  }
  stage.clock.advance(milliseconds{10000});
  stage.hub->tick();
  for (const auto& name : peer.received()) events += name.starts_with("evt_") ? 1 : 100;
  EXPECT_EQ(events, 60u);
}

TEST(Batches, AnIdleClientGetsNothingAndTheNextEventAtOnceWhenItsIntervalIsOver) {
  Stage stage;
  Peer peer(stage, "batch_ms=100");
  (void)peer.frames();
  for (int i = 0; i < 50; ++i) {
    stage.clock.advance(milliseconds{10});
    stage.hub->tick();
    EXPECT_TRUE(peer.frames().empty());
  }
  stage.clock.advance(milliseconds{100});
  stage.publish_and_flush();

  EXPECT_EQ(peer.received(), (Names{"evt_1"}));
}

TEST(Batches, ABacklogIsSpreadOverSeveralBatches) {
  Stage stage;
  Peer peer(stage, "batch_ms=10");
  (void)peer.frames();
  const std::string text(10000, 'x');
  for (int i = 0; i < 150; ++i) {
    stage.bus.publish(MonitoringEvent::alert(AlertSeverity::Info, "t", text));
  }
  stage.run_posted();
  std::size_t events = 0;
  std::size_t batches = 0;
  for (int i = 0; i < 10; ++i) {
    stage.clock.advance(milliseconds{10});
    stage.hub->tick();
    for (const auto& frame : peer.frames()) {
      ++batches;
      events += frame.size();
      EXPECT_LT(frame.dump().size(), ClientSession::kMaxBatchBytes + 100000);
    }
  }
  EXPECT_EQ(events, 150u);
  EXPECT_GT(batches, 1u);
  EXPECT_LE(batches, 150 * 10'200 / ClientSession::kMaxBatchBytes + 1);
}

TEST(Statistics, ComeAtOnceAndThenAtTheInterval) {
  Stage stage;
  Peer peer(stage, "stats_ms=500");
  EXPECT_EQ(peer.received(), (Names{"Connected", "Stats 1"}));
  stage.clock.advance(milliseconds{499});
  stage.hub->tick();
  EXPECT_EQ(peer.received(), Names{});
  stage.clock.advance(milliseconds{1});
  stage.hub->tick();
  EXPECT_EQ(peer.connection->wakes, 1);
  EXPECT_EQ(peer.received(), (Names{"Stats 2"}));
}

TEST(Statistics, AreMadeOnceForAllClientsWithinATenthOfASecond) {
  Stage stage;
  Peer first(stage, "stats_ms=500");
  Peer second(stage, "stats_ms=100&batch_ms=50");
  Peer none(stage);
  EXPECT_EQ(first.received(), (Names{"Connected", "Stats 1"}));
  stage.clock.advance(milliseconds{99});
  EXPECT_EQ(second.received(), (Names{"Connected", "Stats 1"}));
  EXPECT_EQ(none.received(), (Names{"Connected"}));
  stage.clock.advance(milliseconds{1});
  stage.hub->tick();
  EXPECT_EQ(second.received(), (Names{"Stats 2"}));
  EXPECT_EQ(stage.overviews, 2);
}

TEST(RudeClients, TooManyMessagesCloseTheConnectionWith1008) {
  Stage stage;
  Peer peer(stage);
  for (int i = 0; i < 200; ++i) peer.session->on_text(R"({"type":"Ping"})");
  EXPECT_EQ(peer.connection->close_code, std::nullopt);
  peer.session->on_text(R"({"type":"Ping"})");

  EXPECT_EQ(peer.connection->close_code, 1008);
  EXPECT_TRUE(peer.frames().empty());
}

TEST(RudeClients, PingFramesCountAsMessages) {
  Stage stage;
  Peer peer(stage);
  for (int i = 0; i < 200; ++i) peer.session->on_control();
  EXPECT_EQ(peer.connection->close_code, std::nullopt);
  peer.session->on_control();

  EXPECT_EQ(peer.connection->close_code, 1008);
  EXPECT_TRUE(peer.frames().empty());
}

TEST(RudeClients, AHundredMessagesASecondAreFine) {
  Stage stage;
  Peer peer(stage);
  for (int i = 0; i < 1000; ++i) {
    stage.clock.advance(milliseconds{10});
    peer.session->on_text(R"({"type":"Ping"})");
    (void)peer.frames();
  }
  EXPECT_EQ(peer.connection->close_code, std::nullopt);
}

TEST(RudeClients, RepliesThatNobodyReadsAreBounded) {
  Stage stage;
  Peer peer(stage);
  const std::string ping = R"({"type":"Ping","data":")" + std::string(60000, 'x') + "\"}";
  for (int i = 0; i < 4; ++i) peer.session->on_text(ping);
  EXPECT_EQ(peer.connection->close_code, std::nullopt);
  peer.session->on_text(ping);

  EXPECT_EQ(peer.connection->close_code, 1008);
}

TEST(Sessions, LetGoOfTheConnectionWhenItIsOver) {
  Stage stage;
  std::weak_ptr<FakeConnection> connection;
  {
    Peer peer(stage);
    connection = peer.connection;
  }
  EXPECT_TRUE(connection.expired());
  EXPECT_EQ(stage.hub->stats().clients, 0u);
  stage.publish_and_flush();
}

}  // namespace
}  // namespace ltb::websocket
