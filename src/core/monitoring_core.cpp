#include "core/monitoring_core.hpp"

#include "events/request_id.hpp"
#include "metrics/labels.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace ltb::core {
namespace {

using metrics::CallRecord;
using metrics::CallStatus;
using metrics::RequestSeries;

using metrics::kUnknownModel;

metrics::StoreOptions store_options(const MonitoringConfig& config) {
  metrics::StoreOptions options;
  options.max_series_per_family = config.max_series_per_family;
  options.max_label_bytes = config.max_label_bytes;
  options.detailed_metrics = config.detailed_metrics;
  options.exemplars = config.openmetrics_enabled;
  options.histogram_buckets = config.histogram_buckets;
  options.slos = config.slos;
  options.log = support::Log(config.logger);
  return options;
}

double to_seconds(std::uint64_t nanoseconds) noexcept {
  return static_cast<double>(nanoseconds) / 1e9;
}

// Output tokens that came in pieces; 0 when unknown. Reasoning of which no piece was
// streamed was over before the first one.
std::uint64_t streamed_tokens(const ScopeState& scope) noexcept {
  if (!scope.usage) return 0;
  const std::uint64_t hidden =
      scope.streams_reasoning ? 0 : scope.usage->reasoning_tokens.value_or(0);
  return hidden > scope.usage->output_tokens ? 0 : scope.usage->output_tokens - hidden;
}

}  // namespace

MonitoringCore::MonitoringCore(const MonitoringConfig& config,
                               std::shared_ptr<const support::Clock> clock)
    : clock_(std::move(clock)),
      store_(store_options(config)),
      bus_(EventBusOptions{.receiver_capacity = config.event_history,
                           .max_bytes = config.max_event_bytes}),
      events_(events::EventBusAccess::core(bus_)),
      collector_(store_, events_, *clock_, config, support::Log(config.logger)),
      detailed_(config.detailed_metrics) {
  events_.set_sink(&collector_);
}

void MonitoringCore::keep_own_names(ScopeState& scope, std::string_view provider,
                                    std::string_view model) const {
  const std::size_t most = store_.options().max_label_bytes;
  scope.own_names = std::make_unique<OwnNames>(OwnNames{metrics::clean_label(provider, most),
                                                        metrics::clean_label(model, most),
                                                        std::string(provider), std::string(model)});
  scope.provider = scope.own_names->provider;
  scope.model = scope.own_names->model;
}

// Made in its place and filled there: an event is over half a kilobyte, and each move of one would
// cost as much as recording the call. Names of series and ids are valid UTF-8 already.
std::shared_ptr<MonitoringEvent> MonitoringCore::event_of(EventType type, const ScopeState& scope) {
  auto event = std::make_shared<MonitoringEvent>(type, RequestPayload{});
  auto& payload = std::get<RequestPayload>(event->payload);
  payload.provider = scope.provider;
  payload.model = scope.model;
  payload.request_id = scope.request_id();
  return event;
}

RequestScope MonitoringCore::begin_request(
    const std::shared_ptr<MonitoringCore>& core, std::string_view provider, std::string_view model,
    const std::shared_ptr<collector::RunRecord>& run) noexcept {
  MonitoringCore& self = *core;
  try {
    // Not zeroed first: each member but one has a value of its own.
    auto scope = std::make_unique_for_overwrite<ScopeState>();
    scope->series = &self.store_.request_series(provider, model.empty() ? kUnknownModel : model);
    scope->provider = scope->series->provider();
    scope->model = scope->series->model();
    const std::size_t most = self.store_.options().max_label_bytes;
    if (scope->model == metrics::kOverflow || provider.size() > most || model.size() > most)
      self.keep_own_names(*scope, provider, model);
    scope->id_bits = events::new_request_id_bits();
    scope->core = core;
    if (!run) {
      scope->run = self.collector_.runs().run_of_new_call(*self.clock_);
    } else if (!run->has_ended()) {
      scope->run = run;
    }
    // Nothing below throws: a call that is counted as active has a scope that will end it.
    scope->series->started();
    self.events_.publish_if_observed([&] { return event_of(EventType::RequestStarted, *scope); });
    // Last: what watching costs is not the provider's time.
    scope->started = self.clock_->steady_now();
    scope->sent = scope->attempt_begun = scope->started;
    return RequestScope(std::move(scope));
  } catch (...) {  // no memory
    self.store_.count_rejected();
    return RequestScope(nullptr);
  }
}

