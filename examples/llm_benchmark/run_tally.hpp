// What the event stream of a run adds up to, beside what the collector counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <ltb/monitoring.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "quantiles.hpp"

namespace llm_benchmark {

/// Times of the calls of one model. Latency and the times of tokens are those of successful calls;
/// queue time and retries those of all.
struct CallTimes {
  Quantiles latency{};
  Quantiles time_to_first_token{};
  Quantiles time_per_output_token{};
  Quantiles queue{};  ///< From when a call was due to when it was sent; of calls that were due.
  std::uint64_t retries = 0;
};

/// Listens to request events while it lives, so that a run of any length has percentiles over all
/// of it. Every duration is of the steady clock: events carry the time of the wall clock, which may
/// be set while a run lasts. Thread safety: any thread.
class RunTally {
 public:
  using ByModel = std::map<std::pair<std::string, std::string>, CallTimes>;

  using Clock = std::chrono::steady_clock;

  /// `bus` outlives this object. `now` is called for each request event.
  explicit RunTally(ltb::EventBus& bus, std::function<Clock::time_point()> now = Clock::now);
  RunTally(const RunTally&) = delete;
  RunTally& operator=(const RunTally&) = delete;

  /// By provider and model.
  [[nodiscard]] ByModel by_model() const;
  /// From the first start of a call to the last end of one; 0 before that.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const;

 private:
  void take(const ltb::MonitoringEvent& event);
  void take_end(const ltb::MonitoringEvent& event, const ltb::RequestPayload& call);

  mutable std::mutex mutex_;
  const std::function<Clock::time_point()> now_;
  ByModel by_model_{};  // these three guarded by mutex_
  std::optional<Clock::time_point> first_start_{};
  std::optional<Clock::time_point> last_end_{};
  ltb::Subscription subscription_;  // Last: goes first, before what it writes to.
};

}  // namespace llm_benchmark
