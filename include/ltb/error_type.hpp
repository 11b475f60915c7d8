// The closed set of error categories, and the exception that carries one.
#pragma once

#include <ltb/export.hpp>
#include <ltb/rate_limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ltb {

/// Why a call failed. The set is closed, so that it can be a metric label (`error_type`); the
/// provider's own code and message travel in the event only.
enum class ErrorType : std::uint8_t {
  RateLimit,       ///< `rate_limit`: HTTP 429 and 420.
  Quota,           ///< `quota`: HTTP 402, `insufficient_quota`.
  Overloaded,      ///< `overloaded`: HTTP 529, 503 and 498.
  Timeout,         ///< `timeout`: HTTP 408, 504, 522, 524 and 598, or the client's own timer.
  Auth,            ///< `auth`: HTTP 401 and 407.
  Permission,      ///< `permission`: HTTP 403 and 451.
  NotFound,        ///< `not_found`: HTTP 404 and 410.
  ContextLength,   ///< `context_length`: the prompt does not fit the model.
  ContentFilter,   ///< `content_filter`: refused by the provider's policy; HTTP 446.
  InvalidRequest,  ///< `invalid_request`: any other HTTP 4xx.
  ServerError,     ///< `server_error`: any other HTTP 5xx.
  Network,         ///< `network`: DNS, connect, TLS, a cut stream; HTTP 444.
  Parse,           ///< `parse`: the reply was not what the protocol promises.
  Cancelled,       ///< `cancelled`: given up by the caller; HTTP 499 and 460.
  Other,           ///< `other`: none of the above.
};

/// How many error types there are.
inline constexpr std::size_t kErrorTypeCount = 15;

/// The label text of an error type, for example "rate_limit". Any thread; never fails.
[[nodiscard]] LTB_MONITORING_EXPORT std::string_view to_string(ErrorType type) noexcept;

/// The error type of a label text; nothing when the text names none. Any thread; never fails.
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<ErrorType> parse_error_type(
    std::string_view text) noexcept;

/// The error type of an HTTP status (`Other` for a status below 400). Any thread; never
/// fails. Source: docs/metrics.md, "Error types".
[[nodiscard]] LTB_MONITORING_EXPORT ErrorType error_type_from_http_status(int status) noexcept;

/// The error type of a failed HTTP call: the provider's error code decides where it is known
/// (`insufficient_quota` under 429 is `quota`, `context_length_exceeded` under 400 is
/// `context_length`), else the status. Knows the codes of OpenAI, Anthropic and Google; compared
/// without case. Any thread; never fails.
[[nodiscard]] LTB_MONITORING_EXPORT ErrorType classify_http_error(int status,
                                                                  std::string_view code) noexcept;

/// The wait a `Retry-After` asks for: `retry_after_ms` (the value of `retry-after-ms`), else
/// `retry_after` as seconds, else as an HTTP date. Nothing when neither can be read; a date that is
/// over is 0. Any thread; never fails.
[[nodiscard]] LTB_MONITORING_EXPORT std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view retry_after_ms, std::string_view retry_after,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) noexcept;

/// An attempt that failed and was followed by another, `wait` later.
struct FailedAttempt {
  ErrorType error = ErrorType::Other;
  std::chrono::nanoseconds wait{};

  friend bool operator==(const FailedAttempt&, const FailedAttempt&) = default;
};

/// What a Provider throws when a call fails, so that the failure is counted under the right
/// category. Any other exception counts as `Other` (`std::system_error` as to_call_error() says of
/// its code: `Network`, but for timeouts and the like).
class LTB_MONITORING_EXPORT ProviderError : public std::runtime_error {
 public:
  /// `message` says what happened, for people; `code` is the provider's own error code when it gave
  /// one. `retry_after` is the wait the provider asked for. `failed_attempts` are those before the
  /// one that failed for good, when the provider object retries by itself; they are counted with
  /// the call.
  ProviderError(ErrorType type, const std::string& message, std::string code = {},
                std::optional<std::chrono::milliseconds> retry_after = std::nullopt,
                std::vector<FailedAttempt> failed_attempts = {});
  ~ProviderError() override;

  ProviderError(const ProviderError&) = default;
  ProviderError& operator=(const ProviderError&) = default;

  /// Adds the rate limits that the failed response reported: `throw
  /// ProviderError(...).with_rate_limits(...)`.
  ProviderError& with_rate_limits(const std::optional<RateLimits>& limits) noexcept;

  [[nodiscard]] ErrorType type() const noexcept { return type_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const noexcept {
    return retry_after_;
  }
  [[nodiscard]] const std::vector<FailedAttempt>& failed_attempts() const noexcept {
    return failed_attempts_;
  }
  [[nodiscard]] const std::optional<RateLimits>& rate_limits() const noexcept {
    return rate_limits_;
  }

 private:
  ErrorType type_;
  std::string code_;
  std::optional<std::chrono::milliseconds> retry_after_;
  std::vector<FailedAttempt> failed_attempts_;
  std::optional<RateLimits> rate_limits_{};
};

}  // namespace ltb
