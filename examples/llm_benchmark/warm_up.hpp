// Requests before the benchmark, which nobody counts.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "benchmark_job.hpp"
#include "dataset.hpp"

namespace llm_benchmark {

struct WarmUpOptions {
  std::uint64_t requests = 0;  ///< To each target.
  unsigned concurrency = 1;
  bool stream = false;
};

/// How one target bore it.
struct WarmUpResult {
  std::uint64_t failed = 0;
  std::string first_error{};
};

/// Asks each target `requests` questions of the data set, so that connections are open, models are
/// loaded and caches filled before anything is measured. Give it providers that are not monitored:
/// then these calls are in no number of any kind. One result per target. Throws std::system_error
/// when a thread cannot be made.
[[nodiscard]] std::vector<WarmUpResult> warm_up(const WarmUpOptions& options,
                                                const std::vector<Question>& questions,
                                                const std::vector<Target>& targets,
                                                const std::stop_token& stop);

}  // namespace llm_benchmark
