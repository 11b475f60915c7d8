#include "dashboard/api_query.hpp"

#include "events/event_id.hpp"
#include "net/accept.hpp"
#include "net/target.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ltb::dashboard {
namespace {

template <typename Number>
std::optional<Number> parse(std::string_view text) noexcept {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The text up to the separator, which is taken off with it.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return trimmed(part);
}

// Quality values of the media ranges that matter here, in thousandths (RFC 9110, 12.5.1); negative
// when absent.
struct Accepted {
  int csv = -1;
  int json = -1;
  int any = -1;
};

Accepted accepted_by(std::string_view header) {
  Accepted out;
  net::for_each_accepted(header, [&](const net::AcceptElement& range) {
    if (net::equal_ignoring_case(range.value, "text/csv")) out.csv = range.quality;
    if (net::equal_ignoring_case(range.value, "application/json")) out.json = range.quality;
    if (range.value == "*/*") out.any = range.quality;
  });
  return out;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::string_view part = take_until(list, ',');
    if (!part.empty() && std::find(out.begin(), out.end(), part) == out.end()) {
      out.emplace_back(part);
    }
  }
  return out;
}

}  // namespace

void refuse(std::string_view name, std::string_view value, std::string_view expected) {
  throw BadRequest(std::string(name) + '=' + support::escape_for_log(value, 80) + ": expected " +
                   std::string(expected));
}

Query::Query(std::string_view encoded) {
  auto parsed = net::try_parse_query(encoded);
  if (!parsed) throw BadRequest("query: broken percent escape");
  for (auto& [name, value] : *parsed) {
    if (text(name)) refuse(support::escape_for_log(name, 80), value, "each parameter once");
    if (!value.empty()) parameters_.emplace_back(std::move(name), std::move(value));
  }
}

std::optional<std::string_view> Query::text(std::string_view name) const noexcept {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Query::whole(std::string_view name, std::int64_t low,
                                         std::int64_t high) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto value = parse<std::int64_t>(*given);
  if (!value || *value < low || *value > high) {
    refuse(name, *given,
           "a whole number between " + std::to_string(low) + " and " + std::to_string(high));
  }
  return value;
}

std::optional<double> Query::number(std::string_view name, double low, double high) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto value = parse<double>(*given);
  if (!value || !(*value >= low && *value <= high)) {
    refuse(name, *given,
           "a number between " + std::to_string(std::llround(low)) + " and " +
               std::to_string(std::llround(high)));
  }
  return value;
}

Format format_of(const Query& query, const net::Request& request) {
  if (const auto format = query.text("format")) {
    if (*format == "csv") return Format::Csv;
    if (*format == "json") return Format::Json;
    refuse("format", *format, "json or csv");
  }
  const Accepted accepted = accepted_by(request.list_header("accept"));
  if (accepted.csv <= 0) return Format::Json;
  const bool json_is_named = accepted.json >= 0;
  const int json = json_is_named ? accepted.json : accepted.any;
  const bool csv = accepted.csv > json || (accepted.csv >= json && !json_is_named);
  return csv ? Format::Csv : Format::Json;
}

events::EventQuery event_query_of(const Query& query) {
  events::EventQuery out;
  if (const auto since = query.text("since")) {
    out.since = events::parse_event_id(*since);
    if (!out.since) refuse("since", *since, "an event id such as evt_123");
  }
  out.limit = static_cast<std::size_t>(query.whole("limit", 1, 1000).value_or(100));
  if (const auto types = query.text("type")) {
    const auto parsed = events::parse_event_types(*types);
    if (const auto* unknown = std::get_if<std::string>(&parsed)) {
      refuse("type", *unknown, "any of " + events::all_event_type_names());
    }
    out.types = std::get<events::EventMask>(parsed);
  }
  return out;
}

SeriesQuery series_query_of(const Query& query, std::chrono::system_clock::time_point now) {
  constexpr double kLatest = 4'102'444'800;  // the year 2100
  SeriesQuery out;
  out.metrics = split(query.text("metric").value_or(""));
  if (out.metrics.empty() || out.metrics.size() > SeriesQuery::kMaxMetrics) {
    refuse("metric", query.text("metric").value_or(""),
           "1 to 32 metric names with commas between, for example latency_p95");
  }
  out.provider = query.text("provider").value_or("");
  out.model = query.text("model").value_or("");
  if (const auto by = query.text("by")) {
    if (*by != "provider" && *by != "model") refuse("by", *by, "provider or model");
    out.by = *by == "model" ? SeriesQuery::By::Model : SeriesQuery::By::Provider;
  }
  const auto window = query.whole("window", 1, SeriesQuery::kMaxWindow).value_or(300);
  // The future is not known: the answer is for now, and says so.
  const double latest = std::chrono::duration<double>(now.time_since_epoch()).count();
  out.to = std::min(query.number("to", 1, kLatest).value_or(latest), latest);
  out.from = query.number("from", 0, kLatest).value_or(out.to - static_cast<double>(window));
  const double asked = out.to - out.from;
  if (asked < 1 || asked > static_cast<double>(SeriesQuery::kMaxWindow)) {
    refuse("from", query.text("from").value_or(""), "a time 1 to 604800 seconds before \"to\"");
  }
  out.step = query.whole("step", 1, SeriesQuery::kMaxWindow).value_or(0);
  if (out.step > 0) {
    // A wish: no answer has more points than a chart can show. The answer has its step.
    const auto least =
        static_cast<std::int64_t>(std::ceil(asked / static_cast<double>(SeriesQuery::kMaxPoints)));
    out.step = std::max(out.step, least);
  }
  return out;
}

}  // namespace ltb::dashboard
