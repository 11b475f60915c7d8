// The error types: their names, and which one an HTTP status is.
#include <ltb/error_type.hpp>

#include "support/enum_names.hpp"

#include <array>
#include <utility>

namespace ltb {
namespace {

constexpr std::array<std::string_view, kErrorTypeCount> kNames = {
    "rate_limit",   "quota",     "overloaded",     "timeout",        "auth",
    "permission",   "not_found", "context_length", "content_filter", "invalid_request",
    "server_error", "network",   "parse",          "cancelled",      "other"};

}  // namespace

std::string_view to_string(ErrorType type) noexcept {
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : kNames.back();
}

std::optional<ErrorType> parse_error_type(std::string_view text) noexcept {
  return support::find_name<ErrorType>(kNames, text);
}

ErrorType error_type_from_http_status(int status) noexcept {
  switch (status) {
    case 401:
    case 407:  // of a proxy
      return ErrorType::Auth;
    case 402:
      return ErrorType::Quota;
    case 403:
    case 451:
      return ErrorType::Permission;
    case 404:
    case 410:
      return ErrorType::NotFound;
    case 408:
    case 504:
    case 522:  // Cloudflare: the server took no connection,
    case 524:  // or sent no answer
    case 598:
      return ErrorType::Timeout;
    case 420:
    case 429:
      return ErrorType::RateLimit;
    case 444:  // nginx: closed without an answer
      return ErrorType::Network;
    case 446:  // Portkey: a guardrail
      return ErrorType::ContentFilter;
    case 460:  // AWS's load balancer: the client went away
    case 499:  // nginx, Google, Groq, Cohere: the same
      return ErrorType::Cancelled;
    case 498:  // Groq: no capacity for this tier
    case 503:
    case 529:
      return ErrorType::Overloaded;
    default:
      break;
  }
  if (status >= 400 && status < 500) return ErrorType::InvalidRequest;
  if (status >= 500 && status < 600) return ErrorType::ServerError;
  return ErrorType::Other;
}

ProviderError::ProviderError(ErrorType type, const std::string& message, std::string code,
                             std::optional<std::chrono::milliseconds> retry_after,
                             std::vector<FailedAttempt> failed_attempts)
    : std::runtime_error(message),
      type_(type),
      code_(std::move(code)),
      retry_after_(retry_after),
      failed_attempts_(std::move(failed_attempts)) {}

ProviderError::~ProviderError() = default;

ProviderError& ProviderError::with_rate_limits(const std::optional<RateLimits>& limits) noexcept {
  rate_limits_ = limits;
  return *this;
}

}  // namespace ltb
