#include "websocket/frame_log.hpp"

#include "events/event_json.hpp"
#include "net/frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace ltb::websocket {
namespace {

constexpr std::string_view kPrefix = "{\"type\":\"Event\",\"data\":";
constexpr std::string_view kSuffix = "}";

}  // namespace

Chunk::Chunk(std::size_t capacity)
    : data_(std::make_unique_for_overwrite<std::byte[]>(capacity)), capacity_(capacity) {}

FrameLog::FrameLog(FrameLogOptions options, std::uint64_t last_event_id)
    : options_(options), last_id_(last_event_id) {}

void FrameLog::append(const MonitoringEvent& event) {
  scratch_.assign(kPrefix);
  events::append_json(scratch_, event);
  scratch_ += kSuffix;
  const net::FrameHeader header = net::encode_frame_header(net::Opcode::Text, scratch_.size());
  const std::size_t length = header.size + scratch_.size();
  if (length > std::numeric_limits<std::uint32_t>::max()) throw std::bad_alloc();
  // Room for the entry first: once the bytes are in the chunk nothing may fail any more.
  if (pending_.size() == pending_.capacity()) pending_.reserve(2 * pending_.size() + 64);
  if (!chunk_ || used_ + length > chunk_->capacity()) {
    auto chunk = std::make_shared<Chunk>(std::max(options_.chunk_bytes, length));
    pending_chunks_.push_back(chunk);
    if (chunk_) ++chunk_number_;
    chunk_ = std::move(chunk);
    used_ = 0;
  }
  // Readers know nothing of these bytes until commit() tells them under the mutex.
  std::memcpy(chunk_->data() + used_, header.storage.data(), header.size);
  std::memcpy(chunk_->data() + used_ + header.size, scratch_.data(), scratch_.size());
  pending_.push_back({.id = event.id,
                      .chunk = chunk_number_,
                      .offset = static_cast<std::uint32_t>(used_),
                      .length = static_cast<std::uint32_t>(length),
                      .type = static_cast<std::uint8_t>(event.event_type)});
  used_ += length;
}

