// Bodies of answers, piece by piece with the times they came, and without a network.

#include "stream_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "anthropic_messages.hpp"
#include "openai_messages.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Time = std::chrono::steady_clock::time_point;

std::string data(const std::string& json) {
  return "data: " + json + "\n\n";
}
std::string delta(const std::string& text) {
  return data(R"({"choices":[{"delta":{"content":")" + text + R"("}}]})");
}
const std::string kReason = data(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kUsage =
    data(R"({"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7}})");
const std::string kDone = data("[DONE]");

Time at(int ms) {
  return Time{} + std::chrono::hours{1} + milliseconds{ms};
}

/// One answer under way.
struct Reading {
  explicit Reading(const std::string& label = "text/event-stream")
      : head{.status = 200, .headers = {{"content-type", label}}} {}

  bool take(const std::string& bytes, int ms) { return reader.take(head, {bytes, at(ms)}); }
  ltb::CompletionResponse end() { return reader.end(head); }
  /// The category and words of what take() or end() throws.
  std::pair<ltb::ErrorType, std::string> failure(const std::string& bytes) {
    try {
      take(bytes, 0);
      end();
    } catch (const ltb::ProviderError& error) {
      return {error.type(), error.what()};
    }
    ADD_FAILURE() << "nothing was thrown: " << bytes;
    return {};
  }
  /// How long after at(0) it waits, with usage asked for.
  std::optional<int> waits(bool asked_for_usage = true) const {
    const auto until = reader.waits_until(asked_for_usage);
    if (!until) return std::nullopt;
    return static_cast<int>(std::chrono::duration_cast<milliseconds>(*until - at(0)).count());
  }

  HttpReply head;
  OpenAiMessages dialect;
  std::vector<std::string> pieces;
  std::vector<Time> arrivals;
  ltb::StreamCallback callback = [this](const ltb::StreamChunk& chunk) {
    pieces.emplace_back(chunk.text);
    arrivals.push_back(chunk.arrived.value_or(Time{}));
    EXPECT_EQ(chunk.sent, at(0));
    return true;
  };
  StreamReader reader{dialect, callback, at(0)};
};

TEST(StreamReader, ChunksCarryTheTimeTheirBytesCame) {
  Reading reading;
  reading.take(delta("1"), 10);
  reading.take(delta("2") + delta("3"), 25);

  EXPECT_THAT(reading.pieces, ElementsAre("1", "2", "3"));
  EXPECT_THAT(reading.arrivals, ElementsAre(at(10), at(25), at(25)));
}

TEST(StreamReader, AnAnswerIsCompleteWithItsReasonAndUsage) {
  Reading reading;
  reading.take(delta("x"), 10);
  EXPECT_EQ(reading.waits(), std::nullopt) << "it is not complete";
  reading.take(kReason, 20);
  EXPECT_EQ(reading.waits(), 20 + 2000) << "the usage may still come";
  EXPECT_EQ(reading.waits(false), 20 + 50) << "none was asked for";
  reading.take(": keep-alive\n\n", 200);
  EXPECT_EQ(reading.waits(), 20 + 2000) << "a heartbeat is no news";
  reading.take(kUsage, 220);
  EXPECT_EQ(reading.waits(), 220 + 50) << "only its formal end is missing";

  EXPECT_TRUE(reading.reader.is_complete_at_end());
  const auto response = reading.end();
  EXPECT_EQ(response.completed_at, at(220));
  EXPECT_EQ(response.usage, (ltb::TokenUsage{.input_tokens = 11, .output_tokens = 7}));
}

TEST(StreamReader, TheEndMarkAndHeartbeatsDoNotMoveTheEndOfAnAnswer) {
  Reading reading;
  reading.take(delta("x") + kReason, 20);
  reading.take(kDone, 90);

  EXPECT_EQ(reading.waits(), 90 + 50);
  EXPECT_EQ(reading.end().completed_at, at(20));
}

TEST(StreamReader, WithoutAReasonTheEndMarkIsTheEnd) {
  Reading reading;
  reading.take(delta("x"), 20);
  reading.take(kDone, 90);

  EXPECT_EQ(reading.end().completed_at, at(90));
}

