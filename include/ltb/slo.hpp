// Service-level objectives.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace ltb {

/// A service-level objective: bounds that a call must keep to count as good. A successful call is
/// good when it keeps every bound and bad when it breaks one; when a bound could not be measured
/// (no time to first token without streaming, no time per output token without usage) and none is
/// broken, it does not count. A failed call is bad; a cancelled call does not count. Latency and
/// time to first token count from when the call was due, as its user feels them.
struct Slo {
  std::string name{};      ///< The label `slo`: 1 to 64 bytes, unique.
  std::string provider{};  ///< Empty: all.
  std::string model{};     ///< Empty: all.
  std::optional<std::chrono::nanoseconds> latency{};
  std::optional<std::chrono::nanoseconds> time_to_first_token{};
  std::optional<std::chrono::nanoseconds> time_per_output_token{};
};

}  // namespace ltb
