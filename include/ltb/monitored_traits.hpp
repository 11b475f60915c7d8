// How ltb::Monitored reads a client's own types: defaults for the usual names, each replaceable.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/llm_reply.hpp>
#include <ltb/monitored_fields.hpp>
#include <ltb/request_scope.hpp>
#include <ltb/usage.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ltb {

/// What Monitored asks about a client. Derive your MonitoredTraits<YourClient> from this and
/// replace what differs; a replacement may be a template or take your types alone. Everything is
/// static; State aside, nothing is kept between calls.
///
/// If a replacement throws, its value is not recorded; the caller still gets what the client
/// returned.
struct DefaultMonitoredTraits {
  /// Lives as long as one call; default-constructed at its start.
  struct State {};

  /// The label `provider`: asked once, when the Monitored is made. Default: name(), provider_name
  /// or kProviderName (member, static or function).
  template <typename Client>
  static auto provider(const Client& client) {
    using namespace detail::watch;
    constexpr bool known =
        Name::in<Client> || ProviderName::in<Client> || KProviderName::in<Client>;
    static_assert(known,
                  "ltb::Monitored: the client has no name(), provider_name or kProviderName; give "
                  "MonitoredTraits<Client> a static provider(const Client&)");
    return text_in<Name, ProviderName, KProviderName>(client);
  }

  /// The label `model`. Default: model or model_name of the request, else of the client. The
  /// arguments after the request are handed over too.
  template <typename Client, typename Request, typename... Args>
  static auto model(const Client& client, const Request& request, const Args&...) {
    using namespace detail::watch;
    constexpr bool in_request = Model::in<Request> || ModelName::in<Request>;
    constexpr bool in_client = Model::in<Client> || ModelName::in<Client>;
    static_assert(
        in_request || in_client,
        "ltb::Monitored: neither the request nor the client has model or model_name; give "
        "MonitoredTraits<Client> a static model(const Client&, const Request&)");
    std::string text;
    if constexpr (in_request) text = text_in<Model, ModelName>(request);
    if constexpr (in_client) {
      if (text.empty()) text = text_in<Model, ModelName>(client);
    }
    return text;
  }

  /// At the start of the call. Default: takes over a `scheduled_at` of the request; the clock's
  /// epoch, which a time_point that was never set holds, counts as none.
  template <typename Request>
  static void on_request(RequestScope& scope, const Request& request) {
    if constexpr (detail::watch::ScheduledAt::in<Request>) {
      decltype(auto) held = detail::watch::ScheduledAt::of(request);
      // A time_point that was never set is the clock's epoch, the start of the machine.
      const auto* at = detail::watch::content_of(held);
      if (at != nullptr && *at != std::remove_cvref_t<decltype(*at)>{})
        scope.set_scheduled_start(*at);
    }
  }

  /// Makes the call. Default: client.complete(request, args...).
  template <typename Client, typename Request, typename... Args>
  static decltype(auto) complete(Client& client, Request&& request,
                                 Args&&... args) requires requires {
    client.complete(std::forward<Request>(request), std::forward<Args>(args)...);
  }
  { return client.complete(std::forward<Request>(request), std::forward<Args>(args)...); }

  /// Makes the streamed call. Default: client.stream(request, on_chunk, args...).
  template <typename Client, typename Request, typename OnChunk, typename... Args>
  static decltype(auto) stream(Client& client, Request&& request, OnChunk&& on_chunk,
                               Args&&... args) requires requires {
    client.stream(std::forward<Request>(request), std::forward<OnChunk>(on_chunk),
                  std::forward<Args>(args)...);
  }
  {
    return client.stream(std::forward<Request>(request), std::forward<OnChunk>(on_chunk),
                         std::forward<Args>(args)...);
  }

  /// Whether a chunk carries generated content (text, reasoning or a tool call): only such chunks
  /// are timed. Gets all arguments of the callback. Default: has_content(), else whether any of
  /// text, content, delta, reasoning_content, reasoning, thinking and tool_calls is not empty, else
  /// whether the chunk itself, being text or a list, is not empty, else true.
  template <typename AnyState, typename... Chunk>
  static bool on_chunk(AnyState&, const Chunk&... chunk) {
    if constexpr (sizeof...(Chunk) == 0) {
      return true;
    } else {
      return has_content(chunk...);
    }
  }

  /// Whether all that such a chunk carries is reasoning (ChunkKind::Reasoning). Default: its
  /// reasoning_content, reasoning or thinking is not empty, and its text, content, delta and
  /// tool_calls hold nothing else.
  template <typename... Chunk>
  static bool is_reasoning(const Chunk&... chunk) {
    if constexpr (sizeof...(Chunk) == 0) {
      return false;
    } else {
      return is_reasoning_first(chunk...);
    }
  }

  /// Whether the stream continues, by what the caller's callback returned. Default: false cancels,
  /// anything that is not a bool continues.
  template <typename Answer>
  static bool continues(const Answer& answer) noexcept {
    if constexpr (std::same_as<Answer, bool>) return answer;
    return true;
  }

