#include "websocket/hub.hpp"

#include "net/frame.hpp"

#include <algorithm>

namespace ltb::websocket {
namespace {

const support::Clock kRealClock{};

// Events of calls take about 256 bytes, so that this keeps what the configuration asks for; and no
// less than is needed to give a slow client some seconds.
FrameLogOptions log_options(std::size_t event_history) {
  FrameLogOptions options;
  options.max_events = event_history;
  options.max_chunks = std::max(options.max_chunks, event_history * 256 / options.chunk_bytes);
  return options;
}

}  // namespace

Hub::Hub(std::shared_ptr<events::EventBusCore> bus, HubOptions options)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? options_.clock : &kRealClock),
      bus_(std::move(bus)),
      log_(log_options(options_.event_history), bus_->last_event_id()) {}

Hub::~Hub() {
  stop();
}

void Hub::start(std::function<bool(std::function<void()>)> post) {
  auto shared = std::make_shared<const Post>(std::move(post));
  const support::MutexLock lock(drain_mutex_);
  if (!takes_part_) {
    // In this order: an event in between shows as a gap, never as one that was seen.
    log_.skip_to(bus_->last_event_id());
    bus_->add_receiver(cursor_);
    takes_part_ = true;
  }
  {
    const support::MutexLock post_lock(post_mutex_);
    post_.swap(shared);
  }
  armed_.store(false);
  bus_->set_wake([weak = weak_from_this()] {
    if (const auto hub = weak.lock()) hub->on_wake();
  });
}

void Hub::stop() noexcept {
  std::shared_ptr<const Post> released;  // after the locks
  const support::MutexLock lock(drain_mutex_);
  {
    const support::MutexLock post_lock(post_mutex_);
    post_.swap(released);
  }
  if (!takes_part_) return;
  try {
    events::EventMask types = 0;
    drain(types);
  } catch (...) {  // no memory: what was left shows as a gap in the ids
  }
  takes_part_ = false;
  bus_->remove_receiver(cursor_);
}

// On a publisher's thread.
void Hub::on_wake() noexcept {
  try {
    std::shared_ptr<const Post> post;  // called without the lock
    {
      const support::MutexLock lock(post_mutex_);
      post = post_;
    }
    if (post && *post) {
      (*post)([weak = weak_from_this()] {
        if (const auto hub = weak.lock()) hub->flush();
      });
    }
  } catch (...) {  // no memory: tick() looks by itself within the flush interval
  }
  // Whether or not the task runs, the bus is no longer armed; tick() must look.
  armed_.store(false);
}

void Hub::tick() noexcept {
  if (!armed_.load()) flush();
  if (timed_clients_.load() != 0) serve_clients(0);
}

void Hub::flush() noexcept {
  const bool is_immediate = options_.flush_interval == std::chrono::milliseconds::zero();
  events::EventMask types = 0;
  bool has_more = false;
  try {
    const support::MutexLock lock(drain_mutex_);
    drain(types);
    // Nothing new since the last look: sleep until the bus calls.
    if (types == 0 || is_immediate) has_more = !arm();
  } catch (...) {  // no memory: the clients see a gap in the ids, and Lagged reports it
  }
  if (types != 0) serve_clients(types);
  if (has_more && is_immediate) on_wake();
}

// An event that came since the look at the bus makes it refuse.
bool Hub::arm() {
  armed_.store(true);
  if (bus_->arm(cursor_)) return true;
  armed_.store(false);
  return false;
}

// A pause is a flush interval of work at most, so that one I/O thread still serves its connections.
void Hub::drain(events::EventMask& types) {
  if (!takes_part_) return;
  constexpr std::size_t kBatch = 256;
  const auto until = clock_->steady_now() + kFlushInterval;
  do {
    batch_.clear();
    bus_->read_batch(cursor_, batch_, kBatch);  // what it lost shows as a gap in the ids
    for (const auto& event : batch_) {
      types |= events::mask_of(event->event_type);
      log_.append(*event);
    }
    log_.commit();
  } while (batch_.size() == kBatch && clock_->steady_now() < until);
  batch_.clear();
}

void Hub::serve_clients(events::EventMask new_types) noexcept {
  const auto now = clock_->steady_now();
  const support::MutexLock lock(clients_mutex_);
  for (const auto& client : clients_) {
    bool wake = (new_types & client->types.load(kRelaxed)) != 0;
    if (client->stats && now >= client->next_stats) {
      client->next_stats = now + *client->stats;
      client->stats_due.store(true);
      wake = true;
    }
    if (client->batch) {
      if (wake) client->has_news.store(true);
      wake = is_batch_due(*client, now) && client->has_news.exchange(false);
      if (wake) {
        client->next_batch = now + *client->batch;
        client->batch_due.store(true);
      }
    }
    if (wake) client->session->wake();
  }
}

// The interval is the latest moment, not the earliest: who waits for it while the log fills up
// would lose the oldest events.
bool Hub::is_batch_due(Client& client, support::SteadyTime now) const noexcept {
  return now >= client.next_batch || log_.is_far_behind(client.position.load(kRelaxed));
}

events::EventPage Hub::events(const events::EventQuery& query) const {
  events::EventPage page;
  page.epoch = options_.epoch;
  page.last_event_id = log_.last_event_id();
  Cursor cursor = query.since ? log_.cursor_after(*query.since)
                              : log_.cursor_at_newest(query.limit, query.types);
  // A gap inside ends a read; the next one shows how wide it is.
  while (page.events.size() < query.limit) {
    const ReadResult result = log_.read(cursor, {.mask = query.types,
                                                 .max_bytes = ~std::size_t{0},
                                                 .max_pieces = query.limit - page.events.size(),
                                                 .merge = false});
    if (query.since) page.skipped += result.skipped;
    if (result.pieces.empty()) break;
    for (const Piece& piece : result.pieces) page.events.emplace_back(event_of(piece.bytes()));
  }
  return page;
}

HubStats Hub::stats() const noexcept {
  return {.clients = clients_now_.load(kRelaxed),
          .messages = messages_.load(kRelaxed),
          .dropped = dropped_.load(kRelaxed),
          .errors = errors_.load(kRelaxed)};
}

void Hub::add(const std::shared_ptr<Client>& client) {
  const support::MutexLock lock(clients_mutex_);
  const auto now = clock_->steady_now();
  if (client->batch) client->next_batch = now + *client->batch;
  if (client->stats) client->next_stats = now + *client->stats;
  clients_.push_back(client);
  clients_now_.fetch_add(1, kRelaxed);
  if (client->batch || client->stats) timed_clients_.fetch_add(1);
}

void Hub::remove(const std::shared_ptr<Client>& client) noexcept {
  const support::MutexLock lock(clients_mutex_);
  const auto at = std::find(clients_.begin(), clients_.end(), client);
  if (at == clients_.end()) return;
  std::swap(*at, clients_.back());
  clients_.pop_back();
  clients_now_.fetch_sub(1, kRelaxed);
  if (client->batch || client->stats) timed_clients_.fetch_sub(1);
}

std::shared_ptr<const StatsMessage> Hub::stats_message() {
  const auto now = clock_->steady_now();
  {
    const support::MutexLock lock(stats_mutex_);
    if (stats_message_ && now - stats_made_ < kStatsMaxAge) return stats_message_;
  }
  // Without the lock, because making it may log.
  auto made = std::make_shared<const StatsMessage>(
      StatsMessage{net::encode_text_frame(websocket::stats_message(options_.overview()))});
  const support::MutexLock lock(stats_mutex_);
  stats_message_ = made;
  stats_made_ = now;
  return made;
}

}  // namespace ltb::websocket
