// The log of frames: cursors, eviction, gaps, filters, and a writer against readers.
#include "websocket/frame_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace ltb::websocket {
namespace {

using events::mask_of;

MonitoringEvent event_of_type(std::uint64_t id, EventType type = EventType::RequestStarted,
                              std::size_t text_bytes = 1) {
  MonitoringEvent event =
      type == EventType::SystemAlert
          ? MonitoringEvent::alert(AlertSeverity::Info, "t", std::string(text_bytes, 'x'))
          : MonitoringEvent::request_started(std::string(text_bytes, 'x'), "m", "r");
  event.id = id;
  return event;
}

void add(FrameLog& log, std::uint64_t first, std::uint64_t last,
         EventType type = EventType::RequestStarted) {
  for (std::uint64_t id = first; id <= last; ++id) log.append(event_of_type(id, type));
  log.commit();
}

// Takes frames apart by the rules of RFC 6455, and returns the ids of their events.
std::vector<std::uint64_t> ids_of(std::span<const std::byte> bytes) {
  std::vector<std::uint64_t> ids;
  while (!bytes.empty()) {
    EXPECT_EQ(std::to_integer<int>(bytes[0]), 0x81);
    std::size_t header = 2;
    std::size_t length = std::to_integer<std::size_t>(bytes[1]);
    if (length >= 126) {
      const std::size_t wide = length == 126 ? 2 : 8;
      length = 0;
      for (std::size_t i = 0; i < wide; ++i)
        length = length << 8 | std::to_integer<std::size_t>(bytes[2 + i]);
      header += wide;
    }
    const auto text = std::string(reinterpret_cast<const char*>(bytes.data()) + header, length);
    const auto json = nlohmann::json::parse(text);
    EXPECT_EQ(json.at("type"), "Event");
    ids.push_back(std::stoull(json.at("data").at("id").get<std::string>().substr(4)));
    bytes = bytes.subspan(header + length);
  }
  return ids;
}

struct Drained {
  std::vector<std::uint64_t> ids;
  std::uint64_t skipped = 0;
};

Drained drain(const FrameLog& log, Cursor& cursor, ReadOptions options = {}) {
  Drained out;
  for (;;) {
    const ReadResult result = log.read(cursor, options);
    out.skipped += result.skipped;
    if (result.pieces.empty()) return out;
    for (const Piece& piece : result.pieces) {
      const auto ids = ids_of(piece.bytes());
      EXPECT_EQ(ids.size(), piece.events);
      out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    }
  }
}

std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t id = first; id <= last; ++id) ids.push_back(id);
  return ids;
}

TEST(FrameLog, AReaderAtTheEndSeesWhatComesLaterInOneContiguousPiece) {
  FrameLog log;
  add(log, 1, 3);
  Cursor cursor = log.cursor_at_end();
  EXPECT_TRUE(log.read(cursor, {}).pieces.empty());
  add(log, 4, 6);

  const ReadResult result = log.read(cursor, {});

  ASSERT_EQ(result.pieces.size(), 1u);
  EXPECT_EQ(result.pieces[0].events, 3u);
  EXPECT_EQ(result.skipped, 0u);
  EXPECT_EQ(ids_of(result.pieces[0].bytes()), range(4, 6));
  EXPECT_TRUE(log.read(cursor, {}).pieces.empty());
}

TEST(FrameLog, NothingIsSeenBeforeItIsCommitted) {
  FrameLog log;
  Cursor cursor = log.cursor_at_end();
  log.append(event_of_type(1));
  EXPECT_TRUE(log.read(cursor, {}).pieces.empty());
  EXPECT_EQ(log.last_event_id(), 0u);
  log.commit();

  EXPECT_EQ(drain(log, cursor).ids, range(1, 1));
  EXPECT_EQ(log.last_event_id(), 1u);
}

