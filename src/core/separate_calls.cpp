// The separate calls: a call reported number by number, by the thread that makes it.
#include "core/monitoring_core.hpp"
#include "core/open_calls.hpp"
#include "events/request_id.hpp"
#include "metrics/known_error.hpp"

#include <string>
#include <utility>

namespace ltb::core {
namespace {

using metrics::CallRecord;
using metrics::CallStatus;
using metrics::kUnknownModel;
using metrics::RequestSeries;

std::string id_text(std::uint64_t bits) {
  const auto text = events::request_id_text(bits);
  return {text.data(), text.size()};
}

}  // namespace

void MonitoringCore::record_request(std::string_view provider, std::string_view model) noexcept {
  if (model.empty()) model = kUnknownModel;
  RequestSeries& series = store_.request_series(provider, model);
  const std::uint64_t id = events::new_request_id_bits();
  try {
    if (OpenCalls* calls = OpenCalls::of_this_thread()) {
      calls->start({weak_from_this(), this, &series, std::string(provider), std::string(model), id,
                    run_of_new_call()});
      series.started();
    }
    events_.publish_if_observed([&] {
      return MonitoringEvent::request_started(series.provider(), series.model(), id_text(id));
    });
  } catch (...) {  // no memory: the call is not in flight, its end stands alone
    store_.count_rejected();
  }
}

// Ends the call that this thread started last; one that it did not start begins and ends here. What
// it returns may still get tokens and costs; null without memory.
OpenCall* MonitoringCore::end_separate(std::string_view provider, std::string_view model,
                                       CallRecord& call, RequestSeries*& series,
                                       std::uint64_t& id) {
  OpenCalls* calls = OpenCalls::of_this_thread();
  OpenCall* open = calls == nullptr ? nullptr : calls->last_open(*this, provider, model);
  call.was_active = open != nullptr;
  if (open == nullptr) {
    if (model.empty()) model = kUnknownModel;
    series = &store_.request_series(provider, model);
    if (calls == nullptr) return nullptr;
    open = &calls->start({weak_from_this(), this, series, std::string(provider), std::string(model),
                          id, run_of_new_call()});
  }
  series = open->series;
  id = open->id_bits;
  return &calls->end(*open, call.status != CallStatus::Success);
}

void MonitoringCore::book_separate(std::string_view provider, std::string_view model,
                                   CallRecord& call, RequestPayload payload) noexcept {
  RequestSeries* series = nullptr;
  std::uint64_t id = events::new_request_id_bits();
  const OpenCall* ended = nullptr;
  try {
    ended = end_separate(provider, model, call, series, id);
  } catch (...) {  // no memory: it counts, and stands alone
    store_.count_rejected();
  }
  if (series == nullptr)
    series = &store_.request_series(provider, model.empty() ? kUnknownModel : model);
  const std::shared_ptr<collector::RunRecord> run =
      ended != nullptr ? ended->run : run_of_new_call();
  call.has_separate_usage = ended != nullptr && ended->has_usage;
  call.has_separate_cost = ended != nullptr && ended->has_cost;
  const auto text = events::request_id_text(id);
  const std::string_view id_view(text.data(), text.size());
  collector_.book(
      *series, call, [id_view] { return id_view; }, clock_->steady_now(), run.get());
  const bool is_success = call.status == CallStatus::Success;
  events_.publish_if_observed([&] {
    payload.provider = series->provider();
    payload.model = series->model();
    payload.request_id = id_view;
    return MonitoringEvent(is_success ? EventType::RequestCompleted : EventType::RequestFailed,
                           std::move(payload));
  });
  if (is_success && call.duration_ns)
    publish_latency(series->provider(), series->model(), *call.duration_ns);
}

void MonitoringCore::record_latency(std::string_view provider, std::string_view model,
                                    double latency_seconds) noexcept {
  CallRecord call;
  call.duration_ns = metrics::to_nanoseconds(latency_seconds);
  RequestPayload payload;
  if (call.duration_ns) {
    payload.latency = latency_seconds;
  } else {
    store_.count_rejected();  // the number; the call ended all the same
  }
  book_separate(provider, model, call, std::move(payload));
}

void MonitoringCore::record_error(std::string_view provider, std::string_view model, ErrorType type,
                                  std::string_view message, std::string_view code) noexcept {
  CallRecord call;
  type = metrics::known(type);
  call.error_type = type;
  call.status = type == ErrorType::Cancelled ? CallStatus::Cancelled : CallStatus::Error;
  RequestPayload payload;
  payload.error_type = type;
  try {
    if (!message.empty()) payload.error = std::string(message);
    if (!code.empty()) payload.error_code = std::string(code);
  } catch (...) {  // no memory for the words
    store_.count_rejected();
  }
  book_separate(provider, model, call, std::move(payload));
}

void MonitoringCore::record_error(std::string_view provider, std::string_view error_type) noexcept {
  const auto known = parse_error_type(error_type);
  // The caller's own word is not lost.
  record_error(provider, {}, known.value_or(ErrorType::Other), {},
               known ? std::string_view() : error_type);
}

std::shared_ptr<collector::RunRecord> MonitoringCore::run_of_new_call() noexcept {
  return collector_.runs().run_of_new_call(*clock_);
}

// Calls `update(call)` with the call that tokens or a cost belong to, if there is one, and takes
// back what its end counted as missing and is not missing any more.
template <typename Update>
MonitoringCore::LastCall MonitoringCore::update_last_call(std::string_view provider,
                                                          std::string_view model,
                                                          Update&& update) noexcept {
  OpenCalls* calls = OpenCalls::of_this_thread();
  OpenCall* call = calls == nullptr ? nullptr : calls->last(*this, provider, model);
  if (call == nullptr)
    return {store_.request_series(provider, model.empty() ? kUnknownModel : model),
            run_of_new_call()};
  const bool lacked_usage = call->lacks_usage();
  const bool lacked_cost = call->lacks_cost();
  update(*call);
  const int usage = int{call->lacks_usage()} - int{lacked_usage};
  const int cost = int{call->lacks_cost()} - int{lacked_cost};
  call->series->correct_missing(usage, cost);
  if (call->run) call->run->correct_missing(usage, cost);
  return {*call->series, call->run};
}

void MonitoringCore::record_tokens(std::string_view provider, std::string_view model,
                                   const TokenUsage& usage) noexcept {
  if (!metrics::is_sane(usage)) return store_.count_rejected();
  const auto [series, run] =
      update_last_call(provider, model, [](OpenCall& call) { call.has_usage = true; });
  series.add_usage(usage);
  if (run) run->add_usage(usage);
  publish_tokens(series.provider(), series.model(), usage);
}

void MonitoringCore::record_cost(std::string_view provider, std::string_view model,
                                 double cost_usd) noexcept {
  const auto cost = metrics::to_exact_cost(cost_usd);
  if (!cost) return store_.count_rejected();
  const auto [series, run] =
      update_last_call(provider, model, [](OpenCall& call) { call.has_cost = true; });
  series.add_cost(*cost);
  if (run) run->add_cost(*cost);
  publish_cost(series.provider(), series.model(), *cost);
}

}  // namespace ltb::core
