// The two formats of /metrics, and which of them a client gets.
#pragma once

#include <string_view>

namespace ltb::exporter {

enum class Format {
  Text,         ///< Prometheus text format 0.0.4.
  OpenMetrics,  ///< OpenMetrics 1.0.
};

/// By an Accept header: OpenMetrics when it is named, in version 1.0.0 or in none, and liked at
/// least as well as plain text. Everybody else gets what everybody can read.
[[nodiscard]] Format negotiate_format(std::string_view accept);

}  // namespace ltb::exporter
