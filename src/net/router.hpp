// Which handler answers which path, and which paths are open or Origin-checked.
#pragma once

#include "net/http.hpp"
#include "net/websocket.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::net {

/// Answers one GET or HEAD. Runs on an I/O thread, with several I/O threads on several at once:
/// share state accordingly and do not block. An exception becomes a 500 without details, is logged
/// and counted.
using Handler = std::function<Response(const Request&)>;

/// Filled before Server::start(), read-only after. Distinct objects: safe. Shared objects: unsafe
/// while being filled. Paths are compared with the decoded path, exactly and with case. A later
/// registration of the same path replaces.
class Router {
 public:
  Router& get(std::string path, Handler handler);
  /// Every path that starts with `prefix` ("/api/v1/"); exact paths win, then the longest prefix.
  Router& get_prefix(std::string prefix, Handler handler);
  /// What no other route takes; without one, 404.
  Router& fallback(Handler handler);
  /// A WebSocket endpoint. A plain GET to it gets 426. Its Origin is always checked.
  Router& websocket(std::string path, UpgradeHandler handler);
  /// Exempts an exact path from the bearer token (health checks; a page's own files, which must be
  /// there before it can send a token).
  Router& open(std::string path);
  /// Answers an exact path even beyond the connection limit (health checks).
  Router& spare(std::string path);
  /// Checks the Origin header on every path that starts with `prefix`, and answers allowed cross
  /// origins with CORS.
  Router& check_origin(std::string prefix);

  /// The handler for a path, or null. Lives as long as the router.
  [[nodiscard]] const Handler* find(std::string_view path) const noexcept;
  [[nodiscard]] const UpgradeHandler* find_websocket(std::string_view path) const noexcept;
  [[nodiscard]] bool is_open(std::string_view path) const noexcept;
  [[nodiscard]] bool is_spared(std::string_view path) const noexcept;
  [[nodiscard]] bool checks_origin(std::string_view path) const noexcept;

 private:
  std::map<std::string, Handler, std::less<>> exact_;
  std::map<std::string, Handler, std::less<>> prefixes_;
  Handler fallback_;
  std::map<std::string, UpgradeHandler, std::less<>> websockets_;
  std::set<std::string, std::less<>> open_;
  std::set<std::string, std::less<>> spared_;
  std::vector<std::string> origin_prefixes_;
};

}  // namespace ltb::net