TEST(StreamReader, ContentAfterTheReasonStillBelongsToTheAnswer) {
  Reading reading;
  const auto with_reason = [](const std::string& text) {
    return data(R"({"choices":[{"delta":{"content":")" + text + R"("},"finish_reason":"stop"}],)" +
                R"("usage":{"prompt_tokens":11,"completion_tokens":7}})");
  };
  reading.take(with_reason("x"), 20);
  EXPECT_EQ(reading.waits(), 20 + 2000) << "a server may give a reason with every piece";
  reading.take(with_reason("y"), 60);
  EXPECT_EQ(reading.waits(), std::nullopt) << "this one does: its end mark is waited for";
  reading.take(kDone, 900);
  EXPECT_EQ(reading.waits(), 900 + 50);

  const auto response = reading.end();
  EXPECT_EQ(response.text, "xy");
  EXPECT_EQ(response.completed_at, at(60));
}

TEST(StreamReader, WhatCannotBeReadAfterTheReasonCostsNothing) {
  Reading reading;
  reading.take(delta("x") + kReason, 20);

  EXPECT_TRUE(reading.take(data("{\"cut"), 30));
  EXPECT_TRUE(reading.reader.is_complete_at_end());
  EXPECT_EQ(reading.end().text, "x");
}

TEST(StreamReader, AnthropicsAnswerIsCompleteWithItsDeltaOfTheMessage) {
  const AnthropicMessages dialect;
  const ltb::StreamCallback callback = [](const ltb::StreamChunk&) { return true; };
  StreamReader reader(dialect, callback, at(0));
  const HttpReply head{.status = 200};
  reader.take(head, {data(R"({"type":"message_start","message":{"usage":{"input_tokens":3,)"
                          R"("output_tokens":1}}})") +
                         data(R"({"type":"content_block_delta","delta":{"text":"Paris"}})"),
                     at(10)});
  EXPECT_EQ(reader.waits_until(true), std::nullopt);
  reader.take(head, {data(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
                          R"("usage":{"output_tokens":4}})"),
                     at(30)});

  EXPECT_EQ(reader.waits_until(true), at(80));
  const auto response = reader.end(head);
  EXPECT_EQ(response.completed_at, at(30));
  EXPECT_EQ(response.usage, (ltb::TokenUsage{.input_tokens = 3, .output_tokens = 4}));
}

TEST(StreamReader, WhatIsSentDecidesAndNotItsLabel) {
  const std::string whole = R"( {"choices":[{"message":{"content":"Paris"}}]})";
  const std::string events = delta("Paris") + kReason + kDone;
  for (const std::string label :
       {"text/event-stream", "application/json; charset=utf-8", "text/plain", ""}) {
    for (const std::string prefix : {"", "\xEF\xBB\xBF", "\r\n\n"}) {
      Reading streamed(label);
      streamed.take(prefix + events, 1);
      EXPECT_THAT(streamed.pieces, ElementsAre("Paris")) << label << prefix;
      Reading at_once(label);
      at_once.take(prefix + whole, 1);
      EXPECT_EQ(at_once.end().text, "Paris") << label << prefix;
      EXPECT_TRUE(at_once.pieces.empty());
    }
  }
  for (const std::string first :
       {": hello\n\n", "event: x\n", "id: 1\n", "retry: 5\n", "data\n\n"}) {
    Reading reading("application/json");
    reading.take(first + events, 1);
    EXPECT_THAT(reading.pieces, ElementsAre("Paris")) << first;
  }
}

TEST(StreamReader, AStreamUnderAWrongLabelIsSeenThoughItsBytesComeOneByOne) {
  Reading reading("application/json");
  int ms = 0;
  for (const char byte : delta("Par") + delta("is") + kReason) reading.take({byte}, ++ms);

  EXPECT_THAT(reading.pieces, ElementsAre("Par", "is"));
  EXPECT_EQ(reading.end().text, "Paris");
}

TEST(StreamReader, APageIsAParseErrorThatShowsItsStart) {
  for (const std::string label : {"text/html", "text/event-stream", "application/json"}) {
    for (const std::string page :
         {"<!DOCTYPE html><p>Log in", "upstream connect error", "\"no\""}) {
      const auto [type, message] = Reading(label).failure(page);
      EXPECT_EQ(type, ltb::ErrorType::Parse) << label << page;
      EXPECT_THAT(message, HasSubstr('"' + page)) << label;
    }
  }
}

