// The result of a run: a table for people, JSON for programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <ltb/monitoring.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "benchmark_job.hpp"

namespace llm_benchmark {

/// One model, or all of them together.
struct SummaryRow {
  std::string provider{};
  std::string model{};
  std::uint64_t requests = 0;  ///< Finished ones: successful, failed and cancelled.
  std::uint64_t errors = 0;
  std::uint64_t cancelled = 0;
  ltb::Percentiles latency{};
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cost_nano_usd = 0;
  std::map<std::string, std::uint64_t> errors_by_type{};
  Score score{};
};

struct Summary {
  std::vector<SummaryRow> rows{};
  SummaryRow total{};
  double elapsed_seconds = 0;
};

using Scores = std::map<std::pair<std::string, std::string>, Score>;

/// What the monitoring counted, and the scores, as one result.
[[nodiscard]] Summary make_summary(const ltb::MonitoringSystem& monitoring, const Scores& scores,
                                   std::chrono::nanoseconds elapsed);

[[nodiscard]] std::string to_table(const Summary& summary);
[[nodiscard]] std::string to_json(const Summary& summary);

/// Nano-dollars as dollars with six decimals, rounded to the nearest micro-dollar.
[[nodiscard]] std::string dollars(std::uint64_t nano_usd);

}  // namespace llm_benchmark
