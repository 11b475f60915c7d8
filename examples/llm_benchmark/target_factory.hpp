// From what the user asked for to providers that can be asked.
#pragma once

#include <stop_token>
#include <vector>

#include "benchmark_job.hpp"
#include "dataset.hpp"
#include "options.hpp"

namespace llm_benchmark {

/// The targets of these options, each with its retries and not monitored yet. Targets that differ
/// in the model only share a provider and so its connections. `questions` are what the simulated
/// providers know. Throws std::invalid_argument for a key or a certificate file that cannot be
/// used.
[[nodiscard]] std::vector<Target> make_targets(const Options& options,
                                               const std::vector<Question>& questions,
                                               const std::stop_token& stop);

/// Whom to ask to warm up, one for each of `targets`: real servers by the same connections, but
/// simulated providers of their own, so that a warm-up changes nothing of the run.
[[nodiscard]] std::vector<Target> make_warm_up_targets(Options options,
                                                       const std::vector<Question>& questions,
                                                       const std::vector<Target>& targets,
                                                       const std::stop_token& stop);

}  // namespace llm_benchmark
