// The load client: any number of WebSocket connections in one thread, frames counted and their ids
// checked.
#pragma once

#include "e2e/fanout_shared.hpp"

namespace ltb::bench {

/// Connects, reads until `shared.stop`. Runs in a process of its own. Throws std::runtime_error.
void run_fanout_client(const FanoutOptions& options, FanoutShared& shared);

}  // namespace ltb::bench
