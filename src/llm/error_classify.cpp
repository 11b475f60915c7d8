// Which category a failed HTTP call belongs to: the provider's own error code first, then the
// status.
#include "llm/error_codes.hpp"

#include <ltb/error_type.hpp>

#include <algorithm>
#include <array>

namespace ltb {
namespace {

struct KnownCode {
  std::string_view code;  // lower case
  ErrorType type;
  /// Says no more than whose fault it was, and servers send it with the wrong status (Ollama sends
  /// `api_error` with 401 and 429, DeepSeek `invalid_request_error` with 402): the status decides.
  bool vague = false;
};

// Sources: the error references of OpenAI (with Azure's), Anthropic (error.type), Google
// (google.rpc.Code and ErrorInfo.reason, block reasons), Amazon Bedrock, Moonshot, Mistral, Groq,
// Hugging Face TGI (error_type), llama.cpp, and the exception names that vLLM, SGLang and LiteLLM
// send as a type. docs/providers.md lists them.
constexpr auto kCodes = std::to_array<KnownCode>({
    {"access_denied", ErrorType::Permission},
    {"access_terminated", ErrorType::Permission},
    {"accessdenied", ErrorType::Permission},
    {"accessdeniedexception", ErrorType::Permission},
    {"account_deactivated", ErrorType::Auth},
    {"accountoverdueerror", ErrorType::Quota},
    {"api_error", ErrorType::ServerError, true},
    {"api_key_invalid", ErrorType::Auth},
    {"apiconnectionerror", ErrorType::ServerError, true},
    {"apierror", ErrorType::ServerError, true},
    {"apitimeouterror", ErrorType::Timeout},
    {"arrearage", ErrorType::Quota},
    {"authentication_error", ErrorType::Auth},
    {"authentication_failed", ErrorType::Auth},
    {"authenticationerror", ErrorType::Auth},
    {"bad_gateway", ErrorType::ServerError, true},
    {"bad_request", ErrorType::InvalidRequest, true},
    {"badgateway", ErrorType::ServerError, true},
    {"badrequest", ErrorType::InvalidRequest, true},
    {"badrequesterror", ErrorType::InvalidRequest, true},
    {"billing_disabled", ErrorType::Quota},
    {"billing_error", ErrorType::Quota},
    {"billing_hard_limit_reached", ErrorType::Quota},
    {"billing_not_active", ErrorType::Quota},
    {"blocklist", ErrorType::ContentFilter},
    {"budget_exceeded", ErrorType::Quota},
    {"budgetexceedederror", ErrorType::Quota},
    {"cancelled", ErrorType::Cancelled},
    {"capacity_exceeded", ErrorType::Overloaded},
    {"censorship_blocked", ErrorType::ContentFilter},
    {"client_closed_request", ErrorType::Cancelled},
    {"content_filter", ErrorType::ContentFilter},
    {"content_filter_error", ErrorType::ContentFilter},
    {"content_policy_violation", ErrorType::ContentFilter},
    {"contentfilter", ErrorType::ContentFilter},
    {"contentpolicyviolationerror", ErrorType::ContentFilter},
    {"context_length_exceeded", ErrorType::ContextLength},
    {"context_length_exceeded_error", ErrorType::ContextLength},
    {"context_window_exceeded", ErrorType::ContextLength},
    {"contextlengthexceeded", ErrorType::ContextLength},
    {"contextwindowexceedederror", ErrorType::ContextLength},
    {"credit_balance_exhausted", ErrorType::Quota},
    {"credits_exhausted", ErrorType::Quota},
    {"dailylimitexceeded", ErrorType::Quota},
    {"data_inspection_failed", ErrorType::ContentFilter},
    {"data_loss", ErrorType::ServerError, true},
    {"datainspectionfailed", ErrorType::ContentFilter},
    {"deadline_exceeded", ErrorType::Timeout},
    {"deadlineexceeded", ErrorType::Timeout},
    {"deployment_not_found", ErrorType::NotFound},
    {"deploymentnotfound", ErrorType::NotFound},
    {"engine_error", ErrorType::ServerError, true},
    {"engine_overloaded", ErrorType::Overloaded},
    {"engine_overloaded_error", ErrorType::Overloaded},
    {"exceed_context_size_error", ErrorType::ContextLength},
    {"exceeded_current_quota_error", ErrorType::Quota},
    {"expiredtokenexception", ErrorType::Auth},
    {"failed_precondition", ErrorType::InvalidRequest, true},
    {"forbidden", ErrorType::Permission},
    {"gateway_timeout", ErrorType::Timeout},
    {"gatewaytimeout", ErrorType::Timeout},
    {"generation", ErrorType::ServerError},
    {"generation_error", ErrorType::ServerError, true},
    {"hooks_failed", ErrorType::ContentFilter},
    {"incomplete_generation", ErrorType::ServerError, true},
    {"incorrect_api_key", ErrorType::Auth},
    {"incorrect_api_key_error", ErrorType::Auth},
    {"input_too_long", ErrorType::ContextLength},
    {"inputtextsensitivecontentdetected", ErrorType::ContentFilter},
    {"insufficient_balance", ErrorType::Quota},
    {"insufficient_credits", ErrorType::Quota},
    {"insufficient_quota", ErrorType::Quota},
    {"internal", ErrorType::ServerError, true},
    {"internal_error", ErrorType::ServerError, true},
    {"internal_server_error", ErrorType::ServerError, true},
    {"internalerror", ErrorType::ServerError, true},
    {"internalservererror", ErrorType::ServerError, true},
    {"internalserverexception", ErrorType::ServerError, true},
    {"invalid_api_key", ErrorType::Auth},
    {"invalid_api_token", ErrorType::Auth},
    {"invalid_argument", ErrorType::InvalidRequest, true},
    {"invalid_authentication", ErrorType::Auth},
    {"invalid_authentication_error", ErrorType::Auth},
    {"invalid_model", ErrorType::NotFound},
    {"invalid_organization", ErrorType::Auth},
    {"invalid_parameter_error", ErrorType::InvalidRequest, true},
    {"invalid_params", ErrorType::InvalidRequest, true},
    {"invalid_prompt", ErrorType::ContentFilter},
    {"invalid_request", ErrorType::InvalidRequest, true},
    {"invalid_request_error", ErrorType::InvalidRequest, true},
    {"invalidrequesterror", ErrorType::InvalidRequest, true},
    {"invalidsignatureexception", ErrorType::Auth},
    {"ip_not_authorized", ErrorType::Auth},
    {"mismatched_organization", ErrorType::Auth},
    {"mismatched_project", ErrorType::Auth},
    {"missing_api_key", ErrorType::Auth},
    {"missingauthenticationtokenexception", ErrorType::Auth},
    {"model_decommissioned", ErrorType::NotFound},
    {"model_not_found", ErrorType::NotFound},
    {"modelerrorexception", ErrorType::ServerError},
    {"modelnotreadyexception", ErrorType::Overloaded},
    {"modelstreamerrorexception", ErrorType::ServerError},
    {"modeltimeoutexception", ErrorType::Timeout},
    {"moderation_blocked", ErrorType::ContentFilter},
    {"not_found", ErrorType::NotFound},
    {"not_found_error", ErrorType::NotFound},
    {"notfound", ErrorType::NotFound},
    {"notfounderror", ErrorType::NotFound},
    {"organization_restricted", ErrorType::Permission},
    {"organization_spend_limit_exceeded", ErrorType::Quota},
    {"organization_usage_limit_exceeded", ErrorType::Quota},
    {"out_of_range", ErrorType::InvalidRequest, true},
    {"outputtextsensitivecontentdetected", ErrorType::ContentFilter},
    {"over_capacity", ErrorType::Overloaded},
    {"overloaded", ErrorType::Overloaded},
    {"overloaded_error", ErrorType::Overloaded},
    {"overloadederror", ErrorType::Overloaded},
    {"payment_required", ErrorType::Quota},
    {"paymentrequired", ErrorType::Quota},
    {"permission-denied", ErrorType::Permission},
    {"permission_denied", ErrorType::Permission},
    {"permission_denied_error", ErrorType::Permission},
    {"permission_error", ErrorType::Permission},
    {"permissiondenied", ErrorType::Permission},
    {"permissiondeniederror", ErrorType::Permission},
    {"prohibited_content", ErrorType::ContentFilter},
    {"project_spend_limit_exceeded", ErrorType::Quota},
    {"prompt_too_long", ErrorType::ContextLength},
    {"provider_error", ErrorType::ServerError, true},
    {"quota_exceeded", ErrorType::Quota},
    {"quotaexceeded", ErrorType::Quota},
    {"rate_limit", ErrorType::RateLimit},
    {"rate_limit_error", ErrorType::RateLimit},
    {"rate_limit_exceeded", ErrorType::RateLimit},
    {"rate_limit_reached", ErrorType::RateLimit},
    {"rate_limit_reached_error", ErrorType::RateLimit},
    {"rate_limited", ErrorType::RateLimit},
    {"ratelimiterror", ErrorType::RateLimit},
    {"ratelimitexceeded", ErrorType::RateLimit},
    {"ratelimitreached", ErrorType::RateLimit},
    {"recitation", ErrorType::ContentFilter},
    {"refusal", ErrorType::ContentFilter},
    {"request_timeout", ErrorType::Timeout},
    {"request_timeout_error", ErrorType::Timeout},
    {"request_too_large", ErrorType::InvalidRequest},
    {"resource_exhausted", ErrorType::RateLimit},
    {"resource_not_found", ErrorType::NotFound},
    {"resource_not_found_error", ErrorType::NotFound},
    {"resourcenotfound", ErrorType::NotFound},
    {"resourcenotfoundexception", ErrorType::NotFound},
    {"responsibleaipolicyviolation", ErrorType::ContentFilter},
    {"safety", ErrorType::ContentFilter},
    {"sensitivecontentdetected", ErrorType::ContentFilter},
    {"server_error", ErrorType::ServerError, true},
    {"server_is_overloaded", ErrorType::Overloaded},
    {"server_overloaded", ErrorType::Overloaded},
    {"serveroverloaded", ErrorType::Overloaded},
    {"service_tier_capacity_exceeded", ErrorType::RateLimit},
    {"service_unavailable", ErrorType::Overloaded},
    {"service_unavailable_error", ErrorType::Overloaded},
    {"servicequotaexceededexception", ErrorType::Quota},
    {"serviceunavailable", ErrorType::Overloaded},
    {"serviceunavailableerror", ErrorType::Overloaded},
    {"serviceunavailableexception", ErrorType::Overloaded},
    {"slow_down", ErrorType::Overloaded},
    {"spii", ErrorType::ContentFilter},
    {"throttling", ErrorType::RateLimit},
    {"throttling.allocationquota", ErrorType::RateLimit},
    {"throttling.burstrate", ErrorType::RateLimit},
    {"throttling.ratequota", ErrorType::RateLimit},
    {"throttlingexception", ErrorType::RateLimit},
    {"timeout", ErrorType::Timeout},
    {"timeout_error", ErrorType::Timeout},
    {"timeouterror", ErrorType::Timeout},
    {"tokens_limit_reached", ErrorType::ContextLength},
    {"too_many_requests", ErrorType::RateLimit},
    {"too_many_tokens", ErrorType::ContextLength},
    {"toomanyrequests", ErrorType::RateLimit},
    {"unauthenticated", ErrorType::Auth},
    {"unauthorized", ErrorType::Auth},
    {"unauthorized_error", ErrorType::Auth},
    {"unavailable", ErrorType::Overloaded},
    {"unavailable_error", ErrorType::Overloaded},
    {"unimplemented", ErrorType::ServerError, true},
    {"unknown", ErrorType::ServerError, true},
    {"unknown_error", ErrorType::ServerError, true},
    {"unknown_model", ErrorType::NotFound},
    {"unprocessable_entity", ErrorType::InvalidRequest, true},
    {"unprocessableentityerror", ErrorType::InvalidRequest, true},
    {"unrecognizedclientexception", ErrorType::Auth},
    {"unsupported_country_region_territory", ErrorType::Permission},
    {"upstream_error", ErrorType::ServerError, true},
    {"userratelimitexceeded", ErrorType::RateLimit},
    {"validation", ErrorType::InvalidRequest, true},
    {"validation_error", ErrorType::InvalidRequest, true},
    {"validationexception", ErrorType::InvalidRequest, true},
    {"vector_store_timeout", ErrorType::Timeout},
    {"wrong_api_key", ErrorType::Auth},
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

/// The status that a code such as "429" is (servers that follow OpenAI's shape put it there); 0
/// when it is not a status.
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

namespace llm {

std::optional<ErrorType> specific_error(std::string_view code) noexcept {
  const KnownCode* known = find_code(code);
  if (known == nullptr || known->vague) return std::nullopt;
  return known->type;
}

}  // namespace llm

ErrorType classify_http_error(int status, std::string_view code) noexcept {
  const KnownCode* known = find_code(code);
  if (known == nullptr) {
    // An error inside a stream comes under 200: there the code is all there is.
    return error_type_from_http_status(status >= 400 ? status : status_in_code(code));
  }
  return known->vague && status >= 400 && status < 600 ? error_type_from_http_status(status)
                                                       : known->type;
}

}  // namespace ltb
