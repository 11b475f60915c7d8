// Statistics as JSON: the overview of /api/v1/overview and Stats, and its parts for the other
// routes.
#pragma once

#include "support/clock.hpp"
#include "support/json_writer.hpp"

#include <ltb/collector.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ltb::collector {

// Each writes one JSON array of docs/protocol.md.
void write_providers(support::JsonWriter& json, const std::vector<ProviderStats>& providers);
void write_models(support::JsonWriter& json, const std::vector<ModelStats>& models);
void write_benchmarks(support::JsonWriter& json, const std::vector<BenchmarkStatus>& benchmarks);

/// All that the overview shows.
struct Overview {
  std::string epoch{};
  std::string version{};
  support::SystemTime timestamp{};
  double uptime_seconds = 0;
  std::uint64_t last_event_id = 0;
  CallTotals totals{};
  std::vector<ProviderStats> providers{};
  std::vector<ModelStats> models{};
  std::vector<BenchmarkStatus> benchmarks{};
};

[[nodiscard]] std::string overview_json(const Overview& overview);

/// Makes overviews of one running system. Any thread.
class OverviewSource {
 public:
  /// `collector` and `clock` must outlive this; the system's age counts from now. `last_event_id`
  /// is called from any thread.
  OverviewSource(const MetricCollector& collector, const support::Clock& clock, std::string epoch,
                 std::string version, std::function<std::uint64_t()> last_event_id);

  [[nodiscard]] Overview read() const;
  [[nodiscard]] std::string json() const { return overview_json(read()); }
  [[nodiscard]] const MetricCollector& collector() const noexcept { return collector_; }
  [[nodiscard]] const support::Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

 private:
  const MetricCollector& collector_;
  const support::Clock& clock_;
  const support::SteadyTime started_;  // of a clock that counts the machine's sleep
  const std::string epoch_;
  const std::string version_;
  const std::function<std::uint64_t()> last_event_id_;
};

}  // namespace ltb::collector
