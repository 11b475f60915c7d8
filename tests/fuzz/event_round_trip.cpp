// Events made of any texts and numbers: their JSON is valid for another parser and is read back as
// the event it was.
#include "fuzz/metric_value.hpp"
#include "fuzz/support.hpp"

#include <ltb/event.hpp>

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace {

using namespace ltb;
using namespace ltb::fuzz;

std::optional<double> maybe_real(Input& input) {
  if (!input.flag()) return std::nullopt;
  return input.real();
}
std::optional<std::uint64_t> maybe_number(Input& input) {
  if (!input.flag()) return std::nullopt;
  return input.number();
}

MonitoringEvent request_event(Input& input) {
  const auto provider = input.text();
  const auto model = input.text();
  const auto id = input.text();
  MonitoringEvent event =
      input.flag()
          ? MonitoringEvent::request_failed(provider, model, id,
                                            static_cast<ErrorType>(input.byte() % kErrorTypeCount),
                                            input.text(), maybe_real(input))
          : MonitoringEvent::request_completed(
                provider, model, id, input.real(),
                TokenUsage{input.number(), input.number(), maybe_number(input), maybe_number(input),
                           maybe_number(input)},
                maybe_real(input));
  // A subscriber's host may set fields without the factories' care.
  auto& payload = std::get<RequestPayload>(event.payload);
  payload.finish_reason = std::string(input.text());
  payload.time_to_first_token = maybe_real(input);
  payload.queue_time = maybe_real(input);
  return event;
}

Metric metric_of(Input& input) {
  const double value = input.real();
  const auto count = input.number();
  const auto type = static_cast<MetricType>(input.byte() % 4);
  Metric metric("m", type, value_of(type, value, count, input));
  metric.with_label("l", input.text()).with_help(input.text());
  return metric;
}

MonitoringEvent event_of(Input& input) {
  switch (input.byte() % 6) {
    case 0:
      return MonitoringEvent::benchmark_progress(input.text(), input.text(), input.number(),
                                                 input.number());
    case 1:
      return MonitoringEvent::evaluation_completed(input.text(), input.text(), input.text(),
                                                   input.text(), input.real(), input.text());
    case 2:
      return MonitoringEvent::provider_status(
          input.text(), static_cast<ProviderHealth>(input.byte() % kProviderHealthCount),
          input.text());
    case 3:
      return MonitoringEvent::metric_recorded(metric_of(input));
    case 4:
      return MonitoringEvent::alert(static_cast<AlertSeverity>(input.byte() % 4), input.text(),
                                    input.text(), input.text());
    default:
      return request_event(input);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  MonitoringEvent event = event_of(input);
  event.id = input.number();
  event.timestamp = std::chrono::system_clock::time_point(
      std::chrono::system_clock::duration(static_cast<std::int64_t>(input.number())));
  const std::string written = to_json(event);
  require(written.find('\n') == std::string::npos, "an event is one line");
  require(is_utf8(written), "an event is valid UTF-8");
  require(nlohmann::json::accept(written), "an event is JSON for another parser");
  try {
    require_equal(to_json(event_from_json(written)), written, "an event is read back as it was");
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n%s\n", written.c_str(), error.what());
    require(false, "what was written can be read");
  }
  return 0;
}