TEST(FrameLog, MessageAndEventTextAreFoundInAFrameOfAnySize) {
  FrameLog log;
  Cursor cursor = log.cursor_at_end();
  for (const std::size_t size : {std::size_t{1}, std::size_t{60000}, std::size_t{70000}}) {
    log.append(event_of_type(log.last_event_id() + 1, EventType::SystemAlert, size));
    log.commit();
    const ReadResult result = log.read(cursor, {});
    ASSERT_EQ(result.pieces.size(), 1u);
    const auto message = nlohmann::json::parse(message_of(result.pieces[0].bytes()));
    const auto event = nlohmann::json::parse(event_of(result.pieces[0].bytes()));
    EXPECT_EQ(message.at("data"), event);
    EXPECT_EQ(event.at("payload").at("data").at("message").get<std::string>().size(), size);
  }
}

TEST(FrameLog, ASlowReaderLosesTheOldestAndIsToldHowMany) {
  FrameLog log({.max_events = 10});
  Cursor cursor = log.cursor_at_end();
  add(log, 1, 25);

  const Drained drained = drain(log, cursor);

  EXPECT_EQ(drained.skipped, 15u);
  EXPECT_EQ(drained.ids, range(16, 25));
}

TEST(FrameLog, BytesAreBoundedToo) {
  FrameLog log({.chunk_bytes = 1024, .max_chunks = 4, .max_events = 100000});
  Cursor cursor = log.cursor_at_end();
  add(log, 1, 1000);

  const Drained drained = drain(log, cursor);

  EXPECT_GT(drained.ids.size(), 10u);
  EXPECT_LT(drained.ids.size(), 4 * 1024 / 150u);
  EXPECT_EQ(drained.skipped + drained.ids.size(), 1000u);
  EXPECT_EQ(drained.ids, range(1001 - drained.ids.size(), 1000));
}

TEST(FrameLog, AnEventLargerThanTheLogIsKeptAloneAndPushesTheRestOut) {
  FrameLog log({.chunk_bytes = 1024, .max_chunks = 2, .max_events = 100});
  Cursor cursor = log.cursor_at_end();
  add(log, 1, 3);
  log.append(event_of_type(4, EventType::SystemAlert, 10000));
  log.commit();

  Drained drained = drain(log, cursor);
  EXPECT_EQ(drained.skipped, 3u);
  EXPECT_EQ(drained.ids, range(4, 4));
  add(log, 5, 6);
  EXPECT_EQ(drain(log, cursor).ids, range(5, 6));
}

TEST(FrameLog, BytesInFlightStayAsTheyAreWhenTheirChunkIsEvicted) {
  FrameLog log({.chunk_bytes = 512, .max_chunks = 2, .max_events = 100});
  Cursor cursor = log.cursor_at_end();
  add(log, 1, 2);
  const ReadResult held = log.read(cursor, {});
  add(log, 3, 50);

  EXPECT_EQ(ids_of(held.pieces.at(0).bytes()), range(1, 2));
}

TEST(FrameLog, AReadStopsAtItsByteLimitAndAtTheEndOfAChunk) {
  FrameLog log({.chunk_bytes = 600, .max_chunks = 8, .max_events = 100});
  Cursor cursor = log.cursor_at_end();
  add(log, 1, 9);

  const ReadResult one = log.read(cursor, {.max_bytes = 1});
  EXPECT_EQ(one.pieces.at(0).events, 1u);
  const ReadResult rest_of_chunk = log.read(cursor, {});
  EXPECT_LT(rest_of_chunk.pieces.at(0).events, 8u);
  EXPECT_EQ(drain(log, cursor).ids.size(), 8u - rest_of_chunk.pieces.at(0).events);
}

TEST(FrameLog, ReplayAfterAnIdHasNeitherGapNorRepeat) {
  FrameLog log;
  add(log, 1, 10);
  Cursor cursor = log.cursor_after(4);
  add(log, 11, 12);

  const Drained drained = drain(log, cursor);

  EXPECT_EQ(drained.ids, range(5, 12));
  EXPECT_EQ(drained.skipped, 0u);
}

