// The bytes of answers that are made and not yet read, of one listener: bounded, for one peer more
// narrowly, and equal answers counted once.
#pragma once

#include "support/mutex.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace ltb::net {

using Body = std::shared_ptr<const std::string>;

/// Thread safety: any thread.
class UnsentBytes : public std::enable_shared_from_this<UnsentBytes> {
 public:
  /// From here on no further answer is made, unless one alone takes as much: what the host itself
  /// has to tell may be large.
  static constexpr std::size_t kMost = std::size_t{12} * 1024 * 1024;
  /// The same for what was made for one peer, so that it does not shut out others.
  static constexpr std::size_t kMostOfOnePeer = kMost / 2;
  /// Shorter bodies do not count: the number of connections bounds them.
  static constexpr std::size_t kLeastCounted = std::size_t{4} * 1024;

  /// Whether nothing more is made for this peer.
  [[nodiscard]] bool is_full(const std::string& peer) const LTB_EXCLUDES(mutex_);
  /// The same body, counted until nobody holds it any more. One that several hold counts once, for
  /// the peer that asked first. Null when it does not count yet and this peer's part, or the
  /// listener's, is full. Throws std::bad_alloc.
  [[nodiscard]] Body hold(Body body, const std::string& peer) LTB_EXCLUDES(mutex_);

  /// The compressed form of a body from hold(), kept as long as that is held; null when there is
  /// none yet.
  [[nodiscard]] Body compressed(const Body& body) const LTB_EXCLUDES(mutex_);
  void set_compressed(const Body& body, Body compressed) LTB_EXCLUDES(mutex_);

 private:
  struct Held;
  struct Part {
    std::size_t bytes = 0;
    std::size_t bodies = 0;
  };
  [[nodiscard]] bool is_full_now(const std::string& peer) const LTB_REQUIRES(mutex_);
  void give_back(const std::string* text, const std::string& peer) noexcept LTB_EXCLUDES(mutex_);

  mutable support::Mutex mutex_;
  std::size_t bytes_ LTB_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, Part> peers_ LTB_GUARDED_BY(mutex_);  // who has any
  std::unordered_map<const std::string*, std::weak_ptr<Held>> held_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::net
