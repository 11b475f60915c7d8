// Reads the response headers of providers, and puts a reply into the record of its call.
#include <ltb/llm_reply.hpp>

#include "events/timestamp.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace ltb {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

/// Limit, remaining and reset of one window.
struct Window {
  std::optional<std::uint64_t> limit{};
  std::optional<std::uint64_t> remaining{};
  std::optional<TimePoint> reset_at{};

  [[nodiscard]] bool told() const noexcept { return limit || remaining || reset_at; }
};

std::optional<std::uint64_t> to_count(std::optional<std::string_view> text) noexcept {
  if (!text) return std::nullopt;
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return count;
}

/// The length of a unit in seconds, taken off the front of `text`; a bare number is seconds.
std::optional<double> take_unit(std::string_view& text) noexcept {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  static constexpr Unit kUnits[] = {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"s", 1},
                                    {"m", 60},    {"h", 3600},  {"d", 86400}};
  if (text.empty()) return 1;
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.seconds;
  }
  return std::nullopt;
}

/// A reset as an RFC 3339 time (Anthropic) or as the time until then (OpenAI).
std::optional<TimePoint> to_reset(std::optional<std::string_view> text, TimePoint now) noexcept {
  if (!text) return std::nullopt;
  if (const auto time = events::parse_timestamp(*text)) return time;
  if (const auto wait = detail::parse_wait(*text)) return now + *wait;
  return std::nullopt;
}

Window openai_window(const HeaderLookup& header, const std::string& kind, TimePoint now) {
  return {to_count(header("x-ratelimit-limit-" + kind)),
          to_count(header("x-ratelimit-remaining-" + kind)),
          to_reset(header("x-ratelimit-reset-" + kind), now)};
}

Window anthropic_window(const HeaderLookup& header, const std::string& kind, TimePoint now) {
  const std::string prefix = "anthropic-ratelimit-" + kind;
  return {to_count(header(prefix + "-limit")), to_count(header(prefix + "-remaining")),
          to_reset(header(prefix + "-reset"), now)};
}

/// How much of a window is left, 0..1; unknown counts as all.
double share_left(const Window& window) noexcept {
  if (window.remaining && *window.remaining == 0) return 0;
  if (!window.limit || !window.remaining || *window.limit == 0) return 1;
  return static_cast<double>(*window.remaining) / static_cast<double>(*window.limit);
}

const Window& tighter(const Window& a, const Window& b) noexcept {
  const double left_a = share_left(a);
  const double left_b = share_left(b);
  if (left_a != left_b) return left_a < left_b ? a : b;
  return a.reset_at.value_or(TimePoint::min()) >= b.reset_at.value_or(TimePoint::min()) ? a : b;
}

/// At most `most` bytes, cut between characters: what a server sends must not fill our events.
std::string bounded(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0u) == 0x80u) --most;
  return std::string(text.substr(0, most));
}

/// Categories that say no more than whose fault it was.
bool is_vague(ErrorType type) noexcept {
  return type == ErrorType::Other || type == ErrorType::InvalidRequest ||
         type == ErrorType::ServerError;
}

/// The category of a message that providers send under a vague code or none.
std::optional<ErrorType> type_of_message(std::string_view message) noexcept {
  struct Known {
    std::string_view text;
    ErrorType type;
  };
  static constexpr Known kKnown[] = {
      {"prompt is too long", ErrorType::ContextLength},                    // Anthropic
      {"exceed context limit", ErrorType::ContextLength},                  // Anthropic
      {"credit balance is too low", ErrorType::Quota},                     // Anthropic
      {"exceeds the maximum number of tokens", ErrorType::ContextLength},  // Google
      {"maximum context length", ErrorType::ContextLength},                // vLLM and its like
  };
  for (const Known& known : kKnown)
    if (message.find(known.text) != std::string_view::npos) return known.type;
  return std::nullopt;
}

}  // namespace

CallError to_call_error(const std::error_code& error) {
  if (!error) return {};
  const std::string_view category = error.category().name();
  ErrorType type = ErrorType::Network;
  if (error == std::errc::timed_out) type = ErrorType::Timeout;
  if (error == std::errc::operation_canceled) type = ErrorType::Cancelled;
  // Beast's codes, known by name so that the library need not be built with the caller's Beast.
  if (category == "boost.beast" && error.value() == 1) type = ErrorType::Timeout;
  // The first two of this category are a stream that ended early.
  if (category == "beast.http" && error.value() > 2) type = ErrorType::Parse;
  return {type, error.message(), std::string(category) + ':' + std::to_string(error.value())};
}

