// What the header-only wrappers (ltb/monitored.hpp, ltb/asio.hpp) need from the inside.
#include "provider/recorder.hpp"

#include <ltb/monitored_fields.hpp>

#include <utility>

namespace ltb::detail {

std::shared_ptr<Recorder> share_recorder(MonitoringSystem& monitoring) noexcept {
  return recorder_of(monitoring);
}

RequestScope begin_on(const std::shared_ptr<Recorder>& recorder, std::string_view provider,
                      std::string_view model) noexcept {
  return Recorder::begin_request(recorder, provider, model);
}

CallError watch::to_call_error(const std::exception_ptr& error) {
  ClassifiedError classified = classify(error);
  return {classified.type, std::move(classified.message), std::move(classified.code)};
}

}  // namespace ltb::detail
