#include "exporter/format.hpp"

#include "net/accept.hpp"
#include "net/http.hpp"

#include <algorithm>
#include <optional>

namespace ltb::exporter {

Format negotiate_format(std::string_view accept) {
  int openmetrics = 0;
  std::optional<int> text;  // by its name; the wildcards say less
  int any = 0;
  net::for_each_accepted(accept, [&](const net::AcceptElement& range) {
    const auto version = range.parameter("version");
    if (net::equal_ignoring_case(range.value, "application/openmetrics-text")) {
      if (!version || *version == "1.0.0") openmetrics = std::max(openmetrics, range.quality);
    } else if (net::equal_ignoring_case(range.value, "text/plain")) {
      if (!version || *version == "0.0.4") text = std::max(text.value_or(0), range.quality);
    } else if (range.value == "*/*" || net::equal_ignoring_case(range.value, "text/*")) {
      any = std::max(any, range.quality);
    }
  });
  return openmetrics > 0 && openmetrics >= text.value_or(any) ? Format::OpenMetrics : Format::Text;
}

}  // namespace ltb::exporter
