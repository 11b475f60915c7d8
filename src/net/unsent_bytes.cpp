#include "net/unsent_bytes.hpp"

#include <utility>

namespace ltb::net {

/// One body that counts. Who holds a pointer into it keeps it.
struct UnsentBytes::Held {
  Held(std::shared_ptr<UnsentBytes> o, Body b, std::string p)
      : owner(std::move(o)), body(std::move(b)), peer(std::move(p)) {}
  ~Held() {
    if (counted) owner->give_back(body.get(), peer);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  std::shared_ptr<UnsentBytes> owner;
  Body body;
  std::string peer;
  bool counted = false;
  Body compressed{};  // guarded by the owner's mutex
};

bool UnsentBytes::is_full(const std::string& peer) const {
  const support::MutexLock lock(mutex_);
  return is_full_now(peer);
}

bool UnsentBytes::is_full_now(const std::string& peer) const {
  if (bytes_ >= kMost && held_.size() > 1) return true;
  const auto part = peers_.find(peer);
  return part != peers_.end() && part->second.bytes >= kMostOfOnePeer && part->second.bodies > 1;
}

Body UnsentBytes::hold(Body body, const std::string& peer) {
  if (!body || body->size() < kLeastCounted) return body;
  const std::string* const text = body.get();
  // Made outside of the lock, which its destructor takes once it is counted.
  auto mine = std::make_shared<Held>(shared_from_this(), std::move(body), peer);
  {
    const support::MutexLock lock(mutex_);
    const auto found = held_.find(text);
    if (found != held_.end()) {
      if (auto held = found->second.lock()) return Body(std::move(held), text);
    }
    if (is_full_now(peer)) return nullptr;
    Part& part = peers_[peer];
    held_[text] = mine;
    part.bytes += text->capacity();
    ++part.bodies;
    bytes_ += text->capacity();
    mine->counted = true;
  }
  return Body(std::move(mine), text);
}

Body UnsentBytes::compressed(const Body& body) const {
  std::shared_ptr<Held> held;  // let go after the lock, which its destructor takes
  const support::MutexLock lock(mutex_);
  if (const auto found = held_.find(body.get()); found != held_.end()) held = found->second.lock();
  return held ? held->compressed : nullptr;
}

void UnsentBytes::set_compressed(const Body& body, Body compressed) {
  std::shared_ptr<Held> held;  // as above
  const support::MutexLock lock(mutex_);
  if (const auto found = held_.find(body.get()); found != held_.end()) held = found->second.lock();
  if (held) held->compressed = std::move(compressed);
}

void UnsentBytes::give_back(const std::string* text, const std::string& peer) noexcept {
  const support::MutexLock lock(mutex_);
  bytes_ -= text->capacity();
  if (const auto part = peers_.find(peer); part != peers_.end()) {
    part->second.bytes -= text->capacity();
    if (--part->second.bodies == 0) peers_.erase(part);
  }
  const auto found = held_.find(text);
  // Another one may have been counted under this address while this one was going.
  if (found != held_.end() && found->second.expired()) held_.erase(found);
}

}  // namespace ltb::net
