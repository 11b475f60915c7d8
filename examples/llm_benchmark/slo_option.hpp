// A service-level objective, as a user spells it.
#pragma once

#include <ltb/config.hpp>
#include <string_view>

namespace llm_benchmark {

/// Reads `NAME:latency=2s,ttft=500ms,tpot=50ms[,provider=NAME][,model=NAME]`, with at least one
/// bound; units are us, ms, s and m. Throws std::invalid_argument naming the value and what is
/// wrong with it.
[[nodiscard]] ltb::Slo parse_slo(std::string_view text);

}  // namespace llm_benchmark
