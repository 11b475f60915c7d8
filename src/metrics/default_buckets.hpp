// The upper bounds histogram families have unless the configuration says otherwise
// (docs/metrics.md).
#pragma once

#include <array>

namespace ltb::metrics {

/// Seconds of a whole call. Holds the guide's 0.5, 1 and 5.
inline constexpr std::array kRequestSeconds{.01, .025, .05, .1,  .25, .5,   1.,   2.5,
                                            5.,  10.,  20., 30., 60., 120., 300., 600.};

/// Seconds from sending a streamed call to its first content.
inline constexpr std::array kFirstTokenSeconds{.001, .005, .01, .02, .04, .06, .08, .1,  .25, .5,
                                               .75,  1.,   2.5, 5.,  7.5, 10., 20., 40., 80., 160.};
/// Seconds between two pieces of content; also seconds per output token.
inline constexpr std::array kInterTokenSeconds{.001, .0025, .005, .01, .025, .05, .075, .1,
                                               .15,  .2,    .3,   .4,  .5,   .75, 1.,   2.5};
/// Tokens of one call.
inline constexpr std::array kTokenCounts{1.,    4.,     16.,    64.,     256.,    1024.,
                                         4096., 16384., 65536., 262144., 1048576.};
/// Output tokens per second of one call.
inline constexpr std::array kTokensPerSecond{1.,  2.5,  5.,   10.,  20.,  30.,  40.,   60.,
                                             80., 100., 150., 200., 300., 500., 1000., 2500.};
/// Seconds of a whole benchmark run. Holds the guide's 300.
inline constexpr std::array kRunSeconds{1.,   5.,    10.,   30.,   60.,    300.,
                                        600., 1800., 3600., 7200., 14400., 43200.};

}  // namespace ltb::metrics
