#include "net/unsent_bytes.hpp"

#include <utility>

namespace ltb::net {

/// One body that counts. Who holds a pointer into it keeps it.
struct UnsentBytes::Held {
  Held(std::shared_ptr<UnsentBytes> o, Body b) : owner(std::move(o)), body(std::move(b)) {}
  ~Held() { owner->give_back(body.get()); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  std::shared_ptr<UnsentBytes> owner;
  Body body;
  Body compressed{};  // guarded by the owner's mutex
};

bool UnsentBytes::is_full() const noexcept {
  const support::MutexLock lock(mutex_);
  return is_full_now();
}

Body UnsentBytes::hold(Body body) {
  if (!body || body->size() < kLeastCounted) return body;
  const std::string* const text = body.get();
  // Made outside of the lock, as its destructor takes it; counted once it stands in the map.
  std::shared_ptr<Held> mine;
  {
    const support::MutexLock lock(mutex_);
    const auto found = held_.find(text);
    if (found != held_.end()) {
      if (auto held = found->second.lock()) return Body(std::move(held), text);
    }
    if (is_full_now()) return nullptr;
    auto& place = held_[text];
    bytes_ += text->capacity();
    try {
      mine = std::make_shared<Held>(shared_from_this(), std::move(body));
    } catch (...) {
      bytes_ -= text->capacity();
      held_.erase(text);
      throw;
    }
    place = mine;
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

void UnsentBytes::give_back(const std::string* text) noexcept {
  const support::MutexLock lock(mutex_);
  bytes_ -= text->capacity();
  const auto found = held_.find(text);
  // Another one may have been counted under this address while this one was going.
  if (found != held_.end() && found->second.expired()) held_.erase(found);
}

}  // namespace ltb::net
