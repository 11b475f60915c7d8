// Which category a failed HTTP call belongs to: the provider's own error code first, then the
// status.
#include <ltb/error_type.hpp>

#include <algorithm>
#include <array>

namespace ltb {
namespace {

struct KnownCode {
  std::string_view code;  // lower case
  ErrorType type;
  /// Says no more than "the client's fault" or "the server's": a status of that class that says
  /// more wins (OpenAI sends `invalid_request_error` with 401 and 404 too).
  bool vague = false;
};

// Sources: the error references of OpenAI (with Azure's), Anthropic (error.type) and Google
// (google.rpc.Code and ErrorInfo.reason, block reasons).
constexpr auto kCodes = std::to_array<KnownCode>({
    {"access_terminated", ErrorType::Permission},
    {"account_deactivated", ErrorType::Auth},
    {"api_error", ErrorType::ServerError, true},
    {"api_key_invalid", ErrorType::Auth},
    {"authentication_error", ErrorType::Auth},
    {"billing_disabled", ErrorType::Quota},
    {"billing_error", ErrorType::Quota},
    {"billing_hard_limit_reached", ErrorType::Quota},
    {"billing_not_active", ErrorType::Quota},
    {"blocklist", ErrorType::ContentFilter},
    {"cancelled", ErrorType::Cancelled},
    {"content_filter", ErrorType::ContentFilter},
    {"content_policy_violation", ErrorType::ContentFilter},
    {"context_length_exceeded", ErrorType::ContextLength},
    {"credit_balance_exhausted", ErrorType::Quota},
    {"dailylimitexceeded", ErrorType::Quota},
    {"data_loss", ErrorType::ServerError, true},
    {"deadline_exceeded", ErrorType::Timeout},
    {"deploymentnotfound", ErrorType::NotFound},
    {"engine_overloaded", ErrorType::Overloaded},
    {"failed_precondition", ErrorType::InvalidRequest, true},
    {"incorrect_api_key", ErrorType::Auth},
    {"insufficient_quota", ErrorType::Quota},
    {"internal", ErrorType::ServerError, true},
    {"internal_error", ErrorType::ServerError, true},
    {"internal_server_error", ErrorType::ServerError, true},
    {"invalid_api_key", ErrorType::Auth},
    {"invalid_argument", ErrorType::InvalidRequest, true},
    {"invalid_authentication", ErrorType::Auth},
    {"invalid_organization", ErrorType::Auth},
    {"invalid_prompt",
     ErrorType::ContentFilter},  // "flagged as potentially violating our usage policy"
    {"invalid_request_error", ErrorType::InvalidRequest, true},
    {"ip_not_authorized", ErrorType::Auth},
    {"mismatched_organization", ErrorType::Auth},
    {"mismatched_project", ErrorType::Auth},
    {"model_not_found", ErrorType::NotFound},
    {"moderation_blocked", ErrorType::ContentFilter},
    {"not_found", ErrorType::NotFound},
    {"not_found_error", ErrorType::NotFound},
    {"organization_spend_limit_exceeded", ErrorType::Quota},
    {"organization_usage_limit_exceeded", ErrorType::Quota},
    {"out_of_range", ErrorType::InvalidRequest, true},
    {"overloaded", ErrorType::Overloaded},
    {"overloaded_error", ErrorType::Overloaded},
    {"permission_denied", ErrorType::Permission},
    {"permission_error", ErrorType::Permission},
    {"prohibited_content", ErrorType::ContentFilter},
    {"project_spend_limit_exceeded", ErrorType::Quota},
    {"quota_exceeded", ErrorType::Quota},
    {"quotaexceeded", ErrorType::Quota},
    {"rate_limit_error", ErrorType::RateLimit},
    {"rate_limit_exceeded", ErrorType::RateLimit},
    {"ratelimitexceeded", ErrorType::RateLimit},
    {"recitation", ErrorType::ContentFilter},
    {"request_timeout", ErrorType::Timeout},
    {"request_too_large",
     ErrorType::InvalidRequest},  // bytes of the body, not tokens of the context
    {"resource_exhausted", ErrorType::RateLimit},
    {"responsibleaipolicyviolation", ErrorType::ContentFilter},
    {"safety", ErrorType::ContentFilter},
    {"server_error", ErrorType::ServerError, true},
    {"server_is_overloaded", ErrorType::Overloaded},
    {"service_unavailable", ErrorType::Overloaded},
    {"slow_down", ErrorType::Overloaded},
    {"spii", ErrorType::ContentFilter},
    {"timeout", ErrorType::Timeout},
    {"timeout_error", ErrorType::Timeout},
    {"too_many_requests", ErrorType::RateLimit},
    {"unauthenticated", ErrorType::Auth},
    {"unavailable", ErrorType::Overloaded},
    {"unimplemented", ErrorType::ServerError, true},
    {"unsupported_country_region_territory", ErrorType::Permission},
    {"userratelimitexceeded", ErrorType::RateLimit},
    {"vector_store_timeout", ErrorType::Timeout},
});
constexpr std::size_t kLongestCode = 40;

constexpr bool is_sorted_and_short() {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    if (kCodes[i].code.size() > kLongestCode) return false;
    if (i > 0 && kCodes[i - 1].code >= kCodes[i].code) return false;
  }
  return true;
}
static_assert(is_sorted_and_short(), "kCodes is searched by halves");

const KnownCode* find_code(std::string_view code) noexcept {
  if (code.size() > kLongestCode) return nullptr;
  std::array<char, kLongestCode> lower{};
  std::transform(code.begin(), code.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view text(lower.data(), code.size());
  const auto* found = std::lower_bound(
      kCodes.begin(), kCodes.end(), text,
      [](const KnownCode& known, std::string_view wanted) { return known.code < wanted; });
  return found != kCodes.end() && found->code == text ? found : nullptr;
}

/// The status a code such as "429" stands for (servers that follow OpenAI's shape put it there); 0
/// when it is none.
int status_in_code(std::string_view code) noexcept {
  if (code.size() != 3) return 0;
  int status = 0;
  for (const char c : code) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

}  // namespace

ErrorType classify_http_error(int status, std::string_view code) noexcept {
  const KnownCode* known = find_code(code);
  if (known == nullptr) {
    // An error inside a stream comes under 200: there the code is all there is.
    return error_type_from_http_status(status >= 400 ? status : status_in_code(code));
  }
  if (known->vague) {
    const bool same_class = known->type == ErrorType::InvalidRequest
                                ? status >= 400 && status < 500
                                : status >= 500 && status < 600;
    if (same_class) return error_type_from_http_status(status);
  }
  return known->type;
}

}  // namespace ltb
