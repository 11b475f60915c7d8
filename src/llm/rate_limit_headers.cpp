// Reads what the response headers of providers say: limits, waits, cost, request id.
#include "llm/reset_time.hpp"

#include <ltb/llm_reply.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace ltb {
namespace {

using llm::SystemTime;

/// Limit, remaining and reset of one window.
struct Window {
  std::optional<std::uint64_t> limit{};
  std::optional<std::uint64_t> remaining{};
  std::optional<SystemTime> reset_at{};

  [[nodiscard]] bool known() const noexcept { return limit || remaining || reset_at; }
};

/// A whole number, also written as "59.0" or, as IETF drafts do, with more behind it
/// ("100, 100;w=60").
std::optional<std::uint64_t> to_count(std::optional<std::string_view> text) noexcept {
  if (!text) return std::nullopt;
  while (text->starts_with(' ')) text->remove_prefix(1);
  std::uint64_t count = 0;
  const char* const last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, count);
  if (error != std::errc{}) return std::nullopt;
  std::string_view rest(end, static_cast<std::size_t>(last - end));
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    while (rest.starts_with('0')) rest.remove_prefix(1);
  }
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (!rest.empty() && rest.front() != ',' && rest.front() != ';') return std::nullopt;
  return count;
}

/// How much of a window is left, 0..1; unknown counts as all.
double share_left(const Window& window) noexcept {
  if (window.remaining && *window.remaining == 0) return 0;
  if (!window.limit || !window.remaining || *window.limit == 0) return 1;
  return static_cast<double>(*window.remaining) / static_cast<double>(*window.limit);
}

const Window& tighter(const Window& a, const Window& b) noexcept {
  if (!a.known() || !b.known()) return a.known() ? a : b;
  const double left_a = share_left(a);
  const double left_b = share_left(b);
  if (left_a != left_b) return left_a < left_b ? a : b;
  return a.reset_at.value_or(SystemTime::min()) >= b.reset_at.value_or(SystemTime::min()) ? a : b;
}

struct Windows {
  Window requests{};
  Window tokens{};

  [[nodiscard]] bool known() const noexcept { return requests.known() || tokens.known(); }
};

// What follows "x-ratelimit-limit", "-remaining" and "-reset". Where a server reports several
// windows (a minute, a day), the tightest is taken.
constexpr std::string_view kRequests[] = {
    "-requests",   "-requests-minute",     "-requests-hour",   "-requests-day",
    "-req-minute", "-requests-per-minute", "-requests-per-day"};
constexpr std::string_view kTokens[] = {
    "-tokens",         "-tokens-minute", "-tokens-hour",       "-tokens-day",
    "-project-tokens", "-tokens-prompt", "-tokens-generated",  "-tokens-5-minute",
    "-input-tokens",   "-output-tokens", "-tokens-per-minute", "-tokens-per-day"};

class HeaderReader {
 public:
  /// `prefix` stands before every name: LiteLLM hands on what its provider sent as
  /// "llm_provider-...".
  HeaderReader(const HeaderLookup& header, std::string_view prefix, SystemTime now)
      : header_(header), prefix_(prefix), now_(now) {}

  [[nodiscard]] Windows windows() const {
    Windows all;
    for (const std::string_view kind : kRequests) add(all.requests, "x-ratelimit", kind);
    for (const std::string_view kind : kTokens) add(all.tokens, "x-ratelimit", kind);
    add_anthropic(all);
    for (const char* family : {"x-ratelimit", "x-rate-limit", "ratelimit"})
      add(all.requests, family, {});
    for (const char* family : {"x-tokenlimit", "x-ratelimitbysize", "ratelimitbysize"})
      add(all.tokens, family, {});
    // Mistral: the reset of this window has a name of its own.
    take(all.tokens,
         {to_count(get("x-ratelimitbysize-limit-minute")),
          to_count(get("x-ratelimitbysize-remaining-minute")), reset("ratelimitbysize-reset")});
    take(all.tokens, {to_count(get("x-ratelimitbysize-limit-month")),
                      to_count(get("x-ratelimitbysize-remaining-month")),
                      {}});
    add_ietf(all);
    return all;
  }

