// Queries of the API and of the WebSocket handshake: read within their ranges or refused readably.
#include "dashboard/api_query.hpp"
#include "fuzz/support.hpp"
#include "websocket/protocol.hpp"

#include <cmath>

namespace {

using namespace ltb::fuzz;
using namespace ltb::dashboard;
using namespace std::chrono_literals;

const std::chrono::system_clock::time_point kNow{1'736'937'000s};

void check_series(const Query& query) {
  const SeriesQuery series = series_query_of(query, kNow);
  require(!series.metrics.empty() && series.metrics.size() <= SeriesQuery::kMaxMetrics,
          "1 to 32 metrics are asked for");
  const double window = series.to - series.from;
  require(window >= 1 && window <= SeriesQuery::kMaxWindow, "a window is 1 s to 7 days");
  require(series.step >= 0 && series.step <= SeriesQuery::kMaxWindow, "a step is within the range");
  if (series.step > 0) {
    require(window / static_cast<double>(series.step) <= SeriesQuery::kMaxPoints + 1e-6,
            "no answer has more points than the limit");
  }
}

void check_handshake(std::string_view text) {
  const auto handshake = ltb::websocket::parse_handshake(text);
  if (const auto* refused = std::get_if<ltb::websocket::Refused>(&handshake)) {
    require(!refused->message.empty() && is_printable(refused->message), "a refusal is readable");
    return;
  }
  const auto& asked = std::get<ltb::websocket::Handshake>(handshake);
  require(asked.types != 0 && (asked.types & ~ltb::events::kAllEvents) == 0,
          "a handshake asks for event types that exist");
  if (asked.batch)
    require(*asked.batch >= 10ms && *asked.batch <= 10s, "batches are 10 ms to 10 s");
  if (asked.stats) require(*asked.stats >= 100ms && *asked.stats <= 60s, "stats are 0.1 s to 60 s");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  ltb::net::Request request;
  request.headers.emplace_back("Accept", input.line());
  const std::string_view text = input.rest();
  check_handshake(text);
  for (int what = 0; what < 3; ++what) {
    try {
      const Query query(text);
      if (what == 0) check_series(query);
      if (what == 1) {
        const auto events = event_query_of(query);
        require(events.limit >= 1 && events.limit <= 1000, "1 to 1000 events are asked for");
        require(events.types != 0 && (events.types & ~ltb::events::kAllEvents) == 0,
                "only event types that exist are asked for");
      }
      if (what == 2) (void)format_of(query, request);
    } catch (const BadRequest& error) {
      require(is_printable(error.what()), "a refusal is readable");
    }
  }
  return 0;
}
