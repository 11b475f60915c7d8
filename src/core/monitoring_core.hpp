// What the wrappers hold: the recording core of a system, which outlives the system when a wrapper
// does.
#pragma once

#include "collector/collector_core.hpp"
#include "events/event_bus_core.hpp"
#include "events/request_id.hpp"
#include "metrics/metric_store.hpp"
#include "support/clock.hpp"

#include <ltb/benchmark_run.hpp>
#include <ltb/config.hpp>
#include <ltb/event_bus.hpp>
#include <ltb/request_scope.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::core {

struct OpenCall;

/// Thread safety: every member from any thread. The record functions never throw, block on I/O or
/// wait for a reader.
class MonitoringCore : public std::enable_shared_from_this<MonitoringCore> {
 public:
  MonitoringCore(const MonitoringConfig& config, std::shared_ptr<const support::Clock> clock);

  [[nodiscard]] metrics::MetricStore& store() noexcept { return store_; }
  [[nodiscard]] EventBus& bus() noexcept { return bus_; }
  [[nodiscard]] events::EventBusCore& events() noexcept { return events_; }
  [[nodiscard]] collector::CollectorCore& collector() noexcept { return collector_; }
  [[nodiscard]] const support::Clock& clock() const noexcept { return *clock_; }

  // What they return holds a share of the recorder, so the caller lends its own: making one from
  // `this` alone would cost as much as looking up the series.
  // A call that is given no run belongs to the one that RunRegistry::run_of_new_call() finds.
  [[nodiscard]] static RequestScope begin_request(
      const std::shared_ptr<MonitoringCore>& core, std::string_view provider,
      std::string_view model, const std::shared_ptr<collector::RunRecord>& run = nullptr) noexcept;
  [[nodiscard]] static BenchmarkRun begin_benchmark(const std::shared_ptr<MonitoringCore>& core,
                                                    std::string_view benchmark_id,
                                                    std::string_view name,
                                                    std::uint64_t total_examples) noexcept;

  // The separate calls of MonitoringSystem (separate_calls.cpp). Which of them belong together is
  // decided by the thread, see OpenCalls. An empty model means that of the thread's last call.
  void record_request(std::string_view provider, std::string_view model) noexcept;
  void record_latency(std::string_view provider, std::string_view model,
                      double latency_seconds) noexcept;
  void record_tokens(std::string_view provider, std::string_view model,
                     const TokenUsage& usage) noexcept;
  void record_cost(std::string_view provider, std::string_view model, double cost_usd) noexcept;
  void record_error(std::string_view provider, std::string_view model, ErrorType type,
                    std::string_view message = {}, std::string_view code = {}) noexcept;
  /// The type as a text; one outside the closed set is `other`, and its text the event's code.
  void record_error(std::string_view provider, std::string_view error_type) noexcept;

  // -- for RequestScope --
  void end_scope(ScopeState& scope, metrics::CallStatus status, ErrorType error_type,
                 std::string_view message, std::string_view code) noexcept;

 private:
  OpenCall* end_separate(std::string_view provider, std::string_view model,
                         metrics::CallRecord& call, metrics::RequestSeries*& series,
                         std::uint64_t& id);
  void book_separate(std::string_view provider, std::string_view model, metrics::CallRecord& call,
                     RequestPayload payload) noexcept;
  struct LastCall {
    metrics::RequestSeries& series;
    std::shared_ptr<collector::RunRecord> run;  // null: none
  };
  template <typename Update>
  LastCall update_last_call(std::string_view provider, std::string_view model,
                            Update&& update) noexcept;
  [[nodiscard]] std::shared_ptr<collector::RunRecord> run_of_new_call() noexcept;
  void keep_own_names(ScopeState& scope, std::string_view provider, std::string_view model) const;
  [[nodiscard]] static std::shared_ptr<MonitoringEvent> event_of(EventType type,
                                                                 const ScopeState& scope);
  [[nodiscard]] static std::shared_ptr<MonitoringEvent> end_event(const ScopeState& scope,
                                                                  const metrics::CallRecord& call,
                                                                  std::string_view message,
                                                                  std::string_view code);
  // With detailed_metrics: MetricRecorded events, for numbers that are booked already.
  void publish_latency(std::string_view provider, std::string_view model,
                       std::uint64_t latency_ns) noexcept;
  void publish_tokens(std::string_view provider, std::string_view model,
                      const TokenUsage& usage) noexcept;
  void publish_cost(std::string_view provider, std::string_view model,
                    const ExactCost& cost) noexcept;

  std::shared_ptr<const support::Clock> clock_;
  metrics::MetricStore store_;
  EventBus bus_;
  events::EventBusCore& events_;
  collector::CollectorCore collector_;
  const bool detailed_;
};

/// Names of a call that are not those of its series.
struct OwnNames {
  std::string provider;  // as events show them
  std::string model;
  std::string whole_provider;  // as the caller gave them: prices go by these
  std::string whole_model;
};

/// The state of a RequestScope.
struct ScopeState {
  std::shared_ptr<MonitoringCore> core;
  metrics::RequestSeries* series = nullptr;
  support::SteadyTime started{};        // or when it was due
  support::SteadyTime sent{};           // the attempt that answers, as far as is known
  support::SteadyTime attempt_begun{};  // when that attempt was announced
  support::SteadyTime first_token_at{};
  support::SteadyTime first_chunk{};
  support::SteadyTime last_chunk{};
  std::uint64_t chunks = 0;
  std::uint64_t id_bits = 0;
  mutable events::RequestIdText id_text;  // written when somebody asks
  mutable bool has_id_text = false;
  // As events show them: the series' own, which live as long as the recorder; only those of a call
  // that the overflow series takes, and of one whose names were cut, need a place of their own.
  std::string_view provider;
  std::string_view model;
  std::unique_ptr<OwnNames> own_names{};
  std::optional<TokenUsage> usage{};
  std::optional<ExactCost> cost{};
  std::optional<std::uint64_t> queue_ns{};
  std::optional<std::uint64_t> time_to_first_token_ns{};
  std::uint32_t failed_attempts = 0;
  std::array<std::uint32_t, kErrorTypeCount> attempt_errors{};
  bool streams_reasoning = false;
  std::string finish_reason{};
  std::optional<support::SteadyTime> completed{};  ///< When it ended, if the caller knows better.
  std::shared_ptr<collector::RunRecord> run{};     // the benchmark run this call belongs to, if any
  bool finished = false;

  [[nodiscard]] std::string_view request_id() const noexcept {
    if (!has_id_text) id_text = events::request_id_text(id_bits);
    has_id_text = true;
    return {id_text.data(), id_text.size()};
  }
};

}  // namespace ltb::core
