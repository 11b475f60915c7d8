// The bounded log of ready-made WebSocket frames that all clients read from.
#pragma once

#include "events/event_mask.hpp"
#include "support/mutex.hpp"
#include "websocket/evicted_events.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::websocket {

struct FrameLogOptions {
  std::size_t chunk_bytes = std::size_t{256} * 1024;
  std::size_t max_chunks = 8;  ///< Together they bound the bytes kept, a single larger event aside.
  std::size_t max_events = 8192;  ///< Bounds the events kept.
};

/// A block of frames, written once and never moved: readers hold it while bytes of it are being
/// sent.
class Chunk {
 public:
  explicit Chunk(std::size_t capacity);
  [[nodiscard]] std::byte* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_;
};

/// Where a reader stands. A value; each belongs to one reader and one log.
struct Cursor {
  std::uint64_t next = 0;     ///< Position in the log of the next entry.
  std::uint64_t last_id = 0;  ///< Events up to this id are behind the reader.
  /// Entries before `next`, by type: how many of the lost ones a filter would have let pass.
  std::array<std::uint64_t, kEventTypeCount> passed{};
};

/// One or several whole frames that lie side by side.
struct Piece {
  std::shared_ptr<const Chunk> chunk{};
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint32_t events = 0;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {chunk->data() + offset, length};
  }
};

struct ReadOptions {
  events::EventMask mask = events::kAllEvents;
  std::size_t max_bytes =
      std::size_t{256} * 1024;  ///< At least one frame is read, whatever its size.
  std::size_t max_pieces = 1;
  bool merge = true;  ///< Neighbouring frames become one piece.
  /// Reads up to this reader's place and no further; null: to the end. Must outlive the call.
  const Cursor* until = nullptr;
};

struct ReadResult {
  std::uint64_t skipped = 0;    ///< Events lost right before the pieces.
  std::vector<Piece> pieces{};  ///< Empty when there is nothing now.
};

/// Each event is serialised and framed once, as {"type":"Event","data":...} in one text frame;
/// readers are cursors, and the slow ones lose the oldest events, which are counted for them.
///
/// Thread safety: append() and commit() on one thread at a time; the rest from any thread.
/// What is appended is seen by readers after commit().
class FrameLog {
 public:
  /// `last_event_id`: the id before the first event this log will hold.
  explicit FrameLog(FrameLogOptions options = {}, std::uint64_t last_event_id = 0);

  /// Ids must grow. Throws std::bad_alloc; the log is as before then.
  void append(const MonitoringEvent& event);
  void commit();

  /// A reader that sees what comes from now on.
  [[nodiscard]] Cursor cursor_at_end() const;
  /// A reader of all that is kept, without complaint about what is not.
  [[nodiscard]] Cursor cursor_at_start() const;
  /// A reader of what came after `event_id`, which may lie ahead of the log.
  [[nodiscard]] Cursor cursor_after(std::uint64_t event_id) const;
  /// A reader of the newest `count` events of these types.
  [[nodiscard]] Cursor cursor_at_newest(std::size_t count, events::EventMask mask) const;

  /// Moves the cursor over what it returns. When something was lost in front of the first frame it
  /// says so, and returns the frames after the gap; a gap further on ends the read.
  [[nodiscard]] ReadResult read(Cursor& cursor, const ReadOptions& options) const;

  /// Events up to this id will not come any more: who reads from the end has not missed them.
  void skip_to(std::uint64_t event_id);
  [[nodiscard]] std::uint64_t last_event_id() const;
  /// Whether a quarter or more of what the log may hold lies at or after this position, so that a
  /// reader which waits much longer loses events.
  [[nodiscard]] bool is_far_behind(std::uint64_t position) const;

 private:
  struct Entry {
    std::uint64_t id;
    std::uint32_t chunk;  // number of the chunk since the log was made
    std::uint32_t offset;
    std::uint32_t length;
    std::uint8_t type;
  };

  [[nodiscard]] std::uint64_t end() const LTB_REQUIRES(mutex_) { return first_ + entries_.size(); }
  void pass(Cursor& cursor, const Entry& entry) const;
  void catch_up(Cursor& cursor, const ReadOptions& options, std::uint64_t& skipped) const
      LTB_REQUIRES(mutex_);
  void evict() LTB_REQUIRES(mutex_);
  void drop_oldest() LTB_REQUIRES(mutex_);

  const FrameLogOptions options_;

  // The writer's own.
  std::string scratch_;
  std::shared_ptr<Chunk> chunk_;
  std::uint32_t chunk_number_ = 0;
  std::size_t used_ = 0;
  std::vector<Entry> pending_;
  std::vector<std::shared_ptr<Chunk>> pending_chunks_;

  mutable support::Mutex mutex_;
  std::deque<Entry> entries_ LTB_GUARDED_BY(mutex_);
  std::uint64_t first_ LTB_GUARDED_BY(mutex_) = 0;  // position of entries_.front()
  std::deque<std::shared_ptr<const Chunk>> chunks_ LTB_GUARDED_BY(mutex_);
  std::uint32_t first_chunk_ LTB_GUARDED_BY(mutex_) = 0;  // number of chunks_.front()
  std::size_t bytes_ LTB_GUARDED_BY(mutex_) = 0;          // of all chunks_
  std::uint64_t last_id_ LTB_GUARDED_BY(mutex_);
  EvictedEvents evicted_ LTB_GUARDED_BY(mutex_);
  std::array<std::uint64_t, kEventTypeCount> appended_ LTB_GUARDED_BY(mutex_){};
};

/// The JSON text of one frame: {"type":"Event","data":{...}}.
[[nodiscard]] std::string_view message_of(std::span<const std::byte> frame) noexcept;
/// The event object alone.
[[nodiscard]] std::string_view event_of(std::span<const std::byte> frame) noexcept;

}  // namespace ltb::websocket
