#include "collector/collector_core.hpp"

#include "collector/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace ltb::detail {

using metrics::CallRecord;
using metrics::CallStatus;
using metrics::RequestLayout;
using metrics::RequestSeries;

CollectorCore::CollectorCore(metrics::MetricStore& store, EventBusCore& bus,
                             const support::Clock& clock, const MonitoringConfig& config,
                             const support::Log& log)
    : store_(store),
      bus_(bus),
      clock_(clock),
      log_(log),
      judge_(config.price_table, config.service_levels),
      history_(store, clock, config.retention_period, config.max_history_bytes, log),
      benchmarks_(store, clock, config.alerts.benchmark_stalled_after, config.retention_period,
                  runs_),
      health_(store, history_, config.alerts),
      budget_(store, config.budget_usd, [this] { return total_cost_nano(); }) {}

std::uint64_t CollectorCore::total_cost_nano() const {
  std::uint64_t sum = 0;
  for (const RequestSeries* series : store_.all_request_series()) sum += series->cost_nano();
  return sum;
}

void CollectorCore::apply(MonitoringEvent& event) noexcept {
  try {
    if (auto* request = std::get_if<RequestPayload>(&event.payload)) {
      apply_request(event.event_type, *request);
    } else if (auto* benchmark = std::get_if<BenchmarkPayload>(&event.payload)) {
      publish(benchmarks_.apply(event.event_type, *benchmark));
    } else if (const auto* evaluation = event.evaluation()) {
      apply_evaluation(event.event_type, *evaluation);
    } else if (const auto* provider = event.provider()) {
      store_.provider_series(provider->provider)
          .health.store(provider->status, std::memory_order_relaxed);
    } else if (const auto* metric = event.metric()) {
      std::string why;
      if (store_.record(metric->metric, &why)) return;
      if (const auto left_out = refused_metrics_.due())
        log_.warn("metrics: refused {} ({} more refused since the last such line)", why, *left_out);
    }
  } catch (...) {  // no memory: the event still reaches the listeners
    store_.count_rejected();
  }
}

void CollectorCore::apply_request(EventType type, RequestPayload& request) noexcept {
  const std::string_view model =
      request.model.empty() ? metrics::kUnknownModel : std::string_view(request.model);
  RequestSeries& series = store_.request_series(request.provider, model);
  if (type == EventType::RequestStarted) {
    series.provider_series->manual_started();
    series.provider_series->last_manual.store(&series, std::memory_order_relaxed);
    return;
  }
  series.provider_series->manual_ended();
  CallRecord call;
  if (request.latency) {
    call.duration_ns = metrics::to_nanoseconds(*request.latency);
    if (!call.duration_ns) store_.count_rejected();
  }
  if (request.tokens) {
    if (metrics::is_sane(*request.tokens)) {
      call.usage = &*request.tokens;
    } else {
      store_.count_rejected();
    }
  }
  if (request.cost) {
    call.cost = metrics::to_exact_cost(*request.cost);
    if (!call.cost) store_.count_rejected();
  }
  if (request.finish_reason)
    call.finish_reason = metrics::finish_reason_index(*request.finish_reason);
  if (type == EventType::RequestFailed) {
    call.error_type = request.error_type.value_or(ErrorType::Other);
    call.status =
        call.error_type == ErrorType::Cancelled ? CallStatus::Cancelled : CallStatus::Error;
  }
  if (request.time_to_first_token) {
    call.time_to_first_token_ns = metrics::to_nanoseconds(*request.time_to_first_token);
    if (call.time_to_first_token_ns) {
      series.first_token(*call.time_to_first_token_ns);
    } else {
      store_.count_rejected();
    }
  }
  if (request.time_per_output_token) {
    call.time_per_output_token_ns = metrics::to_nanoseconds(*request.time_per_output_token);
    if (!call.time_per_output_token_ns) store_.count_rejected();
  }
  if (request.queue_time) {
    call.queue_ns = metrics::to_nanoseconds(*request.queue_time);
    if (!call.queue_ns) store_.count_rejected();
  }
  if (request.attempts)
    for (std::uint32_t i = 1; i < std::min(*request.attempts, 100u); ++i) series.attempt_failed(0);
  judge_.price(request.provider, model, call);
  if (call.cost && !request.cost) request.cost = call.cost->usd();
  series.record(call);
  if (const auto run = runs_->run_of_new_call()) run->record(call);
  series.offer_exemplar(
      call, [&request]() -> std::string_view { return request.request_id; }, clock_.steady_now(),
      clock_);
  judge_.count_service_levels(series, call);
}

