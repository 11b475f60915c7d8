// What the wrappers (ltb/monitored.hpp, ltb/asio.hpp, MonitoredProvider) need from the inside.
#include "core/monitoring_core.hpp"

#include "llm/classify.hpp"

#include <ltb/monitored_fields.hpp>
#include <ltb/monitoring_system.hpp>

#include <utility>

namespace ltb {

CallSource::CallSource(MonitoringSystem& monitoring) noexcept : core_(monitoring.core_) {}
CallSource::CallSource(BenchmarkRun& run) noexcept : core_(run.core_), run_(run.record_) {}

RequestScope CallSource::begin_request(std::string_view provider,
                                       std::string_view model) const noexcept {
  // Null: of a run that was moved from, or that there was no memory for.
  if (!core_) return RequestScope(nullptr);
  return core::MonitoringCore::begin_request(core_, provider, model, run_);
}

}  // namespace ltb

namespace ltb::detail {

CallError watch::to_call_error(const std::exception_ptr& error) {
  llm::ClassifiedError classified = llm::classify(error);
  return {classified.type, std::move(classified.message), std::move(classified.code)};
}

}  // namespace ltb::detail
