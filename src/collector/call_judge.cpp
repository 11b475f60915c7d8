#include "collector/call_judge.hpp"

#include <chrono>

namespace ltb::collector {
namespace {

enum class Kept { Yes, No, Unknown };

Kept keeps(const std::optional<std::chrono::nanoseconds>& bound,
           const std::optional<std::uint64_t>& measured) noexcept {
  if (!bound) return Kept::Yes;
  if (!measured) return Kept::Unknown;
  return *measured <= static_cast<std::uint64_t>(bound->count()) ? Kept::Yes : Kept::No;
}

// One broken bound is enough to be bad; one that could not be measured, to be neither.
Kept keeps_all(const Slo& level, const metrics::CallRecord& call) noexcept {
  Kept all = Kept::Yes;
  for (const Kept one : {keeps(level.latency, call.duration_ns),
                         keeps(level.time_to_first_token, call.first_token_felt_ns),
                         keeps(level.time_per_output_token, call.time_per_output_token_ns)}) {
    if (one == Kept::No) return Kept::No;
    if (one == Kept::Unknown) all = Kept::Unknown;
  }
  return all;
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

void CallJudge::count_slos(metrics::RequestSeries& series,
                           const metrics::CallRecord& call) const noexcept {
  if (call.status == metrics::CallStatus::Cancelled) return;
  for (const std::uint32_t index : series.slo_indexes) {
    const Slo& level = levels_[index];
    const Kept kept =
        call.status == metrics::CallStatus::Success ? keeps_all(level, call) : Kept::No;
    if (kept != Kept::Unknown) series.count_slo(index, kept == Kept::Yes);
  }
}

}  // namespace ltb::collector
