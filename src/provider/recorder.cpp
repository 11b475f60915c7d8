#include "provider/recorder.hpp"

#include "events/request_id.hpp"
#include "metrics/labels.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>
#include <variant>

namespace ltb::detail {
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
  options.service_levels = config.service_levels;
  options.log = support::Log(config.logger);
  return options;
}

std::uint64_t nanoseconds_between(support::SteadyTime from, support::SteadyTime to) noexcept {
  const auto elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
  return elapsed > 0 ? static_cast<std::uint64_t>(elapsed) : 0;
}

double to_seconds(std::uint64_t nanoseconds) noexcept {
  return static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace

Recorder::Recorder(const MonitoringConfig& config, std::shared_ptr<const support::Clock> clock)
    : clock_(std::move(clock)),
      store_(store_options(config)),
      bus_(EventBusOptions{.receiver_capacity = config.event_history,
                           .max_bytes = config.max_event_bytes}),
      events_(EventBusAccess::core(bus_)),
      collector_(store_, events_, *clock_, config, support::Log(config.logger)),
      detailed_(config.detailed_metrics) {
  events_.set_sink(&collector_);
}

void Recorder::keep_own_names(ScopeState& scope, std::string_view provider,
                              std::string_view model) const {
  const std::size_t most = store_.options().max_label_bytes;
  scope.own_names = std::make_unique<std::pair<std::string, std::string>>(
      metrics::clean_label(provider, most), metrics::clean_label(model, most));
  std::tie(scope.provider, scope.model) = *scope.own_names;
}

// Made in its place and filled there: an event is over half a kilobyte, and each move of one would
// cost as much as recording the call. Names of series and ids are valid UTF-8 already.
std::shared_ptr<MonitoringEvent> Recorder::event_of(EventType type, const ScopeState& scope) {
  auto event = std::make_shared<MonitoringEvent>(type, RequestPayload{});
  auto& payload = std::get<RequestPayload>(event->payload);
  payload.provider = scope.provider;
  payload.model = scope.model;
  payload.request_id = scope.request_id();
  return event;
}

RequestScope Recorder::begin_request(const std::shared_ptr<Recorder>& recorder,
                                     std::string_view provider, std::string_view model,
                                     const std::shared_ptr<RunRecord>& run) noexcept {
  Recorder& self = *recorder;
  try {
    // Not zeroed first: each member but one has a value of its own.
    auto scope = std::make_unique_for_overwrite<ScopeState>();
    scope->series = &self.store_.request_series(provider, model.empty() ? kUnknownModel : model);
    scope->provider = scope->series->provider();
    scope->model = scope->series->model();
    if (scope->model == metrics::kOverflow) self.keep_own_names(*scope, provider, model);
    scope->id_bits = events::new_request_id_bits();
    scope->recorder = recorder;
    if (!run) {
      scope->run = self.collector_.runs().run_of_new_call();
    } else if (!run->has_ended()) {
      scope->run = run;
    }
    std::shared_ptr<MonitoringEvent> event;
    if (self.events_.has_listeners()) event = event_of(EventType::RequestStarted, *scope);
    // Nothing below throws: a call that is counted as active has a scope that will end it.
    scope->series->started();
    if (event) {
      self.events_.distribute(event);
    } else {
      self.events_.skip_event();
    }
    // Last: what watching costs is not the provider's time.
    scope->started = self.clock_->steady_now();
    return RequestScope(std::move(scope));
  } catch (...) {  // no memory
    self.store_.count_rejected();
    return RequestScope(nullptr);
  }
}

void Recorder::end_scope(ScopeState& scope, CallStatus status, ErrorType error_type,
                         std::string_view message, std::string_view code) noexcept {
  const auto now = scope.completed.value_or(clock_->steady_now());
  CallRecord call;
  call.status = status;
  call.error_type = error_type;
  call.duration_ns = nanoseconds_between(scope.started, now);
  call.usage = scope.usage ? &*scope.usage : nullptr;
  call.cost = scope.cost;
  call.queue_ns = scope.queue_ns;
  call.time_to_first_token_ns = scope.time_to_first_token_ns;
  call.was_active = true;
  if (!scope.finish_reason.empty())
    call.finish_reason = metrics::finish_reason_index(scope.finish_reason);
  // An answer that came in one piece, or in no time, does not tell the pace of its tokens.
  if (scope.chunks >= 2 && scope.usage && scope.usage->output_tokens >= 2) {
    const std::uint64_t pace =
        nanoseconds_between(scope.first_chunk, scope.last_chunk) / (scope.usage->output_tokens - 1);
    if (pace > 0) call.time_per_output_token_ns = pace;
  }
  collector_.judge().price(scope.provider, scope.model, call);
  scope.series->record(call);
  if (scope.run) scope.run->record(call);
  scope.series->offer_exemplar(
      call, [&scope] { return scope.request_id(); }, now, *clock_);
  collector_.judge().count_service_levels(*scope.series, call);
  if (!events_.has_listeners()) return events_.skip_event();
  try {
    distribute_scope_end(scope, call, message, code);
  } catch (...) {  // no memory: the numbers are booked, the event is lost
    store_.count_rejected();
  }
}

void Recorder::distribute_scope_end(ScopeState& scope, const CallRecord& call,
                                    std::string_view message, std::string_view code) {
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
  events_.distribute(event);
  if (!details_wanted() || call.status != CallStatus::Success) return;
  distribute_metric(LatencyMetric(std::string(scope.provider), std::string(scope.model),
                                  to_seconds(*call.duration_ns))
                        .to_metric());
  if (call.usage)
    for (Metric& metric : TokenMetric(std::string(scope.provider), std::string(scope.model),
                                      call.usage->input_tokens, call.usage->output_tokens)
                              .to_metrics())
      distribute_metric(std::move(metric));
  if (call.cost)
    distribute_metric(
        CostMetric(std::string(scope.provider), std::string(scope.model), call.cost->usd())
            .to_metric());
}

void Recorder::distribute_metric(Metric metric) {
  events_.distribute(MonitoringEvent::metric_recorded(std::move(metric)));
}

metrics::RequestSeries& Recorder::series_of(std::string_view provider,
                                            std::string_view model) noexcept {
  if (!model.empty()) return store_.request_series(provider, model);
  const metrics::ProviderSeries* known = nullptr;
  const std::size_t most = store_.options().max_label_bytes;
  if (metrics::is_clean_label(provider, most)) {
    known = store_.find_provider_series(provider);
  } else {
    known = &store_.provider_series(provider);  // by the name it is kept under
  }
  RequestSeries* last =
      known == nullptr ? nullptr : known->last_manual.load(std::memory_order_relaxed);
  return last != nullptr ? *last : store_.request_series(provider, kUnknownModel);
}

std::string Recorder::open_manual(RequestSeries& series) {
  constexpr std::size_t kMostOpen = 1024;  // calls that never end must not pile up
  std::string id = events::new_request_id();
  support::MutexLock lock(manual_mutex_);
  auto& open = manual_ids_[&series];
  if (open.size() >= kMostOpen) open.pop_front();
  open.push_back(id);
  return id;
}

std::string Recorder::close_manual(RequestSeries& series) {
  support::MutexLock lock(manual_mutex_);
  auto& open = manual_ids_[&series];
  if (open.empty()) return events::new_request_id();
  std::string id = std::move(open.front());
  open.pop_front();
  return id;
}

void Recorder::record_request(std::string_view provider, std::string_view model) noexcept {
  RequestSeries& series = series_of(provider, model);
  series.provider_series->manual_started();
  series.provider_series->last_manual.store(&series, std::memory_order_relaxed);
  try {
    const std::string id = open_manual(series);
    if (!events_.has_listeners()) return events_.skip_event();
    events_.distribute(MonitoringEvent::request_started(series.provider(), series.model(), id));
  } catch (...) {
    store_.count_rejected();
  }
}

void Recorder::record_latency(std::string_view provider, std::string_view model,
                              double latency_seconds) noexcept {
  const auto nanoseconds = metrics::to_nanoseconds(latency_seconds);
  if (!nanoseconds) return store_.count_rejected();
  RequestSeries& series = series_of(provider, model);
  series.provider_series->manual_ended();
  CallRecord call;
  call.duration_ns = nanoseconds;
  call.usage_is_separate = true;
  series.record(call);
  if (const auto run = collector_.runs().run_of_new_call()) run->record(call);
  collector_.judge().count_service_levels(series, call);
  try {
    const std::string id = close_manual(series);
    series.offer_exemplar(
        call, [&id]() -> std::string_view { return id; }, clock_->steady_now(), *clock_);
    if (!events_.has_listeners()) return events_.skip_event();
    events_.distribute(
        MonitoringEvent::request_completed(series.provider(), series.model(), id, latency_seconds));
    if (details_wanted())
      distribute_metric(
          LatencyMetric(series.provider(), series.model(), latency_seconds).to_metric());
  } catch (...) {
    store_.count_rejected();
  }
}

void Recorder::record_tokens(std::string_view provider, std::string_view model,
                             const TokenUsage& usage) noexcept {
  if (!metrics::is_sane(usage)) return store_.count_rejected();
  RequestSeries& series = series_of(provider, model);
  series.add_usage(usage);
  if (const auto run = collector_.runs().run_of_new_call()) run->add_usage(usage);
  if (!details_wanted()) return;
  try {
    for (Metric& metric :
         TokenMetric(series.provider(), series.model(), usage.input_tokens, usage.output_tokens)
             .to_metrics())
      distribute_metric(std::move(metric));
  } catch (...) {
    store_.count_rejected();
  }
}

void Recorder::record_cost(std::string_view provider, std::string_view model,
                           double cost_usd) noexcept {
  const auto cost = metrics::to_exact_cost(cost_usd);
  if (!cost) return store_.count_rejected();
  RequestSeries& series = series_of(provider, model);
  series.add_cost(*cost);
  if (const auto run = collector_.runs().run_of_new_call()) run->add_cost(*cost);
  if (!details_wanted()) return;
  try {
    distribute_metric(CostMetric(series.provider(), series.model(), cost_usd).to_metric());
  } catch (...) {
    store_.count_rejected();
  }
}

void Recorder::record_error(std::string_view provider, std::string_view model,
                            std::string_view error_type, std::string_view message) noexcept {
  const auto known = parse_error_type(error_type);
  RequestSeries& series = series_of(provider, model);
  series.provider_series->manual_ended();
  CallRecord call;
  call.error_type = known.value_or(ErrorType::Other);
  call.status = call.error_type == ErrorType::Cancelled ? CallStatus::Cancelled : CallStatus::Error;
  series.record(call);
  if (const auto run = collector_.runs().run_of_new_call()) run->record(call);
  collector_.judge().count_service_levels(series, call);
  try {
    const std::string id = close_manual(series);
    if (!events_.has_listeners()) return events_.skip_event();
    RequestPayload payload;
    payload.provider = series.provider();
    payload.model = series.model();
    payload.request_id = id;
    payload.error_type = call.error_type;
    if (!message.empty()) payload.error = std::string(message);
    if (!known) payload.error_code = std::string(error_type);  // the caller's own word is not lost
    events_.distribute(MonitoringEvent(EventType::RequestFailed, std::move(payload)));
  } catch (...) {
    store_.count_rejected();
  }
}

}  // namespace ltb::detail
