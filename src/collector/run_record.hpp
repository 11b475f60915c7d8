// One benchmark run as it is counted: its examples, and the calls that belong to it.
#pragma once

#include "metrics/duration_sketch.hpp"
#include "metrics/request_series.hpp"
#include "support/clock.hpp"
#include "support/mutex.hpp"

#include <ltb/collector.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ltb::collector {

class RunRegistry;

/// The calls of a run at one moment.
struct RunCalls {
  std::uint64_t successful = 0, failed = 0, cancelled = 0;
  std::uint64_t usage_missing = 0, unpriced = 0;
  /// Absent when calls finished and none reported any.
  std::optional<std::uint64_t> input_tokens{}, output_tokens{}, cost_nano{};
  std::uint64_t priced = 0;  // calls or record_cost() calls that reported a cost

  [[nodiscard]] std::uint64_t finished() const noexcept { return successful + failed + cancelled; }
};

/// Identity is the object, never the id: two runs may have the same one. Thread safety: every
/// member from any thread; counting takes no lock. Lifetime: shared by the BenchmarkRun, the
/// tracker and the calls that are in flight.
class RunRecord {
 public:
  RunRecord(std::shared_ptr<RunRegistry> owner, std::string benchmark_id,
            std::string benchmark_name, std::uint64_t total_examples, const support::Clock& clock);

  const std::shared_ptr<RunRegistry> registry;  // distinguishes the runs of two systems
  const std::string id;
  const std::string name;
  const std::uint64_t total;  // as declared; 0: unknown
  const support::SteadyTime started;
  const support::SystemTime started_at;

  // -- examples --
  /// True when these reach the declared total.
  bool advance(std::uint64_t succeeded, std::uint64_t failed, support::SteadyTime now) noexcept;
  /// For published events: raises the counts to these.
  void raise(std::uint64_t completed, std::uint64_t failed, support::SteadyTime now) noexcept;
  struct Examples {
    std::uint64_t completed = 0;  // failed ones included
    std::uint64_t failed = 0;     // may be ahead of `completed` for a moment
  };
  [[nodiscard]] Examples examples() const noexcept;
  [[nodiscard]] support::SteadyTime last_progress() const noexcept {
    return support::SteadyTime{
        support::SteadyTime::duration{last_progress_.load(std::memory_order_relaxed)}};
  }
  /// True for the first caller in each interval: at most that many progress events are published.
  [[nodiscard]] bool claim_event(support::SteadyTime now) noexcept;

  /// For a run known from published events, which nobody may ever end: silent from `at` on, unless
  /// it is heard of again before.
  void set_silent_at(support::SteadyTime at) noexcept {
    silent_at_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_silent(support::SteadyTime now) const noexcept {
    return now.time_since_epoch().count() >= silent_at_.load(std::memory_order_relaxed);
  }

  /// True for the one caller who ends it.
  [[nodiscard]] bool end() noexcept { return !ended_.exchange(true, std::memory_order_acq_rel); }
  [[nodiscard]] bool has_ended() const noexcept { return ended_.load(std::memory_order_acquire); }

  void set_current_provider(std::string provider);
  [[nodiscard]] std::optional<std::string> current_provider() const;

  // -- calls --
  void record(const metrics::CallRecord& call) noexcept;
  /// As RequestSeries::correct_missing().
  void correct_missing(int usage, int cost) noexcept;
  void add_usage(const TokenUsage& usage) noexcept;
  void add_cost(const ExactCost& cost) noexcept;
  [[nodiscard]] RunCalls calls() const noexcept;
  [[nodiscard]] Percentiles latency() const;
  [[nodiscard]] Percentiles time_to_first_token() const;
  /// A call that may be this run's, or another's, was not attributed.
  void note_unattributed() noexcept { unattributed_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool has_unattributed_calls() const noexcept {
    return unattributed_.load(std::memory_order_relaxed);
  }

 private:
  using Count = std::atomic<std::uint64_t>;

  Count completed_{0}, failed_{0};
  std::atomic<support::SteadyTime::rep> last_progress_;
  std::atomic<support::SteadyTime::rep> next_event_;
  std::atomic<support::SteadyTime::rep> silent_at_{
      support::SteadyTime::max().time_since_epoch().count()};
  std::atomic<bool> ended_{false};
  std::atomic<bool> unattributed_{false};
  Count successes_{0}, errors_{0}, cancels_{0}, usage_missing_{0}, unpriced_{0};
  Count with_usage_{0}, input_tokens_{0}, output_tokens_{0};
  Count with_cost_{0}, cost_nano_{0}, cost_pico_{0};  // pico: the rest of each cost
  metrics::DurationSketch latency_, first_token_;
  mutable support::Mutex provider_mutex_;
  std::string current_provider_ LTB_GUARDED_BY(provider_mutex_);
};

}  // namespace ltb::collector