void MonitoringCore::end_scope(ScopeState& scope, CallStatus status, ErrorType error_type,
                               std::string_view message, std::string_view code) noexcept {
  const auto now = scope.completed.value_or(clock_->steady_now());
  CallRecord call;
  call.status = status;
  call.error_type = error_type;
  call.duration_ns = support::nanoseconds_between(scope.started, now);
  call.usage = scope.usage ? &*scope.usage : nullptr;
  call.cost = scope.cost;
  call.queue_ns = scope.queue_ns;
  // Service levels go by what the user felt, since the call was due.
  call.time_to_first_token_ns = scope.time_to_first_token_ns;
  if (scope.time_to_first_token_ns)
    call.first_token_felt_ns = support::nanoseconds_between(scope.started, scope.first_token_at);
  call.was_active = true;
  if (!scope.finish_reason.empty())
    call.finish_reason = metrics::finish_reason_index(scope.finish_reason);
  // An answer that came in one piece, or in no time, does not show the pace of its tokens.
  if (const std::uint64_t tokens = streamed_tokens(scope); scope.chunks >= 2 && tokens >= 2) {
    const std::uint64_t pace =
        support::nanoseconds_between(scope.first_chunk, scope.last_chunk) / (tokens - 1);
    if (pace > 0) call.time_per_output_token_ns = pace;
  }
  if (scope.own_names) {
    collector_.judge().price(scope.own_names->whole_provider, scope.own_names->whole_model, call);
  } else {
    collector_.judge().price(scope.provider, scope.model, call);
  }
  collector_.book(
      *scope.series, call, [&scope] { return scope.request_id(); }, now, scope.run.get());
  events_.publish_if_observed([&] { return end_event(scope, call, message, code); });
  if (call.status != CallStatus::Success) return;
  publish_latency(scope.provider, scope.model, *call.duration_ns);
  if (call.usage) publish_tokens(scope.provider, scope.model, *call.usage);
  if (call.cost) publish_cost(scope.provider, scope.model, *call.cost);
}

std::shared_ptr<MonitoringEvent> MonitoringCore::end_event(const ScopeState& scope,
                                                           const CallRecord& call,
                                                           std::string_view message,
                                                           std::string_view code) {
  const bool is_success = call.status == CallStatus::Success;
  auto event = event_of(is_success ? EventType::RequestCompleted : EventType::RequestFailed, scope);
  auto& payload = std::get<RequestPayload>(event->payload);
  payload.latency = to_seconds(*call.duration_ns);
  payload.tokens = scope.usage;
  if (call.cost) payload.cost = call.cost->usd();
  if (scope.time_to_first_token_ns) {
    payload.streamed = true;
    payload.time_to_first_token = to_seconds(*scope.time_to_first_token_ns);
  }
  if (scope.failed_attempts > 0) payload.attempts = scope.failed_attempts + 1;
  for (std::size_t i = 0; i < scope.attempt_errors.size(); ++i)
    if (scope.attempt_errors[i] > 0)
      payload.attempt_errors.emplace_back(static_cast<ErrorType>(i), scope.attempt_errors[i]);
  if (call.time_per_output_token_ns)
    payload.time_per_output_token = to_seconds(*call.time_per_output_token_ns);
  if (call.queue_ns) payload.queue_time = to_seconds(*call.queue_ns);
  if (!scope.finish_reason.empty())
    payload.finish_reason = support::to_valid_utf8(scope.finish_reason);
  if (!is_success) {
    payload.error_type = call.error_type;
    if (!message.empty()) payload.error = support::to_valid_utf8(message);
    if (!code.empty()) payload.error_code = support::to_valid_utf8(code);
  }
  return event;
}

void MonitoringCore::publish_latency(std::string_view provider, std::string_view model,
                                     std::uint64_t latency_ns) noexcept {
  if (!detailed_) return;
  events_.publish_if_observed([&] {
    return MonitoringEvent::metric_recorded(
        LatencyMetric(std::string(provider), std::string(model), to_seconds(latency_ns))
            .to_metric());
  });
}

void MonitoringCore::publish_tokens(std::string_view provider, std::string_view model,
                                    const TokenUsage& usage) noexcept {
  if (!detailed_) return;
  for (const std::size_t direction : {0U, 1U})  // input, output
    events_.publish_if_observed([&] {
      auto metrics = TokenMetric(std::string(provider), std::string(model), usage.input_tokens,
                                 usage.output_tokens)
                         .to_metrics();
      return MonitoringEvent::metric_recorded(std::move(metrics[direction]));
    });
}

void MonitoringCore::publish_cost(std::string_view provider, std::string_view model,
                                  const ExactCost& cost) noexcept {
  if (!detailed_) return;
  events_.publish_if_observed([&] {
    return MonitoringEvent::metric_recorded(
        CostMetric(std::string(provider), std::string(model), cost.usd()).to_metric());
  });
}

}  // namespace ltb::core
