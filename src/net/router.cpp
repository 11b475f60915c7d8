// Path look-up: exact, then longest prefix, then fallback.
#include "net/router.hpp"

#include <algorithm>
#include <utility>

namespace ltb::net {

Router& Router::get(std::string path, Handler handler) {
  exact_.insert_or_assign(std::move(path), std::move(handler));
  return *this;
}

Router& Router::get_prefix(std::string prefix, Handler handler) {
  prefixes_.insert_or_assign(std::move(prefix), std::move(handler));
  return *this;
}

Router& Router::fallback(Handler handler) {
  fallback_ = std::move(handler);
  return *this;
}

Router& Router::websocket(std::string path, UpgradeHandler handler) {
  websockets_.insert_or_assign(std::move(path), std::move(handler));
  return *this;
}

Router& Router::open(std::string path) {
  open_.insert(std::move(path));
  return *this;
}

Router& Router::spare(std::string path) {
  spared_.insert(std::move(path));
  return *this;
}

Router& Router::check_origin(std::string prefix) {
  origin_prefixes_.push_back(std::move(prefix));
  return *this;
}

const Handler* Router::find(std::string_view path) const noexcept {
  if (const auto exact = exact_.find(path); exact != exact_.end()) return &exact->second;
  // In a sorted map a longer prefix of `path` stands after a shorter one, so the last match is the
  // longest.
  for (auto it = prefixes_.rbegin(); it != prefixes_.rend(); ++it) {
    if (path.starts_with(it->first)) return &it->second;
  }
  return fallback_ ? &fallback_ : nullptr;
}

const UpgradeHandler* Router::find_websocket(std::string_view path) const noexcept {
  const auto found = websockets_.find(path);
  return found == websockets_.end() ? nullptr : &found->second;
}

bool Router::is_open(std::string_view path) const noexcept {
  return open_.contains(path);
}

bool Router::is_spared(std::string_view path) const noexcept {
  return spared_.contains(path);
}

bool Router::checks_origin(std::string_view path) const noexcept {
  return std::any_of(origin_prefixes_.begin(), origin_prefixes_.end(),
                     [path](const std::string& prefix) { return path.starts_with(prefix); });
}

}  // namespace ltb::net