std::optional<RateLimits> read_rate_limits(const HeaderLookup& header, TimePoint now) {
  Window requests = openai_window(header, "requests", now);
  Window tokens = openai_window(header, "tokens", now);
  if (!requests.told()) requests = anthropic_window(header, "requests", now);
  if (!tokens.told()) tokens = anthropic_window(header, "tokens", now);
  if (!tokens.told()) {
    const Window input = anthropic_window(header, "input-tokens", now);
    const Window output = anthropic_window(header, "output-tokens", now);
    tokens = tighter(input, output);
  }
  if (!requests.told() && !tokens.told()) return std::nullopt;
  const Window& first = tighter(requests, tokens);
  const Window& other = &first == &requests ? tokens : requests;
  return RateLimits{.requests_limit = requests.limit,
                    .requests_remaining = requests.remaining,
                    .tokens_limit = tokens.limit,
                    .tokens_remaining = tokens.remaining,
                    .reset_at = first.reset_at ? first.reset_at : other.reset_at};
}

void read_reply_headers(LlmReply& reply, const HeaderLookup& header, TimePoint now) {
  if (auto limits = read_rate_limits(header, now)) reply.rate_limits = limits;
  const std::string_view milliseconds = header("retry-after-ms").value_or(std::string_view());
  const std::string_view seconds = header("retry-after").value_or(std::string_view());
  if (const auto wait = parse_retry_after(milliseconds, seconds, now)) reply.retry_after = wait;
  for (const std::string_view name : {"x-request-id", "request-id"})
    if (reply.request_id.empty()) reply.request_id = header(name).value_or(std::string_view());
}

void apply(RequestScope& scope, const LlmReply& reply) noexcept {
  if (reply.usage) scope.set_usage(*reply.usage);
  if (reply.cost) scope.set_cost(*reply.cost);
  if (!reply.finish_reason.empty()) scope.set_finish_reason(reply.finish_reason);
  if (reply.rate_limits) scope.set_rate_limits(*reply.rate_limits);
  if (reply.error) scope.fail(reply.error->type, reply.error->message, reply.error->code);
}

namespace detail {

CallError make_reply_error(int http_status, std::string_view code, std::string_view type,
                           std::string_view message) {
  constexpr std::size_t kMostMessageBytes = 2048;
  constexpr std::size_t kMostCodeBytes = 128;
  const std::string_view shown = code.empty() ? type : code;
  CallError error{classify_http_error(http_status, shown), bounded(message, kMostMessageBytes),
                  bounded(shown, kMostCodeBytes)};
  if (is_vague(classify_http_error(0, code))) {
    const ErrorType by_type = classify_http_error(http_status, type);
    if (!is_vague(classify_http_error(0, type)) || error.type == ErrorType::Other)
      error.type = by_type;
  }
  if (error.type == ErrorType::InvalidRequest || error.type == ErrorType::Other)
    error.type = type_of_message(message).value_or(error.type);
  if (message.empty() && http_status >= 400) error.message = "HTTP " + std::to_string(http_status);
  return error;
}

void merge_reply(LlmReply& whole, LlmReply&& part) {
  if (part.usage) whole.usage = part.usage;
  if (part.cost) whole.cost = part.cost;
  if (!part.model.empty()) whole.model = std::move(part.model);
  if (!part.finish_reason.empty()) whole.finish_reason = std::move(part.finish_reason);
  if (!part.request_id.empty()) whole.request_id = std::move(part.request_id);
  if (part.error) whole.error = std::move(part.error);
  if (part.retry_after) whole.retry_after = part.retry_after;
  if (part.rate_limits) whole.rate_limits = part.rate_limits;
}

std::optional<std::chrono::milliseconds> parse_wait(std::string_view text) noexcept {
  constexpr double kMostSeconds = 366.0 * 86400;
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = take_unit(text);
    if (!unit) return std::nullopt;
    seconds += number * *unit;
    if (!(number >= 0) || !(seconds <= kMostSeconds)) return std::nullopt;
  }
  return std::chrono::milliseconds{std::llround(seconds * 1000)};
}

}  // namespace detail
}  // namespace ltb
