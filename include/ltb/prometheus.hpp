// Opt-in bridge to prometheus-cpp: our series in a host's Exposer, a host's Collectables in our
// /metrics.
#pragma once

#include <ltb/export.hpp>
#include <ltb/monitoring_system.hpp>

#include <prometheus/collectable.h>

#include <memory>

namespace ltb {

/// All series of a system as a prometheus::Collectable, for
/// `prometheus::Exposer::RegisterCollectable`. Keeps the recording core alive, not the system. Any
/// thread; throws only std::bad_alloc.
[[nodiscard]] LTB_MONITORING_EXPORT std::shared_ptr<prometheus::Collectable> make_collectable(
    MonitoringSystem& monitoring);

/// Shows a host's collectable (a prometheus::Registry, say) on the system's /metrics too, while the
/// host keeps it alive. Its families come after the library's own; their names must not be the
/// library's. Any thread.
LTB_MONITORING_EXPORT void add_collectable(MonitoringSystem& monitoring,
                                           std::weak_ptr<prometheus::Collectable> collectable);

}  // namespace ltb
