// The JSON API: /api/v1/*.
#pragma once

#include "collector/overview_json.hpp"
#include "events/event_history.hpp"
#include "net/router.hpp"

#include <memory>

namespace ltb::dashboard {

/// Adds every route below /api/v1/. Origins are checked there.
void add_api_routes(net::Router& router,
                    const std::shared_ptr<const collector::OverviewSource>& source,
                    const std::shared_ptr<const events::EventHistory>& history);

}  // namespace ltb::dashboard
