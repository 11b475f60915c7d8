// Client messages, handshakes and the messages of the server.
#include "websocket/protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace ltb::websocket {
namespace {

using events::kAllEvents;
using events::mask_of;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

template <typename Message>
Message parsed_as(std::string_view text) {
  const ClientMessage message = parse_client_message(text);
  const auto* held = std::get_if<Message>(&message);
  EXPECT_NE(held, nullptr) << text;
  return held != nullptr ? *held : Message{};
}

TEST(ClientMessages, SubscribeNamesTheTypes) {
  const auto message = parsed_as<Subscribe>(
      R"({"type":"Subscribe","data":{"event_types":["RequestCompleted","SystemAlert"]}})");

  EXPECT_EQ(message.types, mask_of(EventType::RequestCompleted) | mask_of(EventType::SystemAlert));
}

TEST(ClientMessages, AnEmptyListSubscribesToAllAndUnsubscribesFromNothing) {
  EXPECT_EQ(parsed_as<Subscribe>(R"({"type":"Subscribe","data":{"event_types":[]}})").types,
            kAllEvents);
  EXPECT_EQ(parsed_as<Unsubscribe>(R"({"type":"Unsubscribe","data":{"event_types":[]}})").types, 0);
}

TEST(ClientMessages, PingKeepsItsDataAsItIs) {
  EXPECT_EQ(parsed_as<Ping>(R"({"type":"Ping"})").data, "{}");
  EXPECT_EQ(parsed_as<Ping>(R"({"type":"Ping","data":null})").data, "{}");
  EXPECT_EQ(parsed_as<Ping>(R"({"type":"Ping","data":{"t":[1,"x"]}})").data, R"({"t":[1,"x"]})");
}

TEST(ClientMessages, WhatIsWrongIsSaid) {
  const std::string expected =
      R"(expected {"type": "Subscribe", "Unsubscribe" or "Ping", "data": {...}})";
  EXPECT_EQ(parsed_as<Refused>("nope").message, "not valid JSON (at byte 2): " + expected);
  EXPECT_EQ(parsed_as<Refused>("").message, "not valid JSON (at byte 1): " + expected);
  EXPECT_EQ(parsed_as<Refused>("[]").message, "the message is not an object: " + expected);
  EXPECT_EQ(parsed_as<Refused>("{}").message, "\"type\" is missing or no text: " + expected);
  EXPECT_EQ(parsed_as<Refused>(R"({"type":7})").message,
            "\"type\" is missing or no text: " + expected);
  EXPECT_EQ(parsed_as<Refused>(R"({"type":"ping\n"})").message,
            R"(unknown message type "ping\n": )" + expected);
  EXPECT_EQ(parsed_as<Refused>(R"({"type":"Subscribe"})").message,
            R"(Subscribe: "data" is missing or no object: expected {"event_types": [...]})");
  EXPECT_EQ(
      parsed_as<Refused>(R"({"type":"Unsubscribe","data":{"event_types":"x"}})").message,
      R"(Unsubscribe: "event_types" is missing or not an array: expected an array of event types)");
  EXPECT_THAT(parsed_as<Refused>(R"({"type":"Subscribe","data":{"event_types":[1]}})").message,
              StartsWith(R"(Subscribe: "event_types" contains something that is not a string)"));
  EXPECT_EQ(parsed_as<Refused>(R"({"type":"Subscribe","data":{"event_types":["Nope"]}})").message,
            "Subscribe: \"Nope\" is not an event type: expected any of RequestStarted, "
            "RequestCompleted, RequestFailed, BenchmarkStarted, BenchmarkProgress, "
            "BenchmarkCompleted, EvaluationStarted, EvaluationCompleted, ProviderStatus, "
            "MetricRecorded, SystemAlert");
}

TEST(ClientMessages, DeepNestingIsRefusedNotEchoed) {
  const std::string deep = std::string(30000, '[') + std::string(30000, ']');

  EXPECT_THAT(parsed_as<Refused>(R"({"type":"Ping","data":)" + deep + "}").message,
              HasSubstr("nests deeper than 64 levels"));
}

Handshake accepted(std::string_view query) {
  const auto parsed = parse_handshake(query);
  const auto* held = std::get_if<Handshake>(&parsed);
  EXPECT_NE(held, nullptr) << query << ": " << std::get<Refused>(parsed).message;
  return held != nullptr ? *held : Handshake{};
}

std::string refused(std::string_view query) {
  const auto parsed = parse_handshake(query);
  const auto* held = std::get_if<Refused>(&parsed);
  return held != nullptr ? held->message : "accepted";
}

TEST(HandshakeQuery, WithoutParametersAllEventsComeLive) {
  const Handshake handshake = accepted("");

  EXPECT_EQ(handshake.types, kAllEvents);
  EXPECT_EQ(handshake.since, std::nullopt);
  EXPECT_EQ(handshake.epoch, std::nullopt);
  EXPECT_EQ(handshake.batch, std::nullopt);
  EXPECT_EQ(handshake.stats, std::nullopt);
}

TEST(HandshakeQuery, EveryParameterIsRead) {
  const Handshake handshake = accepted(
      "events=RequestCompleted%2CRequestFailed&since=evt_123&epoch=9f3c&batch_ms=250&stats_ms=500&"
      "x=1");

  EXPECT_EQ(handshake.types,
            mask_of(EventType::RequestCompleted) | mask_of(EventType::RequestFailed));
  EXPECT_EQ(handshake.since, 123u);
  EXPECT_EQ(handshake.epoch, "9f3c");
  EXPECT_EQ(handshake.batch, milliseconds{250});
  EXPECT_EQ(handshake.stats, milliseconds{500});
  EXPECT_EQ(accepted("events=").types, kAllEvents);
}

TEST(HandshakeQuery, RangesIncludeTheirEnds) {
  EXPECT_EQ(accepted("batch_ms=10").batch, milliseconds{10});
  EXPECT_EQ(accepted("batch_ms=10000").batch, milliseconds{10000});
  EXPECT_EQ(accepted("stats_ms=100").stats, milliseconds{100});
  EXPECT_EQ(accepted("stats_ms=60000").stats, milliseconds{60000});
  for (const char* bad : {"9", "10001", "", "-1", "1e3", "250ms", "99999999999"}) {
    EXPECT_EQ(
        refused(std::string("batch_ms=") + bad),
        "batch_ms=" + std::string(bad) + ": expected whole milliseconds between 10 and 10000");
  }
  EXPECT_EQ(refused("stats_ms=99"),
            "stats_ms=99: expected whole milliseconds between 100 and 60000");
  EXPECT_EQ(refused("stats_ms=60001"),
            "stats_ms=60001: expected whole milliseconds between 100 and 60000");
}

TEST(HandshakeQuery, BadValuesAreNamed) {
  EXPECT_THAT(refused("events=RequestCompleted,Nope"),
              StartsWith("events: \"Nope\" is not an event type: expected any of RequestStarted, "));
  EXPECT_THAT(refused("events=,"), StartsWith("events: \"\" is not an event type"));
  EXPECT_EQ(refused("since=12%0A"), "since=12\\n: expected an event id such as evt_123");
  EXPECT_EQ(refused("since=evt_18446744073709551616"),
            "since=evt_18446744073709551616: expected an event id such as evt_123");
  EXPECT_EQ(refused("since=%zz"), "query: broken percent escape");
  EXPECT_EQ(refused("since=evt_1&since=evt_2"),
            "since=evt_2: expected each parameter once, this one came before");
}

TEST(ServerMessages, HaveTheDocumentedBytes) {
  EXPECT_EQ(
      connected_message(1, 123, "9f3c", std::nullopt),
      R"({"type":"Connected","data":{"client_id":"client_1","protocol":1,"last_event_id":"evt_123","epoch":"9f3c"}})");
  EXPECT_EQ(
      connected_message(2, 0, "9f3c", false),
      R"({"type":"Connected","data":{"client_id":"client_2","protocol":1,"last_event_id":"evt_0","epoch":"9f3c","resumed":false}})");
  EXPECT_EQ(lagged_message(17), R"({"type":"Lagged","data":{"skipped":17}})");
  EXPECT_EQ(subscribed_message(mask_of(EventType::RequestFailed) | mask_of(EventType::SystemAlert)),
            R"({"type":"Subscribed","data":{"event_types":["RequestFailed","SystemAlert"]}})");
  EXPECT_EQ(nlohmann::json::parse(subscribed_message(kAllEvents))["data"]["event_types"].size(),
            11u);
  EXPECT_EQ(subscribed_message(0), R"({"type":"Subscribed","data":{"event_types":[]}})");
  EXPECT_EQ(pong_message(R"({"a":1})"), R"({"type":"Pong","data":{"a":1}})");
  EXPECT_EQ(error_message("a \"b\""), R"({"type":"Error","data":{"message":"a \"b\""}})");
  EXPECT_EQ(stats_message("{}"), R"({"type":"Stats","data":{}})");
}

}  // namespace
}  // namespace ltb::websocket
