// The roll of the living, places below limits, counted and rate-limited complaints.
#include "net/session.hpp"

#include "support/utf8.hpp"

#include <exception>

namespace ltb::net {

ListenerStats Counters::read() const noexcept {
  const auto get = [](const std::atomic<std::uint64_t>& value) {
    return value.load(std::memory_order_relaxed);
  };
  ListenerStats stats;
  stats.connections = get(connections);
  stats.websocket_clients = get(websocket_clients);
  stats.accepted = get(accepted);
  stats.requests = get(requests);
  stats.bad_requests = get(bad_requests);
  stats.unauthorized = get(unauthorized);
  stats.forbidden = get(forbidden);
  stats.connections_refused = get(connections_refused);
  stats.websockets_refused = get(websockets_refused);
  stats.answers_refused = get(answers_refused);
  stats.idle_closed = get(idle_closed);
  stats.timeouts = get(timeouts);
  stats.tls_errors = get(tls_errors);
  stats.slow_readers_closed = get(slow_readers_closed);
  stats.websockets_offending = get(websockets_offending);
  stats.handler_errors = get(handler_errors);
  stats.accept_errors = get(accept_errors);
  return stats;
}

Place Place::take(std::shared_ptr<void> keeper, std::atomic<std::uint64_t>& gauge,
                  std::uint64_t limit) {
  Place place;
  if (gauge.fetch_add(1, std::memory_order_relaxed) >= limit) {
    gauge.fetch_sub(1, std::memory_order_relaxed);
    return place;
  }
  place.keeper_ = std::move(keeper);
  place.gauge_ = &gauge;
  return place;
}

Place& Place::operator=(Place&& other) noexcept {
  if (this != &other) {
    give_back();
    keeper_ = std::move(other.keeper_);
    gauge_ = std::exchange(other.gauge_, nullptr);
  }
  return *this;
}

void Place::give_back() noexcept {
  if (gauge_ != nullptr) gauge_->fetch_sub(1, std::memory_order_relaxed);
  gauge_ = nullptr;
}

bool SessionRoll::add(const std::shared_ptr<SessionBase>& session) {
  const support::MutexLock lock(mutex_);
  if (stopping_) return false;
  sessions_.emplace(session.get(), session);
  return true;
}

void SessionRoll::remove(SessionBase* session) noexcept {
  {
    const support::MutexLock lock(mutex_);
    sessions_.erase(session);
  }
  changed_.notify_all();
}

void SessionRoll::begin_stop() noexcept {
  const support::MutexLock lock(mutex_);
  stopping_ = true;
}

std::vector<std::shared_ptr<SessionBase>> SessionRoll::living() const {
  const support::MutexLock lock(mutex_);
  std::vector<std::shared_ptr<SessionBase>> alive;
  alive.reserve(sessions_.size());
  for (const auto& [key, weak] : sessions_) {
    if (auto session = weak.lock()) alive.push_back(std::move(session));
  }
  return alive;
}

bool SessionRoll::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  const support::MutexLock lock(mutex_);
  while (!sessions_.empty()) {
    if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout) return sessions_.empty();
  }
  return true;
}

ListenerContext::Admission ListenerContext::admit(const std::string& peer) {
  Admission out;
  out.place = Place::take(counters, counters->connections, limits.max_connections);
  if (!out.place) {
    out.refusal = "too many connections (limit " + std::to_string(limits.max_connections) + ")\n";
    return out;
  }
  const std::size_t most = share_of_one_peer(limits.max_connections);
  out.of_peer = peers->take(peer, most);
  if (out.of_peer) return out;
  out.place = {};
  out.peer_is_full = true;
  out.refusal = "too many connections from " + peer + " (limit " + std::to_string(most) + ")\n";
  return out;
}

void RefusalLog::warn(const support::Log& log, std::string_view listener, std::string_view what,
                      std::string_view value, std::string_view remedy) noexcept {
  try {
    std::string line = std::string(what) + " \"" + support::escape_for_log(value, 200) + '"';
    {
      const support::MutexLock lock(mutex_);
      if (told_.size() >= kMost || told_.contains(line)) return;
    }
    const auto left_out = limit_.due();
    if (!left_out) return;
    log.warn(
        "{} listener: refused a request of {}; if it is yours, allow it with {} ({} similar "
        "messages suppressed)",
        listener, line, remedy, *left_out);
    const support::MutexLock lock(mutex_);
    told_.insert(std::move(line));
  } catch (...) {  // no memory for a message; it is counted
  }
}

void ListenerContext::handler_failed(std::string_view where) noexcept {
  count(counters->handler_errors);
  const auto left_out = handler_errors.due();
  if (!left_out) return;
  try {
    std::string what = "not a std::exception";
    try {
      throw;
    } catch (const std::exception& error) {
      what = error.what();
    } catch (...) {
    }
    log.error("{} listener: the handler of {} threw: {} ({} similar messages suppressed)",
              options.name, support::escape_for_log(where), support::escape_for_log(what),
              *left_out);
  } catch (...) {  // no memory for a message; it is counted
  }
}

}  // namespace ltb::net
