// One benchmark run, as the code that runs it reports it.
#pragma once

#include <ltb/export.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ltb {

namespace detail {
class Recorder;
struct BenchmarkRunState;
}  // namespace detail

/// Publishes BenchmarkStarted when made (by MonitoringSystem::begin_benchmark), BenchmarkProgress
/// as it advances, and BenchmarkCompleted at its end. Progress events are coalesced: the first at
/// once, then at most one per 100 ms, and always the last one. Destroyed without complete(), the
/// run ends where it stands and says so in an alert.
///
/// Thread safety: advance(), fail_example() and set_current_provider() from any thread; the rest
/// from one. Lifetime: may outlive the MonitoringSystem. Nothing here throws.
class LTB_MONITORING_EXPORT BenchmarkRun {
 public:
  BenchmarkRun(BenchmarkRun&& other) noexcept;
  BenchmarkRun& operator=(BenchmarkRun&& other) noexcept;
  ~BenchmarkRun();

  /// `count` more examples are through, and went well.
  void advance(std::uint64_t count = 1) noexcept;
  /// One more example is through, and failed.
  void fail_example() noexcept;
  /// Which provider the run works on now.
  void set_current_provider(std::string_view provider) noexcept;
  /// The run is over. Idempotent.
  void complete() noexcept;

  [[nodiscard]] std::uint64_t completed_examples()
      const noexcept;  ///< Through, failed ones included.
  [[nodiscard]] std::uint64_t failed_examples() const noexcept;
  [[nodiscard]] std::uint64_t total_examples() const noexcept;

 private:
  friend class detail::Recorder;
  explicit BenchmarkRun(std::unique_ptr<detail::BenchmarkRunState> state) noexcept;
  std::unique_ptr<detail::BenchmarkRunState> state_;
};

}  // namespace ltb
