// The doors of the stream: GET /ws and GET /health.
#pragma once

#include "net/router.hpp"
#include "websocket/hub.hpp"

#include <memory>

namespace ltb::websocket {

/// Adds `/ws`, for each listener that serves the stream.
void add_stream_route(net::Router& router, const std::shared_ptr<Hub>& hub);

/// Adds `/health`, open to callers without a token.
void add_health_route(net::Router& router, const std::shared_ptr<Hub>& hub);

}  // namespace ltb::websocket