void FrameLog::commit() {
  if (pending_.empty()) return;
  const support::MutexLock lock(mutex_);
  // What memory does not suffice for stays pending; the next commit() tries again.
  std::size_t done = 0;
  try {
    while (!pending_chunks_.empty()) {
      chunks_.push_back(pending_chunks_.front());
      bytes_ += chunks_.back()->capacity();
      pending_chunks_.erase(pending_chunks_.begin());
    }
    for (; done < pending_.size(); ++done) {
      entries_.push_back(pending_[done]);
      ++appended_[pending_[done].type];
      last_id_ = pending_[done].id;
    }
  } catch (const std::bad_alloc&) {
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
  evict();
}

void FrameLog::drop_oldest() {
  evicted_.add(entries_.front().type, entries_.front().id);
  entries_.pop_front();
  ++first_;
}

void FrameLog::evict() {
  while (entries_.size() > options_.max_events) drop_oldest();
  const std::size_t max_bytes = options_.chunk_bytes * options_.max_chunks;
  while (chunks_.size() > 1 && bytes_ > max_bytes) {
    while (!entries_.empty() && entries_.front().chunk == first_chunk_) drop_oldest();
    bytes_ -= chunks_.front()->capacity();
    chunks_.pop_front();
    ++first_chunk_;
  }
  while (chunks_.size() > 1 && !entries_.empty() && entries_.front().chunk != first_chunk_) {
    bytes_ -= chunks_.front()->capacity();
    chunks_.pop_front();
    ++first_chunk_;
  }
}

Cursor FrameLog::cursor_at_end() const {
  const support::MutexLock lock(mutex_);
  return {.next = end(), .last_id = last_id_, .passed = appended_};
}

Cursor FrameLog::cursor_at_start() const {
  const support::MutexLock lock(mutex_);
  return {.next = first_,
          .last_id = entries_.empty() ? last_id_ : entries_.front().id - 1,
          .passed = evicted_.counts()};
}

Cursor FrameLog::cursor_after(std::uint64_t event_id) const {
  const support::MutexLock lock(mutex_);
  Cursor cursor{.next = first_, .last_id = event_id, .passed = evicted_.counts()};
  // What came after it and is gone lies between this reader and the log, type by type.
  const auto lost = evicted_.after(event_id);
  for (std::size_t type = 0; type < kEventTypeCount; ++type) {
    cursor.passed[type] -= lost[type];
    cursor.next -= lost[type];
  }
  if (cursor.next < first_) return cursor;
  const auto after =
      std::upper_bound(entries_.begin(), entries_.end(), event_id,
                       [](std::uint64_t id, const Entry& entry) { return id < entry.id; });
  for (auto entry = entries_.begin(); entry != after; ++entry) ++cursor.passed[entry->type];
  cursor.next += static_cast<std::uint64_t>(after - entries_.begin());
  return cursor;
}

Cursor FrameLog::cursor_at_newest(std::size_t count, events::EventMask mask) const {
  const support::MutexLock lock(mutex_);
  Cursor cursor{.next = end(), .last_id = last_id_, .passed = appended_};
  for (std::size_t i = entries_.size(); i > 0 && count > 0; --i) {
    const Entry& entry = entries_[i - 1];
    --cursor.next;
    --cursor.passed[entry.type];
    cursor.last_id = entry.id - 1;
    if ((mask & (1u << entry.type)) != 0) --count;
  }
  return cursor;
}

void FrameLog::pass(Cursor& cursor, const Entry& entry) const {
  ++cursor.next;
  ++cursor.passed[entry.type];
  cursor.last_id = std::max(cursor.last_id, entry.id);
}

// Puts a cursor that fell off the log at its oldest entry, or at `until` when that was left behind
// too. Of the ids in between, those the log once held are counted when the filter lets their type
// pass; those it never saw (lost before it) count whatever they were.
void FrameLog::catch_up(Cursor& cursor, const ReadOptions& options, std::uint64_t& skipped) const {
  if (cursor.next >= first_) return;
  const std::uint64_t oldest = entries_.empty() ? last_id_ + 1 : entries_.front().id;
  Cursor to{.next = first_, .last_id = oldest - 1, .passed = evicted_.counts()};
  if (options.until != nullptr && options.until->next < first_) to = *options.until;
  std::uint64_t held = 0;
  std::uint64_t wanted = 0;
  for (std::size_t type = 0; type < kEventTypeCount; ++type) {
    const std::uint64_t lost = to.passed[type] - cursor.passed[type];
    held += lost;
    if ((options.mask & (1u << type)) != 0) wanted += lost;
  }
  const std::uint64_t ids = to.last_id > cursor.last_id ? to.last_id - cursor.last_id : 0;
  if (ids > held) wanted += ids - held;
  skipped += std::min(wanted, ids);
  to.last_id = std::max(to.last_id, cursor.last_id);
  cursor = to;
}

ReadResult FrameLog::read(Cursor& cursor, const ReadOptions& options) const {
  ReadResult result;
  std::size_t bytes = 0;
  const support::MutexLock lock(mutex_);
  catch_up(cursor, options, result.skipped);
  const std::uint64_t end_of_read =
      options.until != nullptr ? std::min(end(), options.until->next) : end();
  while (cursor.next < end_of_read) {
    const Entry& entry = entries_[static_cast<std::size_t>(cursor.next - first_)];
    if (entry.id > cursor.last_id && entry.id - cursor.last_id > 1) {
      if (!result.pieces.empty()) break;
      result.skipped += entry.id - cursor.last_id - 1;
      cursor.last_id = entry.id - 1;
    }
    // An id that is behind the reader already: it asked for what comes after an event ahead of the
    // log.
    const bool wanted = entry.id > cursor.last_id && (options.mask & (1u << entry.type)) != 0;
    if (!wanted) {
      pass(cursor, entry);
      continue;
    }
    if (!result.pieces.empty() && bytes + entry.length > options.max_bytes) break;
    const auto& chunk = chunks_[entry.chunk - first_chunk_];
    if (Piece* last = result.pieces.empty() ? nullptr : &result.pieces.back();
        options.merge && last != nullptr && last->chunk == chunk &&
        last->offset + last->length == entry.offset) {
      last->length += entry.length;
      ++last->events;
    } else if (result.pieces.size() < options.max_pieces) {
      result.pieces.push_back({chunk, entry.offset, entry.length, 1});
    } else {
      break;
    }
    bytes += entry.length;
    pass(cursor, entry);
  }
  return result;
}

void FrameLog::skip_to(std::uint64_t event_id) {
  const support::MutexLock lock(mutex_);
  last_id_ = std::max(last_id_, event_id);
}

std::uint64_t FrameLog::last_event_id() const {
  const support::MutexLock lock(mutex_);
  return last_id_;
}

bool FrameLog::is_far_behind(std::uint64_t position) const {
  const support::MutexLock lock(mutex_);
  if (position >= end()) return false;
  const std::uint64_t oldest = std::max(position, first_);
  if (end() - oldest >= std::max<std::size_t>(1, options_.max_events / 4)) return true;
  const auto& entry = entries_[static_cast<std::size_t>(oldest - first_)];
  return entries_.back().chunk - entry.chunk >= std::max<std::size_t>(1, options_.max_chunks / 4);
}

std::string_view message_of(std::span<const std::byte> frame) noexcept {
  const auto length = std::to_integer<unsigned>(frame[1]);
  const std::size_t header = length < 126 ? 2 : length == 126 ? 4 : 10;
  return {reinterpret_cast<const char*>(frame.data()) + header, frame.size() - header};
}

std::string_view event_of(std::span<const std::byte> frame) noexcept {
  std::string_view message = message_of(frame);
  message.remove_prefix(kPrefix.size());
  message.remove_suffix(kSuffix.size());
  return message;
}

}  // namespace ltb::websocket