  /// The error in a result of a client that returns errors as values. Default: that of
  /// expected-like results (has_value() and error()) and of results with an `error` member: a
  /// CallError, ErrorType, std::error_code, exception, exception_ptr, text, or a struct with
  /// message and perhaps code, status, http_status or type.
  template <typename Result>
  static std::optional<CallError> error(const Result& result) {
    using namespace detail::watch;
    if constexpr (ExpectedLike<Result>) {
      if (result.has_value()) return std::nullopt;
      using E = std::remove_cvref_t<decltype(result.error())>;
      if constexpr (is_known_error<E>) return detail::watch::to_call_error(result.error());
      return CallError{};
    } else if constexpr (Error::in<Result>) {
      decltype(auto) held = Error::of(result);
      using Held = std::remove_cvref_t<decltype(held)>;
      const auto* value = content_of(held);
      using E = std::remove_cvref_t<decltype(*value)>;
      static_assert(is_known_error<E>,
                    "ltb::Monitored: the result has an error member of an unusual type; give "
                    "MonitoredTraits<Client> a static error(const Result&)");
      if constexpr (TextLike<E>) {
        if (value != nullptr && std::string_view(as_text(*value)).empty()) return std::nullopt;
      } else if constexpr (!Holder<Held> && !std::is_enum_v<Held> &&
                           requires { static_cast<bool>(held); }) {
        if (!static_cast<bool>(held)) return std::nullopt;
      }
      if (value == nullptr) return std::nullopt;
      return detail::watch::to_call_error(*value);
    } else {
      return std::nullopt;
    }
  }

  /// The category of an exception of your own; nothing leaves it to RequestScope::fail().
  static std::optional<CallError> classify(const std::exception_ptr&) { return std::nullopt; }

  // The following get the content of the result: of expected-like results, optionals and pointers
  // the value they hold, of others the result itself.

  /// Default: of `usage`, or of the result itself: input_tokens or prompt_tokens, output_tokens or
  /// completion_tokens, cached_tokens, reasoning_tokens, cache_written_tokens, the `_details` of
  /// OpenAI's Chat and Responses and the cache fields of Anthropic. Optional and negative numbers
  /// may say "not known"; 0 in and 0 out is not a usage.
  template <typename Result>
  static std::optional<TokenUsage> usage(const Result& result) {
    using namespace detail::watch;
    if constexpr (Usage::in<Result>) {
      decltype(auto) held = Usage::of(result);
      const auto* value = content_of(held);
      return value == nullptr ? std::nullopt : tokens_in(*value);
    } else {
      return tokens_in(result);
    }
  }

  /// USD. Default: cost or cost_usd.
  template <typename Result>
  static std::optional<double> cost(const Result& result) {
    return detail::watch::number_in<double, detail::watch::Cost, detail::watch::CostUsd>(result);
  }

  /// Default: finish_reason or stop_reason; "null" and "None" count as absent.
  template <typename Result>
  static std::string finish_reason(const Result& result) {
    std::string reason =
        detail::watch::text_in<detail::watch::FinishReason, detail::watch::StopReason>(result);
    return detail::is_finish_reason(reason) ? reason : std::string();
  }

  /// Everything else, after the above and before the call is counted; without a result when the
  /// client returned void or an error. May end the scope itself. Default: rate_limits and
  /// failed_attempts, as ltb::CompletionResponse has them.
  template <typename AnyState, typename... Result>
  static void on_end(RequestScope& scope, AnyState&, const Result&... result) {
    (take_rest(scope, result), ...);
  }

 private:
  template <typename Chunk, typename... Rest>
  static bool has_content(const Chunk& chunk, const Rest&...) {
    using namespace detail::watch;
    if constexpr (HasContent::in<Chunk>) {
      return static_cast<bool>(HasContent::of(chunk));
    } else {
      const auto* value = content_of(chunk);
      return value != nullptr && holds_content(*value);
    }
  }

  template <typename Chunk, typename... Rest>
  static bool is_reasoning_first(const Chunk& chunk, const Rest&...) {
    const auto* value = detail::watch::content_of(chunk);
    return value != nullptr && detail::watch::holds_only_reasoning(*value);
  }

  template <typename Result>
  static void take_rest(RequestScope& scope, const Result& result) {
    using namespace detail::watch;
    if constexpr (Limits::in<Result>) {
      decltype(auto) held = Limits::of(result);
      const auto* limits = content_of(held);
      if constexpr (std::same_as<decltype(limits), const RateLimits*>) {
        if (limits != nullptr) scope.set_rate_limits(*limits);
      }
    }
    if constexpr (FailedAttempts::in<Result>) {
      for (const auto& attempt : FailedAttempts::of(result)) {
        if constexpr (requires { scope.past_attempt(attempt.error, attempt.wait); })
          scope.past_attempt(attempt.error, attempt.wait);
      }
    }
  }
};

/// How to read one client's types: specialise it for yours (of the client itself, not of a pointer
/// to it), deriving from DefaultMonitoredTraits.
template <typename Client>
struct MonitoredTraits : DefaultMonitoredTraits {};

}  // namespace ltb
