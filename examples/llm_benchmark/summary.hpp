// The result of a run: tables for people, JSON for programs.
#pragma once

#include <cstdint>
#include <ltb/monitoring.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmark_job.hpp"
#include "run_tally.hpp"

namespace llm_benchmark {

/// How a service-level objective was kept.
struct SloResult {
  std::string name{};
  std::uint64_t good = 0;
  std::uint64_t bad = 0;
};

/// One model, or all of them together.
struct SummaryRow {
  std::string provider{};
  std::string model{};
  std::uint64_t requests = 0;  ///< Finished ones: successful, failed and cancelled.
  std::uint64_t errors = 0;
  std::uint64_t cancelled = 0;
  CallTimes times{};
  /// Absent when calls ended and none of them reported any; `usage_missing` successful ones are in
  /// neither sum.
  std::optional<std::uint64_t> input_tokens = 0;
  std::optional<std::uint64_t> output_tokens = 0;
  std::uint64_t usage_missing = 0;
  /// Absent when calls ended and the cost of none is known; `unpriced` calls are not in the sum.
  std::optional<std::uint64_t> cost_nano_usd = 0;
  std::uint64_t unpriced = 0;
  std::map<std::string, std::uint64_t> errors_by_type{};
  std::vector<SloResult> slos{};  ///< Those that apply.
  Score score{};
};

struct Summary {
  std::vector<SummaryRow> rows{};
  SummaryRow total{};
  double elapsed_seconds = 0;  ///< From the first start of a call to the last end of one.
  bool open_loop = false;      ///< Then queue times are worth showing.
  /// In open loop: due before the end of the run, and never sent, since no worker was free.
  std::uint64_t never_sent = 0;
};

using Scores = std::map<std::pair<std::string, std::string>, Score>;

/// What the monitoring counted, the times its events told, and the scores, as one result.
[[nodiscard]] Summary make_summary(const ltb::MonitoringSystem& monitoring, const RunTally& tally,
                                   const Scores& scores, bool open_loop);

/// Calls, times of tokens, usage and objectives, a table each, of the columns that have something
/// to show; then what the sums do not contain, and how it ended. An unknown sum is "unknown".
[[nodiscard]] std::string to_table(const Summary& summary);
/// The names of GET /api/v1/overview; what is unknown is omitted.
[[nodiscard]] std::string to_json(const Summary& summary);

/// Nano-dollars as dollars with six decimals, rounded to the nearest micro-dollar.
[[nodiscard]] std::string dollars(std::uint64_t nano_usd);
/// A number with this many decimals.
[[nodiscard]] std::string fixed(double value, int decimals);

}  // namespace llm_benchmark
