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
  peer.session->on_text(R"({"type":"Ping"})");
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
  ASSERT_EQ(second[0].size(), 4u);
  EXPECT_EQ(Peer::short_name(second[0][0]), "Pong");
  EXPECT_EQ(Peer::short_name(second[0][1]), "evt_1");
  EXPECT_EQ(Peer::short_name(second[0][3]), "evt_3");
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
  EXPECT_EQ(batches, 2u);
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
