#include "websocket/client_session.hpp"

#include "net/frame.hpp"

#include <algorithm>

namespace ltb::websocket {
namespace {

// What a filtered client gets in one piece; its events do not lie side by side in the log.
constexpr std::size_t kCopyBytes = std::size_t{64} * 1024;
constexpr std::size_t kCopyPieces = 256;

// Messages of a batch: "[a,b" until the end closes it.
void append_to_batch(std::string& batch, std::string_view message) {
  batch += batch.empty() ? '[' : ',';
  batch += message;
}

}  // namespace

bool RateLimit::allow(support::SteadyTime now) noexcept {
  const double elapsed = std::chrono::duration<double>(now - last_).count();
  last_ = now;
  tokens_ = std::min(burst_, tokens_ + elapsed * per_second_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

ClientSession::ClientSession(std::shared_ptr<Hub> hub, Handshake handshake)
    : hub_(std::move(hub)),
      handshake_(std::move(handshake)),
      client_(std::make_shared<Client>()),
      types_(handshake_.types) {}

void ClientSession::on_open(std::shared_ptr<net::WebSocketSession> session) {
  client_->number = hub_->next_client_number();
  client_->session = std::move(session);
  client_->batch = handshake_.batch;
  client_->stats = handshake_.stats;
  client_->stats_due = handshake_.stats.has_value();  // the first at once
  client_->types = types_;
  const std::uint64_t last_event_id = hub_->log().last_event_id();
  const std::optional<bool> resumed = place_cursor();
  client_->position = cursor_.next;
  // A cursor at the end stands where it was taken, which may be a little later than the look at
  // last_event_id.
  reply(connected_message(client_->number, resumed ? last_event_id : cursor_.last_id, hub_->epoch(),
                          resumed));
  hub_->add(client_);
}

// Returns what `resumed` says.
std::optional<bool> ClientSession::place_cursor() {
  const FrameLog& log = hub_->log();
  if (!handshake_.since) {
    cursor_ = log.cursor_at_end();
    return std::nullopt;
  }
  // An id this system has not given yet is another system's, whatever the epoch says or does not
  // say.
  const bool same_system = (!handshake_.epoch || *handshake_.epoch == hub_->epoch()) &&
                           *handshake_.since <= hub_->last_published_id();
  cursor_ = same_system ? log.cursor_after(*handshake_.since) : log.cursor_at_start();
  return same_system;
}

bool ClientSession::is_within_limit() {
  if (closing_) return false;
  if (rate_.allow(hub_->now())) return true;
  closing_ = true;
  client_->session->close(net::CloseCode::kPolicyViolation,
                          "too many messages: at most 100 a second");
  return false;
}

void ClientSession::on_text(std::string_view message) {
  if (!is_within_limit()) return;
  std::visit([this](const auto& parsed) { handle(parsed); }, parse_client_message(message));
}

void ClientSession::on_control() {
  (void)is_within_limit();
}

void ClientSession::handle(const Subscribe& message) {
  set_types(message.types);
}

void ClientSession::handle(const Unsubscribe& message) {
  set_types(types_ & static_cast<events::EventMask>(~message.types));
}

// What happened until now passes if the old filter and the new one let it, what follows if the new
// one does: nothing of the past comes anew, and nothing unwanted is sent or counted as lost.
void ClientSession::set_types(events::EventMask types) {
  hub_->flush();  // so that the end of the log is now
  for (OldFilter& old : old_filters_) old.types &= types;
  old_filters_.push_back(
      {hub_->log().cursor_at_end(), static_cast<events::EventMask>(types_ & types)});
  const auto same = [](const OldFilter& a, const OldFilter& b) { return a.types == b.types; };
  // Of neighbours with the same types the last one stays, which has the end of both.
  const auto kept = std::unique(old_filters_.rbegin(), old_filters_.rend(), same).base();
  old_filters_.erase(old_filters_.begin(), kept);
  types_ = types;
  client_->types = types;
  reply(subscribed_message(types));
}

void ClientSession::handle(const Ping& message) {
  reply(pong_message(message.data));
}

void ClientSession::handle(const Refused& message) {
  hub_->count_error();
  reply(error_message(message.message));
}

void ClientSession::reply(std::string message) {
  reply_bytes_ += message.size();
  if (reply_bytes_ > kMaxReplyBytes) {
    closing_ = true;
    client_->session->close(net::CloseCode::kPolicyViolation, "replies are not being read");
    return;
  }
  replies_.push_back(std::move(message));
}

bool ClientSession::next(net::Outgoing& out) {
  if (closing_) return false;
  return handshake_.batch ? next_batch(out) : next_frames(out);
}

bool ClientSession::send(net::Outgoing& out, std::string frames, std::uint64_t messages) {
  hub_->count_messages(messages);
  auto owner = std::make_shared<const std::string>(std::move(frames));
  out.bytes = std::as_bytes(std::span(*owner));
  out.owner = std::move(owner);
  return true;
}

bool ClientSession::next_frames(net::Outgoing& out) {
  if (!replies_.empty()) {
    std::string frames;
    for (const std::string& message : replies_) frames += net::encode_text_frame(message);
    const auto count = replies_.size();
    replies_ = {};
    reply_bytes_ = 0;
    return send(out, std::move(frames), count);
  }
  if (client_->stats_due.exchange(false)) {
    auto stats = hub_->stats_message();
    hub_->count_messages(1);
    out.bytes = stats->bytes();
    out.owner = std::move(stats);
    return true;
  }
  return next_events(out);
}

// Reads on from where this client stands: under the filters that held before first.
ReadResult ClientSession::read_log(bool merge) {
  ReadResult result;
  for (bool is_last = false; !is_last && result.pieces.empty() && result.skipped == 0;) {
    is_last = old_filters_.empty();
    ReadOptions options{.mask = is_last ? types_ : old_filters_.front().types, .merge = merge};
    if (!is_last) options.until = &old_filters_.front().end;
    if (!merge || options.mask != events::kAllEvents) {
      options.max_bytes = kCopyBytes;
      options.max_pieces = kCopyPieces;
    }
    result = hub_->log().read(cursor_, options);
    if (!is_last && cursor_.next >= options.until->next) old_filters_.pop_front();
  }
  client_->position.store(cursor_.next, std::memory_order_relaxed);
  return result;
}

// Sends out of the log itself when it is one piece and nothing was lost in front of it; else a
// copy.
bool ClientSession::next_events(net::Outgoing& out) {
  const ReadResult result = read_log(true);
  if (result.pieces.empty() && result.skipped == 0) return false;
  std::uint64_t messages = 0;
  for (const Piece& piece : result.pieces) messages += piece.events;
  if (result.skipped == 0 && result.pieces.size() == 1) {
    hub_->count_messages(messages);
    out.bytes = result.pieces.front().bytes();
    out.owner = result.pieces.front().chunk;
    return true;
  }
  std::string frames;
  if (result.skipped > 0) {
    hub_->count_dropped(result.skipped);
    frames = net::encode_text_frame(lagged_message(result.skipped));
    ++messages;
  }
  for (const Piece& piece : result.pieces) {
    const auto bytes = piece.bytes();
    frames.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return send(out, std::move(frames), messages);
}

// Replies go at once; events and statistics at the interval, or when there are many.
bool ClientSession::next_batch(net::Outgoing& out) {
  std::string batch;
  std::uint64_t count = 0;
  append_replies(batch, count);
  if (client_->batch_due.exchange(false)) {
    if (append_events(batch, count)) client_->batch_due = true;  // the rest, when this one is sent
    if (client_->stats_due.exchange(false)) {
      append_to_batch(batch, message_of(hub_->stats_message()->bytes()));
      ++count;
    }
  }
  if (batch.empty()) return false;
  batch += ']';
  return send(out, net::encode_text_frame(batch), count);
}

void ClientSession::append_replies(std::string& messages, std::uint64_t& count) {
  for (const std::string& message : replies_) append_to_batch(messages, message);
  count += replies_.size();
  replies_ = {};
  reply_bytes_ = 0;
}

// True when the batch is full and there may be more.
bool ClientSession::append_events(std::string& messages, std::uint64_t& count) {
  while (messages.size() < kMaxBatchBytes) {
    const ReadResult result = read_log(false);
    if (result.skipped > 0) {
      hub_->count_dropped(result.skipped);
      append_to_batch(messages, lagged_message(result.skipped));
      ++count;
    }
    for (const Piece& piece : result.pieces) append_to_batch(messages, message_of(piece.bytes()));
    count += result.pieces.size();
    if (result.pieces.empty() && result.skipped == 0) return false;
  }
  return true;
}

void ClientSession::on_close() noexcept {
  hub_->remove(client_);
  // The connection owns this object, so that the way back must be cut. The hub has let go of it
  // above.
  client_->session.reset();
}

}  // namespace ltb::websocket
