// What a provider's reply says about a call, and how it is recorded. Free of any JSON library:
// ltb/json.hpp fills it.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/export.hpp>
#include <ltb/request_scope.hpp>
#include <ltb/usage.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ltb {

/// Why a call failed, as a value: for clients that do not throw.
struct CallError {
  ErrorType type = ErrorType::Other;
  std::string message{};  ///< For people; goes into the event only.
  std::string code{};     ///< The provider's own code; goes into the event only.

  friend bool operator==(const CallError&, const CallError&) = default;
};

/// The category of a system error: a timeout is `Timeout`, an operation given up (`ECANCELED`) is
/// `Cancelled`, an HTTP parser that could not read what came (Beast's category `beast.http`) is
/// `Parse`, an error of files or of the machine (no such file, no memory) is `Other`, anything else
/// (DNS, connect, TLS, a cut stream) is `Network`. A clear code is `Other`. The CallError's code is
/// "<category>:<value>". Any thread; throws only std::bad_alloc.
[[nodiscard]] LTB_MONITORING_EXPORT CallError to_call_error(const std::error_code& error);

/// A reply, read. Absent or empty: the reply did not report it.
struct LlmReply {
  std::optional<TokenUsage> usage{};
  std::optional<double> cost{};  ///< USD, where the provider reports it (OpenRouter, say).
  std::string model{};           ///< The model that answered.
  std::string finish_reason{};   ///< As the provider spells it: "stop", "end_turn", "MAX_TOKENS".
  std::string request_id{};      ///< The provider's own id of the call.
  std::optional<CallError> error{};
  std::optional<std::chrono::milliseconds> retry_after{};  ///< The wait the provider asked for.
  std::optional<RateLimits> rate_limits{};
};

/// The value of a response header, or nothing. Names are asked for in lower case; the look-up
/// ignores case, as HTTP does. The text must live until the reading function returns.
using HeaderLookup = std::function<std::optional<std::string_view>(std::string_view name)>;

/// The limits that response headers report, of all providers in docs/providers.md: `x-ratelimit-*`
/// in every usual form (per requests or tokens, per minute, hour or day, without a suffix),
/// `anthropic-ratelimit-*` (of a subscription's `unified` windows one that refuses: no requests are
/// left until its reset), `x-tokenlimit-*`, `x-ratelimitbysize-*`, the IETF's `RateLimit`, and
/// any of them behind `llm_provider-`. Of several windows of a kind the tightest. Nothing when none
/// is there. Values that cannot be read count as not reported, and so does a reset more than a year
/// away. Resets relative to now count from `now`. Any thread; throws what `header` throws.
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<RateLimits> read_rate_limits(
    const HeaderLookup& header,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// Adds to a reply what its headers say: rate limits, the wait asked for (`retry-after-ms`,
/// `retry-after`, also behind `llm_provider-`; a rate-limit error without one waits until the
/// used-up window starts anew), LiteLLM's `x-litellm-response-cost` when the body had no cost, and
/// the request id (`x-request-id`, `request-id`) when the body had none. Any thread; throws what
/// `header` throws.
LTB_MONITORING_EXPORT void read_reply_headers(
    LlmReply& reply, const HeaderLookup& header,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// Puts what a reply says into the record of its call: usage, cost, finish reason, rate limits. A
/// reply with an error ends the call as failed; otherwise the caller still ends it.
LTB_MONITORING_EXPORT void apply(RequestScope& scope, const LlmReply& reply) noexcept;

namespace detail {

/// Whether a text is a finish reason. Some servers write "null" or "None" before there is one.
[[nodiscard]] inline bool is_finish_reason(std::string_view text) noexcept {
  return !text.empty() && text != "null" && text != "None" && text != "none" &&
         text != "FINISH_REASON_UNSPECIFIED";
}
/// The error in a reply, classified. `codes` are the provider's codes and types, the most specific
/// first; a code with a specific meaning beats the status, the status beats the others. A
/// message with the well-known words for a prompt that is too long makes it `ContextLength` unless
/// a code said what went wrong. Long texts are cut.
[[nodiscard]] LTB_MONITORING_EXPORT CallError make_reply_error(
    int http_status, std::initializer_list<std::string_view> codes, std::string_view message);
/// The common code for the `base_resp.status_code` of MiniMax.
[[nodiscard]] LTB_MONITORING_EXPORT std::string_view minimax_code(
    std::uint64_t status_code) noexcept;
/// Takes over what `part`, a piece of a streamed reply, says.
LTB_MONITORING_EXPORT void merge_reply(LlmReply& whole, LlmReply&& part);
/// "1s", "6m0s", "1h2m3.5s", "120ms", "30 seconds", "17" (seconds); rounded up to a millisecond.
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<std::chrono::milliseconds> parse_wait(
    std::string_view text) noexcept;
/// The wait that a message asks for: "Please try again in 1.2s", "retry after 26 seconds".
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<std::chrono::milliseconds> wait_in_message(
    std::string_view message) noexcept;

}  // namespace detail
}  // namespace ltb
