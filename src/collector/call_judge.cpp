#include "collector/call_judge.hpp"

#include <chrono>

namespace ltb::collector {
namespace {

bool keeps(const std::optional<std::chrono::nanoseconds>& bound,
           const std::optional<std::uint64_t>& measured) noexcept {
  return !bound || !measured || *measured <= static_cast<std::uint64_t>(bound->count());
}

}  // namespace

void CallJudge::price(std::string_view provider, std::string_view model,
                      metrics::CallRecord& call) const noexcept {
  if (!prices_ || call.cost || !call.usage) return;
  try {
    call.cost = prices_->cost(provider, model, *call.usage);
  } catch (...) {  // no memory, or a regular expression that gave up: the call stays unpriced, and
                   // is counted so
  }
}

void CallJudge::count_service_levels(metrics::RequestSeries& series,
                                     const metrics::CallRecord& call) const noexcept {
  if (call.status == metrics::CallStatus::Cancelled) return;
  for (const std::uint32_t index : series.slo_indexes) {
    const ServiceLevel& level = levels_[index];
    const bool good = call.status == metrics::CallStatus::Success &&
                      keeps(level.latency, call.duration_ns) &&
                      keeps(level.time_to_first_token, call.time_to_first_token_ns) &&
                      keeps(level.time_per_output_token, call.time_per_output_token_ns);
    series.count_slo(index, good);
  }
}

}  // namespace ltb::collector
