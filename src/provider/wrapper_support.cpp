// What the wrappers (ltb/monitored.hpp, ltb/asio.hpp, MonitoredProvider) need from the inside.
#include "provider/recorder.hpp"

#include "llm/classify.hpp"

#include <ltb/monitored_fields.hpp>

#include <utility>

namespace ltb {

CallSource::CallSource(MonitoringSystem& monitoring) noexcept
    : recorder_(detail::recorder_of(monitoring)) {}
CallSource::CallSource(BenchmarkRun& run) noexcept : recorder_(run.recorder_), run_(run.record_) {}

RequestScope CallSource::begin_request(std::string_view provider,
                                       std::string_view model) const noexcept {
  // Null: of a run that was moved from, or that there was no memory for.
  if (!recorder_) return RequestScope(nullptr);
  return detail::Recorder::begin_request(recorder_, provider, model, run_);
}

}  // namespace ltb

namespace ltb::detail {

CallError watch::to_call_error(const std::exception_ptr& error) {
  llm::ClassifiedError classified = llm::classify(error);
  return {classified.type, std::move(classified.message), std::move(classified.code)};
}

}  // namespace ltb::detail