  [[nodiscard]] std::optional<std::chrono::milliseconds> wait() const {
    for (const char* name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
      const auto wait = parse_retry_after(get(name).value_or(std::string_view()), {}, now_);
      if (wait && *wait < std::chrono::hours{365 * 24}) return wait;
    }
    const auto seconds = get("retry-after");
    return seconds ? llm::parse_retry_wait(*seconds, now_) : std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const {
    return prefix_.empty() ? header_(name) : header_(std::string(prefix_).append(name));
  }
  [[nodiscard]] std::optional<SystemTime> reset(std::string_view name) const {
    const auto text = get(name);
    return text ? llm::parse_reset(*text, now_) : std::nullopt;
  }
  static void take(Window& best, const Window& other) noexcept { best = tighter(best, other); }

  void add(Window& best, std::string_view family, std::string_view kind) const {
    const auto name = [&](std::string_view part) {
      return std::string(family).append(part).append(kind);
    };
    take(best,
         {to_count(get(name("-limit"))), to_count(get(name("-remaining"))), reset(name("-reset"))});
  }

  [[nodiscard]] Window anthropic(std::string_view kind) const {
    const std::string name = "anthropic-ratelimit-" + std::string(kind);
    return {to_count(get(name + "-limit")), to_count(get(name + "-remaining")),
            reset(name + "-reset")};
  }
  void add_anthropic(Windows& all) const {
    take(all.requests, anthropic("requests"));
    const Window tokens = anthropic("tokens");  // already the tighter of the other two
    take(all.tokens,
         tokens.known() ? tokens : tighter(anthropic("input-tokens"), anthropic("output-tokens")));
    // Of a subscription: a used share, which is not a count; but a window that refuses has
    // nothing left.
    for (const char* window : {"unified", "unified-5h", "unified-7d"}) {
      const std::string name = std::string("anthropic-ratelimit-").append(window);
      if (get(name + "-status") == "rejected") take(all.requests, {{}, 0, reset(name + "-reset")});
    }
  }

  void add_ietf(Windows& all) const;

  const HeaderLookup& header_;
  std::string_view prefix_;
  SystemTime now_;
};

/// The value of `name=` in a structured field item, such as `r` in `"default";r=50;t=30`.
std::optional<std::string_view> parameter(std::string_view item, std::string_view name) noexcept {
  while (!item.empty()) {
    const std::size_t end = item.find_first_of(";,");
    std::string_view part = item.substr(0, end);
    item = end == std::string_view::npos ? std::string_view() : item.substr(end + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
      return part.substr(name.size() + 1);
  }
  return std::nullopt;
}

/// Takes the next item of a list off the front: up to a comma, trimmed.
std::string_view take_item(std::string_view& list) noexcept {
  const std::size_t end = list.find(',');
  std::string_view item = list.substr(0, end);
  list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  while (item.starts_with(' ')) item.remove_prefix(1);
  return item;
}

/// `RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=60`, and the older
/// `RateLimit: limit=100, remaining=50, reset=5` (draft-ietf-httpapi-ratelimit-headers).
void HeaderReader::add_ietf(Windows& all) const {
  std::string_view list = get("ratelimit").value_or(std::string_view());
  const auto wait = [&](std::optional<std::string_view> text) {
    return text ? llm::parse_reset(*text, now_) : std::nullopt;
  };
  if (parameter(list, "remaining")) {
    return take(all.requests,
                {to_count(parameter(list, "limit")), to_count(parameter(list, "remaining")),
                 wait(parameter(list, "reset"))});
  }
  while (!list.empty()) {
    const std::string_view item = take_item(list);
    const std::string_view name = item.substr(0, item.find(';'));
    Window window{{}, to_count(parameter(item, "r")), wait(parameter(item, "t"))};
    bool counts_requests = true;
    std::string_view policies = get("ratelimit-policy").value_or(std::string_view());
    while (!policies.empty()) {
      const std::string_view policy = take_item(policies);
      if (policy.substr(0, policy.find(';')) != name) continue;
      window.limit = to_count(parameter(policy, "q"));
      const auto unit = parameter(policy, "qu");
      counts_requests = !unit || *unit == "\"requests\"";
    }
    if (counts_requests && window.known()) take(all.requests, window);
  }
}

Windows read_windows(const HeaderLookup& header, SystemTime now) {
  Windows found = HeaderReader(header, {}, now).windows();
  return found.known() ? found : HeaderReader(header, "llm_provider-", now).windows();
}

std::optional<RateLimits> to_limits(const Windows& found) noexcept {
  if (!found.known()) return std::nullopt;
  const Window& first = tighter(found.requests, found.tokens);
  const Window& other = &first == &found.requests ? found.tokens : found.requests;
  return RateLimits{.requests_limit = found.requests.limit,
                    .requests_remaining = found.requests.remaining,
                    .tokens_limit = found.tokens.limit,
                    .tokens_remaining = found.tokens.remaining,
                    .reset_at = first.reset_at ? first.reset_at : other.reset_at};
}

/// Until every window that is used up has started anew; nothing when none is known to be.
std::optional<std::chrono::milliseconds> wait_for_windows(const Windows& found,
                                                          SystemTime now) noexcept {
  std::optional<std::chrono::milliseconds> wait;
  for (const Window* window : {&found.requests, &found.tokens}) {
    if (window->remaining != std::uint64_t{0} || !window->reset_at) continue;
    const auto until = llm::wait_until(*window->reset_at, now);
    if (!wait || until > *wait) wait = until;
  }
  return wait;
}

/// The cost that LiteLLM's proxy reports. It writes 0 where it knows no price: not a cost.
std::optional<double> read_cost(const HeaderLookup& header) {
  const std::string_view text = header("x-litellm-response-cost").value_or(std::string_view());
  double cost = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cost);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::isfinite(cost) && cost > 0 ? std::optional(cost) : std::nullopt;
}

}  // namespace

std::optional<RateLimits> read_rate_limits(const HeaderLookup& header, SystemTime now) {
  return to_limits(read_windows(header, now));
}

void read_reply_headers(LlmReply& reply, const HeaderLookup& header, SystemTime now) {
  const Windows windows = read_windows(header, now);
  if (const auto limits = to_limits(windows)) reply.rate_limits = limits;
  auto wait = HeaderReader(header, {}, now).wait();
  if (!wait) wait = HeaderReader(header, "llm_provider-", now).wait();
  if (wait) reply.retry_after = wait;
  if (!reply.retry_after && reply.error && reply.error->type == ErrorType::RateLimit)
    reply.retry_after = wait_for_windows(windows, now);
  if (!reply.cost && !reply.error) reply.cost = read_cost(header);
  for (const std::string_view name : {"x-request-id", "request-id"})
    if (reply.request_id.empty()) reply.request_id = header(name).value_or(std::string_view());
}

}  // namespace ltb
