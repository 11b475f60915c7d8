// What a provider's reply says about a call, and how it is recorded. Free of any JSON library:
// ltb/json.hpp fills it.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/export.hpp>
#include <ltb/request_scope.hpp>
#include <ltb/usage.hpp>

#include <chrono>
#include <functional>
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
/// `Parse`, anything else (DNS, connect, TLS, a cut stream) is `Network`. A clear code is `Other`.
/// The CallError's code is "<category>:<value>". Any thread; throws only std::bad_alloc.
[[nodiscard]] LTB_MONITORING_EXPORT CallError to_call_error(const std::error_code& error);

/// A reply, read. Absent or empty: the reply did not say.
struct LlmReply {
  std::optional<TokenUsage> usage{};
  std::optional<double> cost{};  ///< USD, from providers that tell (OpenRouter, say).
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

/// The limits that response headers tell: OpenAI's `x-ratelimit-*-requests` and `-tokens` (also
/// spoken by Groq, vLLM gateways and others), Anthropic's `anthropic-ratelimit-*`. Nothing when
/// none is there. Values that cannot be read count as not told. Resets relative to now count from
/// `now`. Any thread; throws what `header` throws.
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<RateLimits> read_rate_limits(
    const HeaderLookup& header,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// Adds to a reply what its headers say: rate limits, the wait asked for (`retry-after-ms`,
/// `retry-after`), and the request id (`x-request-id`, `request-id`) when the body had none.
/// Any thread; throws what `header` throws.
LTB_MONITORING_EXPORT void read_reply_headers(
    LlmReply& reply, const HeaderLookup& header,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// Puts what a reply says into the record of its call: usage, cost, finish reason, rate limits. A
/// reply with an error ends the call as failed; otherwise the caller still ends it.
LTB_MONITORING_EXPORT void apply(RequestScope& scope, const LlmReply& reply) noexcept;

namespace detail {

/// What an error object in a reply amounts to. `code` and `type` as the provider sent them, the
/// more telling of the two decides; long texts are cut. Where providers have no code of their own
/// (a prompt that is too long, credit used up), their well-known message does.
[[nodiscard]] LTB_MONITORING_EXPORT CallError make_reply_error(int http_status,
                                                               std::string_view code,
                                                               std::string_view type,
                                                               std::string_view message);
/// Takes over what `part`, a piece of a streamed reply, says.
LTB_MONITORING_EXPORT void merge_reply(LlmReply& whole, LlmReply&& part);
/// "1s", "6m0s", "1h2m3.5s", "120ms", "17" (seconds).
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<std::chrono::milliseconds> parse_wait(
    std::string_view text) noexcept;

}  // namespace detail
}  // namespace ltb
