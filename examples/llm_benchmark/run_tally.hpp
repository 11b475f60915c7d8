// What the event stream of a run adds up to, beside what the collector counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <ltb/monitoring.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "quantiles.hpp"

namespace llm_benchmark {

/// Times of the calls of one model. Latency and the times of tokens are those of successful calls;
/// queue time and retries those of all.
struct CallTimes {
  Quantiles latency{};
  Quantiles time_to_first_token{};
  Quantiles time_per_output_token{};
  /// From when the call was due to when it was sent: the time of its RequestStarted, less the time
  /// of its end minus its latency.
  Quantiles queue{};
  std::uint64_t retries = 0;
};

/// Listens to request events while it lives, so that a run of any length has percentiles over all
/// of it. Thread safety: any thread.
class RunTally {
 public:
  using ByModel = std::map<std::pair<std::string, std::string>, CallTimes>;

  /// `bus` outlives this object.
  explicit RunTally(ltb::EventBus& bus);
  RunTally(const RunTally&) = delete;
  RunTally& operator=(const RunTally&) = delete;

  /// By provider and model.
  [[nodiscard]] ByModel by_model() const;
  /// From the first start of a call to the last end of one; 0 before that.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const;

 private:
  using Time = std::chrono::system_clock::time_point;

  void take(const ltb::MonitoringEvent& event);
  void take_end(const ltb::MonitoringEvent& event, const ltb::RequestPayload& call);

  mutable std::mutex mutex_;
  ByModel by_model_{};                                 // these four guarded by mutex_
  std::unordered_map<std::string, Time> in_flight_{};  // When each started, by its id.
  std::optional<Time> first_start_{};
  std::optional<Time> last_end_{};
  ltb::Subscription subscription_;  // Last: goes first, before what it writes to.
};

}  // namespace llm_benchmark
