// How many places each peer address holds, so that one cannot take them all.
#pragma once

#include "support/mutex.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace ltb::net {

/// Thread safety: any thread.
class PeerPlaces : public std::enable_shared_from_this<PeerPlaces> {
 public:
  /// A place of this peer, given back when the pointer ends; null when it has `limit` already.
  /// Throws std::bad_alloc.
  [[nodiscard]] std::shared_ptr<const void> take(const std::string& peer, std::size_t limit)
      LTB_EXCLUDES(mutex_);

 private:
  struct Taken;
  void give_back(const std::string& peer) noexcept LTB_EXCLUDES(mutex_);

  support::Mutex mutex_;
  std::unordered_map<std::string, std::size_t> taken_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::net
