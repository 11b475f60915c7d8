#include "collector/collector_core.hpp"

#include "collector/statistics.hpp"
#include "metrics/known_error.hpp"

#include <algorithm>
#include <cmath>

namespace ltb::collector {

using metrics::CallRecord;
using metrics::CallStatus;
using metrics::RequestLayout;
using metrics::RequestSeries;

CollectorCore::CollectorCore(metrics::MetricStore& store, events::EventBusCore& bus,
                             const support::Clock& clock, const MonitoringConfig& config,
                             const support::Log& log)
    : store_(store),
      bus_(bus),
      clock_(clock),
      log_(log),
      judge_(config.price_table, config.slos),
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
        log_.warn("metrics: refused {} ({} similar messages suppressed)", why, *left_out);
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
    series.published_started();
    return;
  }
  series.published_ended();
  CallRecord call;
  // A number that cannot be is refused, and its field is absent from then on.
  const auto refuse = [this](auto& field) {
    store_.count_rejected();
    field.reset();
  };
  const auto nanoseconds_of = [&](std::optional<double>& seconds) {
    std::optional<std::uint64_t> ns;
    if (seconds && !(ns = metrics::to_nanoseconds(*seconds))) refuse(seconds);
    return ns;
  };
  call.duration_ns = nanoseconds_of(request.latency);
  if (request.tokens && !metrics::is_sane(*request.tokens)) refuse(request.tokens);
  if (request.tokens) call.usage = &*request.tokens;
  if (request.cost && !(call.cost = metrics::to_exact_cost(*request.cost))) refuse(request.cost);
  if (request.finish_reason)
    call.finish_reason = metrics::finish_reason_index(*request.finish_reason);
  if (type == EventType::RequestFailed) {
    if (request.error_type) request.error_type = metrics::known(*request.error_type);
    call.error_type = request.error_type.value_or(ErrorType::Other);
    call.status =
        call.error_type == ErrorType::Cancelled ? CallStatus::Cancelled : CallStatus::Error;
  }
  call.first_token_felt_ns = nanoseconds_of(request.time_to_first_token);
  if (call.first_token_felt_ns) series.first_token(*call.first_token_felt_ns);
  call.time_to_first_token_ns = call.first_token_felt_ns;
  call.time_per_output_token_ns = nanoseconds_of(request.time_per_output_token);
  call.queue_ns = nanoseconds_of(request.queue_time);
  // Where the wait is within the latency, its user felt it before the first token too.
  if (call.first_token_felt_ns && call.queue_ns && call.duration_ns &&
      *call.first_token_felt_ns + *call.queue_ns <= *call.duration_ns)
    *call.first_token_felt_ns += *call.queue_ns;
  count_attempts(series, request);
  judge_.price(request.provider, model, call);
  if (call.cost && !request.cost) request.cost = call.cost->usd();
  book(
      series, call, [&request]() -> std::string_view { return request.request_id; },
      clock_.steady_now(), runs_->run_of_new_call(clock_).get());
}

// Attempts before the last one: those whose error the event reports, and all others as `other`.
void CollectorCore::count_attempts(RequestSeries& series, const RequestPayload& request) noexcept {
  constexpr std::uint32_t kMost = 1'000'000;  // of one call: more is not believable
  std::uint64_t reported = 0;
  for (const auto& [type, count] : request.attempt_errors) reported += count;
  const std::uint64_t before =
      request.attempts.value_or(1) > 0 ? request.attempts.value_or(1) - 1 : 0;
  if (reported > kMost || before > kMost) return store_.count_rejected();
  for (const auto& [type, count] : request.attempt_errors)
    series.attempts_failed(metrics::known(type), 0, count);
  if (before > reported)
    series.attempts_failed(ErrorType::Other, 0, static_cast<std::uint32_t>(before - reported));
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
      evaluation.score, duration_ns);
}

std::shared_ptr<RunRecord> CollectorCore::begin_run(std::string benchmark_id, std::string name,
                                                    std::uint64_t total_examples) {
  auto run = std::make_shared<RunRecord>(runs_, std::move(benchmark_id), std::move(name),
                                         total_examples, clock_);
  publish(benchmarks_.begin(run));  // its subscribers may begin calls: it is in progress by then
  return run;
}

void CollectorCore::show_run(const RunRecord& run) noexcept {
  if (run.has_ended()) return;
  bus_.publish_if_observed([&] { return benchmarks_.progress(run); });
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

// What these events say is booked already: they go to the listeners only.
void CollectorCore::publish(std::vector<MonitoringEvent> events) noexcept {
  for (MonitoringEvent& event : events)
    bus_.publish_if_observed([&event]() -> MonitoringEvent&& { return std::move(event); });
}

CallTotals CollectorCore::totals() {
  StatisticsSum sum(judge_.levels());
  history_.read([&](const auto& view, const auto& at) { sum.add(view, at); });
  CallTotals totals;
  sum.write(totals);
  return totals;
}

std::vector<ProviderStats> CollectorCore::provider_stats() {
  std::map<std::string_view, StatisticsSum> sums;
  std::map<std::string_view, ProviderHealth> health;
  for (const auto* provider : store_.all_provider_series()) {
    sums.try_emplace(provider->provider(), judge_.levels());
    health[provider->provider()] = provider->health.load(std::memory_order_relaxed);
  }
  history_.read([&](const auto& view, const auto& at) {
    sums.try_emplace(view.sums.series().provider(), judge_.levels()).first->second.add(view, at);
  });
  std::vector<ProviderStats> all;
  for (const auto& [name, sum] : sums) {  // in the order of names
    ProviderStats stats;
    stats.provider = name;
    if (const auto found = health.find(name); found != health.end()) stats.status = found->second;
    sum.write(stats);
    all.push_back(std::move(stats));
  }
  return all;
}

std::optional<ProviderStats> CollectorCore::provider_stats(std::string_view provider) {
  for (ProviderStats& stats : provider_stats())
    if (stats.provider == provider) return std::move(stats);
  return std::nullopt;
}

std::vector<ModelStats> CollectorCore::model_stats() {
  std::vector<ModelStats> all;
  history_.read([&](const auto& view, const auto& at) {
    const RequestSeries& series = view.sums.series();
    StatisticsSum sum(judge_.levels());
    sum.add(view, at);
    ModelStats stats;
    stats.provider = series.provider();
    stats.model = series.model();
    stats.rate_limits = series.last_rate_limits();
    sum.write(stats);
    all.push_back(std::move(stats));
  });
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
  return history_.percentiles(provider, model, window);
}

HistorySeries CollectorCore::history(const HistoryQuery& query) {
  return history_.history(query);
}

}  // namespace ltb::collector