TEST(StreamReader, AnEmptyBodyOfAKnownLengthIsAParseErrorAndOtherwiseACut) {
  Reading cut;
  EXPECT_EQ(cut.failure("").first, ltb::ErrorType::Network);
  Reading empty;
  empty.head.headers.emplace_back("content-length", "0");
  EXPECT_EQ(empty.failure(""), (std::pair<ltb::ErrorType, std::string>(
                                   ltb::ErrorType::Parse, "the answer is empty: \"\"")));
}

TEST(StreamReader, AnEventThatIsOfNoAnswerDoesNotMakeAStreamOne) {
  const std::string queued = R"({"status":"queued"})";
  const auto [type, message] = Reading().failure(data(queued) + kDone);
  EXPECT_EQ(type, ltb::ErrorType::Parse);
  EXPECT_THAT(message, HasSubstr(queued));
}

TEST(StreamReader, HeartbeatsAloneAreACutStreamAndNotAPage) {
  EXPECT_EQ(Reading().failure(": keep-alive\n\n: keep-alive\n\n").first, ltb::ErrorType::Network);
  EXPECT_EQ(Reading().failure("data:\n\n" + delta("x")).first, ltb::ErrorType::Network);
}

TEST(StreamReader, EventsThatOneLineEndSeparatesAreReadAsTheyCome) {
  Reading reading;
  const auto line = [](const std::string& event) { return event.substr(0, event.size() - 1); };
  reading.take(line(delta("1")), 10);
  reading.take(line(delta("2")), 20);
  reading.take(line(kReason), 30);
  reading.take(line(kDone), 40);
  EXPECT_THAT(reading.pieces, ElementsAre("1", "2"));

  const auto response = reading.end();

  EXPECT_THAT(reading.arrivals, ElementsAre(at(10), at(20)));
  EXPECT_EQ(response.text, "12");
  EXPECT_EQ(response.completed_at, at(30));
}

TEST(StreamReader, AnObjectOverSeveralDataLinesIsOneEvent) {
  Reading reading;
  reading.take("data: {\"choices\":[\ndata: {\"delta\":{\"content\":\"x\"}\ndata: }]}\n\n", 1);

  EXPECT_THAT(reading.pieces, ElementsAre("x"));
}

TEST(StreamReader, AnErrorEventIsAnErrorInEveryShape) {
  for (const std::string text :
       {"the model fell over", "\"the model fell over\"", R"({"message":"the model fell over"})",
        R"({"error":"the model fell over"})", R"({"error":{"message":"the model fell over"}})"}) {
    const auto [type, message] =
        Reading().failure(delta("x") + "event: error\ndata: " + text + "\n\n" + kDone);
    EXPECT_THAT(message, HasSubstr("after 1 pieces of content (1 bytes): the model fell over"))
        << text;
    EXPECT_NE(type, ltb::ErrorType::Network) << text;
    EXPECT_NE(type, ltb::ErrorType::Parse) << text;
  }
}

TEST(StreamReader, ADetailAloneIsAnErrorWhereverItComes) {
  const std::string detail = data(R"({"detail":"The engine ran out of memory"})");
  for (const std::string before : {"", "x"}) {
    const std::string content = before.empty() ? "" : delta(before);
    const auto [type, message] = Reading().failure(content + detail + kDone);
    EXPECT_EQ(type, ltb::ErrorType::Other) << before;
    EXPECT_THAT(message, HasSubstr("The engine ran out of memory")) << before;
  }
  Reading complete;
  complete.take(delta("x") + kReason + detail, 1);
  EXPECT_EQ(complete.end().text, "x");
}

TEST(StreamReader, AByteThatIsNotUtf8CostsOneCharacter) {
  Reading reading;
  reading.take(delta("a\xE4\xB8") + delta("z") + kReason + kDone, 1);

  EXPECT_THAT(reading.pieces, ElementsAre("a\xEF\xBF\xBD", "z"));
  EXPECT_EQ(reading.end().text, "a\xEF\xBF\xBDz");
}

TEST(StreamReader, AnAnswerAtOnceEndsWithItsLastBytes) {
  Reading reading;
  reading.take("{\"choices\":[{\"message\":", 10);
  reading.take("{\"content\":\"Paris\"}}]}", 35);

  EXPECT_EQ(reading.waits(), std::nullopt);
  EXPECT_EQ(reading.end().completed_at, at(35));
}

}  // namespace
