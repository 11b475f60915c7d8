#include "net/peer_places.hpp"

#include <utility>

namespace ltb::net {

struct PeerPlaces::Taken {
  Taken(std::shared_ptr<PeerPlaces> o, std::string p) : owner(std::move(o)), peer(std::move(p)) {}
  ~Taken() {
    if (counted) owner->give_back(peer);
  }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;

  std::shared_ptr<PeerPlaces> owner;
  std::string peer;
  bool counted = false;
};

std::shared_ptr<const void> PeerPlaces::take(const std::string& peer, std::size_t limit) {
  auto place = std::make_shared<Taken>(shared_from_this(), peer);
  const support::MutexLock lock(mutex_);
  auto& count = taken_[peer];
  if (count >= limit) return nullptr;
  ++count;
  place->counted = true;
  return place;
}

void PeerPlaces::give_back(const std::string& peer) noexcept {
  const support::MutexLock lock(mutex_);
  const auto found = taken_.find(peer);
  if (found != taken_.end() && --found->second == 0) taken_.erase(found);
}

}  // namespace ltb::net
