// The upper bounds histogram families have unless the configuration says otherwise
// (docs/metrics.md).
#pragma once

#include <array>
#include <span>
#include <string_view>

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

/// A histogram family of the library: its built-in bounds, and how many of the integer units it
/// observes in make 1.0 of a bound.
struct HistogramFamily {
  std::string_view name;
  std::span<const double> bounds;
  double units_per_one;
};

/// All of them: what with_histogram_buckets() takes.
inline constexpr std::array<HistogramFamily, 11> kHistogramFamilies{{
    {"llm_request_duration_seconds", kRequestSeconds, 1e9},
    {"llm_request_error_duration_seconds", kRequestSeconds, 1e9},
    {"llm_queue_seconds", kRequestSeconds, 1e9},
    {"llm_time_to_first_token_seconds", kFirstTokenSeconds, 1e9},
    {"llm_inter_token_latency_seconds", kInterTokenSeconds, 1e9},
    {"llm_time_per_output_token_seconds", kInterTokenSeconds, 1e9},
    {"llm_output_tokens_per_second", kTokensPerSecond, 1e3},
    {"llm_request_input_tokens", kTokenCounts, 1},
    {"llm_request_output_tokens", kTokenCounts, 1},
    {"llm_evaluation_duration_seconds", kRequestSeconds, 1e9},
    {"llm_benchmark_duration_seconds", kRunSeconds, 1e9},
}};

}  // namespace ltb::metrics
