// Which of the separate calls (record_request() and its kin) belong together: those of one thread.
#pragma once

#include "metrics/metric_store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::collector {
class RunRecord;
}

namespace ltb::core {

class MonitoringCore;

/// A call that this thread started by record_request(), or ended without having started it.
struct OpenCall {
  std::weak_ptr<MonitoringCore> owner;
  const MonitoringCore* owner_address;  // compared before `owner` is asked
  metrics::RequestSeries* series;
  std::string provider;  // as the caller names them, which the series may not
  std::string model;
  std::uint64_t id_bits = 0;
  std::shared_ptr<collector::RunRecord> run{};  // the benchmark run it belongs to, if any
  bool ended = false;
  bool failed = false;
  bool has_usage = false;  // record_tokens() came for it
  bool has_cost = false;   // record_cost() came for it

  [[nodiscard]] bool lacks_usage() const noexcept { return ended && !failed && !has_usage; }
  [[nodiscard]] bool lacks_cost() const noexcept {
    return ended && !has_cost && (!failed || has_usage);
  }
};

/// The calls of the calling thread, the one started or ended last at the back. At most kMost: then
/// the oldest is let go, and is no longer in flight. So are all when the thread ends.
class OpenCalls {
 public:
  static constexpr std::size_t kMost = 1024;

  /// Of this thread; null while the thread ends.
  [[nodiscard]] static OpenCalls* of_this_thread() noexcept;

  /// Adds a call. May throw std::bad_alloc; then nothing is changed.
  OpenCall& start(OpenCall call);
  /// The call last started and not ended; an empty `model` means any. Null when there is none.
  [[nodiscard]] OpenCall* last_open(const MonitoringCore& core, std::string_view provider,
                                    std::string_view model) noexcept;
  /// The call last started or ended: what tokens and costs are of.
  [[nodiscard]] OpenCall* last(const MonitoringCore& core, std::string_view provider,
                               std::string_view model) noexcept;
  /// Marks a call as ended and as the last one.
  OpenCall& end(OpenCall& call, bool failed) noexcept;
  ~OpenCalls();

 private:
  template <typename Accept>
  OpenCall* find_last(Accept&& accept) noexcept;
  static void let_go(OpenCall& call) noexcept;

  std::vector<OpenCall> calls_;
};

}  // namespace ltb::core