void CollectorCore::apply_evaluation(EventType type, const EvaluationPayload& evaluation) {
  const auto now = clock_.steady_now();
  std::optional<std::uint64_t> duration_ns;
  {
    support::MutexLock lock(evaluations_mutex_);
    if (type == EventType::EvaluationStarted) return evaluations_.start(evaluation, now);
    duration_ns = evaluations_.end(evaluation, now);
  }
  store_.evaluated(
      store_.evaluation_series(evaluation.provider, evaluation.model, evaluation.metric_name),
      evaluation.score.value_or(NAN), duration_ns);
}

std::shared_ptr<RunRecord> CollectorCore::begin_run(std::string benchmark_id, std::string name,
                                                    std::uint64_t total_examples) {
  auto run = std::make_shared<RunRecord>(runs_, std::move(benchmark_id), std::move(name),
                                         total_examples, clock_);
  auto events = benchmarks_.begin(run);
  runs_->add(run);  // before its subscribers hear of it: they may begin calls
  publish(std::move(events));
  return run;
}

void CollectorCore::show_run(const RunRecord& run) noexcept {
  if (!bus_.has_listeners()) return bus_.skip_event();
  try {
    publish(benchmarks_.progress(run));
  } catch (...) {  // no memory: the next progress reports the same
    store_.count_rejected();
  }
}

void CollectorCore::end_run(const RunRecord& run, bool abandoned) noexcept {
  runs_->remove(run);
  try {
    publish(benchmarks_.end(run, abandoned));
  } catch (...) {  // no memory: the event is lost
    store_.count_rejected();
  }
}

void CollectorCore::tick() noexcept {
  try {
    history_.sample();
    publish(health_.tick());
    publish(benchmarks_.tick());
    publish(budget_.tick());
  } catch (...) {  // no memory: the next tick tries again
    store_.count_rejected();
  }
}

void CollectorCore::publish(std::vector<MonitoringEvent> events) noexcept {
  for (MonitoringEvent& event : events) {
    // What these events say is booked already: they go to the listeners only.
    if (bus_.has_listeners()) {
      bus_.distribute(std::move(event));
    } else {
      bus_.skip_event();
    }
  }
}

CallTotals CollectorCore::totals() {
  history_.sample();
  collector::StatisticsSum sum(history_, judge_.levels());
  for (const RequestSeries* series : store_.all_request_series()) sum.add(*series);
  CallTotals totals;
  sum.write(totals);
  for (const auto* provider : store_.all_provider_series())
    totals.active_requests += provider->active();
  return totals;
}

std::vector<ProviderStats> CollectorCore::provider_stats() {
  history_.sample();
  std::map<std::string_view, collector::StatisticsSum> sums;
  for (const RequestSeries* series : store_.all_request_series())
    sums.try_emplace(series->provider(), history_, judge_.levels()).first->second.add(*series);
  std::vector<ProviderStats> all;
  for (const auto* provider : store_.all_provider_series()) {
    ProviderStats stats;
    stats.provider = provider->provider();
    stats.status = provider->health.load(std::memory_order_relaxed);
    if (const auto sum = sums.find(provider->provider()); sum != sums.end())
      sum->second.write(stats);
    stats.active_requests = provider->active();
    all.push_back(std::move(stats));
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.provider < b.provider; });
  return all;
}

std::optional<ProviderStats> CollectorCore::provider_stats(std::string_view provider) {
  for (ProviderStats& stats : provider_stats())
    if (stats.provider == provider) return std::move(stats);
  return std::nullopt;
}

std::vector<ModelStats> CollectorCore::model_stats() {
  history_.sample();
  std::vector<ModelStats> all;
  for (const RequestSeries* series : store_.all_request_series()) {
    collector::StatisticsSum sum(history_, judge_.levels());
    sum.add(*series);
    ModelStats stats;
    stats.provider = series->provider();
    stats.model = series->model();
    stats.rate_limits = series->last_rate_limits();
    sum.write(stats);
    all.push_back(std::move(stats));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.provider, a.model) < std::tie(b.provider, b.model);
  });
  return all;
}

std::optional<ModelStats> CollectorCore::model_stats(std::string_view provider,
                                                     std::string_view model) {
  for (ModelStats& stats : model_stats())
    if (stats.provider == provider && stats.model == model) return std::move(stats);
  return std::nullopt;
}

Percentiles CollectorCore::percentiles(std::string_view provider, std::string_view model,
                                       std::chrono::seconds window) {
  history_.sample();
  return history_.percentiles(provider, model, window);
}

HistorySeries CollectorCore::history(const HistoryQuery& query) {
  history_.sample();
  return history_.history(query);
}

}  // namespace ltb::detail
