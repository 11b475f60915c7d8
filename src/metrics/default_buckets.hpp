// The upper bounds histogram families have unless the configuration says otherwise
// (docs/metrics.md).
#pragma once

#include <array>

namespace ltb::metrics {

/// Seconds of a whole call. Holds the guide's 0.5, 1 and 5.
inline constexpr std::array kRequestSeconds{.01, .025, .05, .1,  .25, .5,   1.,   2.5,
                                            5.,  10.,  20., 30., 60., 120., 300., 600.};

}  // namespace ltb::metrics