TEST(FrameLog, ReplayAfterAnIdThatIsGoneTellsTheGap) {
  FrameLog log({.max_events = 5});
  add(log, 1, 10);
  Cursor cursor = log.cursor_after(2);

  const Drained drained = drain(log, cursor);

  EXPECT_EQ(drained.skipped, 3u);  // 3, 4 and 5
  EXPECT_EQ(drained.ids, range(6, 10));
}

TEST(FrameLog, ReplayAfterAnIdAheadOfTheLogSkipsWhatTheReaderKnows) {
  FrameLog log;
  add(log, 1, 3);
  Cursor cursor = log.cursor_after(5);
  add(log, 4, 7);

  const Drained drained = drain(log, cursor);

  EXPECT_EQ(drained.ids, range(6, 7));
  EXPECT_EQ(drained.skipped, 0u);
}

TEST(FrameLog, AReaderAtTheStartIsNotToldOfWhatWasBeforeIt) {
  FrameLog log({.max_events = 5});
  add(log, 1, 10);
  Cursor cursor = log.cursor_at_start();

  const Drained drained = drain(log, cursor);

  EXPECT_EQ(drained.skipped, 0u);
  EXPECT_EQ(drained.ids, range(6, 10));
}

TEST(FrameLog, AGapInTheIdsIsToldInItsPlace) {
  FrameLog log({}, 100);
  Cursor cursor = log.cursor_at_end();
  add(log, 101, 102);
  add(log, 110, 111);

  const ReadResult before = log.read(cursor, {});
  const ReadResult after = log.read(cursor, {});

  EXPECT_EQ(before.skipped, 0u);
  EXPECT_EQ(ids_of(before.pieces.at(0).bytes()), range(101, 102));
  EXPECT_EQ(after.skipped, 7u);
  EXPECT_EQ(ids_of(after.pieces.at(0).bytes()), range(110, 111));
}

TEST(FrameLog, AFilterLetsItsTypesPassOnly) {
  FrameLog log;
  Cursor cursor = log.cursor_at_end();
  for (std::uint64_t id = 1; id <= 9; ++id) {
    log.append(event_of_type(id, id % 3 == 0 ? EventType::SystemAlert : EventType::RequestStarted));
  }
  log.commit();

  const ReadResult result =
      log.read(cursor, {.mask = mask_of(EventType::SystemAlert), .max_pieces = 10});

  ASSERT_EQ(result.pieces.size(), 3u);
  EXPECT_EQ(ids_of(result.pieces[2].bytes()), range(9, 9));
  EXPECT_EQ(log.read(cursor, {}).pieces.size(), 0u);
}

TEST(FrameLog, AFilteredReaderIsToldOnlyOfLossesItsFilterWouldHaveLetPass) {
  FrameLog log({.max_events = 10});
  add(log, 1, 2, EventType::SystemAlert);
  Cursor cursor = log.cursor_at_end();
  Cursor other = cursor;
  add(log, 3, 5, EventType::SystemAlert);
  add(log, 6, 40);

  EXPECT_EQ(log.read(cursor, {.mask = mask_of(EventType::SystemAlert)}).skipped, 3u);
  EXPECT_EQ(log.read(other, {.mask = mask_of(EventType::ProviderStatus)}).skipped, 0u);
}

TEST(FrameLog, LossesBeforeTheLogAndInItAddUpForAReaderThatFellOff) {
  FrameLog log({.max_events = 4});
  Cursor cursor = log.cursor_at_end();
  add(log, 1, 2);
  add(log, 10, 20);  // 3..9 never came

  const Drained drained = drain(log, cursor);

  EXPECT_EQ(drained.ids, range(17, 20));
  EXPECT_EQ(drained.skipped, 16u);
}

