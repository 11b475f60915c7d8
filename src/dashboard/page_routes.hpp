// The page and what it needs to find the rest: /, its files, /config.json.
#pragma once

#include "net/router.hpp"

#include <ltb/config.hpp>

#include <string>
#include <vector>

namespace ltb::dashboard {

struct PageOptions {
  std::string websocket_url{};  ///< Empty: the page's own host, path /ws.
  std::string version{};
  std::string directory{};  ///< Empty: embedded files alone.
  std::vector<Slo> slos{};  ///< Their bounds are lines in the page's charts.
};

/// Throws std::invalid_argument when `directory` is set and no folder.
void add_page_routes(net::Router& router, const PageOptions& options);

}  // namespace ltb::dashboard
