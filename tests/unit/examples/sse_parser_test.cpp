// Server-sent events, however their bytes are cut.

#include "sse_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ltb/error_type.hpp>
#include <string>
#include <vector>

namespace {

using namespace llm_benchmark;
using testing::ElementsAre;

/// What a parser made of these pieces: "type|data" for each event.
std::vector<std::string> events_of(const std::vector<std::string>& pieces) {
  std::vector<std::string> events;
  SseParser parser([&events](const SseEvent& event) {
    events.push_back(event.type + '|' + event.data);
    return true;
  });
  for (const std::string& piece : pieces) EXPECT_TRUE(parser.feed(piece));
  EXPECT_TRUE(parser.finish());
  return events;
}

const std::string kStream =
    "\xEF\xBB\xBF: a comment\r\n"
    "data: {\"a\":1}\r\n\r\n"
    "event: ping\ndata:second\nid: 7\nretry: 10\n\n"
    "data: one\rdata: two\rdata:\r\r"
    "\r\n\n"
    "event: nothing\n\n"
    "data\n\n"
    "data:  kept space \n\n"
    "data: [DONE]\n\n";
const std::vector<std::string> kEvents{"|{\"a\":1}", "ping|second", "|one\ntwo\n", "| kept space ",
                                       "|[DONE]"};

TEST(SseParser, ReadsEveryLineEndCommentAndField) {
  EXPECT_EQ(events_of({kStream}), kEvents);
}

TEST(SseParser, GivesTheSameEventsWhereverTheBytesAreCutInTwo) {
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
    EXPECT_EQ(events_of({kStream.substr(0, cut), kStream.substr(cut)}), kEvents)
        << "cut at " << cut;
  }
}

TEST(SseParser, GivesTheSameEventsByteByByte) {
  std::vector<std::string> bytes;
  for (const char byte : kStream) bytes.emplace_back(1, byte);

  EXPECT_EQ(events_of(bytes), kEvents);
}

TEST(SseParser, AnEventWhoseDataIsEmptyIsNone) {
  EXPECT_THAT(events_of({"data:\n\ndata: \n\ndata\n\nevent: x\ndata:\n\ndata: y\n\n"}),
              ElementsAre("|y"))
      << "and its type does not pass on to the next";
}

TEST(SseParser, BytesThatAreNotUtf8BecomeReplacementCharactersAndNoMore) {
  const std::string bytes = "data: a\xE4\xB8z\xFF\xC3\n\n";
  const std::string decoded = "|a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_THAT(events_of({bytes.substr(0, cut), bytes.substr(cut)}), ElementsAre(decoded)) << cut;
  }
  EXPECT_THAT(events_of({"data: \xE4\xB8", "\xAD\n\n"}), ElementsAre("|\xE4\xB8\xAD"))
      << "a character that was cut in two is whole";
}

TEST(SseParser, AnEventCameWhenItsLastDataLineCame) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start{};
  std::vector<Clock::time_point> arrivals;
  SseParser parser([&arrivals](const SseEvent& event) {
    arrivals.push_back(event.arrived);
    return true;
  });

  parser.feed("data: one\n", start + std::chrono::seconds{1});
  parser.feed("\ndata: tw", start + std::chrono::seconds{5});
  parser.feed("o\n", start + std::chrono::seconds{7});
  parser.finish();

  EXPECT_THAT(arrivals,
              ElementsAre(start + std::chrono::seconds{1}, start + std::chrono::seconds{7}));
}

TEST(SseParser, ADataLineMayBeginAnEventWhereTheReaderSaysSo) {
  std::vector<std::string> events;
  SseParser parser(
      [&events](const SseEvent& event) {
        events.push_back(event.data);
        return true;
      },
      1000, [](std::string_view, std::string_view line) { return line.starts_with('>'); });

  parser.feed("data: a\ndata: b\ndata: >c\ndata: d\n\n");

  EXPECT_THAT(events, ElementsAre("a\nb", ">c\nd"));
}

TEST(SseParser, HandsAnEventOverWithItsLastByteAndNotLater) {
  int events = 0;
  SseParser parser([&events](const SseEvent&) {
    ++events;
    return true;
  });

  parser.feed("data: x\r\n");
  EXPECT_EQ(events, 0);
  parser.feed("\r");  // The line is empty: whether a line feed follows changes nothing.
  EXPECT_EQ(events, 1);
  parser.feed("\n");
  EXPECT_EQ(events, 1);
}

TEST(SseParser, AtTheEndWholeLinesCountAndHalfALineDoesNot) {
  EXPECT_THAT(events_of({"data: whole\n"}), ElementsAre("|whole"));
  EXPECT_THAT(events_of({"data: {\"cut"}), ElementsAre());
  EXPECT_THAT(events_of({"data: whole\ndata: {\"cut"}), ElementsAre("|whole"));
}

TEST(SseParser, StopsWhereTheCallbackSaysSo) {
  std::vector<std::string> seen;
  SseParser parser([&seen](const SseEvent& event) {
    seen.push_back(event.data);
    return event.data != "2";
  });

  EXPECT_FALSE(parser.feed("data: 1\n\ndata: 2\n\ndata: 3\n\n"));
  EXPECT_THAT(seen, ElementsAre("1", "2"));
}

ltb::ErrorType refusal(const std::string& piece, std::size_t pieces) {
  SseParser parser([](const SseEvent&) { return true; }, 1000);
  try {
    for (std::size_t i = 0; i < pieces; ++i) parser.feed(piece);
  } catch (const ltb::ProviderError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("more than 1000 bytes"));
    return error.type();
  }
  return ltb::ErrorType::Other;
}

TEST(SseParser, RefusesALineOrAnEventWithoutEnd) {
  EXPECT_EQ(refusal(std::string(1001, 'x'), 1), ltb::ErrorType::Parse);
  EXPECT_EQ(refusal("x", 1001), ltb::ErrorType::Parse);
  EXPECT_EQ(refusal("data: 0123456789\n", 100), ltb::ErrorType::Parse);
  EXPECT_EQ(refusal("data: 0123456789\n\n", 100), ltb::ErrorType::Other)
      << "many short ones are fine";
}

}  // namespace