TEST(FrameLog, TheNewestOfSomeTypesAreFound) {
  FrameLog log;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    log.append(event_of_type(id, id % 2 == 0 ? EventType::SystemAlert : EventType::RequestStarted));
  }
  log.commit();

  Cursor cursor = log.cursor_at_newest(3, mask_of(EventType::SystemAlert));
  EXPECT_EQ(drain(log, cursor, {.mask = mask_of(EventType::SystemAlert)}).ids,
            (std::vector<std::uint64_t>{16, 18, 20}));
  cursor = log.cursor_at_newest(100, events::kAllEvents);
  EXPECT_EQ(drain(log, cursor).ids, range(1, 20));
}

TEST(FrameLog, ReadersSeeEveryIdOnceOrAreToldWhileTheWriterRuns) {
  constexpr std::uint64_t kLast = 20000;
  FrameLog log({.chunk_bytes = 4096, .max_chunks = 4, .max_events = 1000});
  std::vector<Cursor> cursors(3, log.cursor_at_end());
  std::vector<std::thread> readers;
  for (Cursor& cursor : cursors) {
    readers.emplace_back([&log, &cursor] {
      std::uint64_t seen = 0;
      while (seen < kLast) {
        const ReadResult result = log.read(cursor, {});
        seen += result.skipped;
        for (const Piece& piece : result.pieces) {
          for (const std::uint64_t id : ids_of(piece.bytes())) ASSERT_EQ(id, ++seen);
        }
        if (result.pieces.empty()) std::this_thread::yield();
      }
    });
  }
  for (std::uint64_t id = 1; id <= kLast; ++id) {
    log.append(event_of_type(id));
    if (id % 7 == 0 || id == kLast) log.commit();
  }
  for (auto& reader : readers) reader.join();
}

TEST(FrameLog, TheLastOfAllIdsIsAheadOfTheLogAndMissesNothing) {
  FrameLog log;
  add(log, 1, 3);
  Cursor cursor = log.cursor_after(~std::uint64_t{0});
  add(log, 4, 5);

  const ReadResult result = log.read(cursor, {});
  EXPECT_EQ(result.skipped, 0u);
  EXPECT_TRUE(result.pieces.empty());
}

TEST(FrameLog, ALateReaderIsToldWhatItsFilterLostByTypeWhereverItStood) {
  FrameLog log({.max_events = 10});
  std::vector<EventType> types(1);  // by id
  for (std::uint64_t id = 1; id <= 300; ++id) {
    types.push_back(id % 7 == 0 ? EventType::SystemAlert : EventType::RequestStarted);
    add(log, id, id, types.back());
  }
  for (const EventType type : {EventType::SystemAlert, EventType::RequestStarted}) {
    for (std::uint64_t since = 0; since <= 300; ++since) {
      std::uint64_t lost = 0;
      for (std::uint64_t id = since + 1; id <= 290; ++id) lost += types[id] == type ? 1 : 0;
      Cursor cursor = log.cursor_after(since);
      EXPECT_EQ(log.read(cursor, {.mask = mask_of(type)}).skipped, lost) << since;
    }
  }
}

TEST(EvictedEvents, AreExactForARareTypeHoweverLongAgoAndNeverMoreThanTheIdsAllow) {
  EvictedEvents evicted;
  constexpr std::uint64_t kMany = 5 * EvictedEvents::kKnownIds;
  evicted.add(0, 1);
  for (std::uint64_t id = 2; id <= kMany; ++id) evicted.add(1, id);

  EXPECT_EQ(evicted.after(0)[0], 1u);
  EXPECT_EQ(evicted.after(1)[0], 0u);
  EXPECT_EQ(evicted.after(0)[1], kMany - 1) << "all of them";
  EXPECT_EQ(evicted.after(1000)[1], kMany - 1000);
  EXPECT_EQ(evicted.after(kMany - 1)[1], 1u);
  EXPECT_EQ(evicted.after(kMany)[1], 0u);
}

}  // namespace
}  // namespace ltb::websocket
